"""What every penalty has: settings that attach themselves to a network."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from benchmarks.parts import NotNegative, Part

if TYPE_CHECKING:
    import torch
    from torch import nn

    from benchmarks.penalties.attached import Attached


class Term(Part, frozen=True):
    """An addend of the objective besides the loss."""

    def attach(self, model: nn.Module) -> Attached:
        """The penalty at work on a network whose weights lie where they will be trained."""
        raise NotImplementedError


# What a penalty's λ means: the gradient of λ·Σ r w² is 2λ r w; weight decay's is λ r w (L-03).
GRADIENT_FACTOR = {"sum_sq": 2.0, "half_sum_sq": 1.0}


class Quadratic(Term, frozen=True):
    """λ·Σ r w² with a factor r a weight, which an optimiser applies as g ← g + c ∘ w.

    Attributes:
        weight_decay: λ.
        convention: "sum_sq" is λ·Σ r w², whose gradient is 2λ r w; "half_sum_sq" has the gradient
            λ r w, as torch's weight_decay (L-03).
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
        """See :meth:`Term.attach`."""
        from benchmarks.penalties.attached import Attached

        return Attached(model, self.coefficients(model))
