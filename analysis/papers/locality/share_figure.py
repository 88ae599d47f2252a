"""Table I as a figure: each layer's shares by depth, with the printed halves behind them.

Readable in grey: centre over neighbour has filled dark points and a solid line for what is
printed, neighbour over corner open points and a dashed line. A network whose weights are not at
hand shows the printed halves alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from statsmodels.stats.proportion import proportion_confint

from analysis.figures import encoding as figure_file
from analysis.papers.locality.share_results import Network, SharesResult
from analysis.papers.locality.shares import COMPARISONS, CONFIDENCE, Counted, split

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 2  # panels a row
COLORS = {COMPARISONS[0]: "#1f4e79", COMPARISONS[1]: "#c55a11"}  # far apart in grey too
LINES: dict[str, Any] = {COMPARISONS[0]: "solid", COMPARISONS[1]: (0, (4, 1.6))}
BORDER: Any = {"color": "0.6", "linewidth": 0.8, "linestyle": (0, (1, 2))}
OFFSET = {COMPARISONS[0]: -0.13, COMPARISONS[1]: 0.13}
STYLE: Any = {"font.size": 8, "pdf.fonttype": 42, "axes.spines.top": False}
STYLE |= {"axes.spines.right": False}


@dataclass(frozen=True)
class _Panel:
    """A network's place: its printed row, its weights, or both."""

    title: str
    arch: str
    layers: int
    network: Network | None


def png(result: SharesResult) -> bytes:
    """The figure at 200 dots per inch; the same bytes for the same result."""
    return figure_file.encoded(lambda: draw(result), STYLE, "png")


def pdf(result: SharesResult) -> bytes:
    """The figure as vectors; the same bytes for the same result."""
    return figure_file.encoded(lambda: draw(result), STYLE, "pdf")


def draw(result: SharesResult) -> Figure:
    """One panel a network, printed ones first."""
    panels = _panels(result)
    rows = math.ceil(len(panels) / WIDTH)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 0.7 + 1.9 * rows))
        figure.set_layout_engine("constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, WIDTH, sharey=True, squeeze=False).flatten()
        for axis, panel in zip(axes, panels, strict=False):
            _draw(axis, panel, result)
        for axis in axes[len(panels) :]:
            axis.set_visible(False)
        for axis in axes[::WIDTH]:
            axis.set_ylabel("share of filters")
        figure.legend(
            handles=_legend(measured=bool(result.networks)),
            loc="outside lower center",
            ncols=2,
            frameon=False,
        )
    return figure


def _panels(result: SharesResult) -> list[_Panel]:
    printed = dict.fromkeys(row.arch for row in result.printed)
    panels = []
    for arch in printed:
        files = [network for network in result.networks if network.arch == arch]
        count = len(result.structures[arch].filters)
        if not files:
            panels.append(_Panel(f"{arch} (printed only)", arch, count, None))
        panels += [_Panel(f"{arch}: {f.name}", arch, len(f.signed), f) for f in files]
    others = [network for network in result.networks if network.arch not in printed]
    return panels + [_Panel(n.name, "", len(n.signed), n) for n in others]


def _draw(axis: Axes, panel: _Panel, result: SharesResult) -> None:
    axis.axhline(0.5, color="0.6", linewidth=0.8, zorder=0)
    border = split(panel.layers) + 0.5
    axis.axvline(border, **BORDER, zorder=0)
    for row in result.printed:
        if row.arch == panel.arch and row.part != "all":
            span = (0.5, border) if row.part == "lower" else (border, panel.layers + 0.5)
            axis.plot(
                span,
                [float(row.value)] * 2,
                color=COLORS[row.comparison],
                linestyle=LINES[row.comparison],
                linewidth=1.2,
            )
    if panel.network is not None:
        for comparison in COMPARISONS:
            _points(axis, panel.network.signed, comparison)
    axis.set_title(_short(panel.title), fontsize=8)
    axis.set_xlabel("3×3 layer by depth")
    axis.set_xlim(0.4, panel.layers + 0.6)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _points(axis: Axes, layers: Sequence[Counted], comparison: str) -> None:
    for depth, layer in enumerate(layers, start=1):
        k, n = layer.larger[comparison], layer.filters
        low, high = proportion_confint(k, n, alpha=1 - CONFIDENCE, method="wilson")
        color, x = COLORS[comparison], depth + OFFSET[comparison]
        axis.plot([x, x], [low, high], color=color, linewidth=0.8)
        face = color if comparison == COMPARISONS[0] else "white"
        axis.plot(x, k / n, "o", color=color, markerfacecolor=face, markersize=3.2)


def _short(title: str) -> str:
    return title if len(title) <= 48 else f"{title[:22]}…{title[-25:]}"


def _legend(*, measured: bool) -> list[Line2D]:
    lines = []
    for comparison in COMPARISONS:
        color = COLORS[comparison]
        label = f"{comparison}, printed for each half"
        lines.append(Line2D([], [], color=color, linestyle=LINES[comparison], label=label))
        if measured:
            face = color if comparison == COMPARISONS[0] else "white"
            look: Any = {"marker": "o", "markersize": 4, "markerfacecolor": face}
            label = f"{comparison}, measured (Wilson, 95 %)"
            lines.append(Line2D([], [], color=color, linewidth=0.8, label=label, **look))
    return [*lines, Line2D([], [], **BORDER, label="between lower and upper half")]
