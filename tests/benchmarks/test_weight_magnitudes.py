"""Magnitudes by ring against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarks.weights import SpatialLayer
from benchmarks.weights.measuring import RINGS, measure_layers

FILTERS = st.integers(1, 12).flatmap(
    lambda n: arrays(np.float32, (n, 3, 3), elements=st.floats(-4, 4, width=32))
)


def test_the_rings_are_all_positions_by_their_distance_from_the_centre():
    at = [position for ring in RINGS.values() for position in ring]
    assert sorted(at) == [(row, column) for row in range(3) for column in range(3)]
    for ring, squared in (("centre", 0), ("neighbour", 1), ("corner", 2)):
        assert {(r - 1) ** 2 + (c - 1) ** 2 for r, c in RINGS[ring]} == {squared}


@given(FILTERS)
def test_against_loops(filters):
    (found,) = measure_layers([SpatialLayer("layer", "conv", filters)])
    assert (found.name, found.filters) == ("layer", len(filters))
    for ring, positions in RINGS.items():
        values = [float(abs(one[place])) for one in filters for place in positions]
        assert found.mean[ring] == pytest.approx(math.fsum(values) / len(values))
        squares = math.fsum(value**2 for value in values) / len(values)
        assert found.rms[ring] == pytest.approx(math.sqrt(squares))


def test_only_3x3_layers_count():
    shapes = ((4, 5, 5), (4, 3, 3), (4, 7, 7))
    layers = [SpatialLayer(str(s), "conv", np.ones(s, np.float32)) for s in shapes]
    assert [layer.name for layer in measure_layers(layers)] == ["(4, 3, 3)"]
