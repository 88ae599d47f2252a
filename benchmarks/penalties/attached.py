"""A penalty at work on a network, and what several of them ask of an optimiser together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from benchmarks.penalties.term import Term


class Attached:
    """What a penalty does in a step; a quadratic one gives coefficients and nothing else.

    A penalty of another form subclasses this: a differentiable one returns its ``loss``; one whose
    gradient has a closed form adds it to the gradients in a few fused operations; a proximal one
    changes the weights ``after_step``.
    """

    def __init__(
        self, model: nn.Module, coefficients: Mapping[str, torch.Tensor] | None = None
    ) -> None:
        self.model = model
        self.coefficients = dict(coefficients or {})

    def loss(self) -> torch.Tensor | None:
        """A scalar that is added to the batch's loss before the backward pass."""
        return None

    def add_gradients(self) -> None:
        """Change the parameters' gradients, between the backward pass and the update."""

    def after_step(self, lr: float) -> None:
        """Change the weights, after the update at that rate."""

    def measurements(self) -> dict[str, Any]:
        """Named measurements of the network as it is after training, JSON-ready."""
        return {}

    def state(self) -> dict[str, Any]:
        """What continuing needs besides the weights."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state`."""


def coefficients_of(penalties: Sequence[Attached]) -> dict[str, torch.Tensor]:
    """The sum of the penalties' coefficients by parameter."""
    total: dict[str, torch.Tensor] = {}
    for penalty in penalties:
        for name, value in penalty.coefficients.items():
            total[name] = total[name] + value if name in total else value
    return total


def attach(terms: Sequence[Term], model: nn.Module) -> list[Attached]:
    """Every term at work on the network."""
    return [term.attach(model) for term in terms]


def value(terms: Sequence[Term], model: nn.Module) -> torch.Tensor:
    """What the penalties add to the loss, as a float64 scalar.

    Training never computes a quadratic one, it applies the gradient in the update; this is for
    tests and reports. Half of c∘w² is λ r w² under "sum_sq" and half of it under "half_sum_sq".
    """
    parameters = dict(model.named_parameters())
    attached = attach(terms, model)
    total = torch.zeros((), dtype=torch.float64)
    for name, coefficient in coefficients_of(attached).items():
        weight = parameters[name].double()
        total = total + 0.5 * (coefficient.to(weight.device) * weight.square()).sum()
    losses = [loss for penalty in attached if (loss := penalty.loss()) is not None]
    return total + sum((loss.double() for loss in losses), torch.zeros_like(total))
