"""STRIP-Reg: L2 that holds a square filter to one of ACNet's strips.

Source: Schneider, "Locality-Promoting Representation Learning", section III b.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.parts import NotNegative
from benchmarks.penalties.positional import Positional

if TYPE_CHECKING:
    import numpy as np
    from torch import nn


class StripReg(Positional, tag="strip_reg", frozen=True):
    """STRIP-Reg: of a branch that stands in for one of ACNet's strips, the cells outside the strip
    have the factor 1 + η; not normalised."""

    eta: NotNegative = Decimal(0)

    def factors_of(self, layer: nn.Conv2d) -> np.ndarray:
        import numpy as np

        from benchmarks.models.branches import StripConv2d

        if isinstance(layer, StripConv2d):
            return np.where(layer.cells.numpy(), 1.0, 1.0 + float(self.eta))
        return np.ones(layer.kernel_size)

    @property
    def is_plain(self) -> bool:
        return not self.eta
