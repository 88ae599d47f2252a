"""The marks that every figure of a trained table is drawn with: seeds, medians, printed values.

Readable in grey: what is compared differs by filling or shape as well as by colour, the published
value is a diamond, a diverged run a cross under the axis' lower end. A cell without runs keeps its
place and says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.documents import wording
from analysis.documents.results import CellResult, TableResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIRST, SECOND, THIRD = "#1f4e79", "#c55a11", "#7fb38a"  # far apart in grey too


@dataclass(frozen=True)
class Style:
    """How a cell's seeds look."""

    color: str
    marker: str = "o"
    filled: bool = True


@dataclass(frozen=True)
class Size:
    """How large a cell is drawn: its points and bars, and how far they reach sideways."""

    point: float = 3.4
    spread: float = 0.2
    left: float = 0.34
    right: float = 0.3
    diamond: float = 0.42
    caps: float = 2.5


@dataclass(frozen=True)
class Place:
    """Where a cell stands on its panel's axis, with the heading above it and the filling of its
    published value's diamond."""

    cell: CellResult
    x: float
    style: Style
    heading: str = ""
    printed: str = "0.75"


@dataclass(frozen=True)
class Scale:
    """The accuracies from ``low`` to ``high``, and a band down to ``bottom`` for diverged runs."""

    low: float
    high: float
    bottom: float


def scale_of(cells: Sequence[CellResult]) -> Scale:
    """A scale that holds what is drawn of the cells; diverged runs stand in a band below it."""
    values = [run.accuracy for cell in cells for run in cell.runs if not run.diverged]
    values += [cell.published_share for cell in cells if cell.published_share is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = max(0.12 * (high - low), 0.001)
    low, high = low - margin, high + margin
    band = 0.12 * (high - low) if any(cell.diverged for cell in cells) else 0.0
    return Scale(low, high, low - band)


def draw_scale(axis: Axes, scale: Scale) -> None:
    """The vertical axis: limits, ticks within the scale and the line above the diverged runs."""
    axis.set_ylim(scale.bottom, scale.high)
    if scale.bottom < scale.low:
        axis.axhline(scale.low, color="0.6", linewidth=0.6, linestyle=":")
    ticks = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(scale.low, scale.high)
    axis.set_yticks([tick for tick in ticks if scale.low <= tick <= scale.high])
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.axis(value)))


def draw_cell(axis: Axes, place: Place, scale: Scale, size: Size) -> None:
    """A cell's seeds, median with interval, published value and diverged runs."""
    cell, style = place.cell, place.style
    finite = [run.accuracy for run in cell.runs if not run.diverged]
    offsets = _offsets(finite, (scale.high - scale.low) / 45, size.spread)
    axis.plot(
        [place.x + offset for offset in offsets],
        finite,
        linestyle="",
        marker=style.marker,
        markersize=size.point,
        markerfacecolor=style.color if style.filled else "white",
        markeredgecolor=style.color,
        markeredgewidth=0.8,
        alpha=0.85,
        zorder=2,
    )
    _median(axis, place, size)
    if cell.published_share is not None:
        axis.plot(
            place.x + size.diamond,
            cell.published_share,
            marker="D",
            markersize=size.point + 1.1,
            markerfacecolor=place.printed,
            markeredgecolor="black",
            markeredgewidth=0.8,
            zorder=4,
        )
    if cell.diverged:
        _diverged(axis, place, (scale.low + scale.bottom) / 2, size)


def draw_missing(axis: Axes, x: float, scale: Scale) -> None:
    """The word in the place of a cell without runs."""
    axis.text(
        x,
        (scale.low + scale.high) / 2,
        "missing",
        rotation=90,
        ha="center",
        va="center",
        color="0.35",
        fontstyle="italic",
    )


def watermark(axis: Axes) -> None:
    """QUICK behind everything."""
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


def seed_handle(style: Style, label: str) -> Line2D:
    """A seed's point for the legend."""
    return _handle(style.marker, label, style.color if style.filled else "white", style.color)


def shared_handles(result: TableResult) -> list[Line2D]:
    """The legend of what every figure has: medians, published values, diverged runs."""
    has_interval = any(cell.interval for cell in result.cells)
    label = f"median, {100 * result.confidence:.0f} % interval" if has_interval else "median"
    handles = [Line2D([], [], color="black", linewidth=1.4, label=label)]
    if any(cell.published for cell in result.cells):
        handles.append(_handle("D", "published", "0.75", "black"))
    if any(cell.diverged for cell in result.cells):
        handles.append(_handle("x", "diverged seed", "black", "black"))
    return handles


def _handle(shape: str, label: str, face: str, edge: str) -> Line2D:
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


def _median(axis: Axes, place: Place, size: Size) -> None:
    """A bar at the median and the interval as a line with caps, left of the points."""
    cell = place.cell
    if cell.median is None or cell.median < 0:
        return
    left, right = place.x - size.left, place.x + size.right
    axis.hlines(cell.median, left, right, color="black", linewidth=1.4, zorder=3)
    if cell.interval is None:
        return
    low, high = (max(end, axis.get_ylim()[0]) for end in (cell.interval.low, cell.interval.high))
    axis.errorbar(
        left,
        cell.median,
        yerr=[[cell.median - low], [high - cell.median]],
        color="black",
        linewidth=1,
        capsize=size.caps,
        zorder=3,
    )


def _diverged(axis: Axes, place: Place, height: float, size: Size) -> None:
    """A cross for each diverged run, side by side under the dotted line."""
    count = place.cell.diverged
    step = min(0.65 * size.spread, 4 * size.spread / count)
    axis.plot(
        [place.x + (index - (count - 1) / 2) * step for index in range(count)],
        [height] * count,
        linestyle="",
        marker="x",
        markersize=4,
        color="black",
        markeredgewidth=1,
    )


def _offsets(values: Sequence[float], near: float, spread: float) -> list[float]:
    """Sideways offsets, in the values' order, that keep points closer than ``near`` apart."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    lanes = [0.0]
    for step in range(1, 4):
        lanes += [step * spread / 3, -step * spread / 3]
    last = dict.fromkeys(lanes, -math.inf)
    offsets = [0.0] * len(values)
    for index in order:
        free = [lane for lane in lanes if values[index] - last[lane] >= near]
        lane = free[0] if free else min(lanes, key=lambda lane: last[lane])
        last[lane] = values[index]
        offsets[index] = lane
    return offsets
