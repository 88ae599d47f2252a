"""Settings of what happens to a training image, anew in every epoch.

The code that does it on a device: :mod:`benchmarks.training.augment`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.parts import Count, Part

if TYPE_CHECKING:
    import numpy as np
    import torch

    from benchmarks.training.augment import Augment


class Augmentation(Part, frozen=True):
    """Settings of an augmentation."""

    def begin(
        self, seed: int, epoch: int, order: np.ndarray, batch: int, device: torch.device
    ) -> Augment:
        """What augments the batches of an epoch.

        Args:
            order: the epoch's permutation of the split's images, int64, shape (N,).
            batch: images a batch.
        """
        raise NotImplementedError


class NoAugmentation(Augmentation, tag="none", frozen=True):
    """Images as they are."""

    def begin(
        self, seed: int, epoch: int, order: np.ndarray, batch: int, device: torch.device
    ) -> Augment:
        return lambda pixels, step: pixels


class Flip(Augmentation, tag="flip", frozen=True):
    """A horizontal flip with probability 1/2, anew for every image and epoch (L-44)."""

    def begin(
        self, seed: int, epoch: int, order: np.ndarray, batch: int, device: torch.device
    ) -> Augment:
        from benchmarks.training.augment import FlipBatches

        return FlipBatches(seed, epoch, order, batch, device)


class CropFlip(Augmentation, tag="crop_flip", frozen=True):
    """A window of the image's own size out of the image with ``padding`` black pixels on every
    side, and then a flip: the augmentation of ACNet's code (L-24).

    As there, the padding is black before the normalisation (-1 after "half").
    """

    padding: Count = 4

    def begin(
        self, seed: int, epoch: int, order: np.ndarray, batch: int, device: torch.device
    ) -> Augment:
        from benchmarks.training.augment import CropFlipBatches

        return CropFlipBatches(seed, epoch, order, batch, device, padding=self.padding)
