"""Settings of augmentation by a searched policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from benchmarks.data.crop_flip import CropFlip
from benchmarks.parts import Whole

if TYPE_CHECKING:
    import numpy as np
    import torch


class FastAutoAugment(CropFlip, tag="fast_autoaugment", frozen=True):
    """Two operations of a policy that Lim et al. ("Fast AutoAugment", NeurIPS 2019) searched, then
    a window and a flip as :class:`CropFlip` has them, then a square without content (B-14).

    A sub-policy is drawn for each image and epoch, and each of its operations is done with its
    probability; what they compute is what Pillow does, bit for bit. The square is filled with the
    mean colour of CIFAR-10 in whole grey levels, where the authors' code fills it with zeros after
    the normalisation by that mean: less than 0.01 apart.

    Attributes:
        policy: the data set that it was searched on.
        cutout: side of the square in pixels, of which a part may lie outside of the image; 0: none.
    """

    policy: Literal["fa_reduced_cifar10", "fa_reduced_svhn"] = "fa_reduced_cifar10"
    cutout: Whole = 16

    def draw(self, seed: int, epoch: int, order: np.ndarray) -> dict[str, np.ndarray]:
        from benchmarks.data.searched_policies import draw_policy, draw_spots, policy

        size = len(order)
        drawn = draw_policy(policy(self.policy), seed, epoch, size)
        drawn["hole"] = draw_spots(seed, "cutout", epoch, size)
        own = {name: rows[order] for name, rows in drawn.items()}
        return own | super().draw(seed, epoch, order)

    def apply(self, pixels: torch.Tensor, drawn: Mapping[str, torch.Tensor]) -> torch.Tensor:
        from benchmarks.data.pillow_operations import apply_policy, hole

        pixels = super().apply(apply_policy(pixels, drawn), drawn)
        return hole(pixels, drawn["hole"], self.cutout) if self.cutout else pixels
