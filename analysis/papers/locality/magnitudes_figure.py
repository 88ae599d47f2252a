"""Where a table's own networks have their large weights, drawn: by cell and by layer, for grey too.

Above, the two ratios of mean |w| for every network of every cell, with the cell's median; below,
the same ratios by layer, a line a cell. A kind of cell has a mark and dashes of its own.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from analysis.documents.wording import MISSING_CELL
from analysis.figures import encoding as figure_file
from analysis.papers.locality.magnitudes import DECIDING, CellMagnitudes, Magnitudes
from analysis.papers.locality.magnitudes_report import MagnitudesReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = {
    "mean_centre": "mean |w|, centre / neighbours",
    "mean_neighbour": "mean |w|, neighbours / corners",
}
LOOKS: tuple[dict[str, Any], ...] = (
    {"color": "#1f4e79", "marker": "o", "linestyle": "solid"},
    {"color": "#c55a11", "marker": "s", "linestyle": (0, (5, 1.5))},
    {"color": "#111111", "marker": "D", "linestyle": (0, (1.2, 1.2))},
    {"color": "#7f9f3f", "marker": "^", "linestyle": (0, (4, 1.2, 1, 1.2))},
    {"color": "#8a6fb0", "marker": "v", "linestyle": (0, (8, 2))},
)
STYLE: Any = {"font.size": 8, "pdf.fonttype": 42, "axes.titlesize": 8}
SPREAD = 0.28  # half the width over which a cell's networks lie side by side
WIDEST = 24.0  # inches


def files(report: MagnitudesReport) -> dict[str, bytes]:
    """The figure as "png" and "pdf"."""
    return figure_file.files(lambda: draw(report), STYLE)


def draw(report: MagnitudesReport) -> Figure:
    """Two panels over the cells, two over the layers."""
    cells = report.found.cells
    width = min(WIDEST, max(7.2, 2 * (1.0 + 0.3 * len(cells))))
    looks = _looks(report.found)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, 6.4))
        figure.set_layout_engine("constrained")
        FigureCanvasAgg(figure)
        above, below = figure.subplots(2, 2, sharey="row")
        for axis, key in zip(above, DECIDING, strict=True):
            _by_cell(axis, cells, key, looks)
        for axis, key in zip(below, DECIDING, strict=True):
            _by_layer(axis, cells, key, looks)
        heading = [f"Where weights are large in the networks of {report.table}", *report.labels]
        figure.suptitle(
            "\n".join(textwrap.fill(line, int(14 * width)) for line in heading), fontsize=8.5
        )
        figure.legend(
            handles=_legend(looks), loc="outside lower center", ncols=len(looks) + 1, frameon=False
        )
    return figure


def _looks(found: Magnitudes) -> dict[str, dict[str, Any]]:
    kinds = dict.fromkeys(cell.spec.kind for cell in found.cells)
    return {kind: LOOKS[index % len(LOOKS)] for index, kind in enumerate(kinds)}


def _by_cell(
    axis: Axes, cells: tuple[CellMagnitudes, ...], key: str, looks: dict[str, dict[str, Any]]
) -> None:
    for place, cell in enumerate(cells):
        summary = cell.summaries.get(key)
        if summary is None:
            axis.text(
                place, 0.02, MISSING_CELL, transform=axis.get_xaxis_transform(), rotation=90,
                ha="center", va="bottom", color="0.4",
            )  # fmt: skip
            continue
        look = looks[cell.spec.kind]
        across = place + np.linspace(-SPREAD, SPREAD, len(summary.values) + 2)[1:-1]
        axis.plot(
            across, summary.values, linestyle="", marker=look["marker"], markersize=3.5,
            markerfacecolor="none", markeredgecolor=look["color"],
        )  # fmt: skip
        axis.hlines(summary.median, place - 0.4, place + 0.4, color="black", linewidth=1.4)
    axis.axhline(1, color="0.6", linewidth=0.8, zorder=0)
    axis.set_xlim(-0.6, len(cells) - 0.4)
    axis.set_xticks(range(len(cells)), [c.spec.name for c in cells], rotation=90)
    _finish(axis, key)


def _by_layer(
    axis: Axes, cells: tuple[CellMagnitudes, ...], key: str, looks: dict[str, dict[str, Any]]
) -> None:
    for cell in cells:
        values = cell.profile[key]
        look = looks[cell.spec.kind]
        axis.plot(range(1, len(values) + 1), values, markersize=3.5, linewidth=1.0, **look)
    axis.axhline(1, color="0.6", linewidth=0.8, zorder=0)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("3×3 layer by depth (median over seeds)")
    _finish(axis, key)


def _finish(axis: Axes, key: str) -> None:
    axis.set_title(NAMES[key], loc="left")
    axis.grid(axis="y", color="0.92", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelleft=True)


def _legend(looks: dict[str, dict[str, Any]]) -> list[Line2D]:
    handles = [
        Line2D([], [], label=kind or "cell", markersize=4, linewidth=1.2, **look)
        for kind, look in looks.items()
    ]
    return [*handles, Line2D([], [], color="black", linewidth=1.4, label="median over seeds")]
