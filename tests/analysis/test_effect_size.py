"""Vargha and Delaney's A and Brunner–Munzel, ordinary and degenerate."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.nonparametric import rank_compare_2indep

from analysis.statistics.effect_size import brunner_munzel, vargha_delaney
from analysis.statistics.rank_sum import rank_sum_test

TIED = st.lists(st.integers(0, 6), min_size=1, max_size=9)
# Pain scores after surgery: the example of Brunner and Munzel (2000), as scipy documents it.
PAIN_FIRST = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1]
PAIN_SECOND = [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@given(TIED, TIED)
def test_a_counts_pairs(x, y):
    above = sum((a > b) + (a == b) / 2 for a in x for b in y)
    assert vargha_delaney(x, y) == pytest.approx(above / (len(x) * len(y)))
    assert vargha_delaney(x, y) + vargha_delaney(y, x) == pytest.approx(1)


def test_a_at_its_ends():
    assert vargha_delaney([3, 4], [1, 2]) == 1
    assert vargha_delaney([1, 2], [3, 4]) == 0
    assert vargha_delaney([1, 1], [1]) == 0.5
    assert vargha_delaney([-1.0, 0.9], [-1.0, 0.8]) == (0.5 + 0 + 1 + 1) / 4


def test_published_brunner_munzel():
    result = brunner_munzel(PAIN_FIRST, PAIN_SECOND)
    assert result.statistic == pytest.approx(3.1374674823029505)
    assert result.p_value == pytest.approx(0.005786208666151538)


@pytest.mark.parametrize("seed", range(10))
def test_brunner_munzel_agrees_with_scipy_and_statsmodels(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.binomial(10_000, 0.88, 15) / 10_000, rng.binomial(10_000, 0.878, 12) / 10_000
    ours = brunner_munzel(x, y)
    theirs = scipy_stats.brunnermunzel(x, y)
    assert ours.statistic == pytest.approx(theirs.statistic)
    assert ours.p_value == pytest.approx(theirs.pvalue)
    assert ours.p_value == pytest.approx(rank_compare_2indep(x, y, use_t=True).pvalue)


@given(TIED, TIED)
def test_brunner_munzel_never_fails(x, y):
    result = brunner_munzel(x, y)
    back = brunner_munzel(y, x)
    if min(len(x), len(y)) < 2:
        assert math.isnan(result.statistic)
        assert math.isnan(result.p_value)
        return
    assert 0 <= result.p_value <= 1
    assert back.statistic == pytest.approx(-result.statistic)
    assert back.p_value == pytest.approx(result.p_value)


def test_groups_that_do_not_overlap():
    x, y = [0.88, 0.89, 0.89, 0.90], [0.80, 0.81, 0.82]
    result = brunner_munzel(x, y)
    assert result.statistic == -math.inf
    assert result.p_value == rank_sum_test(x, y).p_value == pytest.approx(2 / math.comb(7, 3))
    assert brunner_munzel(y, x).statistic == math.inf


def test_equal_runs():
    result = brunner_munzel([0.5] * 15, [0.5] * 15)
    assert (result.statistic, result.p_value) == (0.0, 1.0)


@pytest.mark.parametrize("function", [brunner_munzel, vargha_delaney])
@pytest.mark.parametrize(("x", "y"), [([], [1.0]), ([1.0], [math.nan])])
def test_bad_values(function, x, y):
    with pytest.raises(ValueError, match=r"must be a non-empty|holds NaN"):
        function(x, y)
