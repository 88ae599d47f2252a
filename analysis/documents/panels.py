"""What a figure is made of: panels of plain data, which :mod:`analysis.figures` draws.

``look`` is a place in the list of looks that all figures share
(:data:`analysis.figures.style.LOOKS`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Sample = Literal[
    "points", "line", "both", "bars", "level", "median", "published", "diverged", "border", "tie"
]
Ticks = tuple[tuple[float, str], ...]  # place and text


@dataclass(frozen=True)
class Dots:
    """Values of one cell beside each other at ``x``, with their median and its interval."""

    x: float
    values: tuple[float, ...]
    look: int = 0
    median: float | None = None
    interval: tuple[float, float] | None = None
    published: float | None = None  # the printed value, a diamond
    diverged: int = 0  # how many more values have no number, as crosses under the scale
    heading: str = ""  # above the panel at this place
    empty: str = ""  # what stands in its place where it has no values
    name: str = ""  # of the cell, or its setting's as in the legend
    at: str = ""  # where the cell stands, such as its column; empty where its name tells that
    seeds: tuple[int, ...] = ()  # of the values, where they are known


@dataclass(frozen=True)
class DotPanel:
    """Cells side by side: paired dots, rows, or several at each step of a strength."""

    dots: tuple[Dots, ...]
    ticks: Ticks
    title: str = ""
    x_title: str = ""
    y_title: str = ""
    borders: tuple[float, ...] = ()  # places of thin lines between groups
    reference: float | None = None  # height of a line across
    dense: bool = False  # whether cells stand close, a few at each tick
    upright: bool = False
    decimals: int = 3  # of the vertical axis' ticks, at least


@dataclass(frozen=True)
class Series:
    """Numbers ``y`` at the places ``x``: points, a line, both, or bars.

    From ``low`` to ``high``, where they are given, goes an interval at each place, or a band.
    ``at`` tells the true places where others are drawn: exponents, or places beside the true ones.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    look: int = 0
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    points: bool = True
    line: bool = True
    bars: bool = False
    band: bool = False
    labels: tuple[str, ...] = ()  # beside the points
    name: str = ""  # as in the legend
    at: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curves:
    """Series over layers or epochs; bars of several series stand side by side at their places."""

    series: tuple[Series, ...]
    title: str = ""
    x_title: str = ""
    y_title: str = ""
    ticks: Ticks = ()  # names of the places, such as those of layers
    borders: tuple[float, ...] = ()  # places of dotted lines from below to above
    reference: float | None = None  # height of a line across
    whole: bool = True  # whether x counts something
    limits: tuple[float, float] | None = None  # of x
    log: bool = False  # whether the axis of y is logarithmic


def over_seeds(
    curves: Sequence[Sequence[Sequence[Any]]], look: int = 0, scale: float = 1, name: str = ""
) -> Series:
    """The median of several runs' curves with a band between the quartiles.

    Args:
        curves: [epoch, value] pairs of each run; an epoch with a value that is not finite (None)
            is left out of that run's.
        scale: what values are multiplied by.
        name: of the series.
    """
    import numpy as np

    by_epoch: dict[int, list[float]] = {}
    for epoch, value in (point for curve in curves for point in curve):
        if value is not None:
            by_epoch.setdefault(epoch, []).append(scale * value)
    epochs = sorted(by_epoch)
    quartiles = [np.quantile(by_epoch[epoch], (0.25, 0.5, 0.75)).tolist() for epoch in epochs]
    low, middle, high = zip(*quartiles, strict=True) if quartiles else ((), (), ())
    return Series(tuple(epochs), middle, look, low, high, points=False, band=True, name=name)


@dataclass(frozen=True)
class Histogram:
    """Shares of values in the panel's bins, with a mark at their median."""

    shares: tuple[float, ...]
    median: float
    look: int = 0
    name: str = ""  # as in the legend


@dataclass(frozen=True)
class Bins:
    """Histograms over the same bins, whose limits are ``edges``, on a logarithmic axis."""

    edges: tuple[float, ...]
    series: tuple[Histogram, ...]
    title: str = ""
    x_title: str = ""
    empty: str = ""  # what stands in the middle where there is nothing to draw
    note: str = ""  # in a corner


@dataclass(frozen=True)
class Outline:
    """A square of 3×3 cells around (row, column), from 1; a tied one is dotted."""

    row: int
    column: int
    look: int = 0
    is_tie: bool = False


@dataclass(frozen=True)
class Map:
    """Numbers in cells, darker the larger they are, with outlines; None leaves a cell empty."""

    values: tuple[tuple[int | None, ...], ...]
    outlines: tuple[Outline, ...] = ()
    title: str = ""
    row_names: tuple[str, ...] = ()  # by default rows and columns count from 1
    column_names: tuple[str, ...] = ()
    x_title: str = ""
    y_title: str = ""


@dataclass(frozen=True)
class Images:
    """Small images in rows of ``across``, such as a layer's filters; 0 is a middle grey."""

    tiles: tuple[Any, ...]  # weights, nested: (n, height, width) or (n, height, width, 3)
    across: int = 8
    title: str = ""
    apart: bool = False  # whether each image has a scale of its own instead of the panel's


@dataclass(frozen=True)
class Ring:
    """A circle, its line dashed by its look, faintly filled where ``shaded``."""

    x: float
    y: float
    radius: float
    look: int = 0
    shaded: bool = False
    name: str = ""  # of those that tables tell


@dataclass(frozen=True)
class Stroke:
    """A line between two points, or an arrow to the second; ``label`` stands at its middle, and
    ``name`` says what it is of."""

    start: tuple[float, float]
    end: tuple[float, float]
    look: int = 0
    arrow: bool = False
    label: str = ""
    name: str = ""


@dataclass(frozen=True)
class Spot:
    """A point, with a label at its side; ``name`` is told of one without a label."""

    x: float
    y: float
    look: int = 0
    label: str = ""
    name: str = ""


@dataclass(frozen=True)
class Plane:
    """Circles, lines and points in the plane, of one scale in both directions, without axes."""

    rings: tuple[Ring, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    spots: tuple[Spot, ...] = ()
    title: str = ""


Panel = DotPanel | Curves | Bins | Map | Images | Plane


@dataclass(frozen=True)
class Sampled:
    """A line of the legend."""

    sample: Sample
    label: str
    look: int = 0


@dataclass(frozen=True)
class FigureBlock:
    """A figure: ``<document>.<name>.png`` and ``.pdf``."""

    panels: tuple[Panel, ...]
    legend: tuple[Sampled, ...] = ()
    name: str = "figure"
    across: int = 1  # panels side by side
    size: tuple[float, float] = (5.5, 2.5)  # of a panel, in inches
    title: tuple[str, ...] = ()  # above all panels, a line each
    share: str = ""  # which axes all panels have in common: "x", "y", "row" (y by row) or "xy"
    y_title: str = ""  # beside all panels
    watermark: str = ""  # behind every panel
