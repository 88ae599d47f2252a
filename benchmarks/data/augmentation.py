"""Settings of what happens to a training image, anew in every epoch."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.parts import NotNegative, Part, Whole

if TYPE_CHECKING:
    import numpy as np
    import torch


class Augmentation(Part, frozen=True):
    """Settings of an augmentation, which is drawn on the host and applied on the device."""

    def draw(self, seed: int, epoch: int, order: np.ndarray) -> dict[str, np.ndarray]:
        """Everything random of an epoch, by name; a function of seed and epoch alone.

        Args:
            order: the epoch's permutation of the split's images, int64, shape (N,).

        Returns:
            Arrays (N, ...) in the epoch's order: row i belongs to image ``order[i]``.
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
        from benchmarks.data.crop_flip import mirror

        return mirror(pixels, drawn["mirrored"])


# Principal components of the colours of ILSVRC12's pixels in [0, 1] (red, green, blue), each with
# its eigenvalue as Facebook's fb.resnet.torch has them.
COLOURS = (
    (0.2175, (-0.5675, -0.5808, -0.5836)),
    (0.0188, (0.7192, -0.0045, -0.6948)),
    (0.0045, (0.4009, -0.8140, 0.4203)),
)


def _colours() -> list[np.ndarray]:
    """Each eigenvalue times its component in grey levels, float64 (3,)."""
    import numpy as np

    return [255 * value * np.array(component) for value, component in COLOURS]


class CropFlip(Augmentation, tag="crop_flip", frozen=True):
    """A window of the image's own size out of the image with ``padding`` black pixels on every
    side, and then a flip: the augmentation of ACNet's code (L-24).

    As there, the padding is black before the normalisation (-1 after "half"). The window's offsets
    have streams of their own; an image is flipped where :class:`Flip` would flip it.

    Attributes:
        cut: how many pixels smaller than the image the window is, such as 32 for 224 of 256.
        flips: whether images are flipped at all.
        colours: standard deviation of the multiples of :data:`COLOURS` that are added to all pixels
            of an image, anew for every image and epoch (Krizhevsky et al. 2012, who have 0.1);
            0: none.
    """

    introduced: ClassVar[Mapping[str, Any]] = {"cut": 0, "flips": True, "colours": Decimal(0)}

    padding: Whole = 4
    cut: Whole = 0
    flips: bool = True
    colours: NotNegative = Decimal(0)

    def fault(self) -> str | None:
        return None if self.padding or self.cut else "a crop needs padding, or a cut"

    def draw(self, seed: int, epoch: int, order: np.ndarray) -> dict[str, np.ndarray]:
        from benchmarks.randomness import coin_flips, integers, normals, raw_stream

        size, offsets = len(order), 2 * self.padding + self.cut + 1
        drawn = {
            "top": integers(seed, "crop/top", epoch, size, offsets)[order],
            "left": integers(seed, "crop/left", epoch, size, offsets)[order],
            "mirrored": coin_flips(seed, "flip", epoch, size)[order] & self.flips,
        }
        if self.colours:
            multiples = normals(raw_stream(seed, "colours", epoch), 3 * size).reshape(3, size)
            shifts = sum(m[:, None] * c for m, c in zip(multiples, _colours(), strict=True))
            drawn["colours"] = (float(self.colours) * shifts)[order].astype("float32")
        return drawn

    def apply(self, pixels: torch.Tensor, drawn: Mapping[str, torch.Tensor]) -> torch.Tensor:
        from benchmarks.data.crop_flip import crop, shift_colours

        offsets = drawn["top"], drawn["left"], drawn["mirrored"]
        windows = crop(pixels, *offsets, self.padding, self.cut)
        return shift_colours(windows, drawn["colours"]) if self.colours else windows
