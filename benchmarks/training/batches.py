"""Batches made on the device, where the whole split is resident."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.randomness import permutation
from benchmarks.training.memory import release_pages

if TYPE_CHECKING:
    from benchmarks.data.augmentation import Augmentation
    from benchmarks.data.store import Dataset, Split


class ResidentSplit:
    """A split's uint8 pixels (N, H, W, C) and labels (N,) on a device, shared by all runs there.

    A part of a split, see :meth:`only`, shares the pixels and has places of its own.
    """

    def __init__(self, split: Split, device: torch.device) -> None:
        self.pixels = _tensor(split.images).to(device)
        self.labels = _tensor(split.labels).to(device)
        self.device = device
        self._places: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def only(self, places: np.ndarray) -> ResidentSplit:
        """The images at ``places``, int64, shape (n,); no pixel is copied."""
        part = copy.copy(self)
        part._places = torch.from_numpy(places).to(self.device)
        part.labels = self.labels.index_select(0, part._places)
        return part

    def take(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A copy of the pixels and labels at ``index``, int64 (B,), on the device."""
        places = index if self._places is None else self._places.index_select(0, index)
        return self.pixels.index_select(0, places), self.labels.index_select(0, index)

    def windows(
        self, size: int, within: slice = slice(None)
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Pixels and labels in order, ``size`` images at a time."""
        start, stop, _ = within.indices(len(self))
        for first in range(start, stop, size):
            window = slice(first, min(first + size, stop))
            places = window if self._places is None else self._places[window]
            yield self.pixels[places], self.labels[window]


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

    def __init__(self, normalization: str, dataset: Dataset, device: torch.device) -> None:
        mean, std = {
            "channel": (dataset.mean, dataset.std),
            "half": (np.full(3, 0.5), np.full(3, 0.5)),
            "unit": (np.zeros(3), np.ones(3)),
        }[normalization]
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
    seed: int,
    augmentation: Augmentation,
    split: ResidentSplit,
    normalizer: Normalizer,
    epoch: int,
    batch: int,
    steps: int,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The first ``steps`` batches of an epoch, in the order that (seed, epoch) alone decides.

    Yields images float32 (B, C, H, W) and labels int64 (B,). What is random in the augmentation is
    drawn anew for every image.
    """
    order = permutation(seed, "order", epoch, len(split))
    augment = augmentation.begin(seed, epoch, order, batch, split.device)
    indices = torch.from_numpy(order).to(split.device)
    for step in range(steps):
        pixels, labels = split.take(indices[step * batch : (step + 1) * batch])
        yield normalizer(augment(pixels, step)), labels
