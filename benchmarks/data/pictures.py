"""Image files to pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import first_line
from benchmarks.errors import UserError

if TYPE_CHECKING:
    from PIL import Image


def read_picture(file: Path | BinaryIO, where: str, info: DatasetInfo) -> np.ndarray:
    """uint8 (side, side, 3) of an image file of the published size; grey ones become RGB.

    Raises:
        UserError: where it is no image, is cut off or has another size; ``where`` names it.
    """
    from PIL import Image

    side = info.source_side
    try:
        with Image.open(file) as picture:
            width, height = picture.size
            if (width, height) != (side, side):
                raise UserError(f"{where} is {width}×{height}, not {side}×{side}")
            return np.asarray(resized(picture.convert("RGB"), info), dtype=np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{where} is not a readable image: {first_line(error)}") from error


def read_grey(pixels: np.ndarray, info: DatasetInfo) -> np.ndarray:
    """uint8 (side, side, 3) of grey pixels uint8 (H, W): resized, then in all three channels."""
    from PIL import Image

    grey = np.asarray(resized(Image.fromarray(pixels), info), dtype=np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def resized(picture: Image.Image, info: DatasetInfo) -> Image.Image:
    """At the stored size, by Pillow's bilinear filter (L-46), whose support grows where it shrinks
    an image, so that every pixel counts."""
    from PIL import Image

    if not info.resampling:
        return picture
    method = Image.Resampling[info.resampling.upper()]
    return picture.resize((info.side, info.side), method)


def library() -> str:
    """Which decoder makes the pixels, such as "Pillow 12.0.0, libjpeg-turbo 3.1.2"."""
    import PIL
    from PIL import features

    turbo = features.version_feature("libjpeg_turbo")
    jpeg = f"libjpeg-turbo {turbo}" if turbo else f"libjpeg {features.version_codec('jpg')}"
    return f"Pillow {PIL.__version__}, {jpeg}"
