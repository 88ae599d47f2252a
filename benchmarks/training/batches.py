"""Batches made on the device: the whole split is resident there, augmentation included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.randomness import coin_flips, permutation
from benchmarks.training.memory import release_pages

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
    # A copy: torch warns of read-only memory maps, and the pages are wanted in memory anyway, once.
    copied = torch.from_numpy(np.array(array))
    release_pages(array)
    return copied


class Normalizer:
    """(x/255 − mean)/std as one multiply-add, per channel.

    Computed along rows of W·C values: broadcasting over three channels alone took a CPU 15 times as
    long for the same numbers.
    """

    def __init__(self, run: Run, dataset: Dataset, device: torch.device) -> None:
        mean, std = {
            "channel": (dataset.mean, dataset.std),
            "half": (np.full(3, 0.5), np.full(3, 0.5)),
            "unit": (np.zeros(3), np.ones(3)),
        }[run.normalization]
        width = dataset.train.images.shape[2]
        self.scale = _row(1 / (255 * std), width).to(device)
        self.shift = _row(-mean / std, width).to(device)

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 (N, C, H, W), channels last in memory, of uint8 pixels (N, H, W, C)."""
        rows = pixels.flatten(2).float().mul_(self.scale).add_(self.shift)
        return rows.view(pixels.shape).permute(0, 3, 1, 2)


def _row(channels: np.ndarray, width: int) -> torch.Tensor:
    return torch.tensor(channels, dtype=torch.float32).repeat(width)


def epoch_batches(
    run: Run, split: ResidentSplit, normalizer: Normalizer, epoch: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The training batches of an epoch, in the order that (seed, epoch) alone decides.

    Yields images float32 (B, C, H, W) and labels int64 (B,). Every image has its own coin for the
    horizontal flip. The last, smaller batch is kept or dropped as the run's ``last_batch`` says.
    """
    size, batch = len(split), run.batch_size
    order = permutation(run.seed, "order", epoch, size)
    mirrored = _mirrored(run, epoch, order)
    # Bounds on the host, so that cutting a batch's share out never waits for the device.
    bounds = np.searchsorted(mirrored, np.arange(0, size + batch, batch)).tolist()
    indices = torch.from_numpy(order).to(split.device)
    rows = torch.from_numpy(mirrored % batch).to(split.device)
    for step in range(steps_per_epoch(run, size)):
        index = indices[step * batch : (step + 1) * batch]
        pixels = split.pixels.index_select(0, index)
        if len(mirrored):
            chosen = rows[bounds[step] : bounds[step + 1]]
            pixels.index_copy_(0, chosen, pixels.index_select(0, chosen).flip(2))
        yield normalizer(pixels), split.labels.index_select(0, index)


def _mirrored(run: Run, epoch: int, order: np.ndarray) -> np.ndarray:
    """Places in ``order`` whose image is flipped in this epoch, ascending, int64."""
    if run.augmentation != "flip":
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(coin_flips(run.seed, "flip", epoch, len(order))[order])


def steps_per_epoch(run: Run, size: int) -> int:
    """Number of updates in an epoch over ``size`` images."""
    return size // run.batch_size if run.last_batch == "drop" else -(-size // run.batch_size)
