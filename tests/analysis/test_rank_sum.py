"""The exact midrank test against enumeration, scipy and published values."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from analysis.statistics import rank_sum
from analysis.statistics.rank_sum import doubled_midranks, rank_sum_test
from analysis.statistics.stars import stars

TIED = st.lists(st.integers(0, 6), min_size=1, max_size=7)
"""Small groups over few values, so that most of them tie."""

# Two stimulants: SAS/STAT User's Guide, NPAR1WAY, "Exact Wilcoxon Two-Sample Test".
STIMULANT_1 = [1.94] * 2 + [2.92] * 4 + [3.27] * 4 + [3.70] * 2 + [3.74]
STIMULANT_2 = [3.27] * 3 + [3.70] * 2 + [3.74]
# Rotating rats: Bergmann, Ludbrook and Spooren (2000), The American Statistician 54, 72–77.
RATS_CONTROL = [300] * 12
RATS_TREATED = [18, 22, 75, 163, 271] + [300] * 7
# Permeability of the chorioamnion: Hollander and Wolfe, example 4.1.
AT_TERM = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
AT_WEEKS_12_TO_26 = [1.15, 0.88, 0.90, 0.74, 1.21]
# Grade averages: Korosteleva, Nonparametric Methods in Statistics with SAS Applications, ch. 1.
PROGRAM = [3.98, 3.45, 3.66, 3.78, 3.90, 4.00, 3.78, 3.12, 3.45, 3.97]
NO_PROGRAM = [3.42, 2.56, 2.00, 3.19, 3.00, 3.56, 3.56, 4.00, 2.78, 3.44]


def enumerated_tails(x: list[float], y: list[float]) -> tuple[float, float]:
    """P(W ≤ w) and P(W ≥ w) over every choice of the first group."""
    ranks = 2 * scipy_stats.rankdata([*x, *y])
    sums = [sum(choice) for choice in itertools.combinations(ranks, len(x))]
    observed = ranks[: len(x)].sum()
    below = sum(s <= observed for s in sums) / len(sums)
    return below, sum(s >= observed for s in sums) / len(sums)


@given(TIED, TIED)
def test_p_values_equal_those_of_full_enumeration(x, y):
    below, above = enumerated_tails(x, y)
    assert rank_sum_test(x, y, alternative="less").p_value == pytest.approx(below, rel=1e-14)
    assert rank_sum_test(x, y, alternative="greater").p_value == pytest.approx(above, rel=1e-14)
    expected = min(1, 2 * min(below, above))
    assert rank_sum_test(x, y).p_value == pytest.approx(expected, rel=1e-14)


FEW_TIED = st.lists(st.integers(0, 3), min_size=2, max_size=4)


@given(FEW_TIED, FEW_TIED)
@settings(max_examples=40, deadline=None)
def test_ties_agree_with_scipys_exact_permutation_test(x, y):
    def u(a, b, axis):
        return scipy_stats.mannwhitneyu(a, b, axis=axis, method="asymptotic").statistic

    for alternative in ("two-sided", "less", "greater"):
        theirs = scipy_stats.permutation_test(
            (x, y), u, vectorized=True, n_resamples=np.inf, alternative=alternative
        )
        ours = rank_sum_test(x, y, alternative=alternative)
        assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-12)
        assert ours.u == theirs.statistic


@pytest.mark.parametrize("sizes", [(1, 1), (3, 5), (15, 15), (12, 15), (30, 7), (60, 55)])
@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_without_ties_agrees_with_scipy(sizes, alternative):
    rng = np.random.default_rng(sum(sizes))
    for shift in (0.0, 0.4, -1.5):
        x, y = rng.normal(shift, 1, sizes[0]), rng.normal(0, 1, sizes[1])
        ours = rank_sum_test(x, y, alternative=alternative)
        theirs = scipy_stats.mannwhitneyu(x, y, alternative=alternative, method="exact")
        assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
        assert ours.u == theirs.statistic
        assert not ours.has_ties


@given(TIED, TIED)
def test_normal_approximation_is_scipys(x, y):
    for alternative in ("two-sided", "less", "greater"):
        ours = rank_sum_test(x, y, alternative=alternative, method="normal").p_value
        if len({*x, *y}) == 1:
            assert ours == 1.0  # scipy divides 0 by 0 here
            continue
        theirs = scipy_stats.mannwhitneyu(x, y, alternative=alternative, method="asymptotic")
        assert ours == pytest.approx(theirs.pvalue, rel=1e-9)


@pytest.mark.parametrize(
    ("x", "y", "alternative", "method", "published"),
    [
        (STIMULANT_2, STIMULANT_1, "greater", "exact", "0.0527"),
        (STIMULANT_2, STIMULANT_1, "two-sided", "exact", "0.1054"),
        (STIMULANT_2, STIMULANT_1, "greater", "normal", "0.0421"),
        (STIMULANT_2, STIMULANT_1, "two-sided", "normal", "0.0843"),
        (RATS_CONTROL, RATS_TREATED, "greater", "exact", "0.0186"),
        (RATS_CONTROL, RATS_TREATED, "two-sided", "exact", "0.0373"),
        (AT_WEEKS_12_TO_26, AT_TERM, "less", "exact", "0.1272"),
        (AT_WEEKS_12_TO_26, AT_TERM, "two-sided", "exact", "0.2544"),
        (PROGRAM, NO_PROGRAM, "greater", "exact", "0.0078"),
    ],
)
def test_published_p_values(x, y, alternative, method, published):
    p = rank_sum_test(x, y, alternative=alternative, method=method).p_value
    assert f"{p:.4f}" == published


def test_published_statistics():
    stimulants = rank_sum_test(STIMULANT_2, STIMULANT_1)
    assert (stimulants.statistic, stimulants.has_ties) == (79.5, True)
    assert rank_sum_test(STIMULANT_1, STIMULANT_2).statistic == 110.5
    chorioamnion = rank_sum_test(AT_WEEKS_12_TO_26, AT_TERM)
    assert (chorioamnion.statistic, chorioamnion.u, chorioamnion.has_ties) == (30, 15, False)
    assert (chorioamnion.n_x, chorioamnion.n_y, chorioamnion.method) == (5, 10, "exact")
    assert rank_sum_test(PROGRAM, NO_PROGRAM).statistic == 136.5


def test_closed_form_of_the_rotating_rats():
    """All five rats that fell are treated: C(12, 5) of C(24, 5) ways."""
    p = rank_sum_test(RATS_CONTROL, RATS_TREATED, alternative="greater").p_value
    assert p == math.comb(12, 5) / math.comb(24, 5)


@given(TIED, TIED)
def test_exchanging_the_groups_mirrors_the_test(x, y):
    forth, back = rank_sum_test(x, y), rank_sum_test(y, x)
    assert forth.p_value == back.p_value
    assert forth.u + back.u == len(x) * len(y)
    greater = rank_sum_test(x, y, alternative="greater").p_value
    assert greater == rank_sum_test(y, x, alternative="less").p_value


@given(TIED, TIED)
def test_only_the_order_counts(x, y):
    expected = rank_sum_test(x, y)
    for transformed in (lambda v: np.exp(v) + 3, lambda v: 10 * np.asarray(v) - 7.5):
        assert rank_sum_test(transformed(x), transformed(y)) == expected
    assert rank_sum_test(x[::-1], sorted(y)) == expected


@given(TIED, TIED)
def test_one_sided_tails_overlap_in_the_observed_sum(x, y):
    less = rank_sum_test(x, y, alternative="less").p_value
    greater = rank_sum_test(x, y, alternative="greater").p_value
    assert less + greater > 1
    assert 0 < rank_sum_test(x, y).p_value <= 1


@given(st.lists(st.integers(0, 9), min_size=2, max_size=12).filter(lambda v: len(v) % 2 == 0))
def test_definitions_of_two_sided_agree_for_equal_groups(values):
    """Ties or not, equal groups have a symmetric null distribution."""
    half = len(values) // 2
    ranks = doubled_midranks(np.array(values, dtype=float))
    sums = np.array([sum(c) for c in itertools.combinations(ranks.tolist(), half)])
    distance = abs(2 * sums - ranks.sum())
    as_far = (distance >= distance[0]).mean()
    assert rank_sum_test(values[:half], values[half:]).p_value == pytest.approx(as_far)


def test_a_diverged_run_takes_the_lowest_rank():
    finished = [0.87, 0.88, 0.89]
    lowest = rank_sum_test([-1.0, *finished], [0.86, 0.875, 0.885])
    assert lowest == rank_sum_test([-np.inf, *finished], [0.86, 0.875, 0.885])
    assert lowest == rank_sum_test([0.10, *finished], [0.86, 0.875, 0.885])
    assert rank_sum_test([-1.0] * 15, [-1.0] * 15).p_value == 1.0


def test_fifteen_seeds_that_do_not_overlap():
    p = rank_sum_test(np.arange(15) + 100, np.arange(15)).p_value
    assert p == 2 / math.comb(30, 15)


@given(codes=st.lists(st.integers(0, 40), min_size=2, max_size=30), data=st.data())
def test_both_ways_of_counting_agree(codes: list[int], data: st.DataObject) -> None:
    codes, n = sorted(codes), data.draw(st.integers(1, len(codes) // 2))
    limit = data.draw(st.integers(0, sum(codes)))
    asked = (tuple(codes), n, limit)
    assert rank_sum._count(*asked) == rank_sum._count_large(*asked)


@pytest.mark.parametrize("sizes", [(40, 40), (3, 200), (200, 3)])
def test_large_groups_stay_exact(sizes):
    """Counts far beyond 64 bits: the tails still cover everything, the observed sum twice."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 30, sizes[0]), rng.integers(0, 30, sizes[1])
    less = rank_sum_test(x, y, alternative="less").p_value
    greater = rank_sum_test(x, y, alternative="greater").p_value
    normal = rank_sum_test(x, y, alternative="less", method="normal").p_value
    assert 1 < less + greater < 1.02
    assert less == pytest.approx(normal, abs=0.01)


@pytest.mark.parametrize(
    ("p", "mark"),
    [
        (0.0, "***"),
        (0.00099, "***"),
        (0.001, "**"),
        (0.00999, "**"),
        (0.01, "*"),
        (0.0999, "*"),
        (0.1, ""),
        (1.0, ""),
        (math.nan, ""),
    ],
)
def test_stars_follow_the_captions(p, mark):
    assert stars(p) == mark


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        ([], [1.0], {}, "x must be a non-empty list"),
        ([1.0], [], {}, "y must be a non-empty list"),
        ([1.0, math.nan], [1.0], {}, "x holds NaN"),
        ([[1.0]], [1.0], {}, "x must be a non-empty list"),
        ([1.0], [1.0], {"alternative": "bigger"}, "alternative 'bigger'"),
        ([1.0], [1.0], {"method": "auto"}, "method 'auto'"),
    ],
)
def test_bad_input_is_named(x, y, options, message):
    with pytest.raises(ValueError, match=message):
        rank_sum_test(x, y, **options)
