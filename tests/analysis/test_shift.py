"""The shift's interval against an inversion by brute force, published values and the test."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.statistics.rank_sum import rank_sum_test
from analysis.statistics.shift import hodges_lehmann

TIED = st.lists(st.integers(0, 8), min_size=1, max_size=6)
CONFIDENCES = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])
COUNTS = st.lists(st.integers(8760, 8790), min_size=1, max_size=15)


def brute_tails(x: list[Fraction], y: list[Fraction]) -> tuple[Fraction, Fraction]:
    """P(W ≤ w) and P(W ≥ w) by enumeration, on exact numbers."""
    pooled = [*x, *y]
    ranks = [sum(2 * (b < a) + (b == a) for b in pooled) for a in pooled]
    sums = [sum(choice) for choice in itertools.combinations(ranks, len(x))]
    observed = sum(ranks[: len(x)])
    total = len(sums)
    at_most, at_least = (sum(s <= observed for s in sums), sum(s >= observed for s in sums))
    return Fraction(at_most, total), Fraction(at_least, total)


def brute_force(x: list[int], y: list[int]) -> list[tuple[Fraction, Fraction, Fraction]]:
    """Every shift at which the test can change, and one in every gap, with both tails."""
    ends = sorted({Fraction(a - b) for a in x for b in y})
    gaps = [(a + b) / 2 for a, b in itertools.pairwise(ends)]
    shifts = sorted([ends[0] - 1, *ends, *gaps, ends[-1] + 1])
    return [(d, *brute_tails([a - d for a in x], [Fraction(b) for b in y])) for d in shifts]


@given(TIED, TIED, CONFIDENCES)
@settings(max_examples=150, deadline=None)
def test_interval_is_exactly_the_set_of_shifts_that_the_test_accepts(x, y, confidence):
    half = (1 - Fraction(str(confidence))) / 2
    shift = hodges_lehmann(x, y, confidence=confidence)
    for d, at_most, at_least in brute_force(x, y):
        rejected = min(at_most, at_least) <= half
        assert shift.excludes(float(d)) == rejected, (float(d), shift)


@given(TIED, TIED)
@settings(max_examples=100, deadline=None)
def test_tails_are_monotone_in_the_shift_even_where_tie_patterns_change(x, y):
    """The ground on which the accepted shifts form one interval."""
    tails = brute_force(x, y)
    for (_, lower, upper), (_, next_lower, next_upper) in itertools.pairwise(tails):
        assert next_lower <= lower
        assert next_upper >= upper


@given(COUNTS, COUNTS, CONFIDENCES)
@settings(max_examples=300, deadline=None)
def test_zero_is_excluded_exactly_where_the_test_rejects(x, y, confidence):
    x, y = np.array(x) / 10_000, np.array(y) / 10_000
    p = rank_sum_test(x, y).p_value
    level = float(1 - Fraction(str(confidence)))
    assert hodges_lehmann(x, y, confidence=confidence).excludes(0.0) == (p <= level)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8),
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8),
)
@settings(deadline=None)
def test_zero_is_excluded_exactly_where_the_test_rejects_for_any_floats(x, y):
    """Also where values differ in their last bits only."""
    p = rank_sum_test(x, y).p_value
    assert hodges_lehmann(x, y, confidence=0.9).excludes(0.0) == (p <= 0.1)


def test_zero_stays_apart_from_differences_in_the_last_bit():
    """The test sees those bits, and rounding merges shifts, but never into 0."""
    low, high = 0.3, np.nextafter(0.3, 1)
    x, y = [high] * 12 + [low] * 3, [low] * 12 + [high] * 3
    assert rank_sum_test(x, y).p_value < 0.01
    assert hodges_lehmann(x, y).excludes(0.0)


@given(COUNTS, COUNTS)
@settings(deadline=None)
def test_counts_and_accuracies_tell_the_same(x, y):
    """Shifts that tie in counts tie in accuracies, whatever floats make of the differences."""
    counts = hodges_lehmann(x, y)
    accuracies = hodges_lehmann(np.array(x) / 10_000, np.array(y) / 10_000)
    for name in ("estimate", "low", "high"):
        expected = getattr(counts, name) / 10_000
        assert getattr(accuracies, name) == pytest.approx(expected, abs=1e-12)
    for name in ("attained", "low_closed", "high_closed"):
        assert getattr(accuracies, name) == getattr(counts, name)


@given(COUNTS, COUNTS, CONFIDENCES)
@settings(deadline=None)
def test_exchanging_the_groups_mirrors_the_interval(x, y, confidence):
    forth = hodges_lehmann(x, y, confidence=confidence)
    back = hodges_lehmann(y, x, confidence=confidence)
    assert (back.estimate, back.low, back.high) == (-forth.estimate, -forth.high, -forth.low)
    assert (back.low_closed, back.high_closed) == (forth.high_closed, forth.low_closed)
    assert back.attained == forth.attained


@given(COUNTS, COUNTS, st.integers(-500, 500))
@settings(deadline=None)
def test_moving_a_group_moves_the_interval(x, y, by):
    before, after = hodges_lehmann(x, y), hodges_lehmann(np.array(x) + by, y)
    assert after.estimate == before.estimate + by
    assert (after.low, after.high) == (before.low + by, before.high + by)
    assert (after.low_closed, after.high_closed) == (before.low_closed, before.high_closed)


@given(st.one_of(COUNTS, TIED), st.one_of(COUNTS, TIED), CONFIDENCES)
@settings(deadline=None)
def test_estimate_and_interval(x, y, confidence):
    shift = hodges_lehmann(x, y, confidence=confidence)
    assert shift.estimate == np.median(np.subtract.outer(x, y))
    assert shift.attained >= confidence or shift.attained == pytest.approx(confidence)
    assert shift.low <= shift.estimate <= shift.high
    wider = hodges_lehmann(x, y, confidence=0.999)
    assert wider.low <= shift.low
    assert wider.high >= shift.high


@cache
def arrangements(u: int, n_x: int, n_y: int) -> int:
    """Orders of n_x and n_y untied runs with U = u, by Mann and Whitney's recursion."""
    if u < 0:
        return 0
    if n_x == 0 or n_y == 0:
        return int(u == 0)
    return arrangements(u - n_y, n_x - 1, n_y) + arrangements(u, n_x, n_y - 1)


@pytest.mark.parametrize("sizes", [(15, 15), (6, 9), (12, 15)])
def test_without_ties_the_ends_are_the_classical_order_statistics(sizes):
    n_x, n_y = sizes
    cumulated = list(itertools.accumulate(arrangements(u, n_x, n_y) for u in range(n_x * n_y)))
    outside = sum(40 * count <= math.comb(n_x + n_y, n_x) for count in cumulated)
    rng = np.random.default_rng(5)
    for _ in range(20):
        x, y = rng.normal(size=n_x), rng.normal(size=n_y)
        differences = np.sort(np.subtract.outer(x, y).ravel())
        shift = hodges_lehmann(x, y)
        assert shift.low == pytest.approx(differences[outside - 1], abs=1e-12)
        assert shift.high == pytest.approx(differences[-outside], abs=1e-12)


def test_published_interval_without_ties():
    """Hollander and Wolfe's chorioamnion: −0.305 in [−0.76, 0.15] by R's coin, exactly."""
    at_term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    earlier = [1.15, 0.88, 0.90, 0.74, 1.21]
    shift = hodges_lehmann(earlier, at_term)
    assert shift.estimate == pytest.approx(-0.305)
    assert (shift.low, shift.high) == pytest.approx((-0.76, 0.15))


def test_published_estimate_with_ties():
    """The stimulants of the SAS/STAT User's Guide: 0.35."""
    first = [1.94] * 2 + [2.92] * 4 + [3.27] * 4 + [3.70] * 2 + [3.74]
    second = [3.27] * 3 + [3.70] * 2 + [3.74]
    assert hodges_lehmann(second, first).estimate == pytest.approx(0.35)


def test_an_end_may_be_open():
    """Rotating rats: 0 is rejected with p = 0.037, and the least shift above is accepted."""
    control, treated = [300] * 12, [18, 22, 75, 163, 271] + [300] * 7
    shift = hodges_lehmann(control, treated)
    assert (shift.estimate, shift.low, shift.low_closed) == (0.0, 0.0, False)
    assert shift.excludes(0.0)
    assert not shift.excludes(1e-9)


def test_too_few_runs_leave_the_interval_unbounded():
    shift = hodges_lehmann([3.0, 4.0, 5.0], [0.0, 1.0, 2.0])
    assert (shift.low, shift.high, shift.attained) == (-math.inf, math.inf, 1.0)
    assert shift.estimate == 3.0
    assert not shift.excludes(0.0)


def test_equal_runs():
    shift = hodges_lehmann([0.5] * 15, [0.5] * 15)
    assert (shift.estimate, shift.low, shift.high) == (0.0, 0.0, 0.0)
    assert not shift.excludes(0.0)
    assert shift.excludes(1e-9)


def test_heavy_ties_may_leave_no_shift_accepted():
    """Every shift left of 0 is rejected upwards, 0 and every shift right of it downwards."""
    x, y = [0] * 15, [0] * 11 + [9] * 4
    shift = hodges_lehmann(x, y, confidence=0.9)
    assert (shift.low, shift.high) == (0.0, 0.0)
    assert rank_sum_test(x, y).p_value <= 0.1
    assert shift.excludes(0.0)
    assert shift.excludes(-1.0)
    assert shift.excludes(1.0)


class TestLowestRuns:
    """Diverged runs, as −inf: below all else under every shift."""

    def test_few_of_them_widen_the_interval_but_do_not_shift_it(self):
        rng = np.random.default_rng(2)
        x = rng.binomial(10_000, 0.88, 15) / 10_000
        y = rng.binomial(10_000, 0.88, 15) / 10_000
        x[3] = -np.inf
        shift = hodges_lehmann(x, y)
        finite = np.subtract.outer(x, y)
        assert shift.estimate == pytest.approx(np.median(finite))
        assert math.isfinite(shift.low)
        assert math.isfinite(shift.high)

    def test_as_low_as_any_finite_value_that_no_shift_reaches(self):
        x = np.array([7.0, 3.0, 9.0, 4.0, 8.0, 5.0])
        y = np.array([2.0, 4.0, 1.0, 6.0, 3.0, 5.5])
        far = hodges_lehmann(np.where(x == 3.0, -1e6, x), y, confidence=0.8)
        lowest = hodges_lehmann(np.where(x == 3.0, -np.inf, x), y, confidence=0.8)
        assert lowest == far

    def test_two_of_them_tie_under_every_shift(self):
        x, y = [-np.inf, *range(10, 16)], [-np.inf, *range(6)]
        shift = hodges_lehmann(x, y, confidence=0.9)
        without_pair = [a - b for a in range(10, 16) for b in range(6)]
        without_pair += [-np.inf] * 6 + [np.inf] * 6
        assert shift.estimate == np.median(without_pair)
        level = float(1 - Fraction("0.9"))
        for d in np.arange(-2, 20, 0.5):
            p = rank_sum_test(np.array(x) - d, y).p_value
            assert shift.excludes(d) == (p <= level)

    def test_a_group_of_nothing_else(self):
        shift = hodges_lehmann([-np.inf] * 15, np.linspace(0.8, 0.9, 15))
        assert (shift.estimate, shift.low, shift.high) == (-math.inf, -math.inf, -math.inf)
        assert shift.excludes(0.0)
        back = hodges_lehmann(np.linspace(0.8, 0.9, 15), [-np.inf] * 15)
        assert (back.estimate, back.low, back.high) == (math.inf, math.inf, math.inf)
        assert back.excludes(0.0)

    def test_both_groups_of_nothing_else(self):
        shift = hodges_lehmann([-np.inf] * 15, [-np.inf] * 15)
        assert math.isnan(shift.estimate)
        assert not shift.excludes(0.0)

    @given(
        st.lists(st.sampled_from([-math.inf, 1, 2, 3, 4]), min_size=1, max_size=8),
        st.lists(st.sampled_from([-math.inf, 1, 2, 3, 4]), min_size=1, max_size=8),
        CONFIDENCES,
    )
    @settings(deadline=None)
    def test_coherent_with_the_test_at_every_shift(self, x, y, confidence):
        assume(any(map(math.isfinite, x)) and any(map(math.isfinite, y)))
        shift = hodges_lehmann(x, y, confidence=confidence)
        level = float(1 - Fraction(str(confidence)))
        for d in np.arange(-4, 4.25, 0.25):
            p = rank_sum_test(np.array(x) - d, y).p_value
            assert shift.excludes(d) == (p <= level), (d, p, shift)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95])
def test_bad_confidence(confidence):
    with pytest.raises(ValueError, match="confidence"):
        hodges_lehmann([1.0], [2.0], confidence=confidence)


@pytest.mark.parametrize("x", [[], [math.nan], [math.inf, -math.inf]])
def test_bad_values(x):
    with pytest.raises(ValueError, match="x"):
        hodges_lehmann(x, [2.0])
