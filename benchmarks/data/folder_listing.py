"""The classes and the image files of a folder ``<split>/<class>/**``, before any file is opened."""

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
        UserError: where a class has no folder, a folder no class, or there is a single class.
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
    if len(wanted) == 1:
        raise UserError(
            f"{source} has a single class, {_some([*wanted])}: a network tells at least two apart; "
            "add the folders of others"
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


def listed(folder: Path, classes: tuple[str, ...]) -> tuple[list[ListedFile], list[str]]:
    """The image files of a split's ``folder``, at any depth below its classes, in the order of
    torchvision's ``ImageFolder``; and the paths of the files that are passed over: hidden ones,
    those without the suffix of an image, and those that lie in no class.

    Raises:
        UserError: where a class has none, or a folder cannot be read.
    """
    files, passed_over = [], _outside(folder, classes)
    for label, name in enumerate(classes):
        images = []
        for path in _walked(folder / name):
            if _is_image(path):
                images.append(ListedFile(folder, f"{name}/{path}", label))
            else:
                passed_over.append(str(folder / name / path))
        if not images:
            raise UserError(f"{folder / name} holds no images ({', '.join(SUFFIXES)})")
        files += images
    return files, passed_over


def about_passed_over(paths: Sequence[str]) -> str:
    """What to say of files that are passed over, in one line."""
    first, suffixes = repr(min(paths)), ", ".join(SUFFIXES)
    if len(paths) == 1:
        return f"1 file is no image that is read, {first}: those end in {suffixes}"
    count = f"{len(paths):,} files are no images"
    return f"{count} that are read, such as {first}: those end in {suffixes}"


def _outside(folder: Path, classes: tuple[str, ...]) -> list[str]:
    """The files beside the class folders, and in hidden folders there."""
    known, found = set(classes), []
    with reading(folder), os.scandir(folder) as entries:
        others = [entry for entry in entries if entry.name not in known]
    for entry in others:
        is_file = not entry.is_dir()
        found += [entry.path] if is_file else [f"{entry.path}/{p}" for p in _walked(entry.path)]
    return found


def _walked(top: str | Path) -> list[str]:
    """Every file below a folder by its path there, by the folders' paths, then by name."""
    found = []
    for root, folders, names in os.walk(top, onerror=_refuse_unreadable, followlinks=True):
        for folder in folders:
            _refuse_circle(Path(top), root, folder)
        found.append((root, sorted(names)))
    start = len(str(top)) + 1
    return [os.path.join(root[start:], name) for root, names in sorted(found) for name in names]


def _refuse_unreadable(error: OSError) -> None:
    with reading(error.filename):
        raise error


def _refuse_circle(top: Path, root: str, name: str) -> None:
    """A link to a folder that it lies in would be walked for ever."""
    path = Path(root, name)
    if path.is_symlink():
        inside = path.parents[: len(path.parts) - len(top.parts)]
        if os.path.realpath(path) in map(os.path.realpath, inside):
            raise UserError(f"{path} is a link to a folder that it lies in: remove it")


def _is_image(path: str) -> bool:
    is_hidden = any(part.startswith(".") for part in path.split("/"))
    return not is_hidden and os.path.splitext(path)[1].lower() in SUFFIXES


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" * (len(names) > NAMED))
