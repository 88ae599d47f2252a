"""Batches made on the device: the whole split is resident there, augmentation included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from benchmarks.randomness import coin_flips, integers, permutation
from benchmarks.training.memory import release_pages

if TYPE_CHECKING:
    from benchmarks.data.store import Dataset, Split
    from benchmarks.run import Run


# Pixels of black on every side that "crop_flip" cuts its windows from (L-24).
PADDING = 4


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
    horizontal flip and, under "crop_flip", its own window. The last, smaller batch is kept or
    dropped as the run's ``last_batch`` says.
    """
    size, batch = len(split), run.batch_size
    order = permutation(run.seed, "order", epoch, size)
    augment = AUGMENTATIONS[run.augmentation](run, epoch, order, split.device)
    indices = torch.from_numpy(order).to(split.device)
    for step in range(steps_per_epoch(run, size)):
        index = indices[step * batch : (step + 1) * batch]
        pixels = augment(split.pixels.index_select(0, index), step)
        yield normalizer(pixels), split.labels.index_select(0, index)


class Plain:
    """Images as they are."""

    def __init__(self, run: Run, epoch: int, order: np.ndarray, device: torch.device) -> None:
        pass

    def __call__(self, pixels: torch.Tensor, step: int) -> torch.Tensor:
        """The pixels, uint8 (B, H, W, C), of the epoch's batch ``step``."""
        return pixels


class Flip:
    """A horizontal flip with probability 1/2, anew for every image and epoch (L-44)."""

    def __init__(self, run: Run, epoch: int, order: np.ndarray, device: torch.device) -> None:
        size, batch = len(order), run.batch_size
        mirrored = np.flatnonzero(coin_flips(run.seed, "flip", epoch, size)[order])
        # Bounds on the host, so that cutting a batch's share out never waits for the device.
        self.bounds = np.searchsorted(mirrored, np.arange(0, size + batch, batch)).tolist()
        self.rows = torch.from_numpy(mirrored % batch).to(device)

    def __call__(self, pixels: torch.Tensor, step: int) -> torch.Tensor:
        """The pixels of batch ``step``, flipped in place, uint8 (B, H, W, C)."""
        chosen = self.rows[self.bounds[step] : self.bounds[step + 1]]
        return pixels.index_copy_(0, chosen, pixels.index_select(0, chosen).flip(2))


class CropFlip:
    """A window of the image's own size out of the image with four black pixels on every side, and
    then a flip: the augmentation of ACNet's code (L-24).

    As there, the padding is black before the normalisation (-1 after "half"). The window's offsets
    0 … 8 have streams of their own; an image is flipped where :class:`Flip` would flip it.
    """

    def __init__(self, run: Run, epoch: int, order: np.ndarray, device: torch.device) -> None:
        size, offsets = len(order), 2 * PADDING + 1
        drawn = np.stack(
            [
                integers(run.seed, "crop/top", epoch, size, offsets),
                integers(run.seed, "crop/left", epoch, size, offsets),
                coin_flips(run.seed, "flip", epoch, size).astype(np.int64),
            ]
        )
        self.drawn = torch.from_numpy(drawn[:, order]).to(device)
        self.batch = run.batch_size

    def __call__(self, pixels: torch.Tensor, step: int) -> torch.Tensor:
        """The windows of batch ``step``, uint8 (B, H, W, C)."""
        window = slice(step * self.batch, (step + 1) * self.batch)
        top, left, mirrored = self.drawn[:, window]
        return crop(pixels, top, left, mirrored.bool())


def crop(
    pixels: torch.Tensor, top: torch.Tensor, left: torch.Tensor, mirrored: torch.Tensor
) -> torch.Tensor:
    """Windows at (top, left) of the padded images, flipped where ``mirrored``: all (B,) on one
    device. One gather of pixels does it for the whole batch."""
    count, height, width, channels = pixels.shape
    padded = functional.pad(pixels, (0, 0, PADDING, PADDING, PADDING, PADDING))
    rows, columns = padded.shape[1:3]
    image = torch.arange(count, device=pixels.device)
    down = torch.arange(height, device=pixels.device)
    across = torch.arange(width, device=pixels.device)
    across = torch.where(mirrored[:, None], width - 1 - across, across)
    places = ((image * rows + top)[:, None] + down) * columns
    places = places[:, :, None] + (left[:, None] + across)[:, None, :]
    return padded.view(-1, channels).index_select(0, places.view(-1)).view(pixels.shape)


AUGMENTATIONS: dict[str, type[Plain] | type[Flip] | type[CropFlip]] = {
    "none": Plain,
    "flip": Flip,
    "crop_flip": CropFlip,
}


def steps_per_epoch(run: Run, size: int) -> int:
    """Number of updates in an epoch over ``size`` images."""
    return size // run.batch_size if run.last_batch == "drop" else -(-size // run.batch_size)
