"""Table 7 of the DH2L paper: four data sets counted. Trains nothing.

Where a data set's store is at hand, its labels are counted; the register's numbers, which every
import compares with the official files, stand for the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.data import DatasetInfo, header, info
from reproduce.commands import options as opt
from reproduce.commands.publishing import Quick, publish
from reproduce.dh2l.protocol import WINDOW
from reproduce.store.paths import default_data

if TYPE_CHECKING:
    from analysis.documents.blocks import Document
    from analysis.papers.dh2l.datasets import Counted

ID = "dh2l/table7"
DATASETS = ("cifar10", "cifar100", "cub200", "cars")


def command(
    quick: Quick = False,
    data: opt.Data = None,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Count, print and write ``table7.{csv,tex,json}``; exit code 1 where a printed number differs.

    Raises:
        UserError: where a store is damaged, or a folder cannot be written.
    """
    return publish(document(data or default_data()), results, as_json=as_json, quick=quick)


def document(data: Path) -> Document:
    """The report.

    Raises:
        UserError: where a store or the published numbers are damaged.
    """
    from analysis.papers.dh2l import datasets
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    paper, _, table = ID.partition("/")
    found = {name: _counted(info(name), data) for name in DATASETS}
    return made_of(
        paper, f"{table}.csv", lambda rows: datasets.document(ID, rows, found, context(ID))
    )


def _counted(entry: DatasetInfo, data: Path) -> Counted:
    """Of the labels and images in a store, or of the register; a store holds no superclasses, so
    that those of its classes are the register's."""
    from analysis.papers.dh2l.datasets import Counted

    if header.state(entry, data)[0] != "present":
        side, parents = min(entry.side, WINDOW), len(entry.superclasses) or 1
        return Counted(parents, len(entry.classes), entry.counts, side, "the register")
    import numpy as np

    from benchmarks.data import store

    dataset = store.open_known(entry, data)
    labels = np.unique(dataset.train.labels).tolist()
    coarse, source = entry.coarse_labels, "its store"
    if coarse:
        source += ", and superclasses by the register's table of its classes"
    parents = len({coarse[label] for label in labels} if coarse else {None})
    counts = len(dataset.train), len(dataset.test)
    side = min(int(dataset.train.images.shape[1]), WINDOW)
    return Counted(parents, len(labels), counts, side, source)


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
