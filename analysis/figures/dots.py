"""Cells side by side, each value a point: pairs, rows, a few cells at each step of a strength.

A published value is a diamond, a diverged run a cross under the axis' lower end; a cell without
values keeps its place and says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.documents.panel_texts import cell_of, told
from analysis.documents.panels import DotPanel, Dots
from analysis.figures.hover import see_through, tell
from analysis.figures.style import PUBLISHED, look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Size(NamedTuple):
    """How large a cell is drawn: its points and bars, and how far they reach sideways."""

    point: float
    spread: float
    left: float
    right: float
    diamond: float
    caps: float


LOOSE, DENSE = Size(3.4, 0.2, 0.34, 0.3, 0.42, 2.5), Size(2.6, 0.07, 0.115, 0.1, 0.125, 1.6)


def draw_dots(axis: Axes, panel: DotPanel, together: Sequence[DotPanel]) -> None:
    """The panel's cells with ticks, headings and borders, on the scale of all panels."""
    scale = _draw_scale(axis, together, panel.decimals)
    axis.grid(axis="y")
    if panel.reference is not None:
        axis.axhline(panel.reference, color="0.6", linewidth=0.8, zorder=0)
    for dots in panel.dots:
        _draw_cell(axis, dots, scale, DENSE if panel.dense else LOOSE, panel.decimals)
    for border in panel.borders:
        axis.axvline(border, color="0.85", linewidth=0.8, zorder=0)
    places = [dots.x for dots in panel.dots] + [place for place, _ in panel.ticks]
    axis.set_xlim(min(places) - 0.6, max(places) + (0.5 if panel.dense else 0.7))
    axis.set_xticks(*zip(*panel.ticks, strict=True), fontsize=7)
    axis.tick_params(axis="x", rotation=90 if panel.upright else 0)
    axis.set_xlabel(panel.x_title)
    axis.set_ylabel(panel.y_title)
    if any(dots.heading for dots in panel.dots):
        axis.set_title(panel.title, pad=18, fontweight="bold")


def _draw_scale(
    axis: Axes, panels: Sequence[DotPanel], decimals: int
) -> tuple[float, float, float]:
    """The vertical axis, which holds what is drawn in the panels, with ticks from its low to its
    high end; diverged runs stand in a band below a line, down to the bottom."""
    cells = [dots for panel in panels for dots in panel.dots]
    values = [value for dots in cells for value in dots.values if math.isfinite(value)]
    values += [dots.published for dots in cells if dots.published is not None]
    values += [panel.reference for panel in panels if panel.reference is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = max(0.12 * (high - low), 10.0**-decimals)
    low, high = low - margin, high + margin
    bottom = low - (0.12 * (high - low) if any(dots.diverged for dots in cells) else 0.0)
    axis.set_ylim(bottom, high)
    if bottom < low:
        axis.axhline(low, color="0.6", linewidth=0.6, linestyle=":")
    ticks = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high)
    axis.set_yticks([tick for tick in ticks if low <= tick <= high])
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick_text(value, decimals)))
    return low, high, bottom


def _tick_text(value: float, decimals: int) -> str:
    """So many decimals at least, as many as the value needs."""
    text = f"{value:,.5f}".rstrip("0").rstrip(".")
    return text if len(text.partition(".")[2]) >= decimals else f"{value:,.{decimals}f}"


def _draw_cell(
    axis: Axes, dots: Dots, scale: tuple[float, float, float], size: Size, decimals: int
) -> None:
    """A cell's values, median with interval, published value and diverged runs."""
    low, high, bottom = scale
    finite = [value for value in dots.values if math.isfinite(value)]
    offsets = _offsets(finite, (high - low) / 45, size.spread)
    look = look_of(dots.look)
    points: Any = {"linestyle": "", "markersize": size.point, "alpha": 0.85, "zorder": 2}
    if finite:
        (drawn,) = axis.plot([dots.x + o for o in offsets], finite, **points, **look.point)
        tell(drawn, *_told(dots, decimals))
    if dots.median is not None:
        _median(axis, dots, dots.median, size)
    if dots.published is not None:
        across = dots.x + size.diamond
        printed = (
            {**PUBLISHED, "markerfacecolor": look.point["markerfacecolor"]}
            if size is DENSE
            else PUBLISHED
        )
        look_of_it: Any = {**printed, "markersize": size.point + 1.1, "zorder": 4}
        (diamond,) = axis.plot(across, dots.published, **look_of_it)
        tell(diamond, f"{cell_of(dots)}, published: {_tick_text(dots.published, decimals)}")
    if dots.diverged:  # a cross for each, side by side under the dotted line
        step = min(0.65 * size.spread, 4 * size.spread / dots.diverged)
        places = [dots.x + (i - (dots.diverged - 1) / 2) * step for i in range(dots.diverged)]
        crosses: Any = {"linestyle": "", "marker": "x", "markersize": 4, "color": "black"}
        axis.plot(places, [(low + bottom) / 2] * dots.diverged, **crosses)
    if dots.empty:
        middle: Any = {"ha": "center", "va": "center", "color": "0.35", "fontstyle": "italic"}
        axis.text(dots.x, (low + high) / 2, dots.empty, rotation=90, **middle)
    top: Any = {"transform": axis.get_xaxis_transform(), "ha": "center", "va": "bottom"}
    axis.text(dots.x, 1.01, dots.heading, **top, fontsize=7)


def _told(dots: Dots, decimals: int) -> list[str]:
    """Whose each finite value is, with its seed where that is known."""
    seeds = [f"seed {seed}" for seed in dots.seeds] or [""] * len(dots.values)
    return [
        f"{told(cell_of(dots), seed)}: {_tick_text(value, decimals)}"
        for seed, value in zip(seeds, dots.values, strict=True)
        if math.isfinite(value)
    ]


def _median(axis: Axes, dots: Dots, median: float, size: Size) -> None:
    """A bar at the median and the interval as a line with caps, left of the points."""
    left, right = dots.x - size.left, dots.x + size.right
    see_through(axis.hlines(median, left, right, color="black", linewidth=1.4, zorder=3))
    if dots.interval is not None:
        low, high = (max(end, axis.get_ylim()[0]) for end in dots.interval)
        bar: Any = {"color": "black", "linewidth": 1, "capsize": size.caps, "zorder": 3}
        axis.errorbar(left, median, yerr=[[median - low], [high - median]], **bar)


def _offsets(values: Sequence[float], near: float, spread: float) -> list[float]:
    """Sideways offsets, in the values' order, that keep points closer than ``near`` apart."""
    lanes = [0.0, *(side * step * spread / 3 for step in range(1, 4) for side in (1, -1))]
    last = dict.fromkeys(lanes, -math.inf)
    offsets = [0.0] * len(values)
    for index in sorted(range(len(values)), key=lambda i: values[i]):
        free = [lane for lane in lanes if values[index] - last[lane] >= near]
        lane = free[0] if free else min(lanes, key=lambda lane: last[lane])
        last[lane] = values[index]
        offsets[index] = lane
    return offsets
