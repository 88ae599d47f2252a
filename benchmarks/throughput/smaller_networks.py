"""What networks without small kernels save."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.models import PairedNet
from benchmarks.models.convolutions import convolutions
from benchmarks.procedures import shrink

Work = Callable[[], Any]
SIDE, SHARE = 32, 4  # of the kernels a quarter stays


@torch.no_grad()
def inference_group(batch: int, device: torch.device) -> dict[str, Work]:
    """CIFAR-10's base network of nineteen layers as it is, and without three quarters of its
    kernels, or the outer half-ring of as many."""
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
