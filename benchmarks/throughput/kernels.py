"""What penalties of kernels add to a step, and what networks without small kernels save."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from benchmarks.models import PairedNet
from benchmarks.models.kernels import convolutions
from benchmarks.optimizers import SGD
from benchmarks.penalties import KernelNumber, KernelSize, PlainL2, Term
from benchmarks.penalties.term import coefficients_of
from benchmarks.procedures import shrink

Work = Callable[[], Any]
BATCH, SIDE, SHARE = 128, 32, 4  # of the kernels a quarter stays


def penalty_group(device: torch.device) -> dict[str, Work]:
    """A step of CIFAR-10's base network of nineteen layers with plain L2, and the passes that
    penalties add to it."""
    images = torch.randn(BATCH, 3, SIDE, SIDE, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.arange(BATCH, device=device) % 10
    model = PairedNet().network(10).to(device).to(memory_format=torch.channels_last)
    decay = PlainL2().attach(model)
    update = SGD().build(model, coefficients_of([decay]))
    rate = 1e-3 if device.type == "cpu" else torch.tensor(1e-3, device=device)

    def step() -> None:
        functional.cross_entropy(model(images), labels).backward()
        update.step(rate)

    def added(term: Term) -> Work:
        attached = term.attach(model)

        def add() -> None:
            attached.add_gradients()
            attached.after_step(rate)

        return add

    terms: dict[str, Term] = {
        "kernel number": KernelNumber(),
        "kernel number, proximal": KernelNumber(solver="prox"),
        "kernel size, half-rings": KernelSize(),
        "kernel size, half-rings, proximal": KernelSize(solver="prox"),
        "kernel size, rings": KernelSize(groups="ring"),
    }
    return {"step with plain L2": step, **{name: added(term) for name, term in terms.items()}}


@torch.no_grad()
def inference_group(batch: int, device: torch.device) -> dict[str, Work]:
    """The same network as it is, and without three quarters of its kernels, or the outer half-ring
    of as many."""
    images = torch.randn(batch, 3, SIDE, SIDE, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    dense = PairedNet().network(10).to(device).to(memory_format=torch.channels_last).eval()
    for layer in convolutions(dense).values():
        layer.weight[torch.arange(layer.out_channels) % SHARE > 0] *= 1e-6
    few = shrink(dense, "0.001").model
    for layer in convolutions(dense).values():
        small = torch.arange(layer.out_channels) % SHARE > 0
        layer.weight[small] *= 1e6
        layer.weight[small, :, 0] *= 1e-6
        layer.weight[small, :, :, 0] *= 1e-6
    mixed = shrink(dense, "0.001", "half_rings").model

    def pass_of(model: torch.nn.Module) -> Work:
        def work() -> None:
            with torch.inference_mode():
                model(images)

        return work

    named = {"dense": dense, "a quarter of the kernels": few, "kernels of 3×3 and 2×2": mixed}
    return {name: pass_of(model) for name, model in named.items()}
