"""A table as a figure: every seed, the median with its interval and the published value, by cell.

Readable in grey: the first cell of a comparison has filled points and the second open ones, the
published value is a diamond, a diverged run a cross under the axis' lower end. A cell without runs
keeps its place and says so.
"""

from __future__ import annotations

import io
import itertools
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis import wording
from analysis.notes import labels
from analysis.results import CellResult, ComparisonResult, TableResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 200
FIRST, SECOND = "#1f4e79", "#c55a11"  # dark blue, orange: far apart in grey too
PAIR_WIDTH = 2.6  # a comparison's two cells stand at 0 and 1, the next pair starts here
SPREAD = 0.2  # largest sideways offset of a seed's point
STYLE: Any = {
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "0.88",
    "font.size": 8,
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class _Place:
    """Where a cell stands on its panel's axis; a pair's first cell carries its heading."""

    cell: CellResult
    x: float
    is_first: bool
    heading: str = ""


@dataclass(frozen=True)
class _Scale:
    """The accuracies from ``low`` to ``high``, and a band down to ``bottom`` for diverged runs."""

    low: float
    high: float
    bottom: float


def png(result: TableResult) -> bytes:
    """The figure at 200 dots per inch; the same bytes for the same result."""
    return _save(result, "png", {"Software": None})


def pdf(result: TableResult) -> bytes:
    """The figure as vectors; the same bytes for the same result."""
    return _save(result, "pdf", {"CreationDate": None, "Producer": None, "Creator": None})


def draw(result: TableResult) -> Figure:
    """The figure, one panel a part of the table (all cells in one where nothing is compared)."""
    with matplotlib.rc_context({**sns.axes_style("ticks"), **STYLE}):
        panels = _panels(result)
        widest = max(len(places) for places in panels.values())
        figure = Figure(figsize=(max(5.5, 1.6 + 0.72 * widest), 1.3 + 2.5 * len(panels)))
        figure.set_layout_engine("constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
        scale = _scale(result)
        for axis, places in zip(axes, panels.values(), strict=True):
            _panel(axis, places, scale)
            if result.is_quick:
                _watermark(axis)
        # At 9 points, some 13 characters an inch.
        figure.suptitle(_title(result, int(13 * figure.get_figwidth())), fontsize=9)
        figure.legend(
            handles=_legend(result), loc="outside lower center", ncols=5, fontsize=7, frameon=False
        )
    return figure


def _save(result: TableResult, kind: str, metadata: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with matplotlib.rc_context({**sns.axes_style("ticks"), **STYLE}):
        draw(result).savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
    return buffer.getvalue()


def _panels(result: TableResult) -> dict[str, list[_Place]]:
    panels: dict[str, list[_Place]] = {}
    for part, pairs in result.parts().items():
        panels[part] = [
            place
            for index, pair in enumerate(pairs)
            for place in (
                _Place(result.cell(pair.first), index * PAIR_WIDTH, True, _heading(pair)),
                _Place(result.cell(pair.second), index * PAIR_WIDTH + 1, False),
            )
        ]
    compared = {name for pair in result.comparisons for name in (pair.first, pair.second)}
    alone = [cell for cell in result.cells if cell.name not in compared]
    if alone:
        panels["not compared"] = [
            _Place(cell, index * PAIR_WIDTH / 2, True) for index, cell in enumerate(alone)
        ]
    return panels


def _heading(pair: ComparisonResult) -> str:
    name = pair.name if pair.against == pair.second else f"{pair.name} against {pair.against}"
    if pair.test is None:
        return name
    p_value = wording.p_value(pair.test.p_value)
    sign = "" if p_value.startswith("<") else "= "
    return f"{name}:  p {sign}{p_value} {pair.stars}".rstrip()


def _scale(result: TableResult) -> _Scale:
    """One scale for all panels, from what is drawn; diverged runs stand in a band below it."""
    values = [run.accuracy for cell in result.cells for run in cell.runs if not run.diverged]
    values += [float(cell.published) for cell in result.cells if cell.published]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = max(0.12 * (high - low), 0.001)
    low, high = low - margin, high + margin
    band = 0.12 * (high - low) if any(cell.diverged for cell in result.cells) else 0.0
    return _Scale(low, high, low - band)


def _panel(axis: Axes, places: Sequence[_Place], scale: _Scale) -> None:
    axis.set_ylim(scale.bottom, scale.high)
    if scale.bottom < scale.low:
        axis.axhline(scale.low, color="0.6", linewidth=0.6, linestyle=":")
    for place in places:
        _cell(axis, place, scale)
        top = axis.get_xaxis_transform()
        axis.text(place.x + 0.5, 1.01, place.heading, transform=top, ha="center", va="bottom")
    axis.set_xlim(places[0].x - 0.8, places[-1].x + 0.8)
    axis.set_xticks([p.x for p in places], [_tick(p.cell) for p in places], fontsize=7)
    ticks = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(scale.low, scale.high)
    axis.set_yticks([tick for tick in ticks if scale.low <= tick <= scale.high])
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.axis(value)))
    axis.set_ylabel("test accuracy, last epoch")
    for left, right in itertools.pairwise(places):
        if right.heading:
            axis.axvline((left.x + right.x) / 2, color="0.85", linewidth=0.8)
    sns.despine(ax=axis)


def _watermark(axis: Axes) -> None:
    axis.text(
        0.5,
        0.5,
        "QUICK",
        transform=axis.transAxes,
        fontsize=44,
        color="0.93",
        ha="center",
        va="center",
        zorder=0,
    )


def _tick(cell: CellResult) -> str:
    diverged = f"\n{cell.diverged} diverged" if cell.diverged else ""
    return f"{cell.kind}\n{cell.label}\n{wording.count(cell)}{diverged}"


def _cell(axis: Axes, place: _Place, scale: _Scale) -> None:
    cell, color = place.cell, FIRST if place.is_first else SECOND
    finite = [run.accuracy for run in cell.runs if not run.diverged]
    axis.plot(
        [place.x + offset for offset in _offsets(finite, (scale.high - scale.low) / 45)],
        finite,
        linestyle="",
        marker="o",
        markersize=3.4,
        markerfacecolor=color if place.is_first else "white",
        markeredgecolor=color,
        markeredgewidth=0.8,
        alpha=0.85,
        zorder=2,
    )
    _median(axis, place)
    if cell.published:
        axis.plot(
            place.x + 0.42,
            float(cell.published),
            marker="D",
            markersize=4.5,
            markerfacecolor="0.75",
            markeredgecolor="black",
            markeredgewidth=0.8,
            zorder=4,
        )
    if cell.diverged:
        _diverged(axis, place, (scale.low + scale.bottom) / 2)
    if not cell.n:
        axis.text(
            place.x,
            (scale.low + scale.high) / 2,
            "missing",
            rotation=90,
            ha="center",
            va="center",
            color="0.35",
            fontstyle="italic",
        )


def _median(axis: Axes, place: _Place) -> None:
    """A bar at the median and the interval as a line with caps, left of the points."""
    cell = place.cell
    if cell.median is None or cell.median < 0:
        return
    axis.hlines(cell.median, place.x - 0.34, place.x + 0.3, color="black", linewidth=1.4, zorder=3)
    if cell.interval is None:
        return
    low, high = (max(end, axis.get_ylim()[0]) for end in (cell.interval.low, cell.interval.high))
    axis.errorbar(
        place.x - 0.34,
        cell.median,
        yerr=[[cell.median - low], [high - cell.median]],
        color="black",
        linewidth=1,
        capsize=2.5,
        zorder=3,
    )


def _diverged(axis: Axes, place: _Place, height: float) -> None:
    """A cross for each diverged run, side by side under the dotted line."""
    count = place.cell.diverged
    step = min(0.13, 0.8 / count)
    axis.plot(
        [place.x + (index - (count - 1) / 2) * step for index in range(count)],
        [height] * count,
        linestyle="",
        marker="x",
        markersize=4,
        color="black",
        markeredgewidth=1,
    )


def _offsets(values: Sequence[float], near: float) -> list[float]:
    """Sideways offsets, in the values' order, that keep points closer than ``near`` apart."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    lanes = [0.0]
    for step in range(1, 4):
        lanes += [step * SPREAD / 3, -step * SPREAD / 3]
    last = dict.fromkeys(lanes, -math.inf)
    offsets = [0.0] * len(values)
    for index in order:
        free = [lane for lane in lanes if values[index] - last[lane] >= near]
        lane = free[0] if free else min(lanes, key=lambda lane: last[lane])
        last[lane] = values[index]
        offsets[index] = lane
    return offsets


def _title(result: TableResult, width: int) -> str:
    lines = [f"{result.about.title}: {result.about.caption}", *labels(result)]
    return "\n".join(textwrap.fill(line, width) for line in lines)


def _median_label(result: TableResult) -> str:
    has_interval = any(cell.interval for cell in result.cells)
    return f"median, {100 * result.confidence:.0f} % interval" if has_interval else "median"


def _legend(result: TableResult) -> list[Line2D]:
    def marker(shape: str, label: str, face: str, edge: str) -> Line2D:
        return Line2D(
            [],
            [],
            linestyle="",
            marker=shape,
            markerfacecolor=face,
            markeredgecolor=edge,
            markersize=4.5,
            label=label,
        )

    handles = [
        marker("o", "seed, first of a pair", FIRST, FIRST),
        marker("o", "seed, second of a pair", "white", SECOND),
        Line2D([], [], color="black", linewidth=1.4, label=_median_label(result)),
    ]
    if any(cell.published for cell in result.cells):
        handles.append(marker("D", "published", "0.75", "black"))
    if any(cell.diverged for cell in result.cells):
        handles.append(marker("x", "diverged seed", "black", "black"))
    return handles
