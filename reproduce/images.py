"""The data sets that runs name, checked before anything is trained on them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import datasets
from benchmarks.errors import UserError

if TYPE_CHECKING:
    from benchmarks.config import Run
    from benchmarks.datasets.store import Dataset


def check(runs: Iterable[Run], data: Path) -> None:
    """Whether every data set that ``runs`` name is there and the one they mean; reads no image.

    Raises:
        UserError: naming the command that gets the data.
    """
    from benchmarks.datasets import store

    for name, digest in sorted({(run.dataset, run.data_digest) for run in runs}):
        if not _is_embedded(name):
            _compare(name, digest, store.read_header(data, name)["digest"], data)


def open_for(run: Run, data: Path) -> Dataset:
    """The run's data set with every image read once and compared with the digest that it names.

    Raises:
        UserError: where it is missing, damaged, or another than the run means.
    """
    from benchmarks.datasets import store

    if _is_embedded(run.dataset):
        dataset = datasets.load(run.dataset, data)
        _compare(run.dataset, run.data_digest, dataset.digest, data)
        return dataset
    dataset = store.read(data, run.dataset)
    _compare(run.dataset, run.data_digest, dataset.digest, data)
    content = store.content_digest(dataset.classes, {"train": dataset.train, "test": dataset.test})
    if content != dataset.digest:
        raise UserError(
            f"{data / run.dataset} is damaged: its images have digest {content[:12]}, not "
            f"{dataset.digest[:12]}; remove that folder and get it again"
        )
    return dataset


def train_images(name: str, data: Path) -> int:
    """Number of training images, without reading any; 0 where it cannot be told."""
    if name in datasets.DATASETS:
        return datasets.info(name).counts[0]
    from benchmarks.datasets import store

    try:
        return int(store.read_header(data, name)["counts"]["train"])
    except (UserError, KeyError, TypeError, ValueError):
        return 0


def _is_embedded(name: str) -> bool:
    return name in datasets.DATASETS and datasets.info(name).embedded


def _compare(name: str, wanted: str, present: str, data: Path) -> None:
    if wanted != present:
        raise UserError(
            f"{data / name} holds other images than the runs are for: digest {present[:12]}, not "
            f"{wanted[:12]}; remove that folder and get it again, or give another --data DIR"
        )
