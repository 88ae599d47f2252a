"""The kinds of figures but for dots: curves and bars, histograms, maps of numbers, small images.

Each is a function of an axis, a panel and all panels of its kind that share a scale with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Circle, Rectangle
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, PercentFormatter

from analysis.documents.panels import Bins, Curves, Images, Map, Outline, Series
from analysis.figures.style import BORDER, TIED, look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BARS = 0.8  # of the distance between two places, for the bars at each
HEADROOM = 1.3  # of a histogram's axis over its highest bin, for the marks of the medians
HIGHEST, APART = 0.95, 0.06  # of these marks, as shares of the axes' height
DARKEST = 0.42  # how much ink a map's largest value gets, so that its number stays readable
INSET = 0.1  # of the second look's outlines in the first one's, so that both are seen


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


def draw_bins(axis: Axes, panel: Bins, together: Sequence[Bins]) -> None:
    """Histograms on the height that all panels need, with a mark above each median."""
    edges, across = panel.edges, axis.get_xaxis_transform()
    for index, series in enumerate(panel.series):
        look, height = look_of(series.look), HIGHEST - APART * index
        axis.stairs(series.shares, edges, **look.line, linewidth=1.3)
        if edges[0] <= series.median <= edges[-1]:
            axis.plot([series.median] * 2, [0, height], transform=across, color=look.color, lw=0.6)
            place: Any = {"transform": across, "linestyle": "", "markersize": 4.5, "zorder": 4}
            axis.plot(series.median, height, **place, **look.point)
    axis.set_xscale("log")
    axis.set_xlim(edges[0], edges[-1])
    highest = max(share for p in together for series in p.series for share in series.shares)
    axis.set_ylim(0, HEADROOM * highest if highest else 1)
    axis.xaxis.set_major_locator(LogLocator(numticks=8))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.grid(axis="x")
    axis.set_xlabel(panel.x_title)
    small: Any = {"transform": axis.transAxes, "fontsize": 6.5, "color": "0.25"}
    axis.text(0.5, 0.5, panel.empty, **small, ha="center", va="center")
    axis.text(0.03, 0.76, panel.note, **small, va="top")


def draw_map(axis: Axes, panel: Map, _together: Sequence[Map]) -> None:
    """One unit a cell; rows and columns count from 1, from above and from the left."""
    height, width = len(panel.values), len(panel.values[0])
    known = [value for row in panel.values for value in row if value is not None]
    largest = max(known, default=0) or 1
    for r, row in enumerate(panel.values, start=1):
        for c, value in enumerate(row, start=1):
            if value is None:
                continue
            grey = str(1 - DARKEST * max(value, 0) / largest)
            look: Any = {"facecolor": grey, "edgecolor": "0.8", "linewidth": 0.5}
            axis.add_patch(Rectangle((c - 0.5, r - 0.5), 1, 1, **look))
            axis.text(c, r, str(value), ha="center", va="center_baseline", zorder=5)
    for outline in panel.outlines:
        _outline(axis, outline)
    axis.set(xlim=(0.4, width + 0.6), ylim=(height + 0.6, 0.4), aspect="equal")
    axis.set_xticks(range(1, width + 1), panel.column_names or None)
    axis.set_yticks(range(1, height + 1), panel.row_names or None)
    axis.set(xlabel=panel.x_title, ylabel=panel.y_title)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)


def _outline(axis: Axes, outline: Outline) -> None:
    """Around the nine cells; the centre is ringed, or squared where the look is an open one."""
    look = look_of(outline.look)
    inset = 0.07 + INSET * outline.look + (INSET if outline.is_tie else 0)
    corner = (outline.column - 1.5 + inset, outline.row - 1.5 + inset)
    line: Any = TIED if outline.is_tie else {"linestyle": look.dashes, "linewidth": 2.2}
    side = 3 - 2 * inset
    common: Any = {"fill": False, "edgecolor": look.color, "zorder": 4}
    axis.add_patch(Rectangle(corner, side, side, **common, **line))
    if outline.is_tie:
        return
    if look.filled:
        axis.add_patch(Circle((outline.column, outline.row), 0.33, linewidth=1.2, **common))
    else:
        corner = (outline.column - 0.27, outline.row - 0.27)
        axis.add_patch(Rectangle(corner, 0.54, 0.54, linewidth=1.2, **common))


def draw_images(axis: Axes, panel: Images, _together: Sequence[Images]) -> None:
    """The images on white, a pixel apart; the largest weight is white or black by its sign."""
    tiles = np.asarray(panel.tiles, dtype=np.float64)
    if tiles.ndim == 3:
        tiles = np.repeat(tiles[..., None], 3, axis=-1)
    largest = np.abs(tiles).max(axis=(1, 2, 3) if panel.apart else None, keepdims=True)
    tiles = 0.5 + tiles / np.where(largest > 0, 2 * largest, 1)
    count, height, width, _ = tiles.shape
    across = min(panel.across, count)
    page = np.ones((-(-count // across) * (height + 1) - 1, across * (width + 1) - 1, 3))
    for index, tile in enumerate(tiles):
        top, left = index // across * (height + 1), index % across * (width + 1)
        page[top : top + height, left : left + width] = tile
    axis.imshow(page, interpolation="nearest", zorder=1)
    axis.set_axis_off()
