"""Figure 1 as a document: medians by layer and position, and the distributions drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    Row,
    columns,
    context_notes,
    row,
)
from analysis.documents.panels import Bins, FigureBlock, Histogram, Sampled
from analysis.papers.locality.weight_distributions import (
    QUANTILES,
    Distributions,
    Panel,
    Series,
)

HOW = (
    "Medians are over a layer's spatial filters, one for each pair of an input and an output "
    "channel, zeros included. The figure shows the first three and the last three 3×3 layers; the "
    "paper prints no numbers with it."
)
NOTABLE = 0.02  # a share of filters off the axis that is worth a line; the CSV has all
NUMBERS = ("filters", "centre", "edge", "corner", "centre/edge", "edge/corner")
DATA = ("layer", "name", "filters", "position", "quantity", "low", "high", "value")
NAMES = {"centre": "centre (1, 1)", "edge": "left middle (1, 0)", "corner": "upper left (0, 0)"}
LOOKS = {"centre": 0, "edge": 1, "corner": 2}
ALL_ZERO = "every weight here\nis exactly 0"


@dataclass(frozen=True)
class Source:
    """Which network the weights are of.

    Attributes:
        title: in a few words, such as "plain 1 1 of Table III, seed 0".
        details: more lines on it, such as its accuracy.
        label: what marks it as a quick run, else empty.
        facts: the same for machines, JSON-ready.
    """

    title: str
    details: tuple[str, ...] = ()
    label: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def document(
    found: Distributions, source: Source, context: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Document:
    """The medians, what they tell, what no logarithmic axis shows, and the figure."""
    lines = (*statements(found), *unseen(found))
    return Document(
        id="locality/figure1",
        title="Figure 1",
        caption="Absolute weights of 3×3 filters at the centre, the left middle and the upper left",
        labels=(source.label,) if source.label else (),
        lines=(source.title, *source.details),
        blocks=(
            _medians(found),
            Notes(tuple(map(Note, lines))),
            Notes((Note(HOW), *context_notes(context))),
            _figure(found, source),
            Data(DATA, tuple(_data(found))),
        ),
        facts={
            "label": source.label,
            "source": {"title": source.title, **source.facts},
            "layers": found.layers,
            "edges": [float(f"{edge:.9g}") for edge in found.edges],
            "panels": [_facts(panel) for panel in found.panels],
            "statements": statements(found),
            **context,
        },
    )


def statements(found: Distributions) -> list[str]:
    """In how many of the layers the medians fall from the centre to the corner, in two lines."""
    lines = []
    for pairs in zip(*map(_neighbours, found.panels), strict=True):
        first, second = (series.position for series in pairs[0])
        above = sum(inner.median > outer.median for inner, outer in pairs)
        lines.append(
            f"The {first}'s median is above the {second}'s in {above} of {len(pairs)} layers."
        )
    return lines


def unseen(found: Distributions) -> list[str]:
    """A line for each layer with weights of exactly 0, or with more than a few below the axis."""
    lines = []
    for panel in found.panels:
        parts = []
        if any(series.zeros for series in panel.series):
            whole = f"; {panel.dead:,} filters are 0 throughout" if panel.dead else ""
            parts.append(f"exactly 0: {_counts(panel, 'zeros')}{whole}")
        if any(panel.share(series.below) > NOTABLE for series in panel.series):
            parts.append(f"below {number(found.edges[0])}: {_counts(panel, 'below')}")
        if parts:
            lines.append(f"Layer {panel.number}, centre/edge/corner, {'; '.join(parts)}.")
    return lines


def number(value: float) -> str:
    """Three significant digits, such as "0.0123", or two with an exponent, "1.2e-09"."""
    return f"{value:.3g}" if value == 0 or value >= 1e-4 else f"{value:.1e}"


def _neighbours(panel: Panel) -> tuple[tuple[Series, Series], ...]:
    """Centre and edge, edge and corner."""
    return tuple(pairwise(panel.series))


def _counts(panel: Panel, attribute: str) -> str:
    return "/".join(f"{getattr(series, attribute):,}" for series in panel.series)


def _medians(found: Distributions) -> Grid:
    titles = columns("layer", *NUMBERS, right=NUMBERS)
    rows = tuple(_row(found, panel) for panel in found.panels)
    return Grid("medians", titles, rows, "median |w|", "Medians of |w| by layer and position.")


def _row(found: Distributions, panel: Panel) -> Row:
    return row(
        f"{panel.number} of {found.layers}",
        Cell(f"{panel.filters:,}", panel.filters),
        *(Cell(number(series.median), _nine(series.median)) for series in panel.series),
        *(_ratio(inner.median, outer.median) for inner, outer in _neighbours(panel)),
    )


def _ratio(first: float, second: float) -> Cell:
    return Cell(f"{first / second:.3f}", _nine(first / second)) if second else Cell(MISSING)


def _nine(value: float) -> float:
    return float(f"{value:.9g}")


def _data(found: Distributions) -> list[tuple[Any, ...]]:
    """Bins, what lies outside of them, and quantiles, by layer and position.

    "quantity" is "bin" (filters with low ≤ |w| < high), "below" (0 < |w| < high), "zero", or
    "quantile 0.5" and the like, whose value is a magnitude.
    """
    edges = [f"{edge:.9g}" for edge in found.edges]
    rows: list[tuple[Any, ...]] = []
    for panel in found.panels:
        for series in panel.series:
            place = (panel.number, panel.name, panel.filters, series.position)
            rows.append((*place, "zero", 0, 0, series.zeros))
            rows.append((*place, "below", 0, edges[0], series.below))
            bins = zip(edges[:-1], edges[1:], series.counts, strict=True)
            rows += [(*place, "bin", low, high, count) for low, high, count in bins]
            for share, value in zip(QUANTILES, series.quantiles, strict=True):
                rows.append((*place, f"quantile {share}", "", "", f"{value:.9g}"))
    return rows


def _facts(panel: Panel) -> dict[str, Any]:
    return {
        "layer": panel.number,
        "name": panel.name,
        "filters": panel.filters,
        "dead": panel.dead,
        "positions": {
            series.position: {
                "counts": series.counts,
                "below": series.below,
                "zeros": series.zeros,
                "quantiles": dict(zip(QUANTILES, map(_nine, series.quantiles), strict=True)),
            }
            for series in panel.series
        },
    }


def _figure(found: Distributions, source: Source) -> FigureBlock:
    """Up to six panels: the first layers above, the last ones below."""
    return FigureBlock(
        tuple(_panel(found, panel) for panel in found.panels),
        tuple(Sampled("both", f"{NAMES[p]}, its median", look) for p, look in LOOKS.items()),
        name="weights",
        across=3,
        size=(2.55, 2.3),
        title=tuple(filter(None, (source.label, source.title))),
        share="xy",
        y_title="share of the layer's filters in a bin",
    )


def _panel(found: Distributions, panel: Panel) -> Bins:
    is_empty = all(series.zeros == panel.filters for series in panel.series)
    return Bins(
        found.edges,
        tuple(
            Histogram(tuple(map(panel.share, series.counts)), series.median, LOOKS[series.position])
            for series in panel.series
        ),
        title=f"layer {panel.number} of {found.layers}, {panel.filters:,} filters",
        x_title="|w|",
        empty=ALL_ZERO if is_empty else "",
        note="" if is_empty else _outside(panel),
    )


def _outside(panel: Panel) -> str:
    """What lies outside of the axis, for centre/edge/corner; "" for nothing worth telling."""
    lines = []
    for label, attribute, limit in (
        ("exactly 0", "zeros", 0),
        ("below the axis", "below", NOTABLE),
    ):
        shares = [panel.share(getattr(series, attribute)) for series in panel.series]
        if any(share > limit for share in shares):
            lines.append(f"{label}:\n{'/'.join(f'{100 * share:.1f}' for share in shares)} %")
    return "\n".join(lines)
