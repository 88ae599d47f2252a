"""The median's interval by binomial order statistics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from analysis.statistics.median import median_interval


def test_fifteen_seeds():
    """X(4) … X(12), coverage 1 − 2 · 576/32768."""
    interval = median_interval(np.arange(15, 0, -1))
    assert (interval.rank_low, interval.rank_high) == (4, 12)
    assert (interval.median, interval.low, interval.high) == (8, 4, 12)
    assert interval.coverage == 1 - 2 * 576 / 2**15
    assert f"{interval.coverage:.4f}" == "0.9648"


@pytest.mark.parametrize(
    ("n", "rank", "coverage"),
    [
        (6, 1, 0.9688),
        (7, 1, 0.9844),
        (8, 1, 0.9922),
        (9, 2, 0.9609),
        (10, 2, 0.9785),
        (12, 3, 0.9614),
        (20, 6, 0.9586),
        (25, 8, 0.9567),
    ],
)
def test_tabulated_ranks(n, rank, coverage):
    """Ranks and coverages of the sign test's interval, from a table of the binomial."""
    interval = median_interval(np.arange(n))
    assert (interval.rank_low, interval.rank_high) == (rank, n + 1 - rank)
    assert interval.coverage == pytest.approx(coverage, abs=5e-5)


@given(st.integers(6, 200))
def test_the_shortest_that_suffices(n):
    interval = median_interval(np.arange(n))
    k = interval.rank_low
    assert interval.coverage == pytest.approx(1 - 2 * scipy_stats.binom.cdf(k - 1, n, 0.5))
    assert interval.coverage >= 0.95
    assert k == n // 2 or 1 - 2 * scipy_stats.binom.cdf(k, n, 0.5) < 0.95


@given(st.lists(st.floats(0, 1), min_size=6, max_size=30))
def test_encloses_the_median_whatever_the_order(values):
    interval = median_interval(values)
    assert interval.low <= interval.median <= interval.high
    assert interval.median == np.median(values)
    assert median_interval(values[::-1]) == interval


def test_a_diverged_run_is_the_lowest():
    values = [-1.0, *np.linspace(0.86, 0.88, 14)]
    assert median_interval(values).low == pytest.approx(sorted(values)[3])


@pytest.mark.parametrize("n", range(1, 6))
def test_too_few_values(n):
    with pytest.raises(ValueError, match=f"{n} values are too few"):
        median_interval(np.arange(n))


def test_a_higher_confidence_needs_more_values():
    with pytest.raises(ValueError, match="7 values are too few"):
        median_interval(np.arange(7), confidence=0.99)
    assert median_interval(np.arange(8), confidence=0.99).rank_low == 1
    assert median_interval(np.arange(15), confidence=0.9).rank_low == 4
    assert median_interval(np.arange(15), confidence=0.88).rank_low == 5


@pytest.mark.parametrize("values", [[], [0.5] * 6 + [math.nan]])
def test_bad_values(values):
    with pytest.raises(ValueError, match="values"):
        median_interval(values)
