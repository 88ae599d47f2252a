"""How much one group exceeds another, whatever its shape: Vargha and Delaney's A, and the
Brunner–Munzel test of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.statistics.rank_sum import doubled_midranks, exact_p, rank_sum_test, sample


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
