"""Maps: numbers in cells, darker the larger they are, with outlines of nine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Circle, Rectangle

from analysis.documents.panels import Map, Outline
from analysis.figures.style import TIED, look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DARKEST = 0.42  # how much ink a map's largest value gets, so that its number stays readable
INSET = 0.1  # of the second look's outlines in the first one's, so that both are seen


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
