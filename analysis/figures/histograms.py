"""Histograms over the same bins, with marks at their medians."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter

from analysis.documents.panels import Bins
from analysis.figures.hover import tell
from analysis.figures.style import look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADROOM = 1.3  # of a histogram's axis over its highest bin, for the marks of the medians
HIGHEST, APART = 0.95, 0.06  # of these marks, as shares of the axes' height


def draw_bins(axis: Axes, panel: Bins, together: Sequence[Bins]) -> None:
    """Histograms on the height that all panels need, with a mark above each median."""
    edges, across = panel.edges, axis.get_xaxis_transform()
    for index, series in enumerate(panel.series):
        look, height = look_of(series.look), HIGHEST - APART * index
        axis.stairs(series.shares, edges, **look.line, linewidth=1.3)
        if edges[0] <= series.median <= edges[-1]:
            axis.plot([series.median] * 2, [0, height], transform=across, color=look.color, lw=0.6)
            place: Any = {"transform": across, "linestyle": "", "markersize": 4.5, "zorder": 4}
            (mark,) = axis.plot(series.median, height, **place, **look.point)
            tell(mark, f"{series.name}, median: {series.median:.3g}")
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
