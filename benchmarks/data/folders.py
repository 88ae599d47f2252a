"""Class folders of images: ``PATH/{train,test}/<class>/*.png``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.data.chunks import Chunk, OnCount, in_threads, nobody
from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import SPLITS, first_line
from benchmarks.data.pictures import read_picture
from benchmarks.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")


def read_class_folders(
    root: Path, info: DatasetInfo, on_image: OnCount = nobody
) -> Iterator[Chunk]:
    """Both splits of a folder, labels by the order of ``info.classes``.

    Args:
        on_image: told how many images are read, and of how many.

    Raises:
        UserError: naming the first missing class folder, unreadable image or wrong size.
    """
    paths = {split: _image_paths(root / split, info.classes) for split in SPLITS}
    done, total = 0, sum(len(files) for classes in paths.values() for files in classes)
    for split, classes in paths.items():
        labels = np.repeat(np.arange(len(classes)), [len(files) for files in classes])
        files = (path for of_class in classes for path in of_class)
        start = 0
        for images in in_threads(lambda path: read_picture(path, str(path), info), files):
            yield Chunk(split, images, labels[start : start + len(images)])
            start += len(images)
            done += len(images)
            on_image(done, total)


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
