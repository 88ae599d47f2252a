"""The median of a cell's seeds with a distribution-free interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from analysis.statistics.rank_sum import sample
from analysis.statistics.shift import significance


@dataclass(frozen=True)
class MedianInterval:
    """Median and the order statistics around it.

    Attributes:
        low, high: the values of rank ``rank_low`` and ``rank_high``, counted from 1.
        coverage: the exact probability that they enclose the median of a continuous distribution;
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
    n = len(ordered)
    allowed = significance(confidence)
    rank, outside = 0, Fraction(0)
    below = Fraction(0)
    for k in range(1, n // 2 + 1):
        below += Fraction(math.comb(n, k - 1), 2**n)
        if 2 * below > allowed:
            break
        rank, outside = k, 2 * below
    if rank == 0:
        raise ValueError(
            f"{n} values are too few for an interval of the median at confidence {confidence}"
        )
    return MedianInterval(
        median=float(np.median(ordered)),
        low=float(ordered[rank - 1]),
        high=float(ordered[n - rank]),
        rank_low=rank,
        rank_high=n + 1 - rank,
        coverage=float(1 - outside),
    )
