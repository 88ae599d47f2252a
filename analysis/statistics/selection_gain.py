"""What picking the best of several gains by itself: of equal settings by order statistics, of
settings at hand by choosing on some seeds and looking at the others.

A setting's reported value is taken to be the median of n seeds, normal with a common spread. The
median's distribution function is that of the order statistic (n + 1)/2 (David and Nagaraja, "Order
Statistics", 3rd ed., 2003, eq. 2.1.3), I(Φ(x); (n + 1)/2, (n + 1)/2) with the regularised
incomplete beta function; between odd n, where no value is the median, that interpolates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, ndtr, ndtri

from analysis.statistics.stars import STARS

DRAWS = 20_000
_GRID = np.linspace(-9.0, 9.0, 7201)


def expected_best(settings: int, seeds: int = 1) -> float:
    """E of the largest of ``settings`` independent medians of ``seeds`` standard normal values.

    With one seed it is the expected maximum of k normals: 0, 1/√π, 3/(2√π) for k = 1, 2, 3.

    Raises:
        ValueError: for no setting or no seed.
    """
    if settings < 1 or seeds < 1:
        raise ValueError(f"{settings} settings of {seeds} seeds have no best")
    half = (seeds + 1) / 2
    below = betainc(half, half, ndtr(_GRID)) ** settings
    return float(_GRID[-1] - np.trapezoid(below, _GRID))  # by parts


def chance_gain(above: int, below: int, seeds: int = 1) -> float:
    """What the best of ``above`` settings is expected to have more than the best of ``below``
    where all of them are equal, in standard deviations of one seed."""
    return expected_best(above, seeds) - expected_best(below, seeds)


def gain_by_chance(gain: float, above: int, below: int, seeds: int = 1) -> float:
    """The probability that such a gain, in standard deviations of one seed, or a larger one, comes
    of equal settings; by 20,000 draws, with a Monte Carlo error of at most 0.004.

    Raises:
        ValueError: for no setting or no seed.
    """
    if min(above, below, seeds) < 1:
        raise ValueError(f"{above} settings against {below} of {seeds} seeds cannot be compared")
    generator = np.random.Generator(np.random.Philox(key=6))
    half = (seeds + 1) / 2
    medians = ndtri(generator.beta(half, half, size=(DRAWS, above + below)))
    gains = medians[:, :above].max(axis=1) - medians[:, above:].max(axis=1)
    return float((gains >= gain).mean())


@dataclass(frozen=True)
class HeldOut:
    """The best of several settings: its mean over all seeds, by which it is the best, and the mean
    over seeds of what is best on all others."""

    best: float
    held_out: float


def held_out_best(values: ArrayLike) -> HeldOut:
    """Choose among settings on all seeds but one and look at that one, for each seed.

    Args:
        values: of shape (settings, seeds), larger ones better.

    Raises:
        ValueError: below two seeds, without a setting, or where a value is not finite.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or not table.shape[0] or table.shape[1] < 2 or not np.isfinite(table).all():
        raise ValueError("a choice on other seeds needs settings with two finite values or more")
    others = table.sum(axis=1, keepdims=True) - table
    chosen = others.argmax(axis=0)
    seen = table[chosen, np.arange(table.shape[1])]
    return HeldOut(float(table.mean(axis=1).max()), float(seen.mean()))


def pooled_deviation(groups: Sequence[ArrayLike]) -> float:
    """The standard deviation within groups, of all of their finite values together; NaN where no
    group has two."""
    arrays = [np.asarray(group, dtype=np.float64) for group in groups]
    arrays = [a[np.isfinite(a)] for a in arrays]
    freedom = sum(len(a) - 1 for a in arrays if len(a))
    squares = sum(float(((a - a.mean()) ** 2).sum()) for a in arrays if len(a))
    return math.sqrt(squares / freedom) if freedom else math.nan


def deviation_of_stars(differences: Sequence[float], stars: Sequence[str], seeds: int) -> float:
    """The standard deviation over seeds that printed stars imply, by maximum likelihood.

    The rank-sum test's z is Δ/(s·√(2π/(3n))) with Hodges and Lehmann's shift Δ. Only the difference
    D of two medians is printed. For normal values with standard deviation s, var D = π·s²/n and
    var Δ = 2π·s²/(3n) (asymptotically), and as Δ is nearly efficient, D − Δ has about the
    difference of the two. So z is about normal around D/(s·√(2π/(3n))) with variance 1/2, and the
    stars say between which bounds |z| lies.

    Args:
        differences: of medians, first minus second.
        stars: of each difference, by the usual legend; "" for none.
        seeds: of each median.

    Returns:
        In the unit of the differences; NaN without a difference that has stars, or where the
        likelihood has no maximum (all have stars and none says how few).
    """
    found = np.asarray(differences, dtype=np.float64)
    if not found.any() or not any(stars):
        return math.nan
    bounds = {"": (0.0, -float(ndtri(STARS[-1][0] / 2)))}
    for place, (p, mark) in enumerate(STARS):
        top = -float(ndtri(STARS[place - 1][0] / 2)) if place else math.inf
        bounds[mark] = (-float(ndtri(p / 2)), top)
    low, high = np.array([bounds[mark] for mark in stars]).T
    scale = float(np.abs(found).max())
    tried = scale * np.geomspace(0.01, 10, 601)
    centre = np.abs(found) / (tried[:, None] * math.sqrt(2 * math.pi / (3 * seeds)))
    inside = sum(
        ndtr((sign * b - centre) * math.sqrt(2)) * (1 if upper else -1)
        for sign, b, upper in ((1, high, True), (1, low, False), (-1, low, True), (-1, high, False))
    )
    likelihood = np.log(np.maximum(inside, 1e-300)).sum(axis=1)
    best = int(likelihood.argmax())
    return math.nan if best in (0, len(tried) - 1) else float(tried[best])
