"""How a table of rows or a grid is laid out, the same for our numbers and for the printed ones.

A block is a group of settings that are compared with each other; each has a line with an entry a
column, and in a grid one more for the best column. Bold is by rule on both sides, whatever the
paper set in bold: the largest entry of a block's column, all of them where several are equal.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.documents import wording
from analysis.documents.results import CellResult, ComparisonResult, TableResult
from analysis.verdicts.measure import MISSING

Side = Literal["reproduced", "published"]


@dataclass(frozen=True)
class Entry:
    """A number as a table shows it.

    Attributes:
        cell: where it comes from; for the best column the cell that won.
        value: what is ranked, None where there is no number.
        text: the median, or the printed text.
        stars: of the comparison with the block's baseline; empty without one.
        count: "12/15" where seeds are missing or "", of our side.
    """

    cell: CellResult
    value: float | None
    text: str
    stars: str = ""
    bold: bool = False
    count: str = ""


@dataclass(frozen=True)
class Line:
    """A setting's entries by column, None where the table has no such cell.

    Attributes:
        best: the largest entry of the line, in a grid alone; the first where several are equal.
        searched: "3/4" where some columns have no number yet, so that the best of all is open.
    """

    label: str
    entries: tuple[Entry | None, ...]
    best: Entry | None = None
    searched: str = ""


@dataclass(frozen=True)
class Block:
    """A group of lines under the same columns; ``columns`` is ("",) in a table of rows."""

    name: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def groups(result: TableResult) -> dict[str, list[CellResult]]:
    """Cells by group, both in the table's order."""
    found: dict[str, list[CellResult]] = {}
    for cell in result.cells:
        found.setdefault(cell.group, []).append(cell)
    return found


def comparisons_by_cell(result: TableResult) -> dict[str, ComparisonResult]:
    """The comparison of each tested cell with its baseline."""
    return {row.first: row for row in result.comparisons}


def arrange(result: TableResult, side: Side) -> tuple[Block, ...]:
    """The table's blocks with our medians and stars, or with the printed ones."""
    tested = comparisons_by_cell(result)
    make = _reproduced if side == "reproduced" else _published
    is_grid = result.about.layout == "grid"

    def entry(cell: CellResult) -> Entry:
        return make(cell, tested.get(cell.name))

    return tuple(_block(name, cells, is_grid, entry) for name, cells in groups(result).items())


def _reproduced(cell: CellResult, comparison: ComparisonResult | None) -> Entry:
    return Entry(
        cell=cell,
        value=cell.median,
        text=cell.measure.text(cell.median),
        stars=(comparison.stars or "") if comparison else "",
        count="" if cell.n in (0, cell.planned) else wording.count(cell),
    )


def _published(cell: CellResult, comparison: ComparisonResult | None) -> Entry:
    return Entry(
        cell=cell,
        value=cell.published_share,
        text=cell.published or MISSING,
        stars=(comparison.published_stars or "") if comparison else "",
    )


def _block(
    name: str, cells: Sequence[CellResult], is_grid: bool, entry: Callable[[CellResult], Entry]
) -> Block:
    if not is_grid:
        lines = [Line(cell.label, (entry(cell),)) for cell in cells]
        return Block(name, ("",), tuple(_embolden(lines)))
    columns = tuple(dict.fromkeys(cell.column for cell in cells))
    lines = []
    for label in dict.fromkeys(cell.label for cell in cells):
        own = {cell.column: entry(cell) for cell in cells if cell.label == label}
        lines.append(_with_best(Line(label, tuple(own.get(column) for column in columns))))
    return Block(name, columns, tuple(_embolden(lines)))


def _with_best(line: Line) -> Line:
    found = [entry for entry in line.entries if entry and entry.value is not None]
    if not found:
        return line
    best = _winner(found)
    searched = "" if len(found) == len(line.entries) else f"{len(found)}/{len(line.entries)}"
    return dataclasses.replace(line, best=best, searched=searched)


def _embolden(lines: Sequence[Line]) -> list[Line]:
    """The lines with the largest entries of each column in bold, once a column is full."""
    columns = list(zip(*(line.entries for line in lines), strict=True))
    bold = [_emboldened(column) for column in columns]
    is_open = any(line.searched for line in lines)
    bests = [line.best for line in lines] if is_open else _emboldened([x.best for x in lines])
    return [
        dataclasses.replace(line, entries=tuple(entries), best=best)
        for line, entries, best in zip(lines, zip(*bold, strict=True), bests, strict=True)
    ]


def _winner(entries: Sequence[Entry]) -> Entry:
    """The entry with the best value, the first of equal ones."""
    best = entries[0]
    for entry in entries[1:]:
        if entry.cell.measure.better(entry.value or 0.0, best.value or 0.0):
            best = entry
    return best


def _emboldened(entries: Sequence[Entry | None]) -> list[Entry | None]:
    known = [entry for entry in entries if entry and entry.value is not None]
    if len(known) < max(2, len(entries)):
        return list(entries)
    best = _winner(known).value
    return [
        dataclasses.replace(entry, bold=True) if entry and entry.value == best else entry
        for entry in entries
    ]
