"""A table in the paper's layout, our numbers beside the printed ones: pairs, rows or a grid."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from analysis.documents import wording
from analysis.documents.arrangement import Block as Arranged
from analysis.documents.arrangement import Entry, Line, arrange, comparisons_by_cell
from analysis.documents.blocks import MISSING, STAR_LEGEND, Cell, Column, Grid, Row
from analysis.documents.results import CellResult, ComparisonResult, TableResult

BOLD = "the best of a group's column"


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
            stars = (pair.stars or "") if side == "first" else ""
            median = _median(cell, stars, bold=pair.winner == side)
            cells += [Cell(cell.label), median]
        rows.append(Row(tuple(cells)))
    text = _caption(result, "the better median of a pair")
    name = "-".join(["layout", *part.split()])
    return Grid(name, columns, tuple(rows), caption=text, shown="latex")


def _median(cell: CellResult, stars: str, *, bold: bool) -> Cell:
    count = "" if cell.n in (0, cell.planned) else str(cell.n)
    text = cell.measure.text(cell.median)
    return Cell(text, cell.median, stars, count=count, bold=bold)


def _rows(result: TableResult) -> Grid:
    tested = comparisons_by_cell(result)
    prints_p = any(pair.published_p for pair in result.comparisons)
    titles = [_header(result, result.cells[0]), *([] if result.is_quick else ["published"])]
    titles += ["reproduced", *(["published p", "our p"] if prints_p else [])]
    ours, printed = arrange(result, "reproduced"), arrange(result, "published")
    rows = []
    for block, other in zip(ours, printed, strict=True):
        for line, printed_line in zip(block.lines, other.lines, strict=True):
            cells = [Cell(line.label)]
            cells += [] if result.is_quick else [_entry(printed_line.entries[0])]
            cells.append(_entry(line.entries[0]))
            entry = line.entries[0]
            pair = tested.get(entry.cell.name) if entry else None
            if prints_p:
                p_value = pair.test.p_value if pair and pair.test else None
                cells.append(Cell((pair.published_p if pair else None) or MISSING))
                cells.append(Cell(wording.p_value(p_value), p_value))
            rows.append(Row(tuple(cells), block.name))
    text, columns = _caption(result, BOLD), tuple(map(Column, titles))
    headed = any(block.name for block in ours)
    return Grid("layout", columns, tuple(rows), caption=text, headed=headed, shown="latex")


def _grid(result: TableResult, names: Collection[str]) -> Grid:
    """The paper's line above ours; behind our medians stars, mark of the verdict and missing n."""
    ours = [b for b in arrange(result, "reproduced") if _holds(b, names)]
    printed = [b for b in arrange(result, "published") if _holds(b, names)]
    steps = tuple(dict.fromkeys(column for block in ours for column in block.columns))
    rows = []
    for block, other in zip(ours, printed, strict=True):
        for line, printed_line in zip(block.lines, other.lines, strict=True):
            if not result.is_quick:
                rows.append(_line(other, printed_line, steps, line.label, "paper"))
            label = line.label if result.is_quick else ""
            rows.append(_line(block, line, steps, label, "" if result.is_quick else "ours"))
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


def _holds(block: Arranged, names: Collection[str]) -> bool:
    return any(e.cell.name in names for line in block.lines for e in line.entries if e)


def _line(block: Arranged, line: Line, steps: Sequence[str], label: str, side: str) -> Row:
    by_column = dict(zip(block.columns, line.entries, strict=True))
    cells = [_entry(by_column.get(step), judged=side == "ours") for step in steps]
    best = _entry(line.best)
    if line.searched:
        best = Cell(**{**vars(best), "mark": f"({line.searched})"})
    return Row((Cell(label), *([Cell(side)] if side else []), *cells, best), block.name)


def _entry(entry: Entry | None, *, judged: bool = False) -> Cell:
    if entry is None or entry.value is None:
        return Cell(MISSING)
    level = entry.cell.level if judged else None
    return Cell(
        entry.text,
        entry.value,
        entry.stars,
        mark=wording.MARKS[level.verdict] if level else "",
        aside=entry.cell.measure.difference(level.difference) if level else "",
        count=entry.count,
        bold=entry.bold,
    )
