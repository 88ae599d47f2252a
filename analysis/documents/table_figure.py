"""An analysed table's figure: every seed, the median with its interval, the published value.

Pairs stand side by side, the first cell of each with filled points and the second with open ones.
Rows and grids have a panel a group, each with its own scale; in a grid the settings stand side by
side at each column.
"""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Sequence

from analysis.documents import wording
from analysis.documents.arrangement import comparisons_by_cell, groups
from analysis.documents.notes import labels
from analysis.documents.panels import DotPanel, Dots, FigureBlock, Sampled
from analysis.documents.results import CellResult, ComparisonResult, TableResult

COMPARED, BASELINE = 0, 1
SETTINGS = (1, 0, 3, 2)  # looks of a grid's settings in their order; the first is the baseline
PAIR_WIDTH = 2.6  # a comparison's two cells stand at 0 and 1, the next pair starts here
PANELS_A_ROW, LABEL_WIDTH = 3, 16
STEP = 0.29  # between the settings at one column of a grid


def figure(result: TableResult) -> FigureBlock:
    """The figure of the table's layout, by which its panels are arranged."""
    make = {"rows": _rows, "grid": _grid}.get(result.about.layout, _pairs)
    panels, seeds, across, size = make(result)
    return FigureBlock(
        panels,
        (*seeds, *_legend(result)),
        "seeds",
        across=across,
        size=size,
        title=(f"{result.about.title}: {result.about.caption}", *labels(result)),
        share="y" if make is _pairs else "",
        watermark="" if result.has_levels else result.about.protocol.upper(),
    )


Made = tuple[tuple[DotPanel, ...], tuple[Sampled, ...], int, tuple[float, float]]


def _legend(result: TableResult) -> list[Sampled]:
    has_interval = any(cell.interval for cell in result.cells)
    text = f"median, {100 * result.confidence:.0f} % interval" if has_interval else "median"
    found = [Sampled("median", text)]
    if result.has_levels and any(cell.published for cell in result.cells):
        found.append(Sampled("published", "published"))
    if any(cell.diverged for cell in result.cells):
        found.append(Sampled("diverged", "diverged seed"))
    return found


def _dots(cell: CellResult, x: float, look: int, heading: str = "", *, says: bool = True) -> Dots:
    is_number = cell.median is not None and math.isfinite(cell.median)
    return Dots(
        x,
        tuple(run.value for run in cell.runs if not run.diverged),
        look,
        cell.median if is_number else None,
        (cell.interval.low, cell.interval.high) if cell.interval else None,
        cell.published_share if cell.delta is not None else None,
        cell.diverged,
        heading,
        "" if cell.n or not says else wording.MISSING_CELL,
    )


def _tick(cell: CellResult) -> str:
    diverged = f"\n{cell.diverged} diverged" if cell.diverged else ""
    label = textwrap.fill(cell.label, LABEL_WIDTH, break_long_words=False)
    return f"{label}\n{wording.count(cell)}{diverged}"


def _pairs(result: TableResult) -> Made:
    panels = [_pair_panel(result, pairs) for pairs in result.parts().values()]
    compared = {name for pair in result.comparisons for name in (pair.first, pair.second)}
    if alone := [cell for cell in result.cells if cell.name not in compared]:
        places = [(index * PAIR_WIDTH / 2, cell) for index, cell in enumerate(alone)]
        panels.append(
            DotPanel(
                tuple(_dots(cell, x, COMPARED) for x, cell in places),
                tuple((x, f"{cell.kind}\n{_tick(cell)}") for x, cell in places),
                y_title=result.about.measure.title,
            )
        )
    widest = max(len(panel.ticks) for panel in panels)
    legend = (
        Sampled("points", "seed, first of a pair", COMPARED),
        Sampled("points", "seed, second of a pair", BASELINE),
    )
    return tuple(panels), legend, 1, (1.6 + 0.72 * widest, 2.5)


def _pair_panel(result: TableResult, pairs: Sequence[ComparisonResult]) -> DotPanel:
    dots: list[Dots] = []
    ticks: list[tuple[float, str]] = []
    for index, pair in enumerate(pairs):
        name = pair.name if pair.against == pair.second else f"{pair.name} against {pair.against}"
        p_value = wording.p_equals(pair)
        heading = f"{name}:  {p_value} {pair.stars}".rstrip() if p_value else name
        x = index * PAIR_WIDTH
        for place, side, look in ((x, pair.first, COMPARED), (x + 1, pair.second, BASELINE)):
            cell = result.cell(side)
            dots.append(_dots(cell, place, look))
            ticks.append((place, f"{cell.kind}\n{_tick(cell)}"))
        dots.append(Dots(x + 0.5, (), heading=heading))
    borders = tuple(index * PAIR_WIDTH - PAIR_WIDTH + 1.8 for index in range(1, len(pairs)))
    return DotPanel(tuple(dots), tuple(ticks), y_title=result.about.measure.title, borders=borders)


def _rows(result: TableResult) -> Made:
    blocks, tested = groups(result), comparisons_by_cell(result)
    widest = max(len(cells) for cells in blocks.values())
    panels = []
    for name, cells in blocks.items():
        dots = []
        for index, cell in enumerate(cells):
            pair = tested.get(cell.name)
            text = f"{wording.p_equals(pair)} {pair.stars or ''}".rstrip() if pair else ""
            dots.append(_dots(cell, index, COMPARED if pair else BASELINE, text))
        ticks = tuple((float(index), _tick(cell)) for index, cell in enumerate(cells))
        panels.append(DotPanel(tuple(dots), ticks, name, y_title=result.about.measure.title))
    legend = (
        Sampled("points", "seed", COMPARED),
        Sampled("points", "seed of the baseline", BASELINE),
    )
    across = max(1, min(len(blocks), int(8 / widest)))
    return tuple(panels), legend, across, (0.7 + 1.15 * widest, 3.0)


def _grid(result: TableResult) -> Made:
    blocks = groups(result)
    settings = list(dict.fromkeys(cell.label for cell in result.cells))
    looks = dict(zip(settings, itertools.cycle(SETTINGS), strict=False))
    title = result.about.column_title
    panels = tuple(_grid_panel(name, cells, looks, title) for name, cells in blocks.items())
    legend = tuple(Sampled("points", f"seed, {name}", look) for name, look in looks.items())
    return panels, legend, min(len(blocks), PANELS_A_ROW), (3.9, 2.7)


def _grid_panel(
    name: str, cells: Sequence[CellResult], looks: dict[str, int], x_title: str
) -> DotPanel:
    columns, settings = list(dict.fromkeys(cell.column for cell in cells)), list(looks)
    dots = []
    for cell in cells:
        shift = (settings.index(cell.label) - (len(settings) - 1) / 2) * STEP
        dots.append(_dots(cell, columns.index(cell.column) + shift, looks[cell.label], says=False))
    present, planned = sum(cell.n for cell in cells), sum(cell.planned for cell in cells)
    if present:  # where it has none, its title says so
        bare = [c for c in columns if not any(x.n for x in cells if x.column == c)]
        dots += [Dots(columns.index(c), (), empty=wording.MISSING_CELL) for c in bare]
    return DotPanel(
        tuple(dots),
        tuple((float(index), column) for index, column in enumerate(columns)),
        name if present == planned else f"{name}: {present} of {planned} runs",
        x_title,
        cells[0].measure.title,
        borders=tuple(index - 0.5 for index in range(1, len(columns))),
        dense=True,
    )
