"""The bound of a network's description length, against its closed form and printed facts."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.papers.beta_lasso.description_length import (
    Bound,
    dense_gap,
    largest,
    least_images,
)

HALF = Bound(16, 50_000, 256_000_000, 1, 1, 0.05)


@pytest.mark.parametrize(("k", "gap"), [(1000, 0.735), (10_000, 2.39), (100_000, 7.78)])
def test_gaps_of_the_papers_setting(k: int, gap: float) -> None:
    assert HALF.of(k).gap == pytest.approx(gap, rel=0.002)


def test_the_bound_is_vacuous_from_some_1800_parameters_on() -> None:
    most = largest(HALF)
    assert 1750 < most < 1850
    assert not HALF.of(most).is_vacuous
    assert HALF.of(most + 1).is_vacuous


def test_shared_weights_cost_their_assignment_alone() -> None:
    """A convolution's weights are few values at many places: values cost bits, places cost logs."""
    shared = replace(HALF, parameters=100, non_zero=10_000)
    expected = 100 * 16 + 10_000 * math.log2(100 * HALF.weights) + 2 * math.log2(HALF.weights)
    confidence = math.log(2 * HALF.weights / 0.05)
    assert shared.gap == pytest.approx(math.sqrt((expected + confidence) / 100_000))


@given(
    k=st.integers(1, 10**6), bits=st.integers(1, 64), images=st.integers(1, 10**7),
    delta=st.floats(1e-6, 0.99),
)  # fmt: skip
def test_bits_cost_more_than_nats_and_pairs_more_than_places(
    k: int, bits: int, images: int, delta: float
) -> None:
    found = Bound(bits, images, 10**6, k, k, delta)
    assert found.gap >= replace(found, code="n").gap
    assert found.gap > replace(found, base="nats").gap
    enough = replace(found, images=least_images(found))
    assert not enough.is_vacuous
    assert replace(found, images=max(1, enough.images - 1)).gap >= 1 or enough.images == 1


def test_a_network_that_is_not_sparse_is_better_described_by_its_bits() -> None:
    everything = HALF.of(HALF.weights)
    assert everything.gap > dense_gap(16, 50_000, HALF.weights, 0.05) > 100
    assert largest(replace(HALF, images=1)) == 0
