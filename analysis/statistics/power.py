"""What a rank-sum test of so many runs could see."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from analysis.statistics.confidence import TAILS

POWER = 0.8
"""With which a difference counts as one that would have been seen: four times in five."""


def detectable_shift(x: ArrayLike, y: ArrayLike, *, power: float = POWER) -> float:
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
    z = norm.ppf(TAILS[1]) + norm.ppf(power)
    return float(z * pooled * math.sqrt(1 / n + 1 / m) * math.sqrt(math.pi / 3))
