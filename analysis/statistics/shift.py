"""The Hodges–Lehmann shift and the confidence interval that inverts the exact rank-sum test.

A shift d is accepted where the two-sided exact conditional midrank test of x − d against y
(:mod:`analysis.statistics.rank_sum`) has p > 1 − confidence, that is, where both of its tails
exceed half of that. As d grows past a pairwise difference x_i − y_j, that pair goes from "above"
over "tied" to "below", so the test only changes at the pairwise differences: it is evaluated at
them and in the open gaps between them, each time with the tie pattern which that shift has.

Both tails are monotone in d, also across changing tie patterns, so the accepted shifts form one
interval. For suppose that at d a block of m tied x comes down to a block of k tied y. Take any
choice of n_x places as the first group, with a of the lower k and c of the upper m. When the blocks
tie, its rank sum minus the observed one grows by (a·m + (m − c)·k) / 2, which is at least 0, so
every choice that was as extreme upwards still is, and none is lost. When they untie with the x
below, the same holds mirrored.

The ends are pairwise differences. With ties a test may reject at an end itself and accept right
beside it; ``low_closed`` and ``high_closed`` say so, and :meth:`Shift.excludes` heeds it: 0 is
excluded exactly where the test of x against y rejects.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.confidence import CONFIDENCE, significance
from analysis.statistics.rank_sum import doubled_midranks, sample, tails

ROUNDING = 1e-12
"""Pairwise differences closer than this times the largest value differ by rounding only: 0.8812 −
0.8790 and 0.8811 − 0.8789 are the same 22 images of 10,000, though not the same floats."""


@dataclass(frozen=True)
class Shift:
    """How far x lies above y, in their unit."""

    # median of all x_i − y_j (Hodges and Lehmann 1963); NaN where all runs of both are −inf
    estimate: float
    low: float  # ends of the interval; ±inf where no shift is large enough to be rejected
    high: float
    confidence: float  # what was asked for, such as 0.95
    attained: float  # the conditional confidence that it has, at least what was asked for
    low_closed: bool  # whether the end itself is accepted by the test
    high_closed: bool

    def excludes(self, value: float) -> bool:
        """Whether the test rejects that shift."""
        below = value < self.low or (value == self.low and not self.low_closed)
        above = value > self.high or (value == self.high and not self.high_closed)
        return below or above


def hodges_lehmann(x: ArrayLike, y: ArrayLike, *, confidence: float = CONFIDENCE) -> Shift:
    """The shift x minus y with its interval.

    A run may be −inf, the lowest rank under any shift, as a diverged run is: it ties with the other
    group's −inf and is below all else, and pairs of two such runs tell nothing of the shift. Where
    smaller values are better, it is +inf instead.

    Raises:
        ValueError: where a group is empty or holds NaN or infinities of both signs, or the
            confidence is not in (0, 1).
    """
    first, second = sample(x, "x"), sample(y, "y")
    if any(np.isposinf(group).any() for group in (first, second)):
        if any(np.isneginf(group).any() for group in (first, second)):
            raise ValueError("x and y hold +inf and −inf, which no shift can move")
        found = hodges_lehmann(-first, -second, confidence=confidence)
        ends: Any = {"low": -found.high, "high": -found.low}
        closed: Any = {"low_closed": found.high_closed, "high_closed": found.low_closed}
        return replace(found, estimate=-found.estimate, **ends, **closed)
    half = significance(confidence) / 2
    curve = _TestCurve(first, second)
    # First and last position that the upper and the lower tail accept; tails are monotone.
    positions = range(curve.last + 1)
    left = bisect_left(positions, True, key=lambda position: curve.upper(position) > half)
    right = bisect_left(positions, True, key=lambda position: curve.lower(position) <= half) - 1
    outside = (curve.upper(left - 1) if left > 0 else Fraction(0)) + (
        curve.lower(right + 1) if right < curve.last else Fraction(0)
    )
    # Where heavy ties and a low confidence leave no shift accepted, both ends are the point at
    # which the tails cross, and neither end is in the interval.
    accepted = left <= right
    return Shift(
        estimate=curve.estimate(),
        low=curve.value((left - 1) // 2),  # the difference that bounds the position from below
        high=curve.value(right // 2),
        confidence=confidence,
        attained=float(1 - outside),
        low_closed=accepted and left % 2 == 1,
        high_closed=accepted and right % 2 == 1,
    )


class _TestCurve:
    """The test of x − d against y as a function of d.

    Position 2c + 1 is the shift at the c-th distinct pairwise difference, 2c the gap before it; the
    positions run from 0, left of all differences, to ``last``, right of all.
    """

    def __init__(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        n_x = len(x)
        self._tails = cache(lambda position: tails(self._ranks(position), n_x))
        self._own_x, self._own_y = doubled_midranks(x), doubled_midranks(y)
        self._both_lowest = np.isneginf(x)[:, None] & np.isneginf(y)[None, :]
        finite_y = np.where(np.isneginf(y), 0.0, y)[None, :]
        differences = np.where(np.isneginf(y)[None, :], np.inf, x[:, None] - finite_y)
        self._finite = np.isfinite(differences)
        largest = max(np.abs(v[np.isfinite(v)]).max(initial=0.0) for v in (x, y))
        self._values, cluster = _distinct(differences[self._finite], ROUNDING * largest)
        self.last = 2 * len(self._values)
        # Where each pair is tied: beyond the ends for pairs that one −inf decides.
        self._tied_at = np.where(differences > 0, self.last + 1, -1)
        self._tied_at[self._finite] = 2 * cluster + 1

    def upper(self, position: int) -> Fraction:
        """p-value against x − d being above y; grows with the position."""
        return Fraction(*self._tails(position)[1:])

    def lower(self, position: int) -> Fraction:
        """p-value against x − d being below y; falls with the position."""
        return Fraction(*self._tails(position)[::2])

    def _ranks(self, position: int) -> NDArray[np.int64]:
        above = np.sign(self._tied_at - position)
        above[self._both_lowest] = 0
        # A pair adds 2 to the doubled midrank of the higher run, or 1 to either where they tie.
        ranks_x = self._own_x + (1 + above).sum(axis=1)
        ranks_y = self._own_y + (1 - above).sum(axis=0)
        return np.concatenate([ranks_x, ranks_y])

    def estimate(self) -> float:
        """Median of the pairwise differences, without the pairs of two lowest runs."""
        tied_at = np.sort(self._tied_at[~self._both_lowest])
        if not len(tied_at):
            return math.nan
        middle = ((len(tied_at) - 1) // 2, len(tied_at) // 2)
        low, high = (self.value(int(tied_at[k]) // 2) for k in middle)
        return low if low == high else (low + high) / 2

    def value(self, index: int) -> float:
        """A distinct difference, infinite beyond their ends."""
        if 0 <= index < len(self._values):
            return float(self._values[index])
        return math.copysign(math.inf, index)


def _distinct(
    differences: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distinct values in ascending order, and the index of each difference among them.

    Neighbours within the tolerance are one value, except that only 0 is 0: whether an x and a y
    tie as they are must not depend on the others, or the interval and the test could disagree.
    """
    order = np.argsort(differences, kind="stable")
    ascending = differences[order]
    is_new = np.diff(ascending) > tolerance
    is_new |= np.diff(np.sign(ascending)) != 0
    index = np.concatenate([[0], np.cumsum(is_new)])[: len(ascending)]
    cluster = np.empty(len(ascending), dtype=np.int64)
    cluster[order] = index
    starts = np.flatnonzero(np.diff(index, prepend=-1))
    ends = np.append(starts[1:], len(ascending)) - 1 if len(starts) else starts
    return (ascending[starts] + ascending[ends]) / 2, cluster
