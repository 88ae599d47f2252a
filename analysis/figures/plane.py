"""Circles, lines and points to scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Circle

from analysis.documents.panel_texts import number, point
from analysis.documents.panels import Plane, Ring, Spot, Stroke
from analysis.figures.hover import tell
from analysis.figures.style import look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADE = 0.08
HALO: Any = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
ARROW: Any = {"arrowstyle": "-|>", "mutation_scale": 7, "shrinkA": 0, "shrinkB": 1.5}


def draw_plane(axis: Axes, panel: Plane, _together: Sequence[Plane]) -> None:
    """Circles below, lines above them, points and labels on top."""
    for ring in panel.rings:
        _ring(axis, ring)
    for stroke in panel.strokes:
        _stroke(axis, stroke)
    for spot in panel.spots:
        _spot(axis, spot)
    axis.set_aspect("equal", adjustable="datalim")
    axis.autoscale_view()
    axis.margins(0.08)
    axis.set_axis_off()


def _ring(axis: Axes, ring: Ring) -> None:
    line: Any = {"linewidth": 1.0, "zorder": 1, **look_of(ring.look).line}
    centre = (ring.x, ring.y)
    drawn = axis.add_patch(Circle(centre, ring.radius, fill=False, **line))
    if ring.name:
        tell(drawn, f"{ring.name}: radius {number(ring.radius)}")
    if ring.shaded:
        shade: Any = {"color": line["color"], "alpha": SHADE, "linewidth": 0, "zorder": 0}
        axis.add_patch(Circle(centre, ring.radius, **shade))


def _stroke(axis: Axes, stroke: Stroke) -> None:
    line = look_of(stroke.look).line
    (x0, y0), (x1, y1) = stroke.start, stroke.end
    # Also drawn where an arrow is, invisibly: arrows do not count for what an axis has to show.
    axis.plot([x0, x1], [y0, y1], **line, linewidth=0.9, zorder=2, alpha=0 if stroke.arrow else 1)
    if stroke.arrow:
        look: Any = ARROW | {"color": line["color"], "linewidth": 0.9}
        axis.annotate("", stroke.end, stroke.start, arrowprops=look, zorder=3)
    if stroke.label:
        place: Any = {"ha": "center", "va": "center", "fontsize": 6, "zorder": 6}
        axis.text((x0 + x1) / 2, (y0 + y1) / 2, stroke.label, bbox=HALO, **place)


def _spot(axis: Axes, spot: Spot) -> None:
    look: Any = {**look_of(spot.look).point, "linestyle": "", "markersize": 4, "zorder": 5}
    (drawn,) = axis.plot([spot.x], [spot.y], **look)
    if spot.label or spot.name:
        tell(drawn, f"{spot.label or spot.name}: {point((spot.x, spot.y))}")
    if spot.label:
        place: Any = {"xytext": (4, 3), "textcoords": "offset points", "fontsize": 6.5, "zorder": 7}
        axis.annotate(spot.label, (spot.x, spot.y), **place)
