"""Class folders of images: ``PATH/{train,test}/<class>/*.png``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.datasets.store import SPLITS, Split
from benchmarks.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")


def read_class_folders(root: Path, classes: tuple[str, ...], side: int) -> dict[str, Split]:
    """Both splits of a folder, labels by the order of ``classes``.

    Raises:
        UserError: naming the first missing class folder, unreadable image or wrong size.
    """
    return {split: _read_split(root / split, classes, side) for split in SPLITS}


def _read_split(folder: Path, classes: tuple[str, ...], side: int) -> Split:
    if not folder.is_dir():
        raise UserError(f"{folder} is missing: expected {folder}/<class>/*.png")
    present = {path.name for path in folder.iterdir() if path.is_dir()}
    if present != set(classes):
        missing = ", ".join(sorted(set(classes) - present)) or "none"
        extra = ", ".join(sorted(present - set(classes))) or "none"
        raise UserError(f"{folder}: class folders missing: {missing}; not expected: {extra}")
    images, labels = [], []
    for label, name in enumerate(classes):
        paths = sorted(p for p in (folder / name).iterdir() if p.suffix.lower() in SUFFIXES)
        if not paths:
            raise UserError(f"{folder / name} holds no images")
        images.extend(_read_image(path, side) for path in paths)
        labels.extend([label] * len(paths))
    return Split(np.stack(images), np.array(labels, dtype=np.int64))


def _read_image(path: Path, side: int) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"), dtype=np.uint8)
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(f"{path} is not a readable image: {error}") from error
    if pixels.shape != (side, side, 3):
        raise UserError(f"{path} is {pixels.shape[1]}×{pixels.shape[0]}, not {side}×{side}")
    return pixels
