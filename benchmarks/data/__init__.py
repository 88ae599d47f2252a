"""Data sets by name. Reading the register loads neither NumPy nor torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.data.catalogue import DATASETS
from benchmarks.data.description import Archive, DatasetInfo, Source
from benchmarks.errors import UserError

if TYPE_CHECKING:
    from benchmarks.data.store import Dataset

__all__ = ["DATASETS", "Archive", "DatasetInfo", "Source", "info", "load", "store_name"]


def info(name: str, fold: int = 0) -> DatasetInfo:
    """The register's entry, of a fold where the data set has several.

    Raises:
        UserError: where there is no data set of that name, or no such fold.
    """
    if name not in DATASETS:
        raise UserError(f"no data set {name!r}; known: {', '.join(DATASETS)}")
    return DATASETS[name].of_fold(fold)


def store_name(name: str, fold: int = 0) -> str:
    """The folder of a data set's store; that of its name where the register does not know it."""
    return info(name, fold).store if name in DATASETS else name


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
