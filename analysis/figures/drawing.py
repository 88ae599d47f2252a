"""A document's figure: its panels on a page, with a title, a legend and the suite's style."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import matplotlib
import seaborn
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.documents.panels import Bins, Curves, DotPanel, FigureBlock, Images, Map, Plane
from analysis.figures import hover, style
from analysis.figures.curves import draw_curves
from analysis.figures.dots import draw_dots
from analysis.figures.histograms import draw_bins
from analysis.figures.images import draw_images
from analysis.figures.maps import draw_map
from analysis.figures.plane import draw_plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Nothing that changes from one call to the next, such as the time, may enter a file.
METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}
LETTERS_AN_INCH = 13  # of a title
WATERMARK: Any = {"color": "0.93", "ha": "center", "va": "center", "zorder": 0}
# Over what covers its panel, under the numbers that stand in it.
OVERLAID: Any = {**WATERMARK, "color": "black", "alpha": 0.1, "zorder": 4.5}
LARGEST_MARK = 44  # points
MARK_WIDTH = 1.0  # of the panel's width, times ems a letter: then it stays within
KINDS: dict[type, Callable[[Axes, Any, Any], None]] = {
    DotPanel: draw_dots,
    Curves: draw_curves,
    Bins: draw_bins,
    Map: draw_map,
    Images: draw_images,
    Plane: draw_plane,
}


def files(block: FigureBlock) -> dict[str, bytes]:
    """The figure as "png" and "pdf"; the same bytes for the same block, whenever and wherever."""
    found = {}
    with seaborn.axes_style("ticks"), matplotlib.rc_context(style.RC):
        figure = draw(block)
        for kind, metadata in METADATA.items():
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, dpi=style.DPI, metadata=metadata)
            found[kind] = buffer.getvalue()
            figure.set_layout_engine("none")  # the second file is laid out as the first
    return found


def svg(block: FigureBlock) -> str:
    """The figure as an ``<svg>`` element, its letters as text, and with the values that browsers
    show under the pointer."""
    salted: Any = {**style.RC, "svg.fonttype": "none", "svg.hashsalt": "figure"}
    with seaborn.axes_style("ticks"), matplotlib.rc_context(salted):
        buffer, figure = io.StringIO(), draw(block)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        unseen = hover.unseen(figure, block.panels)
    text = buffer.getvalue()
    text = text[text.index("<svg") :].strip().removesuffix("</svg>")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return f"{hover.titled(text)}{unseen}</svg>"


def inches(block: FigureBlock) -> tuple[float, float]:
    """Width and height of the figure."""
    rows, across = _grid(block)
    lines = len(block.title) + -(-len(block.legend) // across)
    return max(5.5, block.size[0] * across), block.size[1] * rows + 0.15 * lines + 0.3


def _grid(block: FigureBlock) -> tuple[int, int]:
    across = min(block.across, len(block.panels)) or 1
    return -(-len(block.panels) // across), across


def draw(block: FigureBlock) -> Figure:
    """The panels in reading order, below each other or ``across`` side by side."""
    rows, across = _grid(block)
    with matplotlib.rc_context(style.RC):
        figure = Figure(figsize=inches(block))
        figure.set_layout_engine("constrained")
        FigureCanvasAgg(figure)
        shared: Any = {
            "sharex": "x" in block.share,
            "sharey": "row" if block.share == "row" else "y" in block.share,
        }
        axes = figure.subplots(rows, across, squeeze=False, **shared).ravel()
        for axis in axes[len(block.panels) :]:
            axis.set_visible(False)
        for axis, panel in zip(axes, block.panels, strict=False):
            axis.set_title(panel.title)
            kind = type(panel)
            together = [p for p in block.panels if isinstance(p, kind)]
            KINDS[kind](axis, panel, together if block.share in ("y", "xy", "row") else [panel])
            if block.watermark:
                fitting = MARK_WIDTH * 72 * block.size[0] / len(block.watermark)
                place: Any = {"transform": axis.transAxes, "fontsize": min(LARGEST_MARK, fitting)}
                look = OVERLAID if isinstance(panel, Map | Images) else WATERMARK
                axis.text(0.5, 0.5, block.watermark, **place, **look).set_in_layout(False)
        _frame(figure, block)
    return figure


def _frame(figure: Figure, block: FigureBlock) -> None:
    width = figure.get_figwidth()
    if block.title:
        lines = [textwrap.fill(line, int(LETTERS_AN_INCH * width)) for line in block.title]
        figure.suptitle("\n".join(lines), fontsize=9)
    if block.y_title:
        figure.supylabel(block.y_title, fontsize=8)
    if block.legend:
        longest = max(len(sampled.label) for sampled in block.legend)
        columns = min(len(block.legend), max(1, int(width / (0.55 + 0.055 * longest))))
        # A legend fills column by column, and is read line by line.
        read = [s for first in range(columns) for s in block.legend[first::columns]]
        handles = [style.handle(sampled) for sampled in read]
        figure.legend(handles=handles, loc="outside lower center", ncols=columns)
