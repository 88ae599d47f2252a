"""LOCO-Reg: L2 of spatial filters whose factors grow with the distance from the centre.

Source: Schneider, "Locality-Promoting Representation Learning", eqs. 1 and 5.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.parts import NotNegative
from benchmarks.penalties.positional import Positional

if TYPE_CHECKING:
    import numpy as np
    from torch import nn


class Locality(Positional, frozen=True):
    """Factors that the kernel's shape decides; 1×1 kernels get plain λ (L-15)."""

    def factors(self, kernel: tuple[int, int]) -> np.ndarray:
        raise NotImplementedError

    def factors_of(self, layer: nn.Conv2d) -> np.ndarray:
        return self.factors(layer.kernel_size)  # type: ignore[arg-type]


class LocoReg(Locality, tag="loco_reg", frozen=True):
    """Eq. 1: of a 3×3 filter the centre's factor is 1/Z, its four neighbours' γ/Z, the corners'
    η/Z. Kernels of other sizes are refused unless γ = η = 1, which is plain λ everywhere."""

    gamma: NotNegative = Decimal(1)
    eta: NotNegative = Decimal(1)

    def factors(self, kernel: tuple[int, int]) -> np.ndarray:
        import numpy as np

        if kernel == (3, 3):
            return ring_factors(float(self.gamma), float(self.eta))
        if kernel == (1, 1) or self.is_plain:
            return np.ones(kernel)
        raise ValueError(
            f"gamma and eta are defined for 3×3 kernels, not for {kernel}: use loco_line's a0, a1"
        )

    @property
    def is_plain(self) -> bool:
        return self.gamma == self.eta == 1


class LocoLine(Locality, tag="loco_line", frozen=True):
    """Eq. 5: the factor of distance d from the centre is a0 + a1·d, for any odd square kernel."""

    a0: NotNegative = Decimal(1)
    a1: NotNegative = Decimal(0)

    def fault(self) -> str | None:
        # With both 0 there is nothing to normalise.
        return None if self.a0 or self.a1 else "a0 and a1 of eq. 5 must not both be 0"

    def factors(self, kernel: tuple[int, int]) -> np.ndarray:
        import numpy as np

        if kernel[0] == kernel[1] > 1:
            return distance_factors(kernel[0], float(self.a0), float(self.a1))
        if kernel == (1, 1) or self.is_plain:
            return np.ones(kernel)
        raise ValueError(f"eq. 5 is defined for square kernels, not for {kernel}")

    @property
    def is_plain(self) -> bool:
        return not self.a1


def ring_factors(gamma: float, eta: float) -> np.ndarray:
    """Factors r of eq. 1 for a 3×3 filter, float64, shape (3, 3), summing to 9.

    The centre gets 1/Z, the four direct neighbours γ/Z, the four corners η/Z, with
    Z = (1 + 4γ + 4η)/9.
    """
    import numpy as np

    factors = np.full((3, 3), float(eta))
    factors[1, :] = factors[:, 1] = gamma
    factors[1, 1] = 1.0
    return _normalized(factors)


def distance_factors(kernel: int, a0: float, a1: float) -> np.ndarray:
    """Factors u(d) = a0 + a1·d of eq. 5, float64, shape (kernel, kernel), summing to kernel².

    d is the Euclidean distance from the centre on the index grid (L-08); ``kernel`` is odd.
    """
    import numpy as np

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
