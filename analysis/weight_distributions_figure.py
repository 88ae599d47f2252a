"""Figure 1 drawn: |w| at three positions on a logarithmic axis, a panel a layer; readable in grey.

The three positions differ in dashes and in the mark at their median, not in colour alone.
"""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter

from analysis import figure_file
from analysis.weight_distributions import Distributions, Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3
# From dark to light, so that the order of the positions shows in grey too.
LOOKS: dict[str, dict[str, Any]] = {
    "centre": {"color": "#111111", "linestyle": "solid", "marker": "o"},
    "edge": {"color": "#1f6fb4", "linestyle": (0, (5, 1.5)), "marker": "s"},
    "corner": {"color": "#d1762b", "linestyle": (0, (1.2, 1.2)), "marker": "^"},
}
NAMES = {"centre": "centre (1, 1)", "edge": "left middle (1, 0)", "corner": "upper left (0, 0)"}
STYLE: Any = {"font.size": 8, "pdf.fonttype": 42, "axes.titlesize": 8, "legend.fontsize": 8}
TITLE_WIDTH = 105


def files(found: Distributions, title: str) -> dict[str, bytes]:
    """The figure as "png" and "pdf"."""
    return figure_file.files(lambda: draw(found, title), STYLE)


def draw(found: Distributions, title: str) -> Figure:
    """Up to six panels: the first layers above, the last ones below, on one pair of axes' scales.

    Args:
        title: what the weights are of; stands above the panels.
    """
    rows = math.ceil(len(found.panels) / COLUMNS)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.6, 1.3 + 1.9 * rows))
        figure.set_layout_engine("constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
        axes = list(grid.flat)
        for axis, panel in zip(axes, found.panels, strict=False):
            _panel(axis, found, panel)
        for axis in axes[len(found.panels) :]:
            axis.set_visible(False)
        figure.suptitle(textwrap.fill(title, TITLE_WIDTH), fontsize=8.5)
        figure.supxlabel("|w|", fontsize=8)
        figure.supylabel("share of the layer's filters in a bin", fontsize=8)
        figure.legend(
            handles=_legend(), loc="outside lower center", ncols=len(LOOKS), frameon=False
        )
    return figure


def _panel(axis: Axes, found: Distributions, panel: Panel) -> None:
    edges = found.edges
    for series in panel.series:
        look = LOOKS[series.position]
        shares = [count / panel.filters for count in series.counts]
        lines = {"color": look["color"], "linestyle": look["linestyle"], "linewidth": 1.3}
        axis.stairs(shares, edges, **lines)
        if edges[0] <= series.median <= edges[-1]:
            axis.plot(
                series.median,
                _height(shares, edges, series.median),
                marker=look["marker"],
                color=look["color"],
                markeredgecolor="white",
                markersize=6,
                linestyle="",
                zorder=4,
            )
    axis.set_xscale("log")
    axis.set_xlim(edges[0], edges[-1])
    axis.set_ylim(bottom=0)
    axis.xaxis.set_major_locator(LogLocator(numticks=8))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.grid(axis="x", color="0.9", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_title(heading(found, panel), loc="left")
    if note := unseen(panel):
        axis.text(0.03, 0.96, note, transform=axis.transAxes, fontsize=6.5, va="top", color="0.25")


def heading(found: Distributions, panel: Panel) -> str:
    """Such as "layer 1 of 9, 96 filters"."""
    return f"layer {panel.number} of {found.layers}, {panel.filters:,} filters"


def unseen(panel: Panel) -> str:
    """What lies outside of the axis, "" for nothing; a line for each kind."""
    kinds = (("0", "zeros"), ("below the axis", "below"))
    lines = []
    for label, attribute in kinds:
        counts = [getattr(series, attribute) for series in panel.series]
        if any(counts):
            lines.append(f"{label}: {'/'.join(_percent(count, panel) for count in counts)}")
    return "\n".join(lines)


def _percent(count: int, panel: Panel) -> str:
    share = 100 * count / panel.filters
    return "0" if not count else "<0.1 %" if share < 0.1 else f"{share:.1f} %"


def _height(shares: list[float], edges: tuple[float, ...], value: float) -> float:
    """The step line's height at a value on the axis."""
    for share, low, high in zip(shares, edges[:-1], edges[1:], strict=True):
        if low <= value <= high:
            return share
    return 0.0


def _legend() -> list[Line2D]:
    return [
        Line2D(
            [],
            [],
            markeredgecolor="white",
            markersize=6,
            linewidth=1.3,
            label=f"{NAMES[position]}, median",
            **look,
        )
        for position, look in LOOKS.items()
    ]
