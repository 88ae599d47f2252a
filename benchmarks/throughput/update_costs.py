"""What an update of all weights costs, nothing else, beside torch's own over the same weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from benchmarks.models import VGG10, Shallow
from benchmarks.optimizers import SGD
from benchmarks.optimizers.lasso import lasso_step
from benchmarks.penalties import LocoReg, PlainL2, Term

Work = Callable[[], Any]
Group = dict[str, Work]
RATE = 1e-6  # so small that every round finds the weights much alike
SMALL = 0.01  # deviation of drawn weights and gradients


def lasso_updates(alpha: int, device: torch.device) -> Group:
    """β-LASSO's step over the weights of S-FC(α) beside fused SGD."""
    with torch.device("meta"):
        network = Shallow(connectivity="fc", alpha=alpha).network(10)
    weights = [torch.randn(p.shape, device=device) * SMALL for p in network.parameters()]
    gradients = [torch.randn_like(weight) * SMALL for weight in weights]
    velocities = [torch.zeros_like(weight) for weight in weights]

    def fused(momentum: float) -> None:
        torch._fused_sgd_(
            weights,
            gradients,
            velocities if momentum else [],
            weight_decay=0.0,
            momentum=momentum,
            lr=RATE,
            dampening=0.0,
            nesterov=False,
            maximize=False,
            is_first_step=False,
        )

    return {
        "torch's fused SGD": partial(fused, 0.0),
        "torch's fused SGD with momentum": partial(fused, 0.9),
        "ours, β-LASSO": partial(lasso_step, weights, gradients, lr=RATE, lam=1e-5, threshold=5e-4),
    }


def decayed_updates(device: torch.device) -> Group:
    """SGD with momentum and decay over VGG-10: torch's, whose decay is one number, and ours, which
    has a coefficient each weight position."""

    def torchs(**kind: bool) -> Work:
        model = _network(device)
        decay, own = float(PlainL2().weight_decay), model.parameters()
        update = torch.optim.SGD(own, RATE, momentum=0.9, weight_decay=decay, **kind)
        return updating(model, update.step)

    def ours(penalty: Term) -> Work:
        model = _network(device)
        rate = RATE if device.type == "cpu" else torch.tensor(RATE, device=device)
        update = SGD().build(model, penalty.attach(model).coefficients)
        return updating(model, partial(update.step, rate))

    return {
        "torch's SGD, foreach": torchs(foreach=True),
        "torch's SGD, fused": torchs(fused=True),
        "ours, plain L2": ours(PlainL2()),
        "ours, LOCO-Reg": ours(LocoReg()),
    }


def _network(device: torch.device) -> nn.Module:
    return VGG10().network(10).to(device).to(memory_format=torch.channels_last)


def updating(model: nn.Module, update: Work) -> Work:
    """An update by the same gradients every time, but for the decay that it adds to them: copies
    would cost as much as what is measured."""
    parameters = list(model.parameters())
    gradients = [torch.randn_like(parameter) * SMALL for parameter in parameters]

    def work() -> None:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        update()

    return work
