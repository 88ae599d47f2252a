"""The test of an ordered trend, against enumeration and against the rank-sum test."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from analysis.statistics.trend import detectable_step, trend


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


@pytest.mark.parametrize("sizes", [(15, 15, 15), (5, 9, 6, 5), (15, 15)])
def test_the_step_that_it_could_see_is_seen_four_times_in_five(sizes: tuple[int, ...]) -> None:
    """Normal values with the samples' own spread, that far apart."""
    random = np.random.default_rng(3)
    drawn = [random.normal(size=n) for n in sizes]
    samples = [0.2 * (d - d.mean()) / d.std(ddof=1) for d in drawn]
    step = detectable_step([s.tolist() for s in samples], 0.05)
    assert step is not None
    seen = 0
    for _ in range(1500):
        again = [0.2 * random.normal(size=n) + k * step for k, n in enumerate(sizes)]
        seen += trend([a.tolist() for a in again]).rising <= 0.05
    assert 0.76 <= seen / 1500 <= 0.88  # the variance is a little smaller where samples differ


def test_what_no_step_would_show() -> None:
    assert detectable_step([[1.0, 1.0], [1.0, 1.0]], 0.05) is None  # nothing is known of a spread
    assert detectable_step([[1.0], [2.0]], 0.05) is None
    assert detectable_step([[1.0, 2.0], [2.0, 3.0]], 0.001) is None  # too few, however far apart
    assert detectable_step([[1.0, float("inf")], [2.0, 3.0]], 0.05) is None


def test_what_has_no_order_decides_nothing() -> None:
    assert trend([[1.0, 1.0], [1.0]]).rising == 0.5
    with pytest.raises(ValueError, match="two samples"):
        trend([[1.0]])
