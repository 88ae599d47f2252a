"""Batches made on the device: the whole split is resident there, augmentation included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.randomness import coin_flips, permutation

if TYPE_CHECKING:
    from benchmarks.config import Run
    from benchmarks.datasets.store import Dataset, Split


class ResidentSplit:
    """A split's uint8 pixels (N, H, W, C) and labels (N,) on a device, shared by all runs there."""

    def __init__(self, split: Split, device: torch.device) -> None:
        self.pixels = _tensor(split.images).to(device)
        self.labels = _tensor(split.labels).to(device)
        self.device = device

    def __len__(self) -> int:
        return len(self.labels)


def _tensor(array: np.ndarray) -> torch.Tensor:
    # A copy: torch warns of read-only memory maps, and the pages are wanted in memory anyway.
    return torch.from_numpy(np.array(array))


class Normalizer:
    """(x/255 − mean)/std as one multiply-add, per channel."""

    def __init__(self, run: Run, dataset: Dataset, device: torch.device) -> None:
        mean, std = {
            "channel": (dataset.mean, dataset.std),
            "half": (np.full(3, 0.5), np.full(3, 0.5)),
            "unit": (np.zeros(3), np.ones(3)),
        }[run.normalization]
        self.scale = torch.tensor(1 / (255 * std), dtype=torch.float32, device=device)
        self.shift = torch.tensor(-mean / std, dtype=torch.float32, device=device)

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 (N, C, H, W), channels last in memory, of uint8 pixels (N, H, W, C)."""
        return (pixels.float() * self.scale).add_(self.shift).permute(0, 3, 1, 2)


def epoch_batches(
    run: Run, split: ResidentSplit, normalizer: Normalizer, epoch: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The training batches of an epoch, in the order that (seed, epoch) alone decides.

    Yields images float32 (B, C, H, W) and labels int64 (B,). Every image has its own coin for the
    horizontal flip. The last, smaller batch is kept or dropped as the run's ``last_batch`` says.
    """
    size = len(split)
    order = torch.from_numpy(permutation(run.seed, "order", epoch, size)).to(split.device)
    coins = None
    if run.augmentation == "flip":
        coins = torch.from_numpy(coin_flips(run.seed, "flip", epoch, size)).to(split.device)
    for start in range(0, steps_per_epoch(run, size) * run.batch_size, run.batch_size):
        index = order[start : start + run.batch_size]
        pixels = split.pixels[index]
        if coins is not None:
            pixels = torch.where(coins[index, None, None, None], pixels.flip(2), pixels)
        yield normalizer(pixels), split.labels[index]


def steps_per_epoch(run: Run, size: int) -> int:
    """Number of updates in an epoch over ``size`` images."""
    return size // run.batch_size if run.last_batch == "drop" else -(-size // run.batch_size)
