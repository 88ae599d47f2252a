"""Curves over layers or epochs, and scatters of two measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from analysis.documents.panels import Curves
from analysis.figures.style import BORDER, look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_curves(axis: Axes, panel: Curves) -> None:
    """Each series as points with their intervals, as a line, or as both."""
    axis.grid(axis="y")
    if panel.reference is not None:
        axis.axhline(panel.reference, color="0.6", linewidth=0.8, zorder=0)
    for border in panel.borders:
        axis.axvline(border, **BORDER, zorder=0)
    for series in panel.series:
        look = look_of(series.look)
        if series.low:
            axis.vlines(series.x, series.low, series.high, color=look.color, linewidth=0.8)
        if series.line:
            axis.plot(series.x, series.y, **look.line, linewidth=1.0 if series.points else 1.3)
        if series.points:
            axis.plot(series.x, series.y, **look.point, linestyle="", markersize=3.4)
    if panel.whole:
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if panel.limits:
        axis.set_xlim(*panel.limits)
    axis.set_xlabel(panel.x_title)
    axis.set_ylabel(panel.y_title)
    axis.tick_params(labelleft=True)
