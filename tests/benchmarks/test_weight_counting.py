"""Counts of larger weights against a loop over the filters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarks.weights import SpatialLayer
from benchmarks.weights.measuring import COMPARISONS, LayerCount, count_layers

# Few values, so that there are ties.
FILTERS = arrays(
    np.float32,
    st.tuples(st.integers(1, 30), st.just(3), st.just(3)),
    elements=st.sampled_from([-1.5, -0.5, 0.0, 0.5, 1.5]),
)


def count_filters(layer: SpatialLayer, *, magnitudes: bool = False) -> LayerCount:
    (count,) = count_layers([layer], magnitudes=magnitudes)
    return count


@given(FILTERS, st.booleans())
def test_counts_are_those_of_a_loop(filters: np.ndarray, magnitudes: bool) -> None:
    found = count_filters(SpatialLayer("a", "conv", filters), magnitudes=magnitudes)
    centre = neighbour = 0
    ties = [0, 0]
    for w in filters.tolist():
        a, b, c = w[1][1], w[1][0], w[0][0]
        if magnitudes:
            a, b, c = abs(a), abs(b), abs(c)
        centre += a > b
        neighbour += b > c
        ties[0] += a == b
        ties[1] += b == c
    assert found.filters == len(filters)
    assert found.larger == {"centre > neighbour": centre, "neighbour > corner": neighbour}
    assert found.equal == {"centre > neighbour": ties[0], "neighbour > corner": ties[1]}


@given(FILTERS)
def test_the_other_sign_turns_the_comparison_and_leaves_magnitudes(filters: np.ndarray) -> None:
    layer, other = (SpatialLayer("a", "conv", sign * filters) for sign in (1, -1))
    plain, turned = count_filters(layer), count_filters(other)
    for name in COMPARISONS:
        assert plain.larger[name] + turned.larger[name] + plain.equal[name] == len(filters)
    assert count_filters(layer, magnitudes=True) == count_filters(other, magnitudes=True)


def test_the_positions_are_the_papers() -> None:
    assert COMPARISONS["centre > neighbour"] == ((1, 1), (1, 0))
    assert COMPARISONS["neighbour > corner"] == ((1, 0), (0, 0))


@pytest.mark.parametrize("magnitudes", [False, True])
def test_only_3x3_layers_are_counted_in_their_order(magnitudes: bool) -> None:
    sides = (3, 5, 3, 7)
    layers = [
        SpatialLayer(f"layer{n}", "dwconv", np.ones((n + 1, side, side), np.float32))
        for n, side in enumerate(sides)
    ]
    found = count_layers(layers, magnitudes=magnitudes)
    assert [(layer.name, layer.filters, layer.kind) for layer in found] == [
        ("layer0", 1, "dwconv"),
        ("layer2", 3, "dwconv"),
    ]
    assert found[1].equal == dict.fromkeys(COMPARISONS, 3)
