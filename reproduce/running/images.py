"""The data sets that runs name, checked before anything is trained on them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import data as datasets
from benchmarks.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from benchmarks.data.dataset import Dataset
    from benchmarks.run import Run


def check(runs: Iterable[Run], data: Path) -> None:
    """Whether every data set that ``runs`` name is there and the one they mean, and every published
    weight file; reads no image.

    Raises:
        UserError: naming the command that gets the data.
    """
    from benchmarks.data import store
    from benchmarks.weights.state import check_there

    runs = list(runs)
    for name in sorted({f for r in runs for phase in r.procedure.phases for f in phase.files}):
        check_there(name, data)
    for name, fold, identity in sorted({(r.data.name, r.data.fold, r.data.identity) for r in runs}):
        if not _is_embedded(name):
            folder = datasets.store_name(name, fold)
            _compare(folder, identity, store.read_header(data, folder).identity, data)


def open_for(run: Run, data: Path) -> Dataset:
    """The run's data set with everything in its store read once and compared with the store's
    content digest, and the store's identity with the one that the run names.

    Raises:
        UserError: where it is missing, damaged, or another than the run means.
    """
    from benchmarks.data import store

    name, identity = run.data.name, run.data.identity
    if _is_embedded(name):
        dataset = datasets.load(name, data)
        _compare(name, identity, dataset.identity, data)
        return dataset
    folder = datasets.store_name(name, run.data.fold)
    dataset = store.read(data, folder)
    _compare(folder, identity, dataset.identity, data)
    content = dataset.content()
    if content != dataset.digest:
        raise UserError(
            f"{data / folder} is damaged: its images have digest {content[:12]}, not "
            f"{dataset.digest[:12]}; remove that folder and get it again"
        )
    return dataset


def statistics_of(run: Run, data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of the run's training pixels by channel; reads no image that is stored.

    Raises:
        UserError: where the data set is missing or another than the run means.
    """
    import numpy as np

    from benchmarks.data import store

    if _is_embedded(run.data.name):
        dataset = datasets.load(run.data.name, data)
        return dataset.mean, dataset.std
    check([run], data)
    header = store.read_header(data, datasets.store_name(run.data.name, run.data.fold))
    return np.array(header.mean), np.array(header.std)


def train_images(run: Run, data: Path) -> int:
    """Number of the run's training images, without reading any; 0 where it cannot be told."""
    if shape := run.data.shape:
        return shape.train
    from benchmarks.data import store

    try:
        return store.read_header(data, run.data.name).counts.train
    except UserError:
        return 0


def _is_embedded(name: str) -> bool:
    return name in datasets.DATASETS and datasets.info(name).embedded


def _compare(folder: str, wanted: str, present: str, data: Path) -> None:
    if wanted != present:
        raise UserError(
            f"{data / folder} holds other images than the runs are for: digest {present[:12]}, not "
            f"{wanted[:12]}; remove that folder and get it again, or give another --data DIR"
        )
