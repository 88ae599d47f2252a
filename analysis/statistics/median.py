"""The median's distribution-free interval, by binomial order statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, takewhile

import numpy as np
from numpy.typing import ArrayLike

from analysis.statistics.confidence import CONFIDENCE, significance
from analysis.statistics.rank_sum import sample


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


def median_interval(values: ArrayLike, *, confidence: float = CONFIDENCE) -> MedianInterval:
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
