"""An analysed table's figures: every seed with the median and the published value, and how the
runs learned.

Pairs stand side by side, the first cell of each with filled points and the second with open ones.
Rows and grids have a panel a group, each with its own scale; in a grid the settings stand side by
side at each column. Learning curves have a panel a pair, a group, or a column of a grid's group.
"""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from analysis.documents import table_cells
from analysis.documents.panels import Curves, DotPanel, Dots, FigureBlock, Sampled, over_seeds
from analysis.documents.table_notes import labels
from analysis.tables.results import CellResult, TableResult
from analysis.verdicts.measure import Measure, accuracy_beside

COMPARED, BASELINE = 0, 1
# Looks of a grid's settings in their order; the first is the baseline.
SETTINGS = (1, 0, 3, 2, 4, 5, 6, 7)
PAIR_WIDTH = 2.6  # a comparison's two cells stand at 0 and 1, the next pair starts here
PANELS_A_ROW, CURVES_A_ROW, LABEL_WIDTH = 3, 4, 16
MOST_ROWS = 150  # cells in rows that a page can show side by side
STEP = 0.29  # between the settings at one column of a grid
Made = tuple[tuple[DotPanel, ...], tuple[Sampled, ...], int, tuple[float, float]]


def figures(result: TableResult) -> list[FigureBlock]:
    """Every seed, and the learning curves where runs were evaluated more than once; nothing of
    more rows than a page can show."""
    about = result.about
    if about.layout == "rows" and len(result.cells) > MOST_ROWS:
        return []
    make = {"rows": _rows, "grid": _grid}.get(about.layout, _pairs)
    panels, seeds, across, size = make(result)
    share = "y" if make is _pairs else ""
    watermark = "" if result.has_levels else about.protocol.upper()
    title = (f"{about.title}: {about.caption}", *labels(result))
    legend = (*seeds, *_legend(result))
    figure = FigureBlock(panels, legend, "seeds", across, size, title, share, "", watermark)
    if not any(len(curve) > 1 for curves in result.curves.values() for curve in curves):
        return [figure]
    drawn, legend = _curves(result)
    title = (*title, "median over the seeds at each evaluated epoch, band between their quartiles")
    placed: Any = {"across": min(len(drawn), CURVES_A_ROW), "size": (2.6, 2.0), "title": title}
    return [figure, replace(figure, panels=drawn, legend=legend, name="curves", **placed)]


def _curves(result: TableResult) -> tuple[tuple[Curves, ...], tuple[Sampled, ...]]:
    """Panels of the cells that are compared with each other, where a run is in, and what their
    lines are."""
    panels: dict[str, dict[str, int]] = {}
    names = {"first of a pair": COMPARED, "second of a pair": BASELINE}
    of_cells = {cell.name: cell.name for cell in result.cells}
    if result.about.layout == "pairs":
        for pair in result.comparisons:
            title = f"{pair.name}: {pair.first}\nand {pair.second}"
            panels[title] = {pair.second: BASELINE, pair.first: COMPARED}
        panels |= {cell.name: {cell.name: COMPARED} for cell in _alone(result)}
    else:
        looks = looks_of(cell.label for cell in result.cells)
        column_title = result.about.column_title
        names, of_cells = dict(looks), {cell.name: cell.label for cell in result.cells}
        for cell in result.cells:
            is_column = cell.column and column_title
            title = f"{cell.group}, {column_title} = {cell.column}" if is_column else cell.group
            panels.setdefault(title, {})[cell.name] = looks[cell.label]
    measure = accuracy_beside(result.about.measure)
    drawn = tuple(
        Curves(
            tuple(
                over_seeds(result.curves.get(name, ()), look, measure.scale, of_cells[name])
                for name, look in panel.items()
            ),
            title,
            "epoch",
            "test accuracy, %" if measure.percent else "test accuracy",
        )
        for title, panel in panels.items()
        if any(result.curves.get(name) for name in panel)
    )
    return drawn, tuple(Sampled("line", name, look) for name, look in names.items())


def axis_title(measure: Measure) -> str:
    """What an axis of its values says, which are in percent where the paper prints percent."""
    return f"{measure.title}, %" if measure.percent else measure.title


def _axis_decimals(measure: Measure) -> int:
    if measure.is_share:
        return 1 if measure.percent else 3
    return measure.decimals


def looks_of(settings: Iterable[str]) -> Mapping[str, int]:
    """A look for each of a grid's settings, in all figures of a table; they may be repeated."""
    return dict(zip(dict.fromkeys(settings), itertools.cycle(SETTINGS), strict=False))


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
    """In percent where the paper prints percent; named by the whole cell, as its runs are."""
    scale, published = cell.measure.scale, cell.published_share
    is_number = cell.median is not None and math.isfinite(cell.median)
    median = cell.median if is_number else None
    finished = [run for run in cell.runs if not run.diverged]
    return Dots(
        x,
        tuple(scale * run.value for run in finished),
        look,
        None if median is None else scale * median,
        (scale * cell.interval.low, scale * cell.interval.high) if cell.interval else None,
        scale * published if cell.delta is not None and published is not None else None,
        cell.diverged,
        heading,
        "" if cell.n or not says else table_cells.MISSING_CELL,
        cell.name,
        seeds=tuple(run.seed for run in finished),
    )


def _tick(cell: CellResult, kind: str = "") -> str:
    label = textwrap.fill(cell.label, LABEL_WIDTH, break_long_words=False)
    diverged = [f"{cell.diverged} diverged"] if cell.diverged else []
    return "\n".join([*([kind] if kind else []), label, cell.count, *diverged])


def _panel(result: TableResult, placed: Sequence[tuple[Dots, str]], name: str = "") -> DotPanel:
    """Dots with their ticks; those that only head a pair have none."""
    ticks = tuple((float(dots.x), tick) for dots, tick in placed if tick)
    dots, measure = tuple(d for d, _ in placed), result.about.measure
    return DotPanel(
        dots, ticks, name, y_title=axis_title(measure), decimals=_axis_decimals(measure)
    )


def _pairs(result: TableResult) -> Made:
    """A panel a part of the table, and one for cells that are compared with nothing."""
    panels = []
    for pairs in result.parts().values():
        placed = []
        for index, pair in enumerate(pairs):
            name, x = pair.name, index * PAIR_WIDTH
            name += "" if pair.against == pair.second else f" against {pair.against}"
            heading = ":  ".join(filter(None, [name, table_cells.tested(pair)]))
            first, second = result.cell(pair.first), result.cell(pair.second)
            placed += [
                (_dots(first, x, COMPARED), _tick(first, first.kind)),
                (_dots(second, x + 1, BASELINE), _tick(second, second.kind)),
                (Dots(x + 0.5, (), heading=heading), ""),
            ]
        borders = tuple(index * PAIR_WIDTH - PAIR_WIDTH + 1.8 for index in range(1, len(pairs)))
        panels.append(replace(_panel(result, placed), borders=borders))
    if alone := _alone(result):
        places = [(index * PAIR_WIDTH / 2, cell) for index, cell in enumerate(alone)]
        placed = [(_dots(cell, x, COMPARED), _tick(cell, cell.kind)) for x, cell in places]
        panels.append(_panel(result, placed))
    widest = max(len(panel.ticks) for panel in panels)
    legend = (
        Sampled("points", "seed, first of a pair", COMPARED),
        Sampled("points", "seed, second of a pair", BASELINE),
    )
    return tuple(panels), legend, 1, (1.6 + 0.72 * widest, 2.5)


def _alone(result: TableResult) -> list[CellResult]:
    compared = {name for pair in result.comparisons for name in (pair.first, pair.second)}
    return [cell for cell in result.cells if cell.name not in compared]


def _rows(result: TableResult) -> Made:
    blocks, tested = result.groups(), result.tested()
    baselines = {pair.second for pair in result.comparisons} - tested.keys()
    widest = max(len(cells) for cells in blocks.values())
    panels = []
    for name, cells in blocks.items():
        placed = []
        for index, cell in enumerate(cells):
            pair = tested.get(cell.name)
            look = BASELINE if cell.name in baselines else COMPARED
            heading = table_cells.tested(pair) if pair else ""
            placed.append((_dots(cell, index, look, heading), _tick(cell)))
        panels.append(_panel(result, placed, name))
    legend = [Sampled("points", "seed", COMPARED)]
    if baselines:
        legend.append(Sampled("points", "seed of the baseline", BASELINE))
    across = max(1, min(len(blocks), int(8 / widest)))
    return tuple(panels), tuple(legend), across, (0.7 + 1.15 * widest, 3.0)


def _grid(result: TableResult) -> Made:
    blocks, looks = result.groups(), looks_of(cell.label for cell in result.cells)
    title = result.about.column_title
    panels = tuple(_grid_panel(name, cells, looks, title) for name, cells in blocks.items())
    legend = tuple(Sampled("points", f"seed, {name}", look) for name, look in looks.items())
    return panels, legend, min(len(blocks), PANELS_A_ROW), (3.9, 2.7)


def _grid_panel(
    name: str, cells: Sequence[CellResult], looks: Mapping[str, int], x_title: str
) -> DotPanel:
    columns, settings = list(dict.fromkeys(cell.column for cell in cells)), list(looks)
    apart = max(1.0, (len(settings) + 0.5) * STEP)  # from column to column
    dots = []
    for cell in cells:
        shift = (settings.index(cell.label) - (len(settings) - 1) / 2) * STEP
        place = columns.index(cell.column) * apart + shift
        found = _dots(cell, place, looks[cell.label], says=False)
        dots.append(replace(found, name=cell.label, at=cell.column))
    present, planned = sum(cell.n for cell in cells), sum(cell.planned for cell in cells)
    if present:  # where it has none, its title says so
        bare = [c for c in columns if not any(x.n for x in cells if x.column == c)]
        dots += [Dots(columns.index(c) * apart, (), empty=table_cells.MISSING_CELL) for c in bare]
    return DotPanel(
        tuple(dots),
        tuple((index * apart, column) for index, column in enumerate(columns)),
        name if present == planned else f"{name}: {present} of {planned} runs",
        x_title,
        axis_title(cells[0].measure),
        borders=tuple((index - 0.5) * apart for index in range(1, len(columns))),
        dense=True,
        decimals=_axis_decimals(cells[0].measure),
    )
