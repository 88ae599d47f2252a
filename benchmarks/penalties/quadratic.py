"""Penalties that are a coefficient a weight, such as :mod:`.l2`: their λ, and what it means."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from benchmarks.parts import NotNegative
from benchmarks.penalties.term import Attached, Term

if TYPE_CHECKING:
    import torch
    from torch import nn

# What a penalty's λ means: the gradient of λ·Σ r w² is 2λ r w; weight decay's is λ r w.
GRADIENT_FACTOR = {"sum_sq": 2.0, "half_sum_sq": 1.0}


class Quadratic(Term, frozen=True):
    """λ·Σ r w² with a factor r a weight, which an optimiser applies as g ← g + c ∘ w.

    Attributes:
        weight_decay: λ.
        convention: "sum_sq" is λ·Σ r w², whose gradient is 2λ r w; "half_sum_sq" has the gradient
            λ r w, as torch's weight_decay.
    """

    weight_decay: NotNegative = Decimal("0.0005")
    convention: Literal["sum_sq", "half_sum_sq"] = "sum_sq"

    @property
    def scale(self) -> float:
        """What a weight's coefficient is where its factor r is 1."""
        return GRADIENT_FACTOR[self.convention] * float(self.weight_decay)

    def coefficients(self, model: nn.Module) -> dict[str, torch.Tensor]:
        """c of each parameter that the penalty touches, float64, broadcasting over it."""
        raise NotImplementedError

    def attach(self, model: nn.Module) -> Attached:
        return Attached(model, self.coefficients(model))
