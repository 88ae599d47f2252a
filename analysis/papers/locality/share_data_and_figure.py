"""Table I for programs and as a figure: each layer's shares by depth before the printed halves.

A network whose weights are not at hand shows the printed halves alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from analysis.documents.blocks import Data
from analysis.documents.panels import Curves, FigureBlock, Sampled, Series
from analysis.papers.locality.share_results import DEFAULT, WEIGHTS, Network, Number, SharesResult
from analysis.papers.locality.shares import COMPARISONS, Interval, split, two_sided_p, wilson

APART = 0.13  # of the two comparisons' points, to both sides of their layer
DATA = (
    *("network", "source", "weights", "halving", "part", "comparison", "layers", "filters"),
    *("larger", "equal", "share", "stars", "p_value", "wilson_low", "wilson_high"),
    *("by_layer_low", "by_layer_high", "by_layer_p", "verdict"),
)
LAYER_DATA = (
    *("network", "source", "weights", "layer", "name", "kind", "half", "comparison", "filters"),
    *("larger", "equal", "share", "p_value", "wilson_low", "wilson_high"),
)


def tidy(result: SharesResult) -> tuple[Data, Data]:
    """The printed numbers and those of every file; and the files' layers."""
    numbers = (*_printed_data(result), *map(_number_data, result.numbers))
    return Data(DATA, numbers), Data(LAYER_DATA, tuple(_layer_data(result)), "layers")


def _printed_data(result: SharesResult) -> Iterator[tuple[Any, ...]]:
    """The printed numbers as source "paper"."""
    torn = {("all", m.arch, m.comparison) for m in result.replays[0].mixtures if not m.holds}
    for found in result.replays[0].attainable:
        printed = found.printed
        word = "consistent" if found.holds else "stars not attainable"
        if found.holds and (printed.part, printed.arch, printed.comparison) in torn:
            word = "not the mixture of its halves"
        layers = len(result.structures[printed.arch]) if printed.part == "all" else ""
        yield (
            *(printed.arch, "paper", *DEFAULT, printed.part, printed.comparison, layers),
            *(found.filters, "", "", printed.text, printed.stars, *[""] * 6, word),
        )


def _number_data(number: Number) -> tuple[Any, ...]:
    network, found = number.network, number.share
    start = (network.arch, network.name, *number.reading, number.part, number.comparison)
    if found is None:
        return (*start, 0, 0, *[""] * (len(DATA) - len(start) - 2))
    return (
        *start,
        *(found.layers, found.filters, found.larger, found.equal),
        *(_nine(float(found.value)), found.stars, _p(found.p_value), *_ends(found.wilson)),
        *(*_ends(found.clustered), _p(found.clustered_p), number.verdict),
    )


def _layer_data(result: SharesResult) -> Iterator[tuple[Any, ...]]:
    """One row for each layer, comparison and way of taking weights."""
    for network, weights in product(result.networks, WEIGHTS):
        for index, layer in enumerate(network.layers[weights]):
            half = "lower" if index < split(len(network.signed)) else "upper"
            for comparison in COMPARISONS:
                k, n = layer.larger[comparison], layer.filters
                yield (
                    *(network.arch, network.name, weights, index + 1, layer.name, layer.kind),
                    *(half, comparison, n, k, layer.equal[comparison]),
                    *(_nine(k / n), _p(float(two_sided_p(k, n))), *_ends(wilson(k, n))),
                )


def _nine(value: float) -> str:
    return f"{value:.9f}"


def _p(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _ends(found: Interval | None) -> tuple[str, str]:
    return ("", "") if found is None else (_nine(found.low), _nine(found.high))


def figure(result: SharesResult) -> FigureBlock:
    """One panel a network, printed ones first."""
    panels = []
    printed = dict.fromkeys(arch for arch, _, _ in result.printed)
    for arch in printed:
        files = [network for network in result.networks if network.arch == arch]
        if not files:
            count = len(result.structures[arch])
            panels.append(_panel(result, f"{arch} (printed only)", arch, count, None))
        panels += [_panel(result, f"{arch}: {f.name}", arch, len(f.signed), f) for f in files]
    others = [network for network in result.networks if network.arch not in printed]
    panels += [_panel(result, n.name, "", len(n.signed), n) for n in others]
    legend = []
    for look, comparison in enumerate(COMPARISONS):
        legend.append(Sampled("line", f"{comparison}, printed for each half", look))
        if result.networks:
            legend.append(Sampled("points", f"{comparison}, measured (Wilson, 95 %)", look))
    legend.append(Sampled("border", "between lower and upper half"))
    size = (3.6, 1.9)
    return FigureBlock(tuple(panels), tuple(legend), "shares", across=2, size=size, share="y")


def _panel(
    result: SharesResult, title: str, arch: str, layers: int, network: Network | None
) -> Curves:
    border = split(layers) + 0.5
    spans = {"lower": (0.5, border), "upper": (border, layers + 0.5)}
    ends = {"lower": (1, split(layers)), "upper": (split(layers) + 1, layers)}  # its layers
    series = [
        Series(
            spans[row.part],
            (float(row.value),) * 2,
            COMPARISONS.index(name),
            points=False,
            name=f"{name}, printed, {row.part} half",
            at=tuple(map(str, ends[row.part])),
        )
        for (_, _, name), row in result.printed.items()
        if row.arch == arch and row.part != "all"
    ]
    if network is not None:
        series += [_points(network, look, name) for look, name in enumerate(COMPARISONS)]
    return Curves(
        tuple(series),
        title if len(title) <= 48 else f"{title[:22]}…{title[-25:]}",
        x_title="3×3 layer by depth",
        y_title="share of filters",
        borders=(border,),
        reference=0.5,
        limits=(0.4, layers + 0.6),
    )


def _points(network: Network, look: int, comparison: str) -> Series:
    """A point a layer with its Wilson interval."""
    counts = [(layer.larger[comparison], layer.filters) for layer in network.signed]
    ends = [wilson(k, n) for k, n in counts]
    return Series(
        tuple(depth + (2 * look - 1) * APART for depth in range(1, len(counts) + 1)),
        tuple(k / n for k, n in counts),
        look,
        low=tuple(end.low for end in ends),
        high=tuple(end.high for end in ends),
        line=False,
        name=f"{comparison}, measured",
        at=tuple(str(depth) for depth in range(1, len(counts) + 1)),
    )
