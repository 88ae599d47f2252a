"""SGD with momentum whose decay has one coefficient per weight position."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from benchmarks.optimizers.optimizer import Optimizer
from benchmarks.parts import NotNegative, Positive

if TYPE_CHECKING:
    import torch
    from torch import nn

    from benchmarks.optimizers.positional_sgd import PositionalSGD


class SGD(Optimizer, tag="sgd", frozen=True):
    """SGD with momentum.

    Attributes:
        lr_placement: whether the rate multiplies the velocity ("outside", PyTorch) or the gradient
            in it ("inside", Keras); the two differ only where the rate changes.
        bias_lr_factor: biases, those of batch-norm included, learn at this many times the rate.
    """

    momentum: NotNegative = Decimal("0.9")
    lr_placement: Literal["outside", "inside"] = "outside"
    bias_lr_factor: Positive = Decimal(1)

    def build(self, model: nn.Module, coefficients: Mapping[str, torch.Tensor]) -> PositionalSGD:
        """See :meth:`Optimizer.build`."""
        from benchmarks.optimizers.positional_sgd import PositionalSGD

        return PositionalSGD(
            model,
            coefficients,
            momentum=float(self.momentum),
            lr_inside=self.lr_placement == "inside",
            bias_lr_factor=float(self.bias_lr_factor),
        )
