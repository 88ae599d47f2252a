"""Streams are keyed, stable and uniform."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.randomness import coin_flips, normals, permutation, raw_stream, uniforms


@given(seed=st.integers(0, 2**62), epoch=st.integers(0, 500), size=st.integers(1, 300))
def test_permutation_holds_every_index_once(seed: int, epoch: int, size: int) -> None:
    order = permutation(seed, "order", epoch, size)
    assert sorted(order) == list(range(size))
    assert (order == permutation(seed, "order", epoch, size)).all()


def test_seed_purpose_and_counter_each_matter() -> None:
    first = permutation(1, "order", 0, 1000)
    for other in ((2, "order", 0), (1, "flip", 0), (1, "order", 1)):
        assert not (first == permutation(*other, 1000)).all()


def test_streams_are_frozen() -> None:
    """The bits themselves: a change here would change every run's numbers."""
    raw = raw_stream(7, "order", 3).random_raw(1000).tobytes()
    assert hashlib.sha256(raw).hexdigest()[:16] == "eeb59e321e7a847e"


def test_flips_are_fair() -> None:
    coins = coin_flips(0, "flip", 0, 100_000)
    assert abs(coins.mean() - 0.5) < 4 * 0.5 / np.sqrt(100_000)


def test_uniforms_and_normals_have_their_moments() -> None:
    size = 200_001
    flat = uniforms(raw_stream(0, "u"), size)
    assert flat.min() > 0
    assert flat.max() < 1
    assert abs(flat.mean() - 0.5) < 4 / np.sqrt(12 * size)
    bell = normals(raw_stream(0, "n"), size)
    assert bell.shape == (size,)
    assert abs(bell.mean()) < 4 / np.sqrt(size)
    assert abs(bell.std() - 1) < 4 / np.sqrt(2 * size)
