"""What stands beside the rank-sum test: the median's distribution-free interval, Vargha and
Delaney's A, the Brunner–Munzel test, the detectable shift, and Holm's adjustment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, takewhile

import numpy as np
from numpy.typing import ArrayLike

from analysis.statistics.rank_sum import doubled_midranks, exact_p, rank_sum_test, sample
from analysis.statistics.shift import significance


@dataclass(frozen=True)
class MedianInterval:
    """Median and the values of rank ``rank_low`` and ``rank_high``, counted from 1, around it.

    ``coverage`` is the exact probability that they enclose the median of a continuous distribution;
    ties only raise it.
    """

    median: float
    low: float
    high: float
    rank_low: int
    rank_high: int
    coverage: float


def median_interval(values: ArrayLike, *, confidence: float = 0.95) -> MedianInterval:
    """The shortest interval X(k) … X(n + 1 − k) that covers the median with that confidence.

    The number of values under the median is binomial (n, 1/2). For n = 15 and 0.95, k is 4 and the
    coverage 0.9648.

    Raises:
        ValueError: where even the smallest and the largest value do not suffice: under six values
            at 0.95; or where a value is NaN.
    """
    ordered = np.sort(sample(values, "values"))
    n, allowed = len(ordered), significance(confidence)
    # Probability of a median outside X(k) … X(n + 1 − k), for k from 1.
    outside = accumulate(Fraction(2 * math.comb(n, k), 2**n) for k in range(n // 2))
    possible = list(takewhile(lambda probability: probability <= allowed, outside))
    if not possible:
        raise ValueError(
            f"{n} values are too few for an interval of the median at confidence {confidence}"
        )
    k, coverage = len(possible), float(1 - possible[-1])
    low, high = float(ordered[k - 1]), float(ordered[n - k])
    return MedianInterval(float(np.median(ordered)), low, high, k, n + 1 - k, coverage)


def holm(p_values: Mapping[str, float], declared: int) -> dict[str, float]:
    """Holm's step-down adjusted p-values (Holm 1979), for ``declared`` comparisons.

    The i-th smallest p-value is multiplied by declared − i + 1, as if those that were not run were
    1. Running them can therefore only lower an adjusted value, and the family's error rate holds
    whichever subset is run. A missing p-value (NaN) stays missing.

    Raises:
        ValueError: where more p-values than declared are given, or one is outside [0, 1].
    """
    if len(p_values) > declared:
        raise ValueError(f"{len(p_values)} p-values for {declared} declared comparisons")
    adjusted, smallest = dict.fromkeys(p_values, math.nan), 0.0
    known = {name: p for name, p in p_values.items() if not math.isnan(p)}
    for position, name in enumerate(sorted(known, key=known.__getitem__)):
        if not 0 <= known[name] <= 1:
            raise ValueError(f"p-value {known[name]} of {name!r} is not in [0, 1]")
        smallest = max(smallest, (declared - position) * known[name])
        adjusted[name] = min(smallest, 1.0)
    return adjusted


@dataclass(frozen=True)
class BrunnerMunzel:
    """A two-sided Brunner–Munzel test by its t approximation; NaN below two runs a group.

    ``statistic`` is positive where y tends to be above x, as in scipy; ±inf where the groups do not
    overlap.
    """

    statistic: float
    p_value: float


def brunner_munzel(x: ArrayLike, y: ArrayLike) -> BrunnerMunzel:
    """Test A = 1/2 without assuming that the groups differ by a shift only.

    The statistic divides by a variance that is 0 where the groups do not overlap. The t
    approximation is then void, and the p-value is that of the exact permutation test: the observed
    and the opposite separation among all assignments of runs to groups, as the exact rank-sum test
    counts them. Where all runs are equal the statistic is 0 and p is 1.

    Raises:
        ValueError: where a group is empty or holds NaN.
    """
    first, second = sample(x, "x"), sample(y, "y")
    n_x = len(first)
    if min(n_x, len(second)) < 2:
        return BrunnerMunzel(math.nan, math.nan)
    ranks = doubled_midranks(np.concatenate([first, second]))
    own = np.concatenate([doubled_midranks(first), doubled_midranks(second)])
    if not any(map(np.ptp, np.split(ranks - own, [n_x]))):
        difference = float(ranks[n_x:].mean() - ranks[:n_x].mean())
        statistic = math.copysign(math.inf, difference) if difference else 0.0
        return BrunnerMunzel(statistic, float(exact_p(ranks, n_x, "two-sided")))
    from scipy.stats import brunnermunzel

    result = brunnermunzel(ranks[:n_x], ranks[n_x:])
    return BrunnerMunzel(float(result.statistic), float(result.pvalue))


def vargha_delaney(x: ArrayLike, y: ArrayLike) -> float:
    """A = P(x above y) + P(x equals y) / 2 over all pairs (Vargha and Delaney 2000).

    1/2 means no tendency, 1 that every x is above every y.

    Raises:
        ValueError: where a group is empty or holds NaN.
    """
    found = rank_sum_test(x, y, method="normal")
    return found.u / (found.n_x * found.n_y)


def detectable_shift(x: ArrayLike, y: ArrayLike, *, power: float = 0.8) -> float:
    """The true shift that a rank-sum test at 5 % would see with that probability, were both groups
    normal with the spread of these: (z₀.₉₇₅ + z_power)·s·√(1/n + 1/m)·√(π/3), with the pooled
    deviation s (Lehmann, "Nonparametrics", 1975, section 2.3); NaN below two finite runs a group.
    """
    from scipy.stats import norm

    groups = [np.asarray(group, dtype=np.float64) for group in (x, y)]
    groups = [group[np.isfinite(group)] for group in groups]
    n, m = map(len, groups)
    if min(n, m) < 2:
        return math.nan
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    pooled = math.sqrt(squares / (n + m - 2))
    z = norm.ppf(0.975) + norm.ppf(power)
    return float(z * pooled * math.sqrt(1 / n + 1 / m) * math.sqrt(math.pi / 3))
