"""Figure 1: how large the weights at three positions of 3×3 filters are, layer by layer.

Shared logarithmic bins of |w|, quantiles, and what no logarithmic axis can show (zeros, values
below its lower end), which is counted beside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.documents.blocks import (
    MISSING,
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
from analysis.documents.panels import Bins, FigureBlock, Histogram, Sampled

POSITIONS = {"centre": (1, 1), "edge": (1, 0), "corner": (0, 0)}
"""Figure 1's three positions by row and column from 0: middle, left middle and upper left."""
AT_EACH_END = 3
BINS_PER_DECADE = 8
DECADES = 5  # the axis' most; weight decay leaves dead filters many decades below the others
LEFT_OUT = 0.005  # share of the weights that may lie below the axis, so that it is not mostly empty
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NOTABLE = 0.02  # a share of filters off the axis that is worth a line; the CSV has all

HOW = (
    "Medians are over a layer's spatial filters, one for each pair of an input and an output "
    "channel, zeros included. The figure shows the first three and the last three 3×3 layers; the "
    "paper prints no numbers with it."
)
NUMBERS = ("filters", *POSITIONS, "centre/edge", "edge/corner")
DATA = ("layer", "name", "filters", "position", "quantity", "low", "high", "value")
NAMES = ("centre (1, 1)", "left middle (1, 0)", "upper left (0, 0)")
ALL_ZERO = "every weight here\nis exactly 0"


@dataclass(frozen=True)
class Sizes:
    """|w| at one position of one layer's filters.

    Attributes:
        counts: filters in each of the shared bins.
        below: filters with a weight that is not 0 and lies below the first bin.
        zeros: filters whose weight is exactly 0.
        quantiles: at :data:`QUANTILES`, zeros included.
    """

    counts: tuple[int, ...]
    below: int
    zeros: int
    quantiles: Mapping[float, float]


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        layer: place among the network's 3×3 layers, from 1, by depth.
        name: of the weights in the network.
        filters: how many spatial filters it has, one for each pair of channels.
        dead: filters whose nine weights are all exactly 0.
        positions: by the names of :data:`POSITIONS`.
    """

    layer: int
    name: str
    filters: int
    dead: int
    positions: Mapping[str, Sizes]

    def of_each(self, quantity: str) -> list[int]:
        """ "zeros" or "below" at the centre, the edge and the corner."""
        return [getattr(sizes, quantity) for sizes in self.positions.values()]

    def medians(self) -> list[float]:
        """Of |w| there, zeros included."""
        return [sizes.quantiles[0.5] for sizes in self.positions.values()]


def distributions(
    layers: Sequence[tuple[str, NDArray[np.float32]]],
) -> tuple[list[Layer], tuple[float, ...]]:
    """The distributions in the first three and the last three layers, and the bins' limits.

    Args:
        layers: name and filters (N, 3, 3) of every 3×3 layer, by depth, at least one; finite.
    """
    shown = [
        (number, name, filters)
        for number, (name, filters) in enumerate(layers, start=1)
        if number <= AT_EACH_END or number > len(layers) - AT_EACH_END
    ]
    samples = [
        [np.abs(filters[:, r, c].astype(np.float64)) for r, c in POSITIONS.values()]
        for _, _, filters in shown
    ]
    edges = 10.0 ** _exponents(np.concatenate([sample for layer in samples for sample in layer]))
    found = []
    for (number, name, filters), sizes in zip(shown, samples, strict=True):
        dead = int((filters == 0).all(axis=(1, 2)).sum())
        positions = {p: _sizes(s, edges) for p, s in zip(POSITIONS, sizes, strict=True)}
        found.append(Layer(number, name, len(filters), dead, positions))
    return found, tuple(edges.tolist())


def _exponents(sample: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bins' limits as powers of ten, on whole parts of a decade; they enclose the largest."""
    positive = sample[sample > 0]
    if not len(positive):
        return np.arange(BINS_PER_DECADE + 1) / BINS_PER_DECADE - 1
    top = math.floor(BINS_PER_DECADE * math.log10(positive.max())) + 1
    bottom = math.floor(BINS_PER_DECADE * math.log10(np.quantile(positive, LEFT_OUT)))
    bottom = min(max(bottom, top - DECADES * BINS_PER_DECADE), top - BINS_PER_DECADE)
    return np.arange(bottom, top + 1) / BINS_PER_DECADE


def _sizes(sample: NDArray[np.float64], edges: NDArray[np.float64]) -> Sizes:
    positive = sample[sample > 0]
    inside = positive[positive >= edges[0]]
    places = np.searchsorted(edges, inside, side="right") - 1
    counts = np.bincount(np.minimum(places, len(edges) - 2), minlength=len(edges) - 1)
    return Sizes(
        tuple(counts.tolist()),
        below=len(positive) - len(inside),
        zeros=len(sample) - len(positive),
        quantiles=dict(zip(QUANTILES, np.quantile(sample, QUANTILES).tolist(), strict=True)),
    )


def document(
    layers: Sequence[tuple[str, NDArray[np.float32]]],
    title: str,
    context: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    details: Sequence[str] = (),
    label: str = "",
    facts: Mapping[str, Any],
) -> Document:
    """The medians, what they tell, what no logarithmic axis shows, and the figure.

    Args:
        layers: see :func:`distributions`.
        title: whose weights these are, such as "plain 1 1 of Table III, seed 0".
        details: more lines on that.
        label: what marks another experiment than the paper's, else empty.
        facts: the source for machines.
    """
    found, edges = distributions(layers)
    told = statements(found)
    return Document(
        id="locality/figure1",
        title="Figure 1",
        caption="Absolute weights of 3×3 filters at the centre, the left middle and the upper left",
        labels=(label,) if label else (),
        lines=(title, *details),
        blocks=(
            _medians(found, len(layers)),
            Notes(tuple(map(Note, (*told, *unseen(found, edges[0]))))),
            Notes((Note(HOW), *context_notes(context))),
            FigureBlock(
                tuple(_panel(layer, len(layers), edges) for layer in found),
                tuple(Sampled("both", f"{p}, its median", look) for look, p in enumerate(NAMES)),
                name="weights",
                across=AT_EACH_END,
                size=(2.55, 2.3),
                title=tuple(filter(None, (label, title))),
                share="xy",
                y_title="share of the layer's filters in a bin",
            ),
            Data(DATA, tuple(_data(found, [f"{edge:.9g}" for edge in edges]))),
        ),
        facts={
            "label": label,
            "source": {"title": title, **facts},
            "layers": len(layers),
            "edges": edges,
            "panels": found,
            "statements": told,
            **context,
        },
    )


def statements(layers: Sequence[Layer]) -> list[str]:
    """In how many of the layers the medians fall from the centre to the corner, in two lines."""
    lines = []
    for place, (first, second) in enumerate(pairwise(POSITIONS)):
        above = sum(layer.medians()[place] > layer.medians()[place + 1] for layer in layers)
        lines.append(
            f"The {first}'s median is above the {second}'s in {above} of {len(layers)} layers."
        )
    return lines


def unseen(layers: Sequence[Layer], lowest: float) -> list[str]:
    """A line for each layer with weights of exactly 0, or with more than a few below the axis."""
    lines = []
    for layer in layers:
        zeros, below = (layer.of_each(quantity) for quantity in ("zeros", "below"))
        parts = []
        if any(zeros):
            whole = f"; {layer.dead:,} filters are 0 throughout" if layer.dead else ""
            parts.append(f"exactly 0: {'/'.join(f'{n:,}' for n in zeros)}{whole}")
        if max(below) / layer.filters > NOTABLE:
            parts.append(f"below {number(lowest)}: {'/'.join(f'{n:,}' for n in below)}")
        if parts:
            lines.append(f"Layer {layer.layer}, centre/edge/corner, {'; '.join(parts)}.")
    return lines


def number(value: float) -> str:
    """Three significant digits, such as "0.0123", or two with an exponent, "1.2e-09"."""
    return f"{value:.3g}" if value == 0 or value >= 1e-4 else f"{value:.1e}"


def _medians(layers: Sequence[Layer], of: int) -> Grid:
    rows = []
    for layer in layers:
        medians = layer.medians()
        ratios = [first / second if second else None for first, second in pairwise(medians)]
        rows.append(
            row(
                f"{layer.layer} of {of}",
                Cell(f"{layer.filters:,}", layer.filters),
                *(Cell(number(median), median) for median in medians),
                *(MISSING if ratio is None else Cell(f"{ratio:.3f}", ratio) for ratio in ratios),
            )
        )
    titles = columns("layer", *NUMBERS, right=NUMBERS)
    caption = "Medians of |w| by layer and position."
    return Grid("medians", titles, tuple(rows), "median |w|", caption)


def _data(layers: Sequence[Layer], edges: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Bins, what lies outside of them, and quantiles, by layer and position.

    "quantity" is "bin" (filters with low ≤ |w| < high), "below" (0 < |w| < high), "zero", or
    "quantile 0.5" and the like, whose value is a magnitude.
    """
    for layer in layers:
        for position, sizes in layer.positions.items():
            place = (layer.layer, layer.name, layer.filters, position)
            yield (*place, "zero", 0, 0, sizes.zeros)
            yield (*place, "below", 0, edges[0], sizes.below)
            for (low, high), count in zip(pairwise(edges), sizes.counts, strict=True):
                yield (*place, "bin", low, high, count)
            for share, value in sizes.quantiles.items():
                yield (*place, f"quantile {share}", "", "", f"{value:.9g}")


def _panel(layer: Layer, of: int, edges: tuple[float, ...]) -> Bins:
    is_empty = min(layer.of_each("zeros")) == layer.filters
    outside = []
    for title, quantity, limit in (
        ("exactly 0", "zeros", 0),
        ("below the axis", "below", NOTABLE),
    ):
        shares = [count / layer.filters for count in layer.of_each(quantity)]
        if max(shares) > limit:
            outside.append(f"{title}:\n{'/'.join(f'{100 * share:.1f}' for share in shares)} %")
    return Bins(
        edges,
        tuple(
            Histogram(
                tuple(n / layer.filters for n in sizes.counts), sizes.quantiles[0.5], look, name
            )
            for look, (name, sizes) in enumerate(layer.positions.items())
        ),
        title=f"layer {layer.layer} of {of}, {layer.filters:,} filters",
        x_title="|w|",
        empty=ALL_ZERO if is_empty else "",
        note="" if is_empty else "\n".join(outside),
    )
