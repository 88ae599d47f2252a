"""Counts of larger weights against a loop over the filters."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.papers.locality.shares import COMPARISONS, POSITIONS, count

# Few values, so that there are ties.
FILTERS = arrays(
    np.float32,
    st.tuples(st.integers(1, 30), st.just(3), st.just(3)),
    elements=st.sampled_from([-1.5, -0.5, 0.0, 0.5, 1.5]),
)


@given(FILTERS, st.booleans())
def test_counts_are_those_of_a_loop(filters: np.ndarray, magnitudes: bool) -> None:
    found = count("a", "conv", abs(filters) if magnitudes else filters)
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
def test_the_other_sign_turns_the_comparison(filters: np.ndarray) -> None:
    plain, turned = (count("a", "conv", sign * filters) for sign in (1, -1))
    for name in COMPARISONS:
        assert plain.larger[name] + turned.larger[name] + plain.equal[name] == len(filters)


def test_the_positions_are_the_papers() -> None:
    assert POSITIONS["centre > neighbour"] == ((1, 1), (1, 0))
    assert POSITIONS["neighbour > corner"] == ((1, 0), (0, 0))
