"""Class folders of images: ``PATH/{train,test}/<class>/*.png``."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.datasets import DatasetInfo
from benchmarks.datasets.header import CHANNELS, SPLITS, first_line
from benchmarks.datasets.store import Split
from benchmarks.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
CHUNK = 256


def read_class_folders(
    root: Path, info: DatasetInfo, on_image: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Split]:
    """Both splits of a folder, labels by the order of ``info.classes``.

    Args:
        on_image: told how many images are read, and of how many.

    Raises:
        UserError: naming the first missing class folder, unreadable image or wrong size.
    """
    classes = [_image_paths(root / split, info.classes) for split in SPLITS]
    pixels = _read_images([p for split in classes for c in split for p in c], info.side, on_image)
    splits, start = {}, 0
    for split, paths in zip(SPLITS, classes, strict=True):
        labels = np.repeat(np.arange(len(paths), dtype=np.int64), [len(files) for files in paths])
        splits[split] = Split(pixels[start : start + len(labels)], labels)
        start += len(labels)
    return splits


def _image_paths(folder: Path, classes: tuple[str, ...]) -> list[list[Path]]:
    """The image files of each class; hidden files, which systems strew about, are left out."""
    if not folder.is_dir():
        raise UserError(f"{folder} is missing: expected {folder}/<class>/*.png")
    try:
        present = {path.name for path in folder.iterdir() if path.is_dir()}
        present = {name for name in present if not name.startswith(".")}
        if present != set(classes):
            missing = ", ".join(sorted(set(classes) - present)) or "none"
            extra = ", ".join(sorted(present - set(classes))) or "none"
            raise UserError(f"{folder}: class folders missing: {missing}; not expected: {extra}")
        return [_images_of(folder / name) for name in classes]
    except OSError as error:
        raise UserError(f"cannot read {error.filename or folder}: {first_line(error)}") from error


def _images_of(folder: Path) -> list[Path]:
    paths = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    if not paths:
        raise UserError(f"{folder} holds no images ({', '.join(SUFFIXES)})")
    return paths


def _read_images(paths: list[Path], side: int, on_image: Callable[[int, int], None]) -> np.ndarray:
    """uint8 (N, side, side, 3). Threads hide the latency of slow file systems."""
    pixels = np.empty((len(paths), side, side, CHANNELS), dtype=np.uint8)

    def read_chunk(start: int) -> int:
        stop = min(start + CHUNK, len(paths))
        for index in range(start, stop):
            pixels[index] = _read_image(paths[index], side)
        return stop

    executor = ThreadPoolExecutor(max_workers=min(8, (os.cpu_count() or 1) + 2))
    try:
        for done in executor.map(read_chunk, range(0, len(paths), CHUNK)):
            on_image(done, len(paths))
    finally:
        executor.shutdown(cancel_futures=True)
    return pixels


def _read_image(path: Path, side: int) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            width, height = picture.size
            if (width, height) != (side, side):
                raise UserError(f"{path} is {width}×{height}, not {side}×{side}")
            return np.asarray(picture.convert("RGB"), dtype=np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{path} is not a readable image: {first_line(error)}") from error
