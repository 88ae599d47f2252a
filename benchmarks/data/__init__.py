"""Data sets by name. Reading the register loads neither NumPy nor torch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.data import catalogue
from benchmarks.data.catalogue import DATASETS
from benchmarks.data.description import FOLDER_NAME, Archive, DatasetInfo, Source
from benchmarks.errors import UserError

if TYPE_CHECKING:
    from benchmarks.data.dataset import Dataset

__all__ = ["DATASETS", "Archive", "DatasetInfo", "Source", "info", "load", "store_name"]


def info(name: str, fold: int = 0) -> DatasetInfo:
    """The register's entry, of a fold where the data set has several.

    Raises:
        UserError: where there is no data set of that name, or no such fold.
    """
    if is_folder(name):
        return catalogue.folder(name).of_fold(fold)
    if name not in DATASETS:
        known = ", ".join(DATASETS)
        raise UserError(
            f"no data set {name!r}; known: {known}, and a folder of images as folder:NAME"
        )
    return DATASETS[name].of_fold(fold)


def store_name(name: str, fold: int = 0) -> str:
    """The folder of a data set's store; that of its name where the register does not know it."""
    return info(name, fold).store if name in DATASETS or is_folder(name) else name


def is_folder(name: str) -> bool:
    """Whether it is a user's own folder of images, such as "folder:imagenette".

    Raises:
        UserError: where it is one whose name cannot be that of a store.
    """
    if not name.startswith(FOLDER_NAME):
        return False
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name.removeprefix(FOLDER_NAME)):
        raise UserError(
            f"{name!r}: name a folder by letters, digits, - _ and ., as folder:imagenette"
        )
    return True


def load(name: str, root: Path, fold: int = 0) -> Dataset:
    """A data set ready for training: embedded ones in memory, others memory-mapped from ``root``.

    Raises:
        UserError: where the name is unknown, the store is missing (the message names the command
            that gets it), damaged, or of other content than the register's digest.
    """
    entry = info(name, fold)
    if entry.embedded:
        from benchmarks.data import digits

        return digits.load(entry)
    from benchmarks.data import store

    return store.open_known(entry, root)
