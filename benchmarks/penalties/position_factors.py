"""LOCO-Reg's L2 factors for every position of a spatial filter.

Source: Schneider, "Locality-Promoting Representation Learning", eqs. 1 and 5.
"""

from __future__ import annotations

import math

import numpy as np


def ring_factors(gamma: float, eta: float) -> np.ndarray:
    """Factors r of eq. 1 for a 3×3 filter, float64, shape (3, 3), summing to 9.

    The centre gets 1/Z, the four direct neighbours γ/Z, the four corners η/Z, with
    Z = (1 + 4γ + 4η)/9.
    """
    factors = np.full((3, 3), float(eta))
    factors[1, :] = factors[:, 1] = gamma
    factors[1, 1] = 1.0
    return _normalized(factors)


def distance_factors(kernel: int, a0: float, a1: float) -> np.ndarray:
    """Factors u(d) = a0 + a1·d of eq. 5, float64, shape (kernel, kernel), summing to kernel².

    d is the Euclidean distance from the centre on the index grid (L-08); ``kernel`` is odd.
    """
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"eq. 5 needs an odd kernel, not {kernel}")
    offset = np.arange(kernel) - kernel // 2
    distance = np.hypot(offset[:, None], offset[None, :])
    return _normalized(a0 + a1 * distance)


def _normalized(factors: np.ndarray) -> np.ndarray:
    total = math.fsum(factors.ravel())
    if not total > 0:
        raise ValueError("the factors of a spatial filter must have a positive sum")
    return factors * (factors.size / total)
