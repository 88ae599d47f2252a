"""Figure 1 drawn: |w| at three positions on a logarithmic axis, a panel a layer; readable in grey.

The three positions differ in dashes and in the mark at their median, not in colour alone.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter

from analysis.figures import encoding as figure_file
from analysis.papers.locality.weight_distributions import Distributions, Panel
from analysis.papers.locality.weight_distributions_report import NOTABLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3
# From dark to light, so that the order of the positions shows in grey too.
LOOKS: dict[str, dict[str, Any]] = {
    "centre": {"color": "#111111", "linestyle": "solid", "marker": "o", "height": 0.95},
    "edge": {"color": "#1f6fb4", "linestyle": (0, (5, 1.5)), "marker": "s", "height": 0.89},
    "corner": {"color": "#d1762b", "linestyle": (0, (1.2, 1.2)), "marker": "^", "height": 0.83},
}
NAMES = {"centre": "centre (1, 1)", "edge": "left middle (1, 0)", "corner": "upper left (0, 0)"}
HEADROOM = 1.3  # the axes' height over the highest bin, for the marks of the medians
STYLE: Any = {"font.size": 8, "pdf.fonttype": 42, "axes.titlesize": 8, "legend.fontsize": 8}
TITLE_WIDTH = 105
ALL_ZERO = "every weight here\nis exactly 0"


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
        lines = [textwrap.fill(line, TITLE_WIDTH) for line in title.splitlines()]
        figure.suptitle("\n".join(lines), fontsize=8.5)
        for axis in axes[max(0, len(found.panels) - COLUMNS) : len(found.panels)]:
            axis.set_xlabel("|w|")
        figure.supylabel("share of the layer's filters in a bin", fontsize=8)
        figure.legend(
            handles=_legend(), loc="outside lower center", ncols=len(LOOKS), frameon=False
        )
    return figure


def _panel(axis: Axes, found: Distributions, panel: Panel) -> None:
    edges = found.edges
    for series in panel.series:
        look = LOOKS[series.position]
        shares = [panel.share(count) for count in series.counts]
        lines = {"color": look["color"], "linestyle": look["linestyle"], "linewidth": 1.3}
        axis.stairs(shares, edges, **lines)
        if edges[0] <= series.median <= edges[-1]:
            _median(axis, series.median, look)
    axis.set_xscale("log")
    axis.set_xlim(edges[0], edges[-1])
    highest = max(p.share(c) for p in found.panels for c in _counts(p))
    axis.set_ylim(0, HEADROOM * highest if highest else 1)
    axis.xaxis.set_major_locator(LogLocator(numticks=8))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.grid(axis="x", color="0.9", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_title(heading(found, panel), loc="left")
    if is_empty(panel):
        middle: Any = {"ha": "center", "va": "center", "color": "0.25"}
        axis.text(0.5, 0.5, ALL_ZERO, transform=axis.transAxes, fontsize=7.5, **middle)
    elif note := unseen(panel):
        axis.text(0.03, 0.76, note, transform=axis.transAxes, fontsize=6.5, va="top", color="0.25")


def heading(found: Distributions, panel: Panel) -> str:
    """Such as "layer 1 of 9, 96 filters"."""
    return f"layer {panel.number} of {found.layers}, {panel.filters:,} filters"


def is_empty(panel: Panel) -> bool:
    """Whether every weight at the three positions is exactly 0, which no logarithm shows."""
    return all(series.zeros == panel.filters for series in panel.series)


def unseen(panel: Panel) -> str:
    """What lies outside of the axis, for centre/edge/corner; "" for nothing worth telling."""
    kinds = (("exactly 0", "zeros", 0), ("below the axis", "below", NOTABLE))
    lines = []
    for label, attribute, limit in kinds:
        shares = [panel.share(getattr(series, attribute)) for series in panel.series]
        if any(share > limit for share in shares):
            lines.append(f"{label}:\n{'/'.join(f'{100 * share:.1f}' for share in shares)} %")
    return "\n".join(lines)


def _counts(panel: Panel) -> list[int]:
    return [count for series in panel.series for count in series.counts]


def _median(axis: Axes, value: float, look: Mapping[str, Any]) -> None:
    """A mark above the curves, each position's at its own height, on a line down to the axis."""
    across = axis.get_xaxis_transform()
    axis.plot([value, value], [0, look["height"]], transform=across, color=look["color"], lw=0.6)
    axis.plot(
        value,
        look["height"],
        transform=across,
        marker=look["marker"],
        color=look["color"],
        markersize=4.5,
        linestyle="",
        zorder=4,
    )


def _legend() -> list[Line2D]:
    return [
        Line2D(
            [],
            [],
            markersize=4.5,
            linewidth=1.3,
            label=f"{NAMES[position]}, its median",
            **{name: look[name] for name in ("color", "linestyle", "marker")},
        )
        for position, look in LOOKS.items()
    ]
