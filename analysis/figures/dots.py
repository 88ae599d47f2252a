"""Cells side by side, each value a point: pairs, rows, a few cells at each step of a strength.

A published value is a diamond, a diverged run a cross under the axis' lower end; a cell without
values keeps its place and says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.documents.panels import DotPanel, Dots
from analysis.figures.style import DIAMOND, look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Size:
    """How large a cell is drawn: its points and bars, and how far they reach sideways."""

    point: float = 3.4
    spread: float = 0.2
    left: float = 0.34
    right: float = 0.3
    diamond: float = 0.42
    caps: float = 2.5


LOOSE, DENSE = Size(), Size(2.6, 0.07, 0.115, 0.1, 0.125, 1.6)


@dataclass(frozen=True)
class Scale:
    """The values from ``low`` to ``high``, and a band down to ``bottom`` for diverged runs."""

    low: float
    high: float
    bottom: float


def _scale(panels: Sequence[DotPanel]) -> Scale:
    """A scale that holds what is drawn in the panels; diverged runs stand in a band below it."""
    dots = [d for panel in panels for d in panel.dots]
    values = [value for d in dots for value in d.values if math.isfinite(value)]
    values += [d.published for d in dots if d.published is not None]
    values += [panel.reference for panel in panels if panel.reference is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = max(0.12 * (high - low), 0.001)
    low, high = low - margin, high + margin
    band = 0.12 * (high - low) if any(d.diverged for d in dots) else 0.0
    return Scale(low, high, low - band)


def draw_dots(axis: Axes, panel: DotPanel, together: Sequence[DotPanel]) -> None:
    """The panel's cells with ticks, headings and borders, on the scale of all panels."""
    scale = _scale(together)
    _draw_scale(axis, scale)
    axis.grid(axis="y")
    if panel.reference is not None:
        axis.axhline(panel.reference, color="0.6", linewidth=0.8, zorder=0)
    for dots in panel.dots:
        _draw_cell(axis, dots, scale, DENSE if panel.dense else LOOSE)
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


def _draw_scale(axis: Axes, scale: Scale) -> None:
    """The vertical axis: limits, ticks within the scale and the line above the diverged runs."""
    axis.set_ylim(scale.bottom, scale.high)
    if scale.bottom < scale.low:
        axis.axhline(scale.low, color="0.6", linewidth=0.6, linestyle=":")
    ticks = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(scale.low, scale.high)
    axis.set_yticks([tick for tick in ticks if scale.low <= tick <= scale.high])
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick_text(value)))


def _tick_text(value: float) -> str:
    """Three decimals at least, as many as the value needs."""
    text = f"{value:.5f}".rstrip("0")
    return text if len(text.partition(".")[2]) >= 3 else f"{value:.3f}"


def _draw_cell(axis: Axes, dots: Dots, scale: Scale, size: Size) -> None:
    """A cell's values, median with interval, published value and diverged runs."""
    finite = [value for value in dots.values if math.isfinite(value)]
    offsets = _offsets(finite, (scale.high - scale.low) / 45, size.spread)
    places = [dots.x + offset for offset in offsets]
    look = look_of(dots.look)
    points: Any = {"linestyle": "", "markersize": size.point, "alpha": 0.85, "zorder": 2}
    if finite:
        axis.plot(places, finite, **points, **look.point)
    if dots.median is not None:
        _median(axis, dots, dots.median, size)
    if dots.published is not None:
        across = dots.x + size.diamond
        printed = {**DIAMOND, "markerfacecolor": look.face} if size is DENSE else DIAMOND
        axis.plot(across, dots.published, **printed, markersize=size.point + 1.1, zorder=4)
    if dots.diverged:
        _diverged(axis, dots, (scale.low + scale.bottom) / 2, size)
    if dots.empty:
        middle: Any = {"ha": "center", "va": "center", "color": "0.35", "fontstyle": "italic"}
        axis.text(dots.x, (scale.low + scale.high) / 2, dots.empty, rotation=90, **middle)
    top: Any = {"transform": axis.get_xaxis_transform(), "ha": "center", "va": "bottom"}
    axis.text(dots.x, 1.01, dots.heading, **top, fontsize=7)


def _median(axis: Axes, dots: Dots, median: float, size: Size) -> None:
    """A bar at the median and the interval as a line with caps, left of the points."""
    left, right = dots.x - size.left, dots.x + size.right
    axis.hlines(median, left, right, color="black", linewidth=1.4, zorder=3)
    if dots.interval is None:
        return
    low, high = (max(end, axis.get_ylim()[0]) for end in dots.interval)
    bar: Any = {"color": "black", "linewidth": 1, "capsize": size.caps, "zorder": 3}
    axis.errorbar(left, median, yerr=[[median - low], [high - median]], **bar)


def _diverged(axis: Axes, dots: Dots, height: float, size: Size) -> None:
    """A cross for each diverged run, side by side under the dotted line."""
    step = min(0.65 * size.spread, 4 * size.spread / dots.diverged)
    across = [dots.x + (i - (dots.diverged - 1) / 2) * step for i in range(dots.diverged)]
    crosses: Any = {"linestyle": "", "marker": "x", "markersize": 4, "color": "black"}
    axis.plot(across, [height] * dots.diverged, **crosses)


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
