"""DeepWeeds: ``images.zip`` and the labels of its authors' repository.

Of the five folds, each with 60 % of the images to train on, 20 % to validate and 20 % to test on, a
store holds one fold's training and test images. The validation images are not used (L-20).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from benchmarks.data.checksums import check_ending
from benchmarks.data.chunks import Chunk, OnCount, nobody
from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import SPLITS, first_line
from benchmarks.data.zips import Zip, pictures, size_limit
from benchmarks.errors import UserError


def read_deepweeds(
    images: Path, labels: Path, info: DatasetInfo, on_image: OnCount = nobody
) -> Iterator[Chunk]:
    """A fold's training and test images, resized.

    What an image shows is what ``labels.csv`` says, whose checksum is published; the fold's own
    lists only say which images are in it.

    Args:
        images: ``images.zip``.
        labels: the folder of ``labels.csv``, ``train_subset<fold>.csv`` and the others.

    Raises:
        UserError: where a file is missing, cut off, or of another fold or data set.
    """
    assert info.archive is not None
    label_of = _labels(labels / "labels.csv", info)
    lists = {}
    for split, ending in zip(SPLITS, info.archive.endings, strict=True):
        path = labels / ending.name
        lists[split] = [row["Filename"] for row in _rows(path, ending.url, "Filename", "Label")]
        check_ending(path, lists[split], ending)
    _check_names(lists, label_of, labels)
    archive = Zip(images, size_limit(info))
    members = {PurePosixPath(name).name: name for name in archive.members}
    done = 0
    for split, names in lists.items():
        values = np.array([label_of[name] for name in names], dtype=np.int64)
        start = 0
        for block in pictures(archive, (members.get(name, name) for name in names), info):
            yield Chunk(split, block, values[start : start + len(block)])
            start += len(block)
            done += len(block)
            on_image(done, sum(info.counts))


def _labels(path: Path, info: DatasetInfo) -> dict[str, int]:
    """The label of each image."""
    assert info.archive is not None
    labels = {}
    for row in _rows(path, info.archive.sources[-1].url, "Filename", "Label"):
        if not row["Label"].isdecimal() or int(row["Label"]) >= len(info.classes):
            raise UserError(f"{path} gives {row['Filename']} the label {row['Label']!r}")
        labels[row["Filename"]] = int(row["Label"])
    return labels


def _rows(path: Path, url: str, *columns: str) -> list[dict[str, str]]:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
    except FileNotFoundError:
        raise UserError(f"{path} is missing: fetch it from {url}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read {path}: {first_line(error)}") from error
    if any(row.get(column) is None for row in rows for column in columns):
        raise UserError(f"{path} lacks the columns {', '.join(columns)}")
    return rows


def _check_names(lists: dict[str, list[str]], labels: dict[str, int], folder: Path) -> None:
    names = [name for split in lists.values() for name in split]
    if unknown := [name for name in names if name not in labels]:
        raise UserError(f"the fold lists {unknown[0]}, which {folder / 'labels.csv'} does not")
    if len(set(names)) < len(names):
        raise UserError(f"the fold's lists in {folder} name an image twice")
