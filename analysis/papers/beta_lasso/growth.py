"""Figure 1: how the networks' weights grow with α and with the image, by the printed formulas, as
the networks are built, and as read off the published curves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.documents.blocks import (
    Cell,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    context_notes,
    row,
)
from analysis.documents.panels import Curves, FigureBlock, Sampled, Series
from analysis.documents.printed import fields
from analysis.papers.beta_lasso.counts import Formula, Size, total

PANELS = {"alpha": "base channels α (32×32 images)", "side": "side of the image (α = 16)"}
MEMORY = 2.0e9  # the dotted line: what fits a V100 in half precision
# Three digits are given of what was read off the drawing, and 0.3 % is the drawing's own error.
READING_ERROR = 0.003 + 0.005
ROUNDED = 0.02  # how far a printed total may lie from the sum of its layers (B-07)
KINDS = ("CONV", "LOCAL", "FC")
BUILT_LOCAL = 3  # the look of what is built where the printed formula is wrong


@dataclass(frozen=True)
class Point:
    """A place of a curve.

    Attributes:
        drawn: read off the published curve, with the error :data:`READING_ERROR`.
        formula: by the printed formula of the whole network.
        built: of the network that is built; None where the strides do not divide the image.
    """

    panel: str
    network: str
    size: Size
    drawn: float
    formula: int
    built: int | None

    @property
    def x(self) -> int:
        """What the panel's axis shows."""
        return self.size.alpha if self.panel == "alpha" else self.size.side

    @property
    def agrees(self) -> bool:
        """Whether the drawn curve is the printed formula's, within the error of reading it off."""
        return abs(self.drawn - self.formula) <= READING_ERROR * self.formula


def points(
    rows: Sequence[Mapping[str, str]],
    formulas: Sequence[Formula],
    built: Callable[[str, Size], int | None],
) -> list[Point]:
    """The published points beside both counts.

    Raises:
        ValueError: where a row is damaged.
    """
    found = []
    for line in rows:
        panel, network, x, drawn = fields(line, ("panel", "network", "x", "weights"))
        if panel not in PANELS:
            raise ValueError(f"no panel {panel!r}")
        size = Size(int(x)) if panel == "alpha" else Size(16, int(x))
        weights = built(network, size)
        formula = round(total(formulas, network).value(size))
        found.append(Point(panel, network, size, float(drawn), formula, weights))
    return found


def document(
    found: Sequence[Point], context: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Document:
    """The curves, and how they agree."""
    agree = sum(point.agrees for point in found)
    buildable = [point for point in found if point.built is not None]
    true = sum(point.built == point.formula for point in buildable)
    told = (
        f"{agree} of {len(found)} points that were read off the published curves lie on the "
        f"printed formulas, within {100 * READING_ERROR:.1f} %. {true} of {len(buildable)} of the "
        "formulas' numbers are those of the networks as they are built; the others are D-LOCAL's "
        "(B-03), and D-CONV's and D-FC's, whose totals are rounded (B-07). Where strides do not "
        "divide the image there is no network."
    )
    tidy = tuple(
        (p.panel, p.network, p.x, p.drawn, p.formula, "" if p.built is None else p.built)
        for p in found
    )
    return Document(
        id="beta-lasso/figure1",
        title="Figure 1",
        caption="Weights by base channels and by image, for 10 classes",
        blocks=(
            _grid(found),
            Notes((Note(told), *context_notes(context))),
            _figure(found),
            Data(("panel", "network", "x", "drawn", "formula", "built"), tidy),
        ),
        facts={"points": found, "memory": MEMORY, **context},
        holds=all(point.agrees for point in found),
    )


def _grid(found: Sequence[Point]) -> Grid:
    """By network and panel: agreement with the drawing, the last counts, and how fast they grow."""
    rows = []
    for panel, title in PANELS.items():
        for network in dict.fromkeys(p.network for p in found):
            curve = [p for p in found if (p.panel, p.network) == (panel, network)]
            at = next(p for p in curve if p.x == 16 * (1 if panel == "alpha" else 2))
            rows.append(
                row(
                    network,
                    f"{sum(p.agrees for p in curve)} of {len(curve)}",
                    Cell(f"{at.formula:,}", at.formula),
                    Cell(f"{at.built:,}", at.built),
                    Cell(f"{_power(curve):.2f}"),
                    group=title,
                )
            )
    titles = columns(
        *("network", "drawn as printed", "formula at α = 16", "built", "grows with power"),
        right=("drawn as printed", "formula at α = 16", "built", "grows with power"),
    )
    caption = (
        "Points of the published curves that are the printed formula's, and the counts for α = 16 "
        "and 32×32 images. The power is that of the curve's last doubling."
    )
    return Grid("curves", titles, tuple(rows), caption=caption, headed=True, captioned=True)


def _power(curve: Sequence[Point]) -> float:
    """The slope between the last two built places, on logarithmic axes."""
    (x, built), (next_x, next_built) = [(p.x, p.built) for p in curve if p.built is not None][-2:]
    return math.log(next_built / built) / math.log(next_x / x)


def _figure(found: Sequence[Point]) -> FigureBlock:
    panels = []
    for family in ("D", "S"):
        for panel, title in PANELS.items():
            series = []
            for look, kind in enumerate(KINDS):
                curve = [p for p in found if (p.panel, p.network) == (panel, f"{family}-{kind}")]
                series += _series(curve, look, kind)
            ticks = tuple((float(e), str(2**e)) for e in range(0, 11, 2))
            panels.append(
                Curves(
                    tuple(series),
                    f"{family}-CONV and its counterparts",
                    title,
                    "weights",
                    ticks=ticks,
                    reference=MEMORY,
                    whole=False,
                    log=True,
                )
            )
    legend = [Sampled("line", f"{kind}, printed formula", look) for look, kind in enumerate(KINDS)]
    legend.append(Sampled("points", "read off the published curve", 0))
    legend.append(Sampled("line", "LOCAL, as built (D-LOCAL's formula is wrong)", BUILT_LOCAL))
    heading = ("Figure 1: weights for 10 classes; grey: what fits a V100 in half precision",)
    return FigureBlock(tuple(panels), tuple(legend), "curves", 2, (4.0, 3.0), heading)


def _series(curve: Sequence[Point], look: int, kind: str) -> list[Series]:
    """The formula as a line, the points that were read off, and where it differs what is built."""
    lines = [
        _line(curve, [float(p.formula) for p in curve], look, f"{kind}, printed formula"),
        replace(
            _line(curve, [p.drawn for p in curve], look, f"{kind}, read off the published curve"),
            points=True,
            line=False,
        ),
    ]
    if any(p.built and abs(p.built - p.formula) > ROUNDED * p.formula for p in curve):
        built = [(p, float(p.built)) for p in curve if p.built]
        own, counts = zip(*built, strict=True)
        lines.append(_line(own, counts, BUILT_LOCAL, f"{kind}, as built"))
    return lines


def _line(points: Sequence[Point], counts: Sequence[float], look: int, name: str) -> Series:
    places, at = tuple(math.log2(p.x) for p in points), tuple(str(p.x) for p in points)
    return Series(places, tuple(counts), look, points=False, name=name, at=at)
