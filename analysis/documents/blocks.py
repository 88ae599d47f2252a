"""What a report is made of: titled blocks of plain data, which every renderer reads.

A report builds one :class:`Document`; the terminal, LaTeX, CSV, JSON and the figures are renderings
of it. Nothing here computes, and no package but the standard library is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from analysis.documents.panels import FigureBlock
from analysis.verdicts.measure import MISSING as MISSING

Medium = Literal["everywhere", "terminal", "latex"]
Tone = Literal["", "good", "bad", "open", "dim"]


@dataclass(frozen=True)
class Cell:
    """An entry of a grid; an empty text is an empty cell."""

    text: str = ""
    value: Any = None  # what the text stands for; None where that is the text itself or nothing
    stars: str = ""  # of a test, behind the text
    mark: str = ""  # of a verdict, such as "="
    detail: str = ""  # such as an interval: behind the text, or under it where lines are short
    aside: str = ""  # such as a difference: left out where lines are short
    count: str = ""  # such as "12/15" where seeds are missing
    note: str = ""  # a remark on this cell, under it
    bold: bool = False
    tone: Tone = ""  # a colour where there is one; it never says what the text does not
    runs: tuple[str, ...] = ()  # names of the runs that the value rests on


@dataclass(frozen=True)
class Column:
    """A grid's column."""

    title: str  # a line break in it counts in the terminal alone
    over: str = ""  # a heading above it and its neighbours that have the same
    unit: str = ""  # such as "points"
    right: bool = False  # whether its entries are set to the right
    prose: bool = False  # whether its entries are sentences, which may take several lines


@dataclass(frozen=True)
class Row:
    """A grid's line; ``total`` sets it apart from the lines above."""

    cells: tuple[Cell, ...]
    group: str = ""
    total: bool = False


@dataclass(frozen=True)
class Grid:
    """A table."""

    name: str  # of its LaTeX fragment, unique in the document
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""  # above it in the terminal
    caption: str = ""  # in LaTeX; the title where it is empty
    headed: bool = False  # a group's name stands over its rows; else space alone parts groups
    captioned: bool = False  # whether the terminal, too, needs the caption, under the table
    shown: Medium = "everywhere"  # files of data hold it anyway

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(f"{self.name}: {len(row.cells)} cells in {len(self.columns)}")


@dataclass(frozen=True)
class Note:
    """A statement, under a topic where it has one, which is bold unless it is ``light``."""

    text: str
    topic: str = ""
    light: bool = False
    tone: Tone = ""


@dataclass(frozen=True)
class Notes:
    """Statements under a heading; ``numbered`` counts them in LaTeX."""

    items: tuple[Note, ...]
    title: str = ""
    numbered: bool = False
    shown: Medium = "everywhere"


@dataclass(frozen=True)
class Claim:
    """A sentence of a paper in words of ours, what bears on it, and what comes of it."""

    text: str
    verdict: str
    evidence: tuple[tuple[str, str], ...] = ()  # ("stated", "10"), …: the same names in a block
    tone: Tone = ""


@dataclass(frozen=True)
class Claims:
    """Judged sentences."""

    items: tuple[Claim, ...]
    title: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Data:
    """A tidy table for programs: ``<document>.csv``, or ``<document>.<name>.csv``."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    name: str = ""


Block = Grid | Notes | Claims | FigureBlock | Data


@dataclass(frozen=True)
class Document:
    """A report."""

    id: str  # such as "locality/table3"
    title: str
    caption: str  # what it shows, in a line
    blocks: tuple[Block, ...]
    labels: tuple[str, ...] = ()  # in capitals above it, such as QUICK; every copied part has them
    lines: tuple[str, ...] = ()  # what else stands at its head, such as the verdicts counted
    facts: Mapping[str, Any] = field(default_factory=dict)  # what programs may want besides blocks
    file: str = ""  # names its files; by default what follows the id's last stroke does
    holds: bool = True  # whether the printed is borne out, where that is judged as a whole

    @property
    def name(self) -> str:
        """Of its files."""
        return self.file or self.id.rpartition("/")[2]

    def grids(self, medium: Medium) -> list[Grid]:
        """The grids that a medium shows."""
        return [b for b in self.blocks if isinstance(b, Grid) and b.shown in ("everywhere", medium)]


def columns(*titles: str, right: Sequence[str] = ()) -> tuple[Column, ...]:
    """Columns by their titles, those in ``right`` set to the right."""
    return tuple(Column(title, right=title in right) for title in titles)


def row(*cells: str | Cell, group: str = "", total: bool = False) -> Row:
    """A line of cells or plain texts."""
    made = (Cell(cell) if isinstance(cell, str) else cell for cell in cells)
    return Row(tuple(made), group, total)


def context_notes(context: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[Note, ...]:
    """Readings and deviations, a note each: id, name, value or text, and the reading's source."""
    found = [
        Note(f"{r['value']} ({r['source']})", f"{r['id']} {r['name']}")
        for r in context.get("readings", ())
    ]
    found += [Note(d["text"], f"{d['id']} {d['name']}") for d in context.get("deviations", ())]
    return tuple(found)
