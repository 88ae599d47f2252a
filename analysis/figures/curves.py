"""Curves over layers or epochs, and bars beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from analysis.documents.panels import Curves, Series
from analysis.figures.style import BORDER, look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BARS = 0.8  # of the distance between two places, for the bars at each


def draw_curves(axis: Axes, panel: Curves, _together: Sequence[Curves]) -> None:
    """Each series as bars, or as points and lines with their intervals or band."""
    axis.grid(axis="y")
    if panel.reference is not None:
        axis.axhline(panel.reference, color="0.6", linewidth=0.8, zorder=0)
    for border in panel.borders:
        axis.axvline(border, **BORDER, zorder=0)
    barred = [series for series in panel.series if series.bars]
    for series in panel.series:
        if series.bars:
            _bars(axis, series, BARS / len(barred), barred.index(series) - (len(barred) - 1) / 2)
        else:
            _curve(axis, series)
    if panel.log:
        axis.set_yscale("log")
    if panel.ticks:
        axis.set_xticks(*zip(*panel.ticks, strict=True))
        axis.tick_params(axis="x", rotation=90 if max(len(t) for _, t in panel.ticks) > 3 else 0)
    elif panel.whole:
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if panel.limits:
        axis.set_xlim(*panel.limits)
    axis.set_xlabel(panel.x_title)
    axis.set_ylabel(panel.y_title)
    axis.tick_params(labelleft=True)


def _curve(axis: Axes, series: Series) -> None:
    look = look_of(series.look)
    if series.band:
        axis.fill_between(series.x, series.low, series.high, color=look.color, alpha=0.18, lw=0)
    elif series.low:
        axis.vlines(series.x, series.low, series.high, color=look.color, linewidth=0.8)
    if series.line:
        axis.plot(series.x, series.y, **look.line, linewidth=1.0 if series.points else 1.3)
    if series.points:
        (drawn,) = axis.plot(series.x, series.y, **look.point, linestyle="", markersize=3.4)
        drawn.set_gid("|".join(["values", *(f"{value:.6g}" for value in series.y)]))


def _bars(axis: Axes, series: Series, width: float, place: float) -> None:
    """Bars beside those of the other series, with their intervals."""
    middles = [x + place * width for x in series.x]
    axis.bar(middles, series.y, width, **look_of(series.look).bar)
    if series.low:
        axis.vlines(middles, series.low, series.high, color="black", linewidth=0.8)
