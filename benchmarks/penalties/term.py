"""What every penalty has: settings that attach themselves to a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from benchmarks.parts import Part

if TYPE_CHECKING:
    import torch
    from torch import nn


class Attached:
    """A penalty at work on a network; a quadratic one (:mod:`.quadratic`) gives coefficients alone.

    A penalty of another form subclasses this: a differentiable one returns its ``loss``; one whose
    gradient has a closed form adds it to the gradients in a few fused operations; a proximal one
    changes the weights ``after_step``. On CUDA all three become parts of a graph; CONTRIBUTING
    says what that asks of them.
    """

    def __init__(
        self, model: nn.Module, coefficients: Mapping[str, torch.Tensor] | None = None
    ) -> None:
        self.model = model
        self.coefficients = dict(coefficients or {})

    def loss(self, labels: torch.Tensor) -> torch.Tensor | None:
        """A scalar that is added to the batch's loss before the backward pass.

        Args:
            labels: the batch's, int64 (B,).
        """
        return None

    def add_gradients(self) -> None:
        """Change the parameters' gradients, between the backward pass and the update."""

    def after_step(self, lr: float | torch.Tensor) -> None:
        """Change the weights in place, after the update at that rate, see :class:`Update`."""

    def measurements(self) -> dict[str, Any]:
        """Named measurements of the network as it is after training, JSON-ready."""
        return {}

    def points(self, epoch: int) -> dict[str, float]:
        """Values of curves, by name, of the network as an epoch has left it.

        Args:
            epoch: completed epochs of the phase.
        """
        return {}

    def state(self) -> dict[str, Any]:
        """What continuing needs besides the weights."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state`."""


class Term(Part, frozen=True):
    """An addend of the objective besides the loss."""

    def attach(self, model: nn.Module) -> Attached:
        """The penalty at work on a network whose weights lie where they will be trained."""
        raise NotImplementedError

    def misfit(self, dataset: str) -> str | None:
        """What is wrong where images of that data set train, in one line; None where nothing is."""
        return None


def coefficients_of(penalties: Iterable[Attached]) -> dict[str, torch.Tensor]:
    """The sum of the penalties' coefficients by parameter."""
    total: dict[str, torch.Tensor] = {}
    for penalty in penalties:
        for name, value in penalty.coefficients.items():
            total[name] = total[name] + value if name in total else value
    return total
