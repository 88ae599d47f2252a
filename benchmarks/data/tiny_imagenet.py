"""Tiny ImageNet's zip file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from benchmarks.data.chunks import Chunk, OnCount, nobody
from benchmarks.data.description import DatasetInfo
from benchmarks.data.zips import Zip, pictures, size_limit
from benchmarks.errors import UserError


def read_tiny_imagenet(
    path: Path, info: DatasetInfo, on_image: OnCount = nobody
) -> Iterator[Chunk]:
    """``train/<wnid>/images/*.JPEG``, and as test split ``val/images`` with its annotations (L-21).

    The official test images come without labels and are left alone.

    Raises:
        UserError: where it is no zip file, is cut off, or holds other classes or images.
    """
    assert info.archive is not None
    root, archive = info.archive.folder, Zip(path, size_limit(info))
    _check_classes(archive, root, info)
    done = 0
    for split, files in (
        ("train", _train_files(archive, root)),
        ("test", _validation_files(archive, root)),
    ):
        labels = np.array([_label(wnid, path, info) for _, wnid in files], dtype=np.int64)
        start = 0
        for images in pictures(archive, (name for name, _ in files), info):
            yield Chunk(split, images, labels[start : start + len(images)])
            start += len(images)
            done += len(images)
            on_image(done, sum(info.counts))


def _check_classes(archive: Zip, root: str, info: DatasetInfo) -> None:
    wnids = {line.strip() for line in archive.text(f"{root}/wnids.txt")} - {""}
    if wnids != set(info.classes):
        missing = ", ".join(sorted(set(info.classes) - wnids)[:3]) or "none"
        extra = ", ".join(sorted(wnids - set(info.classes))[:3]) or "none"
        raise UserError(
            f"{archive.path} lists {len(wnids)} classes, not the {len(info.classes)} of "
            f"{info.title}; missing: {missing}; not expected: {extra}"
        )


def _train_files(archive: Zip, root: str) -> list[tuple[str, str]]:
    """(member, class) of every training image."""
    found = []
    for name in archive.members:
        match PurePosixPath(name).parts:
            case (top, "train", wnid, "images", file) if top == root and file.endswith(".JPEG"):
                found.append((name, wnid))
    return found


def _validation_files(archive: Zip, root: str) -> list[tuple[str, str]]:
    """(member, class) of every validation image; each line also has the object's box."""
    found = []
    for number, line in enumerate(archive.text(f"{root}/val/val_annotations.txt"), start=1):
        fields = line.split("\t")
        if len(fields) < 2:
            where = f"val_annotations.txt of {archive.path}"
            raise UserError(f"{where}: line {number} is not a file and its class")
        found.append((f"{root}/val/images/{fields[0]}", fields[1]))
    if len(dict(found)) < len(found):
        raise UserError(f"val_annotations.txt of {archive.path} names an image twice")
    return found


def _label(wnid: str, path: Path, info: DatasetInfo) -> int:
    try:
        return info.classes.index(wnid)
    except ValueError:
        raise UserError(f"{path} has images of {wnid!r}, which is no class of it") from None
