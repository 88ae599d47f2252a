"""Images a few at a time: what every reader hands over, and image files in class folders."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar

import numpy as np

from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import SPLITS
from benchmarks.errors import UserError, one_line, reading

if TYPE_CHECKING:
    from PIL import Image

CHUNK = 256
# As torchvision's ImageFolder has them.
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".ppm", ".pgm", ".tif", ".tiff")

Job = TypeVar("Job")


class Chunk(NamedTuple):
    """Images uint8 (N, H, W, 3) and labels int64 (N,) of the split of that name, in any order."""

    split: str
    images: np.ndarray
    labels: np.ndarray


def decoded(
    split: str, jobs: Iterable[tuple[Job, int]], decode: Callable[[Job], np.ndarray]
) -> Iterator[Chunk]:
    """The images that ``decode`` makes of jobs with a label each, by up to 256.

    Threads hide the latency of slow file systems, and decoding runs on all cores. The jobs are
    taken as they are needed.
    """
    remaining = iter(jobs)
    with ThreadPoolExecutor(max_workers=min(8, (os.cpu_count() or 1) + 2)) as executor:
        while chosen := list(islice(remaining, CHUNK)):
            images = np.stack([*executor.map(decode, [job for job, _ in chosen])])
            yield Chunk(split, images, np.array([label for _, label in chosen], dtype=np.int64))


def read_class_folders(root: Path, info: DatasetInfo) -> Iterator[Chunk]:
    """``root/{train,test}/<class>/*.png``, labels by the order of ``info.classes``.

    Raises:
        UserError: naming the first missing class folder, unreadable image or wrong size.
    """
    paths = {split: _image_paths(root / split, info.classes) for split in SPLITS}
    for split, found in paths.items():
        yield from decoded(split, found, lambda path: read_picture(path, str(path), info))


def _image_paths(folder: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    """Image files and labels; hidden files, which systems strew about, are left out."""
    if not folder.is_dir():
        raise UserError(f"{folder} is missing: expected {folder}/<class>/*.png")
    with reading(folder):
        present = {p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")}
    if present != set(classes):
        missing = ", ".join(sorted(set(classes) - present)) or "none"
        extra = ", ".join(sorted(present - set(classes))) or "none"
        raise UserError(f"{folder}: class folders missing: {missing}; not expected: {extra}")
    return [(path, n) for n, name in enumerate(classes) for path in _images_of(folder / name)]


def _images_of(folder: Path) -> list[Path]:
    with reading(folder):
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if paths := [path for path in paths if path.suffix.lower() in SUFFIXES]:
        return paths
    raise UserError(f"{folder} holds no images ({', '.join(SUFFIXES)})")


def read_picture(file: Path | BinaryIO, where: str, info: DatasetInfo) -> np.ndarray:
    """uint8 (side, side, 3) of an image file of the published size, or of any where images have
    sizes of their own; grey ones become RGB.

    Raises:
        UserError: where it is no image, is cut off or has another size; ``where`` names it.
    """
    side = info.source_side
    with opened(file, where) as picture:
        width, height = picture.size
        if (width, height) != (side, side) and not info.has_sizes:
            raise UserError(f"{where} is {width}×{height}, not {side}×{side}")
        return np.asarray(resized(picture.convert("RGB"), info), dtype=np.uint8)


@contextlib.contextmanager
def opened(file: Path | BinaryIO, where: str) -> Iterator[Image.Image]:
    """An image file; what goes wrong with it in this block is one line that names ``where``."""
    from PIL import Image, UnidentifiedImageError

    damage = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
    with (
        one_line(damage, lambda why: f"{where} is not a readable image: {why}"),
        # Pillow's own words name the object in memory.
        one_line(
            UnidentifiedImageError,
            lambda _: f"{where} is not a readable image: its format is unknown",
        ),
        Image.open(file) as picture,
    ):
        yield picture


def squashed(file: Path | BinaryIO, where: str, side: int) -> np.ndarray:
    """uint8 (side, side, 3) of an image file of any size and proportions; grey and CMYK ones
    become RGB.

    Raises:
        UserError: where it is no image or is cut off; ``where`` names it.
    """
    from PIL import Image

    with opened(file, where) as picture:
        colours = picture.convert("RGB")
        return np.asarray(colours.resize((side, side), Image.Resampling.BILINEAR), dtype=np.uint8)


def middle(file: Path | BinaryIO, where: str, side: int) -> np.ndarray:
    """uint8 (side, side, 3) of an image file of any size: its shorter side is resized, and the
    middle of the longer one cut out (Krizhevsky et al. 2012); else as :func:`squashed`."""
    from PIL import Image, ImageOps

    with opened(file, where) as picture:
        square = ImageOps.fit(picture.convert("RGB"), (side, side), Image.Resampling.BILINEAR)
        return np.asarray(square, dtype=np.uint8)


# How an image file of any size becomes a square one, as runs name it.
RESIZINGS = {"squash": squashed, "shorter side": middle}


def read_grey(pixels: np.ndarray, info: DatasetInfo) -> np.ndarray:
    """uint8 (side, side, 3) of grey pixels uint8 (H, W): resized, then in all three channels."""
    from PIL import Image

    grey = np.asarray(resized(Image.fromarray(pixels), info), dtype=np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def resized(picture: Image.Image, info: DatasetInfo) -> Image.Image:
    """At the stored size, by Pillow's bilinear filter, whose support grows where it shrinks
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
