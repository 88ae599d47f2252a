"""The update of :class:`benchmarks.optimizers.SGD`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


class PositionalSGD:
    """Momentum SGD: v ← μ·v + (g + c∘w), w ← w − lr·v.

    ``coefficients`` are those of
    :func:`benchmarks.penalties.attached.coefficients_of`; each broadcasts over its
    parameter, so LOCO-Reg costs what plain weight decay costs: one pass over the weights. With
    ``lr_inside`` the rate multiplies the gradient inside the velocity (Keras):
    v ← μ·v + lr·(g + c∘w), w ← w − v; the two differ only where the rate changes. Biases, those of
    batch-norm included, learn at ``bias_lr_factor`` times the rate.
    """

    def __init__(
        self,
        model: nn.Module,
        coefficients: Mapping[str, torch.Tensor],
        *,
        momentum: float,
        lr_inside: bool = False,
        bias_lr_factor: float = 1.0,
    ) -> None:
        named = dict(model.named_parameters())
        self.parameters: list[torch.Tensor] = list(named.values())
        self.velocities = [torch.zeros_like(p) for p in self.parameters]
        self.momentum = momentum
        self.lr_inside = lr_inside
        # Parameters and velocities that share a rate; all of them, in order, for a factor of 1.
        rates = [bias_lr_factor if name.endswith("bias") else 1.0 for name in named]
        self._groups = [
            (rate, _of_rate(rate, rates, self.parameters), _of_rate(rate, rates, self.velocities))
            for rate in dict.fromkeys(rates)
        ]
        self._decayed = [
            (named[name], coefficient.to(named[name])) for name, coefficient in coefficients.items()
        ]

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """One update from the parameters' gradients, which are consumed (set to None)."""
        for parameter, coefficient in self._decayed:
            assert parameter.grad is not None
            parameter.grad.addcmul_(parameter, coefficient)
        torch._foreach_mul_(self.velocities, self.momentum)
        for factor, parameters, velocities in self._groups:
            rate = lr * factor
            gradients = [p.grad for p in parameters if p.grad is not None]
            torch._foreach_add_(velocities, gradients, alpha=rate if self.lr_inside else 1.0)
            torch._foreach_add_(parameters, velocities, alpha=-1.0 if self.lr_inside else -rate)
        for consumed in self.parameters:
            consumed.grad = None

    def state(self) -> dict[str, Any]:
        """The velocities."""
        return {"velocities": list(self.velocities)}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state`."""
        for velocity, saved in zip(self.velocities, state["velocities"], strict=True):
            velocity.copy_(saved)


def _of_rate(rate: float, rates: list[float], tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    return [tensor for tensor, own in zip(tensors, rates, strict=True) if own == rate]
