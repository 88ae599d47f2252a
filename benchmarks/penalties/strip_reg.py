"""STRIP-Reg: three full 3×3 branches in place of ACNet's 3×3, 3×1 and 1×3, and weaker decay on the
cells that the strips had.

Source: Schneider, "Locality-Promoting Representation Learning", section III b. The factors
themselves: :mod:`benchmarks.penalties.strip_factors`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.parts import NotNegative
from benchmarks.penalties.term import Quadratic

if TYPE_CHECKING:
    import torch
    from torch import nn


class StripReg(Quadratic, tag="strip_reg", frozen=True):
    """L2 of every convolution's weights; of a branch that stands in for a strip, the cells outside
    the strip have the factor 1 + η."""

    eta: NotNegative = Decimal(0)

    @property
    def is_plain(self) -> bool:
        """Whether every factor is 1."""
        return not self.eta

    def coefficients(self, model: nn.Module) -> dict[str, torch.Tensor]:
        """See :meth:`Quadratic.coefficients`; shape (1, 1, kh, kw) a convolution."""
        import numpy as np
        import torch
        from torch import nn

        from benchmarks.models.branches import StripConv2d
        from benchmarks.penalties.strip_factors import strip_factors

        found: dict[str, torch.Tensor] = {}
        for name, module in model.named_modules():
            if isinstance(module, nn.Conv2d):
                factors = np.ones(module.kernel_size)
                if isinstance(module, StripConv2d):
                    factors = strip_factors(module.strip, float(self.eta))
                found[f"{name}.weight"] = (self.scale * torch.from_numpy(factors))[None, None]
        return found
