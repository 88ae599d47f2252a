"""A table in the terminal, at 80 columns or more; nothing in it depends on colour."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.documents import terminal_grid, wording
from analysis.documents.arrangement import groups
from analysis.documents.notes import labels, notes, summary
from analysis.documents.results import CellResult, ComparisonResult, TableResult

WIDE = 118  # columns from which a value and its interval share a line
DETAILED = 24  # a grid of more cells is shown without the intervals of each
STYLES = {
    "reproduced": "green",
    "confirmed": "green",
    "not reproduced": "red",
    "contradicted": "red",
    "inconclusive": "yellow",
    "undecided": "yellow",
    "missing": "dim",
    "not decidable": "dim",
}


def render(result: TableResult, width: int, asked: Collection[str] | None = None) -> RenderableType:
    """The whole report: headings, cells, comparisons, best epochs, notes, readings.

    Args:
        width: columns of the terminal; below :data:`WIDE` intervals take a second line.
        asked: names of the cells that were asked for, all by default. Of a table of rows or a grid
            only the groups that hold one of them are shown; pairs share cells and stay together.
    """
    join = " " if width >= WIDE else "\n"
    cells = _shown(result, asked)
    names = {cell.name for cell in cells}
    rows = [row for row in result.comparisons if row.first in names]
    parts: list[RenderableType] = [_heading(result)]
    if len(cells) < len(result.cells):
        parts.append(f"Shown: {len(cells)} of {len(result.cells)} cells; the files hold all.")
    is_grid = result.about.layout == "grid"
    if is_grid:
        parts += ["", terminal_grid.grid(result, names, with_difference=width >= WIDE)]
    if not is_grid or len(cells) <= DETAILED:
        parts += ["", _cells(result, cells, join)]
        parts += ["", _comparisons(result, rows, join)] if rows else []
        if best := _best_epochs(cells):
            parts += ["", *best]
    if result.claims:
        parts += ["", terminal_grid.claims(result.claims)]
    parts += ["", _notes(result)]
    if is_grid and (counted := summary(result)):
        parts += ["", Text(counted)]  # the heading has scrolled away
    return Group(*parts)


def print_table(
    result: TableResult, console: Console, asked: Collection[str] | None = None
) -> None:
    """Print the report at the console's own width; no colour where it is not a terminal."""
    console.print(render(result, console.width, asked), highlight=False)


def _shown(result: TableResult, asked: Collection[str] | None) -> list[CellResult]:
    """The groups of the asked cells, in the order of the arrangement's groups."""
    found: list[CellResult] = []
    for cells in groups(result).values():
        if (
            result.about.layout == "pairs"
            or asked is None
            or any(cell.name in asked for cell in cells)
        ):
            found += cells
    return found


def _heading(result: TableResult) -> Text:
    about = result.about
    text = Text(f"{about.title} ({about.id})", style="bold")
    text.append(f"\n{about.caption}", style="not bold")
    for label in labels(result):
        text.append(f"\n{label}", style="not bold reverse")
    if counted := summary(result):
        text.append(f"\n{counted}", style="not bold")
    return text


def _table(columns: list[tuple[str, bool]]) -> Table:
    """A table without lines; a column is a title and whether its text is set to the right."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for title, right in columns:
        table.add_column(
            Text(title), justify="right" if right else "left", overflow="fold", vertical="top"
        )
    return table


def _filled(table: Table, rows: Sequence[tuple[str, list[Text | str]]]) -> Table:
    """The table with its rows, an empty line between groups unless every row is one of its own."""
    alone = len({group for group, _ in rows}) == len(rows)
    for index, (group, row) in enumerate(rows):
        if index and not alone and group != rows[index - 1][0]:
            table.add_row()
        table.add_row(*(Text(entry) if isinstance(entry, str) else entry for entry in row))
    return table


def _cells(result: TableResult, cells: Sequence[CellResult], join: str) -> Table:
    columns = [("cell", False), ("paper", False), (f"median{join}[interval]", False), ("n", True)]
    if result.is_quick:
        columns.pop(1)
    else:
        columns += [(f"D{join}[interval]", False), (f"verdict{join}(min δ)", False)]
    return _filled(
        _table(columns),
        [(cell.group or cell.kind, _cell_row(cell, result, join)) for cell in cells],
    )


def _cell_row(cell: CellResult, result: TableResult, join: str) -> list[Text | str]:
    name = Text(cell.name)
    if len(cell.machines) > 1:
        name.append(f"\n  {len(cell.machines)} machines", style="italic")
    row: list[Text | str] = [name, wording.median(cell, join), _count(cell)]
    if result.is_quick:
        return row
    row.insert(1, cell.published or wording.MISSING)
    return [*row, wording.difference(cell, join), _level(cell, join)]


def _count(cell: CellResult) -> Text:
    text = Text(wording.count(cell), style="" if cell.n == cell.planned else "bold")
    if cell.diverged:
        text.append(f"\n{cell.diverged} div.", style="bold")
    return text


def _level(cell: CellResult, join: str) -> Text:
    if cell.level is None:
        return Text(wording.MISSING)
    text = Text(wording.marked(cell.level.verdict), style=STYLES[cell.level.verdict])
    if (smallest := wording.smallest_delta(cell)) != wording.MISSING:
        text.append(f"{join}({smallest})", style="default")
    return text


def _comparisons(result: TableResult, rows: Sequence[ComparisonResult], join: str) -> Table:
    columns = [("comparison", False), ("stars\npaper", False), ("stars\nours", False)]
    columns += [("p\nexact", False), ("p\nHolm", False), (f"shift{join}[interval]", False)]
    if result.is_quick:
        columns.pop(1)
    else:
        columns += [("effect", False), ("agree\n(exp.)", False)]
    return _filled(
        _table(columns),
        [
            (result.cell(row.first).group or row.part, _comparison_row(row, result, join))
            for row in rows
        ],
    )


def _comparison_row(
    comparison: ComparisonResult, result: TableResult, join: str
) -> list[Text | str]:
    if result.about.layout == "pairs":
        pair = f"{comparison.first}{join}− {comparison.against}"
        named = f"{comparison.name}{':' if join == ' ' else ''}{join}{pair}"
    else:
        named = f"{comparison.first}{join}− {result.cell(comparison.against).label}"
    row: list[Text | str] = [
        named,
        wording.stars(comparison.stars),
        wording.p_value(comparison.test.p_value if comparison.test else None),
        wording.p_value(comparison.p_holm),
        wording.shift(comparison, join),
    ]
    if result.is_quick:
        return row
    row.insert(1, wording.published_mark(comparison))
    return [*row, _effect(comparison), wording.agreement(comparison, join)]


def _effect(comparison: ComparisonResult) -> Text:
    if comparison.effect is None:
        return Text(wording.MISSING)
    verdict = comparison.effect.verdict
    return Text(wording.marked(verdict), style=STYLES[verdict])


def _best_epochs(cells: Sequence[CellResult]) -> list[RenderableType]:
    entries = [
        Text(f"{cell.name}  {wording.accuracy(cell.best_median, cell.percent)}")
        for cell in cells
        if cell.best_median is not None
    ]
    if not entries:
        return []
    title = Text("best evaluated epoch", style="bold")
    title.append(" (chosen on the test images; not the headline, not compared)", style="not bold")
    return [title, Columns(entries, padding=(0, 4), column_first=True)]


def _notes(result: TableResult) -> Table:
    lines = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=False)
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold")
    for note in notes(result):
        lines.add_row(Text(note.topic), Text(note.text))
    if deviations := result.about.deviations:
        names = "; ".join(f"{d.id} {d.name}" for d in deviations)
        lines.add_row(Text("Deviations"), Text(f"{names}; in full in the LaTeX file."))
    if result.about.readings:
        lines.add_row(Text("Readings"), Text(_readings(result)))
    return lines


def _readings(result: TableResult) -> str:
    """The readings by id: what was assumed, what was changed; the rest is `reproduce readings`'."""
    readings = result.about.readings
    text = f"{len(readings)} choices behind these numbers"
    if assumed := [r.id for r in readings if r.source == "assumption"]:
        text += f"; assumptions: {', '.join(assumed)}"
    for reading in readings:
        if reading.changed:
            text += f"; changed: {reading.id} {reading.name} = {reading.value}"
            text += f" (default {reading.default})"
    return f"{text}; see `reproduce readings`."
