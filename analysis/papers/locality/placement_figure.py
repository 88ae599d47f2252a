"""Figure 2 drawn: the map of values with both strategies' placements, readable in grey.

LOCO-Reg's placements have solid outlines and ringed centres, the uniform ones dashed outlines and
squared centres; where a strategy has further best pairs, those are dotted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle

from analysis.figures import encoding as figure_file
from analysis.papers.locality.placement_report import PlacementResult, where
from analysis.papers.locality.placements import Choice, Placement

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOCO, UNIFORM = "#a50f15", "#2171b5"  # dark red, lighter blue: apart in grey as well
DASHES: Any = {"solid": "solid", "dashed": (0, (4, 1.6)), "dotted": (0, (1, 1.4))}
DARKEST = 0.42  # how much ink the largest value gets, so that its number stays readable
STYLE: Any = {"font.size": 8, "pdf.fonttype": 42}


def png(result: PlacementResult) -> bytes:
    """The figure at 200 dots per inch; the same bytes for the same result."""
    return figure_file.encoded(lambda: draw(result), STYLE, "png")


def pdf(result: PlacementResult) -> bytes:
    """The figure as vectors; the same bytes for the same result."""
    return figure_file.encoded(lambda: draw(result), STYLE, "pdf")


def draw(result: PlacementResult) -> Figure:
    """The map, one unit a cell, with outlines and a legend."""
    height, width = len(result.grid), len(result.grid[0])
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(0.6 + 0.42 * width, 1.3 + 0.42 * height))
        figure.set_layout_engine("constrained")
        FigureCanvasAgg(figure)
        axis = figure.subplots()
        _cells(axis, result)
        _placements(axis, result.uniform, UNIFORM, "dashed", 0.17)
        _placements(axis, result.loco, LOCO, "solid", 0.07)
        axis.set_xlim(0.4, width + 0.6)
        axis.set_ylim(height + 0.6, 0.4)
        axis.set_aspect("equal")
        axis.set_xticks(range(1, width + 1))
        axis.set_yticks(range(1, height + 1))
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        figure.legend(
            handles=_legend(result), loc="outside lower center", ncols=1, frameon=False, fontsize=8
        )
    return figure


def _cells(axis: Axes, result: PlacementResult) -> None:
    """Each value in its cell, darker the larger it is."""
    largest = max(max(row) for row in result.grid) or 1
    for r, row in enumerate(result.grid, start=1):
        for c, value in enumerate(row, start=1):
            grey = str(1 - DARKEST * max(value, 0) / largest)
            cell = Rectangle(
                (c - 0.5, r - 0.5), 1, 1, facecolor=grey, edgecolor="0.8", linewidth=0.5
            )
            axis.add_patch(cell)
            axis.text(c, r, str(value), ha="center", va="center_baseline", zorder=5)


def _placements(axis: Axes, choice: Choice, color: str, dashes: str, inset: float) -> None:
    """Outlines of the first best pair, and of what further best pairs hold besides."""
    for placement in choice.pair:
        _outline(axis, placement, color, dashes, inset, 2.2)
        _centre(axis, placement, color, is_round=dashes == "solid")
    ties = {placement for pair in choice.pairs[1:] for placement in pair} - set(choice.pair)
    for placement in sorted(ties):
        _outline(axis, placement, color, "dotted", inset + 0.1, 1.4)


def _outline(
    axis: Axes, placement: Placement, color: str, dashes: str, inset: float, width: float
) -> None:
    axis.add_patch(
        Rectangle(
            (placement.column - 1.5 + inset, placement.row - 1.5 + inset),
            3 - 2 * inset,
            3 - 2 * inset,
            fill=False,
            edgecolor=color,
            linestyle=DASHES[dashes],
            linewidth=width,
            zorder=4,
        )
    )


def _centre(axis: Axes, placement: Placement, color: str, *, is_round: bool) -> None:
    """A ring or a square around the value under the centre."""
    look: dict[str, Any] = {"fill": False, "edgecolor": color, "linewidth": 1.2, "zorder": 4}
    if is_round:
        axis.add_patch(Circle((placement.column, placement.row), 0.33, **look))
    else:
        corner = (placement.column - 0.27, placement.row - 0.27)
        axis.add_patch(Rectangle(corner, 0.54, 0.54, **look))


def _legend(result: PlacementResult) -> list[Line2D]:
    located, uniform = result.loco, result.uniform
    title = f"LOCO-Reg, γ = {result.gamma}, η = {result.eta}, centred at {where(located.pair)}"
    lines = [
        Line2D([], [], color=LOCO, linestyle=DASHES["solid"], linewidth=2.2, label=title),
        Line2D(
            [],
            [],
            color=UNIFORM,
            linestyle=DASHES["dashed"],
            linewidth=2.2,
            label=f"uniform, centred at {where(uniform.pair)}",
        ),
    ]
    if len(located.pairs) > 1 or len(uniform.pairs) > 1:
        tied = {"color": "0.3", "linestyle": DASHES["dotted"], "linewidth": 1.4}
        lines.append(Line2D([], [], **tied, label="of another best pair (same score)"))
    return lines
