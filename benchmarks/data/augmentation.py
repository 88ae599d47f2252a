"""Settings of what happens to a training image, anew in every epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from benchmarks.parts import Part

if TYPE_CHECKING:
    import numpy as np
    import torch


class Augmentation(Part, frozen=True):
    """Settings of an augmentation, which is drawn on the host and applied on the device."""

    def draw(self, seed: int, epoch: int, order: np.ndarray) -> dict[str, np.ndarray]:
        """Everything random of a pass over the images, by name; a function of seed and the pass's
        number ``epoch`` alone.

        Args:
            order: the pass's permutation of the split's images, int64, shape (N,).

        Returns:
            Arrays (N, ...) in the pass's order: row i belongs to image ``order[i]``.
        """
        raise NotImplementedError

    def apply(self, pixels: torch.Tensor, drawn: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """A batch's pixels, augmented: uint8 (B, H, W, C), which may be changed in place.

        Every image is treated as it would be alone. On CUDA this becomes a part of a graph, so no
        shape may depend on what was drawn, and nothing is read by the host: masks and gathers, no
        ``item``, ``nonzero`` or boolean index.

        Args:
            drawn: the batch's rows of what :meth:`draw` gave, on the pixels' device, (B, ...).
        """
        raise NotImplementedError


class NoAugmentation(Augmentation, tag="none", frozen=True):
    """Images as they are."""

    def draw(self, seed: int, epoch: int, order: np.ndarray) -> dict[str, np.ndarray]:
        return {}

    def apply(self, pixels: torch.Tensor, drawn: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return pixels


class Flip(Augmentation, tag="flip", frozen=True):
    """A horizontal flip with probability 1/2, anew for every image and epoch (L-44)."""

    def draw(self, seed: int, epoch: int, order: np.ndarray) -> dict[str, np.ndarray]:
        from benchmarks.randomness import coin_flips

        return {"mirrored": coin_flips(seed, "flip", epoch, len(order))[order]}

    def apply(self, pixels: torch.Tensor, drawn: Mapping[str, torch.Tensor]) -> torch.Tensor:
        from benchmarks.data.crop_flip_on_device import mirror

        return mirror(pixels, drawn["mirrored"])
