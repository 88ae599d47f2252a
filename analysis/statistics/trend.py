"""Do values rise from one sample to the next? The test of Jonckheere and Terpstra, with ties."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from analysis.statistics.power import POWER

FAR = 20.0  # deviations from sample to sample


@dataclass(frozen=True)
class Trend:
    """The number of pairs from different samples whose later value is the larger one, ties half.

    Attributes:
        expected: of it, were the samples alike.
        rising, falling: one-sided p-values by the normal approximation; 0.5 where all values are
            equal.
    """

    statistic: float
    expected: float
    rising: float
    falling: float


def trend(samples: Sequence[Sequence[float]]) -> Trend:
    """The test of samples in order.

    The variance is that of Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods" (3rd
    ed., 2014), eq. 6.19, which counts ties; there is no correction for continuity.

    Raises:
        ValueError: for fewer than two samples, an empty one, or a value that is not a number.
    """
    values = [np.asarray(sample, dtype=np.float64) for sample in samples]
    if len(values) < 2 or not all(len(v) and not np.isnan(v).any() for v in values):
        raise ValueError("a trend needs two samples of numbers or more")
    statistic = 0.0
    for place, later in enumerate(values):
        for earlier in values[:place]:
            larger = later[:, None] > earlier[None]
            equal = later[:, None] == earlier[None]
            statistic += float(larger.sum() + 0.5 * equal.sum())
    sizes = np.array([len(v) for v in values], dtype=np.float64)
    _, ties = np.unique(np.concatenate(values), return_counts=True)
    total = float(sizes.sum())
    expected = (total**2 - float((sizes**2).sum())) / 4
    variance = _variance(total, sizes, ties.astype(np.float64))
    if variance <= 0:
        return Trend(statistic, expected, 0.5, 0.5)
    z = (statistic - expected) / math.sqrt(variance)
    return Trend(statistic, expected, float(ndtr(-z)), float(ndtr(z)))


def detectable_step(
    samples: Sequence[Sequence[float]], error: float, *, power: float = POWER
) -> float | None:
    """The true difference from each sample to the next that the one-sided test of that error would
    see with that probability, were all of them normal with the pooled spread of these.

    By normal approximations: J has the mean Σ nᵢnⱼ Φ((j − i)·step / (s√2)) over pairs of samples
    and, as if the samples were alike, the variance of the test. None where all values of a sample
    are the same, or so few that not even samples far apart would be seen.
    """
    values = [np.asarray(sample, dtype=np.float64) for sample in samples]
    sizes = np.array([len(v) for v in values], dtype=np.float64)
    free = float((sizes - 1).sum())
    if len(values) < 2 or free < 1 or not all(np.isfinite(v).all() for v in values):
        return None
    spread = math.sqrt(sum(float(((v - v.mean()) ** 2).sum()) for v in values) / free)
    total = float(sizes.sum())
    deviation = math.sqrt(_variance(total, sizes, np.ones(int(total))))
    needed = (ndtri(1 - error) + ndtri(power)) * deviation
    places = np.arange(len(values))
    apart = np.triu(places - places[:, None], 1)
    pairs = np.triu(np.outer(sizes, sizes), 1)

    def beyond(step: float) -> float:
        """Of what is needed."""
        return float((pairs * (ndtr(apart * step / math.sqrt(2)) - 0.5)).sum() - needed)

    if not spread or beyond(FAR) < 0:
        return None
    return spread * float(brentq(beyond, 0.0, FAR))


def _variance(total: float, sizes: np.ndarray, ties: np.ndarray) -> float:
    def third(n: np.ndarray | float) -> float:
        return float(np.sum(np.asarray(n) * (np.asarray(n) - 1) * (2 * np.asarray(n) + 5)))

    def falling(n: np.ndarray | float, steps: int) -> float:
        return float(np.sum(np.prod([np.asarray(n) - step for step in range(steps)], axis=0)))

    found = (third(total) - third(sizes) - third(ties)) / 72
    if total > 2:
        found += falling(sizes, 3) * falling(ties, 3) / (36 * falling(total, 3))
    return found + falling(sizes, 2) * falling(ties, 2) / (8 * falling(total, 2))
