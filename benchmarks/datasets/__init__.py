"""Data sets by name. Reading the register loads neither NumPy nor torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import UserError

if TYPE_CHECKING:
    from benchmarks.datasets.store import Dataset


@dataclass(frozen=True)
class Archive:
    """The official download of a data set: a tar file of pickled batches.

    Attributes:
        downloader: the class of ``torchvision.datasets`` that fetches and checks it.
        folder: the folder inside the tar file.
        train, test: the batch files of each split.
        label_key: the key of a batch's labels; its pixels are under ``data``, channels first.
    """

    url: str
    downloader: str
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    label_key: str = "labels"

    @property
    def filename(self) -> str:
        """The name under which the address serves it."""
        return self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before any of its bytes are here.

    Attributes:
        counts: how many training and test images there are.
        side: height and width of the images in pixels; they have three channels.
        digest: the content digest of its store, see :mod:`benchmarks.datasets.store`.
        embedded: made from an installed package, so that it needs no download.
        archive: the official download, for those that are not embedded.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    counts: tuple[int, int]
    side: int
    digest: str
    embedded: bool = False
    archive: Archive | None = None


DATASETS: dict[str, DatasetInfo] = {
    info.name: info
    for info in (
        DatasetInfo(
            name="cifar10",
            title="CIFAR-10 (Krizhevsky 2009)",
            classes=(
                "airplane",
                "automobile",
                "bird",
                "cat",
                "deer",
                "dog",
                "frog",
                "horse",
                "ship",
                "truck",
            ),
            counts=(50_000, 10_000),
            side=32,
            digest="41a5a5c9d28ac87d857dc83edef2ea070fba11c1f0193cddcb8ed6d06627632a",
            archive=Archive(
                url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                downloader="CIFAR10",
                folder="cifar-10-batches-py",
                train=tuple(f"data_batch_{number}" for number in range(1, 6)),
                test=("test_batch",),
            ),
        ),
        DatasetInfo(
            name="digits",
            title="scikit-learn's digits, 8×8 grey enlarged to 32×32×3",
            classes=tuple("0123456789"),
            counts=(1_297, 500),
            side=32,
            digest="385e52d790092af5157cd4f7d6c59666f5b45c5a8835c06d392f8f6d06cb618e",
            embedded=True,
        ),
    )
}


def info(name: str) -> DatasetInfo:
    """The register's entry.

    Raises:
        UserError: where there is no data set of that name.
    """
    if name not in DATASETS:
        raise UserError(f"no data set {name!r}; known: {', '.join(DATASETS)}")
    return DATASETS[name]


def known_digest(name: str) -> str:
    """The content digest that every store of that data set has."""
    return info(name).digest


def load(name: str, root: Path) -> Dataset:
    """A data set ready for training: embedded ones in memory, others memory-mapped from ``root``.

    Raises:
        UserError: where the name is unknown, the store is missing (the message names the command
            that gets it), damaged, or of other content than the register's digest.
    """
    entry = info(name)
    if entry.embedded:
        from benchmarks.datasets import digits

        return digits.load(entry)
    from benchmarks.datasets import store

    return store.open_known(entry, root)
