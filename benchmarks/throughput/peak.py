"""The device's peak in practice: what a large product of bfloat16 matrices reaches."""

from __future__ import annotations

import torch

from benchmarks.data.dataset import Dataset
from benchmarks.throughput.contenders import Options
from benchmarks.throughput.window import Window

SIDES = {"cuda": 8192, "cpu": 512}


def train_peak(options: Options, dataset: Dataset, window: Window) -> None:
    """Multiply square bfloat16 matrices until the window closes; counts FLOP in place of images."""
    side = SIDES[options.device]
    left, right = (torch.randn(side, side, device=options.device).bfloat16() for _ in range(2))
    product = torch.empty_like(left)
    while not window.over:
        torch.mm(left, right, out=product)
        window.tick(2 * side**3)
