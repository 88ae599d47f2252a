"""LOCO-Reg: L2 of spatial filters with a factor for every position.

Source: Schneider, "Locality-Promoting Representation Learning", eqs. 1 and 5. The factors
themselves: :mod:`benchmarks.penalties.position_factors`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.parts import NotNegative
from benchmarks.penalties.term import Quadratic

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn


class Locality(Quadratic, frozen=True):
    """L2 of every convolution's weights, factored by position; 1×1 kernels get plain λ (L-15)."""

    def factors(self, kernel: tuple[int, int]) -> np.ndarray:
        """The factors of a layer's kernel, float64, shape ``kernel``.

        Raises:
            ValueError: where they are not defined for such a kernel.
        """
        raise NotImplementedError

    @property
    def is_plain(self) -> bool:
        """Whether every factor is 1."""
        raise NotImplementedError

    def coefficients(self, model: nn.Module) -> dict[str, torch.Tensor]:
        """See :meth:`Quadratic.coefficients`; shape (1, 1, kh, kw) a convolution."""
        import torch
        from torch import nn

        found: dict[str, torch.Tensor] = {}
        for name, module in model.named_modules():
            if isinstance(module, nn.Conv2d):
                factors = torch.from_numpy(self.factors(module.kernel_size))  # type: ignore[arg-type]
                found[f"{name}.weight"] = (self.scale * factors)[None, None]
        return found


class LocoReg(Locality, tag="loco_reg", frozen=True):
    """Eq. 1: of a 3×3 filter the centre's factor is 1/Z, its four neighbours' γ/Z, the corners'
    η/Z. Kernels of other sizes are refused unless γ = η = 1, which is plain λ everywhere."""

    gamma: NotNegative = Decimal(1)
    eta: NotNegative = Decimal(1)

    def factors(self, kernel: tuple[int, int]) -> np.ndarray:
        """See :meth:`Locality.factors`."""
        import numpy as np

        from benchmarks.penalties.position_factors import ring_factors

        if kernel == (3, 3):
            return ring_factors(float(self.gamma), float(self.eta))
        if kernel == (1, 1) or self.is_plain:
            return np.ones(kernel)
        raise ValueError(
            f"gamma and eta are defined for 3×3 kernels, not for {kernel}: use loco_line's a0, a1"
        )

    @property
    def is_plain(self) -> bool:
        """See :attr:`Locality.is_plain`."""
        return self.gamma == self.eta == 1


class LocoLine(Locality, tag="loco_line", frozen=True):
    """Eq. 5: the factor of distance d from the centre is a0 + a1·d, for any odd square kernel."""

    a0: NotNegative = Decimal(1)
    a1: NotNegative = Decimal(0)

    def fault(self) -> str | None:
        # With both 0 there is nothing to normalise.
        return None if self.a0 or self.a1 else "a0 and a1 of eq. 5 must not both be 0"

    def factors(self, kernel: tuple[int, int]) -> np.ndarray:
        """See :meth:`Locality.factors`."""
        import numpy as np

        from benchmarks.penalties.position_factors import distance_factors

        if kernel == (1, 1):
            return np.ones(kernel)
        if kernel[0] == kernel[1]:
            return distance_factors(kernel[0], float(self.a0), float(self.a1))
        if self.is_plain:
            return np.ones(kernel)
        raise ValueError(f"eq. 5 is defined for square kernels, not for {kernel}")

    @property
    def is_plain(self) -> bool:
        """See :attr:`Locality.is_plain`."""
        return not self.a1
