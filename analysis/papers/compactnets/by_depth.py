"""Measures of three models by depth: Figures 4, 7 and 8."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from analysis.documents.panels import Curves, FigureBlock, Sampled, Series
from analysis.documents.table_figure import looks_of
from analysis.documents.table_notes import labels
from analysis.tables.results import CellResult, TableResult

APART = 0.08  # of a layer: from one line's intervals to the next one's, which hid them
Point = tuple[float, float, float, float]  # depth, value, and from where to where it is likely


def figure(
    result: TableResult,
    name: str,
    y_title: str,
    lines: Mapping[str, Sequence[CellResult]] | None = None,
) -> FigureBlock:
    """Medians by depth with their intervals, a line a model.

    Args:
        name: of the figure's file.
        lines: the cells of each line; by default those of each label.
    """
    if lines is None:
        lines = {label: [c for c in result.cells if c.label == label] for label in _labels(result)}
    looks = looks_of(lines)
    depths = sorted({int(depth_of(cell)) for cell in result.cells})
    series, legend = [], []
    for place, (label, cells) in enumerate(lines.items()):
        points = sorted(p for cell in cells if (p := _point(cell)) is not None)
        if points:
            x, y, low, high = zip(*points, strict=True)
            beside = APART * (place - (len(lines) - 1) / 2)
            places = tuple(depth + beside for depth in x)
            at = tuple(f"{depth:g}" for depth in x)
            series.append(Series(places, y, looks[label], low, high, name=label, at=at))
        legend.append(Sampled("both", label, looks[label]))
    ticks = tuple((float(depth), str(depth)) for depth in depths)
    panel = Curves(tuple(series), "", "depth", y_title, ticks=ticks)
    has_intervals = any(one.low != one.high for one in series)
    what = "medians by depth" + " with 95 % intervals" * has_intervals
    title = (f"{result.about.title}: {what}", *labels(result))
    mark = "" if result.has_levels else result.about.protocol.upper()
    return FigureBlock((panel,), tuple(legend), name, 1, (5.0, 3.0), title, watermark=mark)


def _labels(result: TableResult) -> list[str]:
    return list(dict.fromkeys(cell.label for cell in result.cells))


def depth_of(cell: CellResult) -> str:
    """Among its parameters."""
    return dict(cell.parameters)["depth"]


def _point(cell: CellResult) -> Point | None:
    if cell.median is None or not math.isfinite(cell.median):
        return None
    scale = cell.measure.scale
    ends = (cell.median, cell.median)
    if cell.interval is not None and all(
        map(math.isfinite, (cell.interval.low, cell.interval.high))
    ):
        ends = (cell.interval.low, cell.interval.high)
    return (float(depth_of(cell)), scale * cell.median, scale * ends[0], scale * ends[1])
