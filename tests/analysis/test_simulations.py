"""Operating characteristics on simulated tables, with fixed seeds.

Test accuracies of 15 seeds are counts of 10,000 images, rounded normal with a deviation of 20
images (0.2 points), about what seeds of a small network show; so pairs of runs often tie. COARSE
has a deviation of 1.5 images, where nearly everything ties. Bounds are four standard errors wide,
on both sides where the value is known: a test that is too lenient or too strict fails.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from analysis.statistics.median import median_interval
from analysis.statistics.rank_sum import rank_sum_test
from analysis.statistics.shift import hodges_lehmann
from analysis.verdicts.effect import effect_verdict
from analysis.verdicts.level import level_verdict
from analysis.verdicts.star_agreement import star_agreement

IMAGES = 10_000
CENTRE = 8790
FINE, COARSE = 20.0, 1.5
DELTA = Decimal("0.5")


def tables(
    draws: int, deviation: float, shift: int = 0, sizes: tuple[int, int] = (15, 15)
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Pairs of cells of which the first lies ``shift`` images above the second."""
    rng = np.random.default_rng(2024)
    for _ in range(draws):
        x = np.rint(rng.normal(CENTRE, deviation, sizes[0])) + shift
        y = np.rint(rng.normal(CENTRE, deviation, sizes[1]))
        yield x / IMAGES, y / IMAGES


def allowance(rate: float, draws: int) -> float:
    """Four standard errors of a simulated rate."""
    return 4 * math.sqrt(rate * (1 - rate) / draws)


@pytest.mark.parametrize("deviation", [FINE, COARSE])
@pytest.mark.parametrize("sizes", [(15, 15), (15, 9)])
def test_size_of_the_rank_sum_test(deviation, sizes):
    draws = 3000
    p = np.array([rank_sum_test(x, y).p_value for x, y in tables(draws, deviation, 0, sizes)])
    for level in (0.1, 0.05, 0.01, 0.001):
        assert (p <= level).mean() <= level + allowance(level, draws)
    # Exact, but hardly wasteful: the attainable levels lie close below these.
    for level in (0.1, 0.05):
        assert (p <= level).mean() >= 0.85 * level - allowance(level, draws)


def test_one_sided_sizes():
    draws = 2000
    for alternative in ("greater", "less"):
        p = [rank_sum_test(x, y, alternative=alternative).p_value for x, y in tables(draws, COARSE)]
        assert np.mean(np.array(p) <= 0.05) <= 0.05 + allowance(0.05, draws)


@pytest.mark.parametrize("deviation", [FINE, COARSE])
@pytest.mark.parametrize("sizes", [(15, 15), (12, 15)])
def test_coverage_of_the_shifts_interval(deviation, sizes):
    draws, shift = 800, 30
    covered, above, below = 0, 0, 0
    for x, y in tables(draws, deviation, shift, sizes):
        # In images, where the true shift is the very number.
        interval = hodges_lehmann(np.rint(x * IMAGES), np.rint(y * IMAGES))
        covered += not interval.excludes(shift)
        above += interval.low > shift
        below += interval.high < shift
    assert covered / draws >= 0.95 - allowance(0.95, draws)
    # Equal tails, each at most half of what is left.
    assert max(above, below) / draws <= 0.025 + allowance(0.025, draws)
    if deviation == FINE:
        assert covered / draws <= 0.965 + allowance(0.965, draws)


def test_the_shift_estimate_is_unbiased():
    estimates = [hodges_lehmann(x, y).estimate * IMAGES for x, y in tables(400, FINE, 30)]
    assert np.mean(estimates) == pytest.approx(30, abs=4 * np.std(estimates) / 20)


@pytest.mark.parametrize("n", [6, 15])
def test_coverage_of_the_medians_interval(n):
    rng = np.random.default_rng(7)
    draws = 4000
    for skewed in (False, True):
        values = rng.exponential(size=(draws, n)) if skewed else rng.normal(size=(draws, n))
        median = math.log(2) if skewed else 0.0
        intervals = [median_interval(row) for row in values]
        covered = np.mean([i.low <= median <= i.high for i in intervals])
        assert covered == pytest.approx(
            intervals[0].coverage, abs=allowance(intervals[0].coverage, draws)
        )
    counts = np.rint(rng.normal(CENTRE, COARSE, size=(draws, n)))
    intervals = [median_interval(row) for row in counts]
    tied = np.mean([i.low <= CENTRE <= i.high for i in intervals])
    assert tied >= intervals[0].coverage


def level_rates(shift: int, deviation: float, draws: int, n: int = 15) -> dict[str, float]:
    """Rates of the verdicts where the paper's 15 seeds have a median ``shift`` images below."""
    rng = np.random.default_rng(11)
    verdicts: Counter[str] = Counter()
    for _ in range(draws):
        theirs = np.rint(rng.normal(CENTRE, deviation, 15))
        ours = np.rint(rng.normal(CENTRE, deviation, n)) + shift
        published = f".{int(np.median(theirs)):04d}"
        verdicts[level_verdict(ours / IMAGES, published, DELTA).verdict] += 1
    return {name: verdicts[name] / draws for name in ("reproduced", "not reproduced")}


class TestLevelVerdict:
    """δ is 50 images; the published median varies as ours does."""

    @pytest.mark.parametrize("deviation", [10.0, FINE, 40.0])
    @pytest.mark.parametrize("shift", [50, -50])
    def test_false_verdicts_at_the_margin(self, deviation, shift):
        rates = level_rates(shift, deviation, 1500)
        assert rates["reproduced"] <= 0.05
        assert rates["not reproduced"] <= 0.05

    def test_fewer_seeds_are_no_easier(self):
        rates = level_rates(50, FINE, 1500, n=6)
        assert rates["reproduced"] <= 0.05
        assert rates["not reproduced"] <= 0.05

    def test_equal_levels_are_mostly_recognised(self):
        rates = level_rates(0, FINE, 600)
        assert rates["reproduced"] >= 0.95
        assert rates["not reproduced"] == 0

    def test_a_large_spread_does_not_help(self):
        """One point of deviation is too much to tell 0 from 0.5: nothing is reproduced by luck."""
        rates = level_rates(0, 100.0, 600)
        assert rates["reproduced"] <= 0.3
        assert rates["not reproduced"] <= 0.01

    def test_distant_levels_are_told_apart(self):
        rates = level_rates(120, FINE, 600)
        assert rates["not reproduced"] >= 0.95
        assert rates["reproduced"] == 0


def effect_rates(shift: int, draws: int) -> Callable[[str], float]:
    verdicts = Counter(effect_verdict(x, y, 1).verdict for x, y in tables(draws, FINE, shift))
    return lambda name: verdicts[name] / draws


def test_effect_verdicts():
    draws = 400
    without, published, opposite = (effect_rates(shift, draws) for shift in (0, 30, -30))
    for name in ("confirmed", "contradicted"):
        assert without(name) <= 0.025 + allowance(0.025, draws)
    assert published("confirmed") >= 0.9
    assert published("contradicted") == 0
    assert opposite("contradicted") >= 0.9
    assert opposite("confirmed") == 0


def test_expected_probability_of_stars():
    """With the truth as runs, the resampled rates are those of fresh replications."""
    shift, draws = 15, 2000
    truth = CENTRE + FINE * norm.ppf((np.arange(100) + 0.5) / 100)
    x, y = np.rint(truth + shift) / IMAGES, np.rint(truth) / IMAGES
    expected = star_agreement(x, y, "*", draws=draws)
    p = np.array([rank_sum_test(a, b).p_value for a, b in tables(draws, FINE, shift)])
    fresh = {
        "***": (p < 0.001).mean(),
        "**": ((p >= 0.001) & (p < 0.01)).mean(),
        "*": ((p >= 0.01) & (p < 0.1)).mean(),
        "": (p >= 0.1).mean(),
    }
    for mark, rate in fresh.items():
        assert expected.probabilities[mark] == pytest.approx(rate, abs=0.06), mark
    assert max(fresh.values()) < 0.5  # no mark is likely: a star that differs is no refutation
