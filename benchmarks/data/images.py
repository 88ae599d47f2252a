"""Settings of the images that a run trains and is tested on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import msgspec

from benchmarks import data as register
from benchmarks.data.augmentation import Augmentation, Flip
from benchmarks.data.fast_autoaugment import FastAutoAugment
from benchmarks.errors import UserError
from benchmarks.parts import Count, Part, Whole

if TYPE_CHECKING:
    import torch

__all__ = [
    "Augmentation",
    "Data",
    "FastAutoAugment",
    "Flip",
    "FolderImages",
    "Images",
    "Shape",
]


class Shape(NamedTuple):
    """How many images there are, of how many classes and which side, before any byte is read.

    Attributes:
        streamed: whether they are decoded while a run trains.
    """

    classes: int
    side: int
    train: int
    test: int
    streamed: bool


class Data(Part, frozen=True):
    """A data set, how its pixels become numbers, and what happens to them in training.

    Attributes:
        name: of the data set; ``reproduce data list`` names all.
        identity: what its content is known by, 64 hexadecimal digits; the register's by default.
        fold: of a data set that has several; 0 too where it has none.
        normalization: "channel" (training mean and deviation of each channel), "half" (both 0.5) or
            "unit" (pixels in [0, 1]).
        held_out: how many training images are kept, by seed, for validation instead.
        train_images: how many of the others are trained on, drawn by seed too; all where it is 0
            or there are fewer.
        permute_pixels: whether the pixels of every image, of the test's too, change their places by
            one permutation that the seed decides, after the augmentation.
        window: side of the images' middle that the network sees, in pixels; 0: all of them. An
            augmentation may have cut a window of that size elsewhere before.
        test_views: of larger images; "ten" tests on windows in the corners and the middle and on
            their mirror images, whose class probabilities are averaged (Krizhevsky et al. 2012),
            "middle" on one.
        resizing: of images that are decoded while a run trains: "squash", or "shorter side" and the
            middle of the longer one. Mean and deviation are of squashed ones in both.
    """

    introduced: ClassVar[Mapping[str, Any]] = {
        "permute_pixels": False,
        "window": 0,
        "test_views": "middle",
        "resizing": "squash",
        "train_images": 0,
    }

    name: str = "cifar10"
    identity: str = ""
    fold: Whole = 0
    normalization: Literal["channel", "half", "unit"] = "channel"
    augmentation: Augmentation = Flip()
    held_out: Whole = 0
    permute_pixels: bool = False
    window: Whole = 0
    test_views: Literal["middle", "ten"] = "middle"
    resizing: Literal["squash", "shorter side"] = "squash"
    train_images: Whole = 0

    def complete(self) -> None:
        if not self.identity:
            known = register.info(self.name, self.fold)
            if known.is_open:
                raise UserError(
                    f"{self.name} is a user's folder: use FolderImages.imported, which names it"
                )
            msgspec.structs.force_setattr(self, "identity", known.identity)

    @property
    def shape(self) -> Shape | None:
        """What is known of the data set; None of one that is not registered."""
        if self.name not in register.DATASETS:
            return None
        known = register.info(self.name, self.fold)
        return Shape(len(known.classes), known.side, *known.counts, known.indexed)

    def fault(self) -> str | None:
        if self.name not in register.DATASETS:
            return None
        known = register.info(self.name, self.fold)
        if self.resizing != "squash" and not known.indexed:
            return f"images of {self.name} are stored at their size: resizing is squash"
        if not self.window:
            return None
        side, window = known.side, self.window
        if window > side:
            return f"window is {window}, and images of {self.name} have {side} pixels a side"
        if (cut := getattr(self.augmentation, "cut", 0)) not in (0, side - window):
            return f"window is {window} of {side} pixels, and the augmentation cuts {cut} off"
        return None

    def trained_on(self, images: int) -> int:
        """How many of a training split's images the run trains on."""
        left = max(0, images - self.held_out)
        return min(left, self.train_images or left)

    def side(self, stored: int) -> int:
        """Height and width of what the network sees of images of that side, in pixels."""
        return self.window or stored

    @property
    def view_count(self) -> int:
        """How many views of a test image there are."""
        return 1 if self.test_views == "middle" else 10

    def views(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        """What a network is tested on of images uint8 (B, H, W, C)."""
        if self.test_views == "middle":
            return [pixels]
        from benchmarks.data.crop_flip_on_device import ten_crops

        return ten_crops(pixels, self.window or pixels.shape[1])

    def replace(self, **changes: Any) -> Data:
        """A copy with other values; of another data set or fold it has that one's identity."""
        if {"name", "fold"} & set(changes):
            changes.setdefault("identity", "")
        return super().replace(**changes)


class Images(Data, tag="images", frozen=True):
    """Images with one label each."""


class FolderImages(Data, tag="folder_images", frozen=True):
    """A user's own folder of images, such as "folder:imagenette", whose classes and counts the run
    names.

    Attributes:
        classes: how many there are.
        train, test: how many images.
    """

    classes: Count = 1
    train: Count = 1
    test: Count = 1

    @classmethod
    def imported(cls, name: str, root: Path, **settings: Any) -> FolderImages:
        """The images of ``reproduce data import folder:NAME PATH``, from the index in ``root``.

        Raises:
            UserError: where it has not been imported.
        """
        from benchmarks.data.header import read_header

        found = read_header(root, register.store_name(name))
        return cls(
            name=name,
            identity=found.identity,
            classes=len(found.classes),
            train=found.counts.train,
            test=found.counts.test,
            **settings,
        )

    @property
    def shape(self) -> Shape:
        side = register.info(self.name).side
        return Shape(self.classes, side, self.train, self.test, streamed=True)
