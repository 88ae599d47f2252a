"""The test of an ordered trend, against enumeration and against the rank-sum test."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from analysis.statistics.trend import trend


def test_two_samples_are_the_rank_sum_test() -> None:
    random = np.random.default_rng(1)
    x, y = random.integers(0, 9, 12).tolist(), random.integers(1, 11, 9).tolist()
    found = trend([x, y])
    other = mannwhitneyu(y, x, alternative="greater", method="asymptotic", use_continuity=False)
    assert (found.statistic, found.rising) == pytest.approx((other.statistic, other.pvalue))
    assert found.falling == pytest.approx(1 - other.pvalue)


@pytest.mark.parametrize("values", [(1, 2, 3, 4, 5, 6), (1, 1, 2, 2, 2, 3)])
def test_its_moments_are_those_of_all_arrangements(values: tuple[int, ...]) -> None:
    drawn = [trend([p[:1], p[1:4], p[4:]]).statistic for p in permutations(values)]
    found = trend([values[:1], values[1:4], values[4:]])
    assert found.expected == pytest.approx(np.mean(drawn))
    z = (found.statistic - np.mean(drawn)) / np.std(drawn)
    assert found.rising == pytest.approx(norm.sf(z))


def test_what_has_no_order_decides_nothing() -> None:
    assert trend([[1.0, 1.0], [1.0]]).rising == 0.5
    with pytest.raises(ValueError, match="two samples"):
        trend([[1.0]])
