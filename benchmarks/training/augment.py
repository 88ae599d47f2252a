"""Augmentations of resident batches: everything random is drawn on the host from seed and epoch,
so that an epoch can be repeated and resumed anywhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from benchmarks.randomness import coin_flips, integers

# The pixels, uint8 (B, H, W, C), of an epoch's batch ``step`` → the same, augmented.
Augment = Callable[[torch.Tensor, int], torch.Tensor]


class FlipBatches:
    """See :class:`benchmarks.data.augmentation.Flip`."""

    def __init__(
        self, seed: int, epoch: int, order: np.ndarray, batch: int, device: torch.device
    ) -> None:
        mirrored = np.flatnonzero(coin_flips(seed, "flip", epoch, len(order))[order])
        # Bounds on the host, so that cutting a batch's share out never waits for the device.
        edges = np.arange(0, len(order) + batch, batch)
        self.bounds = np.searchsorted(mirrored, edges).tolist()
        self.rows = torch.from_numpy(mirrored % batch).to(device)

    def __call__(self, pixels: torch.Tensor, step: int) -> torch.Tensor:
        """The pixels of batch ``step``, flipped in place, uint8 (B, H, W, C)."""
        chosen = self.rows[self.bounds[step] : self.bounds[step + 1]]
        return pixels.index_copy_(0, chosen, pixels.index_select(0, chosen).flip(2))


class CropFlipBatches:
    """See :class:`benchmarks.data.augmentation.CropFlip`.

    The window's offsets have streams of their own; an image is flipped where :class:`FlipBatches`
    would flip it.
    """

    def __init__(
        self,
        seed: int,
        epoch: int,
        order: np.ndarray,
        batch: int,
        device: torch.device,
        *,
        padding: int,
    ) -> None:
        size, offsets = len(order), 2 * padding + 1
        drawn = np.stack(
            [
                integers(seed, "crop/top", epoch, size, offsets),
                integers(seed, "crop/left", epoch, size, offsets),
                coin_flips(seed, "flip", epoch, size).astype(np.int64),
            ]
        )
        self.drawn = torch.from_numpy(drawn[:, order]).to(device)
        self.batch, self.padding = batch, padding

    def __call__(self, pixels: torch.Tensor, step: int) -> torch.Tensor:
        """The windows of batch ``step``, uint8 (B, H, W, C)."""
        window = slice(step * self.batch, (step + 1) * self.batch)
        top, left, mirrored = self.drawn[:, window]
        return crop(pixels, top, left, mirrored.bool(), self.padding)


def crop(
    pixels: torch.Tensor,
    top: torch.Tensor,
    left: torch.Tensor,
    mirrored: torch.Tensor,
    padding: int,
) -> torch.Tensor:
    """Windows at (top, left) of the padded images, flipped where ``mirrored``: all (B,) on one
    device. One gather of pixels does it for the whole batch."""
    count, height, width, channels = pixels.shape
    padded = functional.pad(pixels, (0, 0, padding, padding, padding, padding))
    rows, columns = padded.shape[1:3]
    image = torch.arange(count, device=pixels.device)
    down = torch.arange(height, device=pixels.device)
    across = torch.arange(width, device=pixels.device)
    across = torch.where(mirrored[:, None], width - 1 - across, across)
    places = ((image * rows + top)[:, None] + down) * columns
    places = places[:, :, None] + (left[:, None] + across)[:, None, :]
    return padded.view(-1, channels).index_select(0, places.view(-1)).view(pixels.shape)
