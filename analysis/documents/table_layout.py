"""A table in the paper's layout, our numbers beside the printed ones: pairs, rows or a grid.

Rows and grids are arranged the same for our numbers and for the printed ones. A block is a group of
settings that are compared with each other; each has a line with an entry a column, and in a grid of
several columns one more for the best one. Bold is by rule on both sides, whatever the paper set in
bold: the largest entry of a block's column, all of them where several are equal.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Collection, Sequence
from typing import Literal

from analysis.documents import table_cells
from analysis.documents.blocks import MISSING, Cell, Column, Grid, Row
from analysis.statistics.stars import STAR_LEGEND
from analysis.tables.results import CellResult, ComparisonResult, TableResult
from analysis.verdicts import wording
from analysis.verdicts.measure import Measure
from analysis.verdicts.wording import MARKS, Verdict, marked

BOLD = "the best of a group's column"
WIDEST = 7  # columns of a grid that stand side by side
BEST = "best"  # a grid's last column: the best entry of a line, the first of equal ones
NOTHING = Cell(MISSING)
Side = Literal["reproduced", "published"]
Line = dict[str, Cell]


def arrange(result: TableResult, side: Side) -> dict[str, dict[str, Line]]:
    """The table's blocks by name, with our medians and stars or with the printed ones: lines by
    label (in rows by the cell's name), entries by column."""
    is_grid, pairs, measure = result.about.layout == "grid", result.tested(), result.about.measure
    blocks = {}
    for name, cells in result.groups().items():
        columns = dict.fromkeys(cell.column if is_grid else "" for cell in cells)
        lines: dict[str, Line] = {}
        for cell in cells:
            key, column = (cell.label, cell.column) if is_grid else (cell.name, "")
            line = lines.setdefault(key, dict.fromkeys(columns, NOTHING))
            line[column] = _entry(cell, pairs.get(cell.name), side, is_judged=is_grid)
        for line in lines.values() if is_grid else ():
            line[BEST] = _best(measure, list(line.values()))
        for column in [*columns, BEST] if is_grid else columns:
            entries = [line[column] for line in lines.values()]
            is_full = len(entries) == len(_known(entries)) > 1
            if is_full and not (column == BEST and any(entry.mark for entry in entries)):
                largest = measure.best(entries, key=_value).value
                for line in lines.values():
                    is_bold = line[column].value == largest
                    line[column] = dataclasses.replace(line[column], bold=is_bold)
        blocks[name] = lines
    return blocks


def _entry(cell: CellResult, pair: ComparisonResult | None, side: Side, *, is_judged: bool) -> Cell:
    if side == "published":
        stars, value = (pair.published_stars or "") if pair else "", cell.published_share
        return NOTHING if value is None else Cell(cell.published or "", value, stars)
    if cell.median is None:
        return NOTHING
    level = cell.level if is_judged else None
    return Cell(
        cell.measure.text(cell.median),
        cell.median,
        (pair.stars or "") if pair else "",
        mark=MARKS[level.verdict] if level else "",
        aside=cell.measure.difference(level.difference) if level else "",
        count="" if cell.n == cell.planned else cell.count,
        runs=cell.hashes,
    )


def _known(entries: Sequence[Cell]) -> list[Cell]:
    return [entry for entry in entries if entry.value is not None]


def _value(entry: Cell) -> float:
    return float(entry.value)


def _best(measure: Measure, entries: Sequence[Cell]) -> Cell:
    """The winner, with "(3/4)" where columns have no number yet, so that the best is open."""
    known = _known(entries)
    if not known:
        return NOTHING
    mark = f"({len(known)}/{len(entries)})" if len(known) < len(entries) else ""
    return dataclasses.replace(measure.best(known, key=_value), mark=mark, aside="")


def layout(result: TableResult, names: Collection[str]) -> list[Grid]:
    """The grids of the layout; of a grid, the groups that hold one of the cells ``names``."""
    if result.about.layout == "grid":
        return _grids(result, names)
    if result.about.layout == "rows":
        return [_rows(result)]
    return [_pairs(result, part, pairs) for part, pairs in result.parts().items()]


def _caption(result: TableResult, bold: str) -> str:
    return (
        f"{result.about.caption}. Our medians ({result.about.measure.title}) over n = "
        f"{result.seeds} seeds; a smaller n stands behind them. Bold: {bold}. {STAR_LEGEND} "
        f"({result.sides} rank-sum test)."
        + (f" {wording.SEVERAL}" if result.has_chosen_stars else "")
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
                runs=cell.hashes,
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
    for group, lines in arrange(result, "reproduced").items():
        for name, line in lines.items():
            cells = [Cell(result.cell(name).label)]
            cells += [] if result.is_quick else [published[group][name][""]]
            cells.append(line[""])
            if prints_p:
                pair = pairs.get(name)
                cells.append(Cell((pair.published_p if pair else None) or MISSING))
                tested = pair and pair.test
                runs = result.runs_of(pair) if pair else ()
                cells.append(table_cells.p_cell(tested.p_value if tested else None, runs))
            rows.append(Row(tuple(cells), group))
    text, columns = _caption(result, BOLD), tuple(map(Column, titles))
    return Grid("layout", columns, tuple(rows), "", text, any(published), shown="latex")


def _grids(result: TableResult, names: Collection[str]) -> list[Grid]:
    """The grid, in parts of so many columns as a page holds."""
    groups = result.groups()
    held = [name for name, cells in groups.items() if any(cell.name in names for cell in cells)]
    steps = tuple(dict.fromkeys(cell.column for name in held for cell in groups[name]))
    parts = [steps[at : at + WIDEST] for at in range(0, len(steps), WIDEST)]
    # Of a single column the best one is no news.
    is_choice = len(steps) > 1
    made = [_grid(result, held, part, is_choice and part == parts[-1]) for part in parts]
    if len(made) == 1:
        return made
    return [
        dataclasses.replace(grid, name=f"layout-{number}", captioned=number == len(made))
        for number, grid in enumerate(made, start=1)
    ]


def _grid(result: TableResult, held: Sequence[str], steps: Sequence[str], has_best: bool) -> Grid:
    """The paper's line above ours; behind our medians stars, mark of the verdict and missing n."""
    ours, printed = arrange(result, "reproduced"), arrange(result, "published")
    shown_steps = (*steps, BEST) if has_best else tuple(steps)
    rows = []
    for name in held:
        for label, line in ours[name].items():
            shown = {} if result.is_quick else {"paper": printed[name][label]}
            shown["ours"] = line
            for whose, entries in shown.items():
                heads = [label] if result.is_quick else ["" if whose == "ours" else label, whose]
                found = [entries.get(step, NOTHING) for step in shown_steps]
                rows.append(Row((*map(Cell, heads), *found), name))
    title = result.about.column_title
    columns = (
        Column(_header(result, result.cells[0])),
        *([] if result.is_quick else [Column("")]),
        *(Column(step, title) for step in steps),
        *([Column(f"best\n{title}")] if has_best else []),
    )
    text = _caption(result, BOLD)
    if len({cell.column for cell in result.cells}) > 1:
        text += (
            f" Best {title}: the best column of each line, chosen on the test set, with the stars "
            "and n of the cell that won; in parentheses how many columns have runs where some have "
            "none."
        )
    if not result.is_quick:
        marks = (Verdict.REPRODUCED, Verdict.NOT_REPRODUCED, Verdict.INCONCLUSIVE)
        text += f" Marks: {', '.join(map(marked, marks))}."
    return Grid("layout", columns, tuple(rows), caption=text, headed=True, captioned=True)
