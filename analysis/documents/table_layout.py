"""A table in the paper's layout, our numbers beside the printed ones: pairs, rows or a grid.

Rows and grids are arranged the same for our numbers and for the printed ones. A block is a group of
settings that are compared with each other; each has a line with an entry a column, and in a grid
one more for the best column. Bold is by rule on both sides, whatever the paper set in bold: the
largest entry of a block's column, all of them where several are equal.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.documents import wording
from analysis.documents.blocks import MISSING, STAR_LEGEND, Cell, Column, Grid, Row
from analysis.documents.results import CellResult, ComparisonResult, TableResult

BOLD = "the best of a group's column"
Side = Literal["reproduced", "published"]


@dataclass
class Entry:
    """A number as a table shows it: our median or the printed text, None where there is none."""

    cell: CellResult  # where it comes from; for the best column the cell that won
    value: float | None
    text: str
    stars: str = ""  # of the comparison with the block's baseline; empty without one
    count: str = ""  # "12/15" where seeds are missing, of our side
    bold: bool = False


@dataclass
class Line:
    """A setting's entries by column, None where the table has no such cell."""

    label: str
    entries: dict[str, Entry | None]
    best: Entry | None = None  # the largest entry, in a grid alone; the first of equal ones
    searched: str = ""  # "3/4" where columns have no number yet, so that the best of all is open


def arrange(result: TableResult, side: Side) -> dict[str, list[Line]]:
    """The table's blocks by name with our medians and stars, or with the printed ones."""
    is_grid, pairs = result.about.layout == "grid", result.tested()
    blocks = {}
    for name, cells in result.groups().items():
        columns = dict.fromkeys(cell.column if is_grid else "" for cell in cells)
        lines: dict[str, Line] = {}
        for cell in cells:
            key, column = (cell.label, cell.column) if is_grid else (cell.name, "")
            line = lines.setdefault(key, Line(cell.label, dict.fromkeys(columns)))
            line.entries[column] = _entry(cell, pairs.get(cell.name), side)
        for line in lines.values() if is_grid else ():
            known = [entry for entry in line.entries.values() if entry and entry.value is not None]
            if known:
                line.best = dataclasses.replace(_winner(known))
                missing = len(known) < len(line.entries)
                line.searched = f"{len(known)}/{len(line.entries)}" if missing else ""
        for column in columns:
            _embolden([line.entries[column] for line in lines.values()])
        if not any(line.searched for line in lines.values()):
            _embolden([line.best for line in lines.values()])
        blocks[name] = list(lines.values())
    return blocks


def _entry(cell: CellResult, pair: ComparisonResult | None, side: Side) -> Entry:
    if side == "published":
        stars = (pair.published_stars or "") if pair else ""
        return Entry(cell, cell.published_share, cell.published or MISSING, stars)
    stars, count = (pair.stars or "") if pair else "", cell.count
    text = cell.measure.text(cell.median)
    return Entry(cell, cell.median, text, stars, "" if cell.n in (0, cell.planned) else count)


def _winner(entries: Sequence[Entry]) -> Entry:
    """The entry with the best value, the first of equal ones."""
    return entries[0].cell.measure.best(entries, key=lambda entry: entry.value or 0.0)


def _embolden(entries: Sequence[Entry | None]) -> None:
    """Set the largest entries of a column in bold, once it is full."""
    known = [entry for entry in entries if entry and entry.value is not None]
    if len(known) == len(entries) > 1:
        best = _winner(known).value
        for entry in known:
            entry.bold = entry.value == best


def layout(result: TableResult, names: Collection[str]) -> list[Grid]:
    """The grids of the layout; of a grid, the groups that hold one of the cells ``names``."""
    if result.about.layout == "grid":
        return [_grid(result, names)]
    if result.about.layout == "rows":
        return [_rows(result)]
    return [_pairs(result, part, pairs) for part, pairs in result.parts().items()]


def _caption(result: TableResult, bold: str) -> str:
    return (
        f"{result.about.caption}. Our medians ({result.about.measure.title}) over n = "
        f"{result.seeds} seeds; a smaller n stands behind them. Bold: {bold}. {STAR_LEGEND} "
        f"({result.alternative} rank-sum test)."
    )


def _header(result: TableResult, cell: CellResult) -> str:
    """What a column of cell labels is headed with: the table's title for it, or the parameters."""
    if result.about.row_title or not cell.parameters:
        return result.about.row_title or "cell"
    return f"({', '.join(_symbol(name) for name, _ in cell.parameters)})"


def _symbol(name: str) -> str:
    """The letter of a parameter that is named by a Greek one."""
    try:
        return unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}")
    except KeyError:
        return name


def _pairs(result: TableResult, part: str, pairs: Sequence[ComparisonResult]) -> Grid:
    """First cells above second ones, two columns a comparison, the larger median bold."""
    header = _header(result, result.cell(pairs[0].first))
    columns = tuple(Column(title, pair.name) for pair in pairs for title in (header, "median"))
    rows = []
    for side in ("first", "second"):
        cells: list[Cell] = []
        for pair in pairs:
            cell = result.cell(getattr(pair, side))
            median = Cell(
                cell.measure.text(cell.median),
                cell.median,
                (pair.stars or "") if side == "first" else "",
                count="" if cell.n in (0, cell.planned) else str(cell.n),
                bold=pair.winner == side,
            )
            cells += [Cell(cell.label), median]
        rows.append(Row(tuple(cells)))
    text = _caption(result, "the better median of a pair")
    name = "-".join(["layout", *part.split()])
    return Grid(name, columns, tuple(rows), caption=text, shown="latex")


def _rows(result: TableResult) -> Grid:
    """A line a cell: the printed number, ours, and the p-values where the paper prints them."""
    pairs, published = result.tested(), arrange(result, "published")
    prints_p = any(pair.published_p for pair in result.comparisons)
    titles = [_header(result, result.cells[0]), *([] if result.is_quick else ["published"])]
    titles += ["reproduced", *(["published p", "our p"] if prints_p else [])]
    rows = []
    for name, lines in arrange(result, "reproduced").items():
        for line, printed in zip(lines, published[name], strict=True):
            cells = [Cell(line.label)]
            cells += [] if result.is_quick else [_cell(printed.entries[""])]
            cells.append(_cell(entry := line.entries[""]))
            if prints_p:
                pair = pairs.get(entry.cell.name) if entry else None
                cells.append(Cell((pair.published_p if pair else None) or MISSING))
                cells.append(wording.p_cell(pair.test.p_value if pair and pair.test else None))
            rows.append(Row(tuple(cells), name))
    text, columns = _caption(result, BOLD), tuple(map(Column, titles))
    return Grid("layout", columns, tuple(rows), "", text, any(published), shown="latex")


def _grid(result: TableResult, names: Collection[str]) -> Grid:
    """The paper's line above ours; behind our medians stars, mark of the verdict and missing n."""
    groups = result.groups()
    held = [name for name, cells in groups.items() if any(cell.name in names for cell in cells)]
    steps = tuple(dict.fromkeys(cell.column for name in held for cell in groups[name]))
    ours, printed = arrange(result, "reproduced"), arrange(result, "published")
    rows = []
    for name in held:
        for line, printed_line in zip(ours[name], printed[name], strict=True):
            if result.is_quick:
                rows.append(_line(name, line, steps, [line.label]))
            else:
                rows.append(_line(name, printed_line, steps, [line.label, "paper"]))
                rows.append(_line(name, line, steps, ["", "ours"], judged=True))
    title = result.about.column_title
    columns = (
        Column(_header(result, result.cells[0])),
        *([] if result.is_quick else [Column("")]),
        *(Column(step, title) for step in steps),
        Column(f"best\n{title}"),
    )
    text = (
        f"{_caption(result, BOLD)} Best {title}: the best column of each line, chosen on the test "
        "set, with the stars and n of the cell that won; in parentheses how many columns have runs "
        "where some have none."
    )
    if not result.is_quick:
        marks = ("reproduced", "not reproduced", "inconclusive")
        text += f" Marks: {', '.join(map(wording.marked, marks))}."
    return Grid("layout", columns, tuple(rows), caption=text, headed=True, captioned=True)


def _line(
    name: str, line: Line, steps: Sequence[str], heads: Sequence[str], *, judged: bool = False
) -> Row:
    cells = [_cell(line.entries.get(step), judged=judged) for step in steps]
    best = _cell(line.best)
    if line.searched:
        best = dataclasses.replace(best, mark=f"({line.searched})")
    return Row((*map(Cell, heads), *cells, best), name)


def _cell(entry: Entry | None, *, judged: bool = False) -> Cell:
    if entry is None or entry.value is None:
        return Cell(MISSING)
    level = entry.cell.level if judged else None
    return Cell(
        entry.text,
        entry.value,
        entry.stars,
        mark=wording.VERDICTS[level.verdict][0] if level else "",
        aside=entry.cell.measure.difference(level.difference) if level else "",
        count=entry.count,
        bold=entry.bold,
    )
