"""Shares of filters in which one weight is larger than another, tested against one half.

The binomial test takes a network's filters as independent draws. They are not: those of one layer
were trained together and resemble each other. The Wilson interval shares that assumption; the
layer-clustered one beside it treats whole layers as the draws.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom, t
from statsmodels.stats.proportion import proportion_confint

from analysis.statistics.confidence import CONFIDENCE
from analysis.statistics.stars import stars

# Row and column from 0: the centre, the neighbour to its left, and the corner above that.
POSITIONS = {
    "centre > neighbour": ((1, 1), (1, 0)),
    "neighbour > corner": ((1, 0), (0, 0)),
}
COMPARISONS = tuple(POSITIONS)
PARTS = ("all", "lower", "upper")
HALVINGS = ("floor", "ceil")  # L-14; the first is the default

T = TypeVar("T")


@dataclass(frozen=True)
class Layer:
    """A 3×3 layer's filters, counted by comparison.

    Attributes:
        larger: how many have a larger weight at the comparison's first position.
        equal: how many have the same weight at both; they are in ``filters``, not in ``larger``.
    """

    name: str
    kind: str
    filters: int
    larger: Mapping[str, int]
    equal: Mapping[str, int]


def count(name: str, kind: str, values: NDArray[np.float32]) -> Layer:
    """A layer's weights, or their magnitudes (L-13), counted; of shape (N, 3, 3)."""
    pairs = {c: (values[:, *a], values[:, *b]) for c, (a, b) in POSITIONS.items()}
    larger = {comparison: int((a > b).sum()) for comparison, (a, b) in pairs.items()}
    equal = {comparison: int((a == b).sum()) for comparison, (a, b) in pairs.items()}
    return Layer(name, kind, len(values), larger, equal)


class Interval(NamedTuple):
    """Both ends of a confidence interval of a share."""

    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """How often a comparison holds among the filters of some layers.

    Attributes:
        layers, filters: how many there are.
        larger: filters for which it holds.
        equal: filters with two equal weights; they count as not larger (L-47).
        p_value: of the two-sided binomial test against one half; 0 stands for less than 1e-300.
        wilson: interval for independent filters.
        clustered: interval for independent layers; None for fewer than two.
        clustered_p: of the two-sided t test against one half that inverts ``clustered``.
    """

    layers: int
    filters: int
    larger: int
    equal: int
    p_value: float
    wilson: Interval
    clustered: Interval | None
    clustered_p: float | None

    @property
    def value(self) -> Fraction:
        """The share, exact."""
        return Fraction(self.larger, self.filters)

    @property
    def stars(self) -> str:
        """Table I's stars of the binomial test (L-10)."""
        return stars(self.p_value)


def split(count: int, halving: str = "floor") -> int:
    """How many of ``count`` layers are the lower half (L-14)."""
    if halving not in HALVINGS:
        raise ValueError(f"halving {halving!r} is none of {', '.join(HALVINGS)}")
    return count // 2 if halving == "floor" else (count + 1) // 2


def part(layers: Sequence[T], name: str, halving: str = "floor") -> Sequence[T]:
    """What belongs to "all", "lower" or "upper" ``layers``, which are in order of depth."""
    lower = split(len(layers), halving)
    return {"all": layers, "lower": layers[:lower], "upper": layers[lower:]}[name]


def share(layers: Sequence[Layer], comparison: str) -> Share | None:
    """The share over all filters of ``layers``; None where there are none."""
    filters = [layer.filters for layer in layers]
    larger = [layer.larger[comparison] for layer in layers]
    n, k = sum(filters), sum(larger)
    if not n:
        return None
    clustered, clustered_p = by_layer(larger, filters)
    return Share(
        layers=len(layers),
        filters=n,
        larger=k,
        equal=sum(layer.equal[comparison] for layer in layers),
        p_value=float(two_sided_p(k, n)),
        wilson=wilson(k, n),
        clustered=clustered,
        clustered_p=clustered_p,
    )


def wilson(larger: int, filters: int) -> Interval:
    """The interval of a share of independent filters."""
    low, high = proportion_confint(larger, filters, alpha=1 - CONFIDENCE, method="wilson")
    return Interval(float(low), float(high))


def two_sided_p(larger: ArrayLike, filters: int) -> NDArray[np.float64]:
    """Exact p-values of ``larger`` of ``filters`` against one half.

    The distribution is symmetric, so this is what :func:`scipy.stats.binomtest` gives, for many
    counts at once: twice the smaller tail, at most 1.
    """
    counts = np.asarray(larger)
    tail = binom.cdf(np.minimum(counts, filters - counts), filters, 0.5)
    return np.minimum(1.0, 2 * tail)


def by_layer(larger: Sequence[int], filters: Sequence[int]) -> tuple[Interval | None, float | None]:
    """Interval and p-value against one half that take the layers, not the filters, as draws.

    The share is a ratio of sums over L layers, p = Σk / Σn, with the cluster-robust (sandwich)
    variance L/(L − 1) · Σ(k − p·n)² / (Σn)² and Student's t with L − 1 degrees of freedom. Ends
    beyond 0 and 1 are cut. Where one layer holds most filters it is still too short.
    """
    k, n = np.asarray(larger, dtype=np.float64), np.asarray(filters, dtype=np.float64)
    draws = int((n > 0).sum())
    if draws < 2:
        return None, None
    p = k.sum() / n.sum()
    error = math.sqrt(draws / (draws - 1) * ((k - p * n) ** 2).sum()) / n.sum()
    reach = t.ppf((1 + CONFIDENCE) / 2, draws - 1) * error
    interval = Interval(float(max(0.0, p - reach)), float(min(1.0, p + reach)))
    if error == 0:
        return interval, 1.0 if p == 0.5 else 0.0
    return interval, float(2 * t.sf(abs(p - 0.5) / error, draws - 1))
