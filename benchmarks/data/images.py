"""Settings of the images that a run trains and is tested on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import msgspec

from benchmarks.data import DATASETS, info
from benchmarks.data.augmentation import Augmentation, Flip
from benchmarks.data.policies import FastAutoAugment
from benchmarks.parts import Part, Whole

__all__ = ["Augmentation", "Data", "FastAutoAugment", "Flip", "Images"]


class Data(Part, frozen=True):
    """A data set, how its pixels become numbers, and what happens to them in training.

    Attributes:
        name: of the data set; ``reproduce data list`` names all.
        identity: what its content is known by, 64 hexadecimal digits; the register's by default.
        fold: of a data set that has several; 0 too where it has none.
        normalization: "channel" (training mean and deviation of each channel), "half" (both 0.5) or
            "unit" (pixels in [0, 1]).
        held_out: how many training images are kept, by seed, for validation instead.
        permute_pixels: whether the pixels of every image, of the test's too, change their places by
            one permutation that the seed decides, after the augmentation (B-26).
        window: side of the images' middle that the network sees, in pixels; 0: all of them. An
            augmentation may have cut a window of that size elsewhere before.
    """

    introduced: ClassVar[Mapping[str, Any]] = {"permute_pixels": False, "window": 0}

    name: str = "cifar10"
    identity: str = ""
    fold: Whole = 0
    normalization: Literal["channel", "half", "unit"] = "channel"
    augmentation: Augmentation = Flip()
    held_out: Whole = 0
    permute_pixels: bool = False
    window: Whole = 0

    def complete(self) -> None:
        if not self.identity:
            msgspec.structs.force_setattr(self, "identity", info(self.name, self.fold).identity)

    def fault(self) -> str | None:
        if not self.window or self.name not in DATASETS:
            return None
        side, window = info(self.name, self.fold).side, self.window
        if window > side:
            return f"window is {window}, and images of {self.name} have {side} pixels a side"
        if (cut := getattr(self.augmentation, "cut", 0)) not in (0, side - window):
            return f"window is {window} of {side} pixels, and the augmentation cuts {cut} off"
        return None

    def side(self, stored: int) -> int:
        """Height and width of what the network sees of images of that side, in pixels."""
        return self.window or stored

    def replace(self, **changes: Any) -> Data:
        """A copy with other values; of another data set or fold it has that one's identity."""
        if {"name", "fold"} & set(changes):
            changes.setdefault("identity", "")
        return super().replace(**changes)


class Images(Data, tag="images", frozen=True):
    """Images with one label each."""
