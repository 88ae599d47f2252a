"""Accuracy against multiply-adds: learned networks beside hand-made ones of equal cost.

A hand-made family, such as the base network at several widths, is a line through its networks' mean
accuracies over the logarithm of their multiply-adds. A learned network is compared with the better
of the lines at its own cost, seed by seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.special import stdtr, stdtrit

from analysis.statistics.power import POWER
from analysis.verdicts.level import SEEDS_NEEDED

SAME = 0.99  # a share of the base network's cost from which on nothing was removed to speak of
ERROR = 0.05


@dataclass(frozen=True)
class Point:
    """Networks that a penalty, an α and a τ have left, by seed.

    Attributes:
        base: the base network, whose hand-made versions it is compared with.
        costs: multiply-adds of an image; of those runs of which a network could be built.
        accuracies: of the same runs, shares.
        runs: finished ones.
    """

    cell: str
    kind: str
    label: str
    tau: str
    costs: tuple[float, ...]
    accuracies: tuple[float, ...]
    runs: int
    base: str = ""
    alpha: str = ""  # as a reader is told it
    kernels: float = math.nan  # median share of the kernels that are left

    @property
    def cost(self) -> float:
        """The median."""
        return float(np.median(self.costs)) if self.costs else math.nan

    @property
    def accuracy(self) -> float:
        """The median."""
        return float(np.median(self.accuracies)) if self.accuracies else math.nan


@dataclass(frozen=True)
class HandMade:
    """A network that was made by hand, with its runs' accuracies."""

    cell: str
    kind: str
    cost: float
    accuracies: tuple[float, ...]
    base: str = ""


Line = Sequence[HandMade]


@dataclass(frozen=True)
class Excess:
    """By how much learned networks are more accurate than hand-made ones of their cost.

    Attributes:
        low, high: 95 % interval by Welch's t, with Satterthwaite's degrees of freedom, as far as
            shares can differ.
        above, below: one-sided p-values.
        runs: that were compared.
        spread, freedom: the mean's standard error and its degrees of freedom; 0 and NaN where all
            runs are equal.
    """

    mean: float
    low: float
    high: float
    above: float
    below: float
    family: str
    runs: int
    spread: float = 0.0
    freedom: float = math.nan

    def detectable(self, error: float) -> float:
        """The true mean that the one-sided test of that error would have seen 4 times in 5; 0 where
        nothing is known of how runs scatter."""
        if not self.spread:
            return 0.0
        limit = stdtrit(self.freedom, 1 - error) + stdtrit(self.freedom, POWER)
        return self.spread * float(limit)


def lines(hand_made: Sequence[HandMade]) -> dict[str, Line]:
    """The families by name, each with the base network, by cost."""
    base = [n for n in hand_made if n.kind == "base"]
    kinds = dict.fromkeys(n.kind for n in hand_made if n.kind != "base")
    families = {k: [*base, *(n for n in hand_made if n.kind == k)] for k in kinds}
    return {k: sorted(f, key=lambda n: n.cost) for k, f in families.items() if len(f) > 1}


def weights(line: Line, cost: float) -> dict[int, float] | None:
    """What each of a line's networks counts at a cost; None outside of the line."""
    if not line[0].cost <= cost <= line[-1].cost:
        return None
    for place, (first, second) in enumerate(pairwise(line)):
        if cost <= second.cost:
            whole = math.log(second.cost / first.cost)
            share = math.log(cost / first.cost) / whole if whole else 0.0
            return {place: 1 - share, place + 1: share}
    raise ValueError(f"{cost} lies on no part of the line")


def at_cost(line: Line, cost: float) -> float | None:
    """The mean accuracy of a line at a cost; None outside of it."""
    found = weights(line, cost)
    if found is None:
        return None
    return sum(w * float(np.mean(line[place].accuracies)) for place, w in found.items())


def why_not(point: Point, families: Mapping[str, Line]) -> str:
    """Why a point is compared with none, or nothing."""
    if len(point.costs) < point.runs:
        return "a layer without a shortcut has no kernel left"
    if len(point.costs) < 2:
        return "too few runs"
    if not families or min(len(n.accuracies) for f in families.values() for n in f) < 2:
        return "too few runs by hand"
    largest = max(line[-1].cost for line in families.values())
    if min(point.costs) >= SAME * largest:
        return "as large as the base network"
    if max(point.costs) > largest:
        return "larger than the base network"
    if len(_reached(point, families).costs) < max(2, len(point.costs) / 2):
        return "smaller than all made by hand"
    return ""


def _reached(point: Point, families: Mapping[str, Line]) -> Point:
    """Without those runs whose networks are cheaper than all that were made by hand."""
    least = min(line[0].cost for line in families.values())
    pairs = zip(point.costs, point.accuracies, strict=True)
    kept = [(cost, accuracy) for cost, accuracy in pairs if cost >= least]
    costs, accuracies = zip(*kept, strict=True) if kept else ((), ())
    return replace(point, costs=costs, accuracies=accuracies)


def excess(point: Point, families: Mapping[str, Line]) -> Excess:
    """A point against the better line at its cost, of those that reach all of its networks but
    those that are cheaper than all made by hand.

    Raises:
        ValueError: where :func:`why_not` says why.
    """
    if reason := why_not(point, families):
        raise ValueError(reason)
    point = _reached(point, families)
    middle = math.exp(float(np.mean(np.log(point.costs))))
    middle = min(max(middle, min(point.costs)), max(point.costs))  # whatever rounding did
    reach = {n: f for n, f in families.items() if weights(f, min(point.costs)) is not None}
    family = max(reach, key=lambda name: at_cost(reach[name], middle) or 0.0)
    line = reach[family]
    differences = [
        accuracy - (at_cost(line, cost) or 0.0)
        for cost, accuracy in zip(point.costs, point.accuracies, strict=True)
    ]
    parts = [(float(np.var(differences, ddof=1)) / len(differences), len(differences) - 1)]
    for place, weight in (weights(line, middle) or {}).items():
        own = line[place].accuracies
        parts.append((weight**2 * float(np.var(own, ddof=1)) / len(own), len(own) - 1))
    mean, variance = float(np.mean(differences)), sum(part for part, _ in parts)
    small = sum(part**2 / freedom for part, freedom in parts)
    if not small:  # few equal runs tell nothing of the spread of others
        is_sure = min(freedom for _, freedom in parts) + 1 >= SEEDS_NEEDED
        low, high, sign = (mean, mean, float(np.sign(mean))) if is_sure else (-1.0, 1.0, 0.0)
        return Excess(mean, low, high, (1 - sign) / 2, (1 + sign) / 2, family, len(differences))
    spread, freedom = math.sqrt(variance), variance**2 / small
    reach_of = float(stdtrit(freedom, 1 - ERROR / 2)) * spread
    p = float(stdtr(freedom, mean / spread))
    low, high = max(-1.0, mean - reach_of), min(1.0, mean + reach_of)
    return Excess(mean, low, high, 1 - p, p, family, len(differences), spread, freedom)


def envelope(points: Sequence[Point]) -> list[Point]:
    """Those of which none is both cheaper and at least as accurate, by cost (medians)."""
    known = [p for p in points if p.costs]
    found: list[Point] = []
    for point in sorted(known, key=lambda p: (p.cost, -p.accuracy)):
        if not found or point.accuracy > found[-1].accuracy:
            found.append(point)
    return found
