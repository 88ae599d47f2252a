"""Broden 1.1, the densely labelled images by which units of a network are interpreted, as it is
published: a folder with ``index.csv``, ``label.csv``, ``category.csv`` and ``images/``.

Source: Bau et al., "Network Dissection" (CVPR 2017); http://netdissect.csail.mit.edu.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.data.pictures import opened, squashed
from benchmarks.errors import UserError, one_line

TABLES = ("index.csv", "label.csv", "category.csv")
IMAGES = "images"


@dataclass(frozen=True)
class Concept:
    """A label: its number in the segmentations, name and category, such as "object"."""

    number: int
    name: str
    category: str


@dataclass(frozen=True)
class Row:
    """An image and its labels: of each category the segmentation files, or numbers that are of the
    whole image.

    Attributes:
        side: height and width of the segmentations.
    """

    image: str
    size: tuple[int, int]
    files: tuple[str, ...]
    whole: tuple[int, ...]


class Broden:
    """The data set in a folder.

    Attributes:
        concepts: in the order of their numbers; a number may stand in several categories, whose
            concept is the first, as in ``label.csv``.
        rows: the images.

    Raises:
        UserError: where the folder lacks a file or a column, or a row makes no sense.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if missing := [name for name in (*TABLES, IMAGES) if not (folder / name).exists()]:
            raise UserError(
                f"{folder} lacks {', '.join(missing)}: extract broden1_224.zip (or _227), and give "
                "its folder"
            )
        self.categories = tuple(row["name"] for row in self._table("category.csv", "name"))
        self.concepts = tuple(
            Concept(_whole(row["number"], "label.csv"), row["name"], row["category"].split("(")[0])
            for row in self._table("label.csv", "number", "name", "category")
        )
        needed = ("image", "sh", "sw", *self.categories)
        self.rows = tuple(self._row(row) for row in self._table("index.csv", *needed))
        if not self.rows or not self.concepts:
            raise UserError(f"{folder} names no images, or no labels")

    def _table(self, name: str, *columns: str) -> Iterator[dict[str, str]]:
        path = self.folder / name
        with (
            one_line(
                (OSError, UnicodeDecodeError, csv.Error), lambda why: f"cannot read {path}: {why}"
            ),
            open(path, encoding="utf-8", newline="") as file,
        ):
            reader = csv.DictReader(file, strict=True)
            if lacking := [c for c in columns if c not in (reader.fieldnames or ())]:
                raise UserError(f"{path} lacks the columns {', '.join(lacking)}")
            for row in reader:
                if any(row[column] is None for column in columns):
                    raise UserError(f"{path}: line {reader.line_num} is cut short")
                yield row

    def _row(self, row: dict[str, str]) -> Row:
        parts = [p for name in self.categories for p in row[name].split(";") if p]
        return Row(
            image=row["image"],
            size=(_whole(row["sh"], "index.csv"), _whole(row["sw"], "index.csv")),
            files=tuple(part for part in parts if not part.isdecimal()),
            whole=tuple(int(part) for part in parts if part.isdecimal()),
        )

    def pixels(self, row: Row, side: int) -> np.ndarray:
        """The image at a size, uint8 (side, side, 3).

        Raises:
            UserError: where it cannot be read.
        """
        path = self.folder / IMAGES / row.image
        return squashed(path, str(path), side)

    def labels(self, row: Row) -> tuple[np.ndarray, np.ndarray]:
        """Segmentations as label numbers, int32 (files, H, W), 0 where there is no label, and the
        labels of the whole image, int32 (n,).

        Raises:
            UserError: where a segmentation cannot be read or is of another size.
        """
        height, width = row.size
        maps = np.zeros((len(row.files), height, width), dtype=np.int32)
        for place, name in enumerate(row.files):
            path = self.folder / IMAGES / name
            with opened(path, str(path)) as picture:
                colours = np.asarray(picture.convert("RGB"), dtype=np.int32)
            if colours.shape[:2] != (height, width):
                raise UserError(f"{path} is {colours.shape[1]}×{colours.shape[0]}, not as listed")
            maps[place] = colours[..., 0] + 256 * colours[..., 1]
        return maps, np.array(row.whole, dtype=np.int32)


def _whole(text: str, where: str) -> int:
    if not text.isdecimal():
        raise UserError(f"{where}: {text!r} is no number")
    return int(text)
