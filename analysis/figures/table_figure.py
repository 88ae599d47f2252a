"""A table as a figure: every seed, the median with its interval and the published value, by cell.

A table of pairs has a panel a part, whose comparisons stand side by side: the first cell of each
has filled points and the second open ones. Tables of rows and grids are drawn by
:mod:`analysis.figures.blocks`.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.documents import wording
from analysis.documents.notes import labels
from analysis.documents.results import CellResult, ComparisonResult, TableResult
from analysis.figures import encoding as figure_file
from analysis.figures import trained_blocks as figure_blocks
from analysis.figures.trained_marks import (
    FIRST,
    SECOND,
    Place,
    Scale,
    Size,
    Style,
    draw_cell,
    draw_missing,
    draw_scale,
    scale_of,
    seed_handle,
    shared_handles,
    watermark,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAIR_WIDTH = 2.6  # a comparison's two cells stand at 0 and 1, the next pair starts here
OF_FIRST, OF_SECOND = Style(FIRST), Style(SECOND, filled=False)
SIZE = Size()
STYLE: Any = {
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "0.88",
    "font.size": 8,
    "pdf.fonttype": 42,
}


def png(result: TableResult) -> bytes:
    """The figure at 200 dots per inch; the same bytes for the same result."""
    return figure_file.encoded(lambda: draw(result), _style(), "png")


def pdf(result: TableResult) -> bytes:
    """The figure as vectors; the same bytes for the same result."""
    return figure_file.encoded(lambda: draw(result), _style(), "pdf")


def _style() -> Any:
    return {**sns.axes_style("ticks"), **STYLE}


def draw(result: TableResult) -> Figure:
    """The figure, one panel a part of the table (all cells in one where nothing is compared)."""
    with matplotlib.rc_context(_style()):
        figure = Figure()
        figure.set_layout_engine("constrained")
        FigureCanvasAgg(figure)
        layouts = {"rows": figure_blocks.draw_rows, "grid": figure_blocks.draw_grid}
        handles = layouts.get(result.about.layout, _draw_pairs)(figure, result)
        if result.is_quick:
            for axis in figure.axes:
                watermark(axis)
        # At 9 points, some 13 characters an inch.
        figure.suptitle(_title(result, int(13 * figure.get_figwidth())), fontsize=9)
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=min(len(handles), int(figure.get_figwidth() / 1.25)),
            fontsize=7,
            frameon=False,
        )
    return figure


def _draw_pairs(figure: Figure, result: TableResult) -> list[Any]:
    panels = _panels(result)
    widest = max(len(places) for places in panels.values())
    figure.set_size_inches(max(5.5, 1.6 + 0.72 * widest), 1.3 + 2.5 * len(panels))
    axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    scale = scale_of(result.cells)
    for axis, places in zip(axes, panels.values(), strict=True):
        _panel(axis, places, scale)
    return [
        seed_handle(OF_FIRST, "seed, first of a pair"),
        seed_handle(OF_SECOND, "seed, second of a pair"),
        *shared_handles(result),
    ]


def _panels(result: TableResult) -> dict[str, list[Place]]:
    panels: dict[str, list[Place]] = {}
    for part, pairs in result.parts().items():
        panels[part] = [
            place
            for index, pair in enumerate(pairs)
            for place in (
                Place(result.cell(pair.first), index * PAIR_WIDTH, OF_FIRST, _heading(pair)),
                Place(result.cell(pair.second), index * PAIR_WIDTH + 1, OF_SECOND),
            )
        ]
    compared = {name for pair in result.comparisons for name in (pair.first, pair.second)}
    alone = [cell for cell in result.cells if cell.name not in compared]
    if alone:
        panels["not compared"] = [
            Place(cell, index * PAIR_WIDTH / 2, OF_FIRST) for index, cell in enumerate(alone)
        ]
    return panels


def _heading(pair: ComparisonResult) -> str:
    name = pair.name if pair.against == pair.second else f"{pair.name} against {pair.against}"
    p_value = wording.p_equals(pair)
    return f"{name}:  {p_value} {pair.stars}".rstrip() if p_value else name


def _panel(axis: Axes, places: Sequence[Place], scale: Scale) -> None:
    draw_scale(axis, scale)
    for place in places:
        draw_cell(axis, place, scale, SIZE)
        if not place.cell.n:
            draw_missing(axis, place.x, scale)
        top = axis.get_xaxis_transform()
        axis.text(place.x + 0.5, 1.01, place.heading, transform=top, ha="center", va="bottom")
    axis.set_xlim(places[0].x - 0.8, places[-1].x + 0.8)
    axis.set_xticks([p.x for p in places], [_tick(p.cell) for p in places], fontsize=7)
    axis.set_ylabel("test accuracy, last epoch")
    for left, right in itertools.pairwise(places):
        if right.heading:
            axis.axvline((left.x + right.x) / 2, color="0.85", linewidth=0.8)
    sns.despine(ax=axis)


def _tick(cell: CellResult) -> str:
    diverged = f"\n{cell.diverged} diverged" if cell.diverged else ""
    return f"{cell.kind}\n{cell.label}\n{wording.count(cell)}{diverged}"


def _title(result: TableResult, width: int) -> str:
    lines = [f"{result.about.title}: {result.about.caption}", *labels(result)]
    return "\n".join(textwrap.fill(line, width) for line in lines)
