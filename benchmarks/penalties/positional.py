"""L2 of spatial filters with a factor for every position: what :mod:`.loco_reg` and
:mod:`.strip_reg` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.penalties.quadratic import Quadratic

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn


class Positional(Quadratic, frozen=True):
    """L2 of every convolution's weights, factored by position."""

    def factors_of(self, layer: nn.Conv2d) -> np.ndarray:
        """The factors of a layer's kernel, float64, of the kernel's shape.

        Raises:
            ValueError: where they are not defined for such a kernel.
        """
        raise NotImplementedError

    @property
    def is_plain(self) -> bool:
        """Whether every factor is 1."""
        raise NotImplementedError

    def coefficients(self, model: nn.Module) -> dict[str, torch.Tensor]:
        """See :meth:`Quadratic.coefficients`; shape (1, 1, kh, kw) a convolution.

        Raises:
            UserError: where a convolution is no ``Conv2d``.
        """
        import torch
        from torch import nn

        from benchmarks.models.layers import check_convolutions

        check_convolutions(model)
        return {
            f"{name}.weight": (self.scale * torch.from_numpy(self.factors_of(module)))[None, None]
            for name, module in model.named_modules()
            if isinstance(module, nn.Conv2d)
        }
