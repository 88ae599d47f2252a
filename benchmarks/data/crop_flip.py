"""Settings of a random window of the padded image, with a flip and a shift of its colours."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.data.augmentation import Augmentation
from benchmarks.parts import NotNegative, Whole

if TYPE_CHECKING:
    import numpy as np
    import torch

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
        from benchmarks.data.crop_flip_on_device import crop, shift_colours

        offsets = drawn["top"], drawn["left"], drawn["mirrored"]
        windows = crop(pixels, *offsets, self.padding, self.cut)
        return shift_colours(windows, drawn["colours"]) if self.colours else windows
