"""The classes and the image files of a folder ``<split>/<class>/*``, before any file is opened."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data.description import DatasetInfo
from benchmarks.data.folders import folder_of
from benchmarks.data.header import SPLITS
from benchmarks.data.pictures import SUFFIXES
from benchmarks.errors import UserError, reading

NAMED = 3  # of several files or classes that a message is about


@dataclass(frozen=True)
class ListedFile:
    """An image file by the folder of its split, its path below that, and its class's label."""

    folder: Path
    path: str
    label: int

    @property
    def whole(self) -> str:
        """Where it lies."""
        return str(self.folder / self.path)


def classes_of(source: Path, info: DatasetInfo) -> tuple[str, ...]:
    """The register's, or those of the folders, in the order of their names.

    Raises:
        UserError: where a class has no folder, or a folder no class.
    """
    present = {split: _class_folders(source / folder_of(source, split)) for split in SPLITS}
    wanted = set(info.classes) or set(present["train"]) | set(present["test"])
    for split, names in present.items():
        folder = source / folder_of(source, split)
        if missing := sorted(wanted - set(names)):
            raise UserError(
                f"{folder} lacks the class{'es' * (len(missing) > 1)} {_some(missing)}: "
                f"{len(names):,} of {len(wanted):,} class folders are there; complete the folder"
            )
        if extra := sorted(set(names) - wanted):
            raise UserError(
                f"{folder} has folders that are no class of {info.name}: {_some(extra)}; move "
                "them, or import the folder as folder:NAME"
            )
    return info.classes or tuple(sorted(wanted))


def _class_folders(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise UserError(f"{folder} is missing: expected {folder}/<class>/*.JPEG")
    with reading(folder), os.scandir(folder) as entries:
        names = [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
    if not names:
        raise UserError(
            f"{folder} holds no class folders: sort the images into {folder}/<class>/ as "
            "torchvision's ImageFolder reads them"
        )
    return sorted(names)


def listed(folder: Path, classes: tuple[str, ...]) -> list[ListedFile]:
    """The image files of a split's ``folder``, by class and name.

    Raises:
        UserError: where a class has none.
    """
    files = []
    for label, name in enumerate(classes):
        with reading(folder / name), os.scandir(folder / name) as entries:
            images = sorted(e.name for e in entries if _is_image(e.name))
        if not images:
            raise UserError(f"{folder / name} holds no images ({', '.join(SUFFIXES)})")
        files += [ListedFile(folder, f"{name}/{image}", label) for image in images]
    return files


def _is_image(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" * (len(names) > NAMED))
