"""Curves over layers or epochs, and bars beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import MaxNLocator

from analysis.documents.panel_texts import places, told, values
from analysis.documents.panels import Curves, Series
from analysis.figures.hover import tell
from analysis.figures.style import BORDER, look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BESIDE, LINE = 4, 7  # points from a point to its label, and from line to line of labels
BARS = 0.8  # of the distance between two places, for the bars at each


def draw_curves(axis: Axes, panel: Curves, together: Sequence[Curves]) -> None:
    """Each series as bars, or as points and lines with their intervals or band."""
    axis.grid(axis="y")
    if panel.reference is not None:
        axis.axhline(panel.reference, color="0.6", linewidth=0.8, zorder=0)
    for border in panel.borders:
        axis.axvline(border, **BORDER, zorder=0)
    barred = [series for series in panel.series if series.bars]
    for series in panel.series:
        if series.bars:
            place = barred.index(series) - (len(barred) - 1) / 2
            _bars(axis, panel, series, BARS / len(barred), place)
        else:
            _curve(axis, series)
    if any(series.labels for series in panel.series):
        _labels(axis, panel, [x for one in together for series in one.series for x in series.x])
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
        axis.plot(series.x, series.y, **look.point, linestyle="", markersize=3.4)


def _labels(axis: Axes, panel: Curves, places: Sequence[float]) -> None:
    """Beside the points, towards the middle of all places; each series' in a line of its own, as
    points of several may coincide."""
    middle = (min(places) + max(places)) / 2
    for line, series in enumerate(panel.series):
        for x, y, label in zip(series.x, series.y, series.labels, strict=True):
            is_left = x > middle
            place: Any = {"xytext": (-BESIDE if is_left else BESIDE, LINE * line)}
            place |= {"textcoords": "offset points", "ha": "right" if is_left else "left"}
            axis.annotate(label, (x, y), **place, fontsize="small", color="0.25")
    axis.margins(y=0.12)


def _bars(axis: Axes, panel: Curves, series: Series, width: float, place: float) -> None:
    """Bars beside those of the other series, with their intervals."""
    middles = [x + place * width for x in series.x]
    drawn = axis.bar(middles, series.y, width, **look_of(series.look).bar)
    for bar, at, text in zip(drawn, places(panel, series), values(series), strict=True):
        tell(bar, f"{told(series.name, at)}: {text}")
    if series.low:
        axis.vlines(middles, series.low, series.high, color="black", linewidth=0.8)
