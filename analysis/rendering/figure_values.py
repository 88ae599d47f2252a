"""A figure's values as a table: a line each cell, series, or row of a map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace

from analysis.documents import panel_texts
from analysis.documents.panel_texts import number, told, within
from analysis.documents.panels import Bins, Curves, DotPanel, FigureBlock, Map, Panel, Plane

HEADS = ("panel", "series", "at", "values", "median", "published")


@dataclass(frozen=True)
class Line:
    """A line of the table; what it has nothing of is empty.

    Attributes:
        series: a cell, a setting, or a line of the legend.
        at: where its values are, or what they are listed by.
        values: of the seeds, or of each place behind that, with intervals.
        median: with its interval.
    """

    panel: str
    series: str = ""
    at: str = ""
    values: str = ""
    median: str = ""
    published: str = ""


def values(block: FigureBlock) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The heads of the columns that have something, and the lines; of small images nothing.

    A cell that stands in a figure several times has one line.
    """
    names = _panel_names(block.panels)
    found = (
        replace(line, panel=name)
        for name, panel in zip(names, block.panels, strict=True)
        for line in _lines(panel)
    )
    lines = [astuple(line) for line in dict.fromkeys(found)]
    filled = [any(column) for column in zip(*lines, strict=True)]
    kept = [tuple(t for t, on in zip(line, filled, strict=True) if on) for line in lines]
    return tuple(head for head, on in zip(HEADS, filled, strict=False) if on), kept


def _panel_names(panels: tuple[Panel, ...]) -> list[str]:
    """Their titles, with what they show where panels of one title differ in that alone."""
    keys, things = [], []
    for panel in panels:
        keys.append((" ".join(panel.title.split()), getattr(panel, "x_title", "")))
        things.append(getattr(panel, "y_title", ""))
    several = Counter(key for key, _ in set(zip(keys, things, strict=True)))
    return [
        told(key[0], thing) if several[key] > 1 else key[0]
        for key, thing in zip(keys, things, strict=True)
    ]


def _lines(panel: Panel) -> Iterator[Line]:
    if isinstance(panel, DotPanel):
        yield from _of_dots(panel)
    elif isinstance(panel, Curves):
        yield from _of_curves(panel)
    elif isinstance(panel, Bins):
        yield from _of_bins(panel)
    elif isinstance(panel, Map):
        yield from _of_map(panel)
    elif isinstance(panel, Plane):
        yield from _of_plane(panel)


def _of_dots(panel: DotPanel) -> Iterator[Line]:
    for dots in panel.dots:
        shown = ", ".join(map(number, dots.values))
        shown = told(shown, f"{dots.diverged} diverged" if dots.diverged else "")
        median = "" if dots.median is None else number(dots.median)
        if dots.interval is not None:
            median = f"{median} {within(*dots.interval)}".strip()
        published = "" if dots.published is None else number(dots.published)
        if shown or median or published:
            yield Line("", dots.name, dots.at, shown, median, published)


def _of_curves(panel: Curves) -> Iterator[Line]:
    for series in panel.series:
        places, shown = panel_texts.places(panel, series), panel_texts.values(series)
        if series.labels:  # points that have names
            places = tuple(map(told, series.labels, places))
        if shown:
            yield Line("", series.name, panel.x_title, panel_texts.by_place(places, shown))


def _of_bins(panel: Bins) -> Iterator[Line]:
    names = panel_texts.bins(panel)
    for sizes in panel.series:
        pairs = [(n, panel_texts.share(v)) for n, v in zip(names, sizes.shares, strict=True) if v]
        shown = "; ".join(f"{name}: {text}" for name, text in pairs)
        yield Line("", sizes.name, panel.x_title, shown, f"{sizes.median:.3g}")


def _of_map(panel: Map) -> Iterator[Line]:
    """A line a row that has numbers, by column."""
    by = f"by {panel.x_title or 'column'}"
    for row, numbers in enumerate(panel.values):
        names = panel.column_names or tuple(str(n) for n in range(1, len(numbers) + 1))
        known = [(n, v) for n, v in zip(names, numbers, strict=True) if v is not None]
        name = panel.row_names[row] if panel.row_names else str(row + 1)
        if known:
            shown = "; ".join(f"{column}: {value:,}" for column, value in known)
            yield Line("", f"{panel.y_title or 'row'} {name}", by, shown)


def _of_plane(panel: Plane) -> Iterator[Line]:
    """What has a name: points, circles by their radius, and what is written at lines."""
    for spot in panel.spots:
        if name := spot.label or spot.name:
            yield Line("", name, "place", panel_texts.point((spot.x, spot.y)))
    for ring in panel.rings:
        if ring.name:
            yield Line("", ring.name, "radius", number(ring.radius))
    for stroke in panel.strokes:
        if stroke.label:
            yield Line("", stroke.name or stroke.label, "line", stroke.label)
