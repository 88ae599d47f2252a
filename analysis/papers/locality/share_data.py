"""Table I's tidy tables: one row a number, and one row a layer of every weight file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from statsmodels.stats.proportion import proportion_confint

from analysis.documents.blocks import Data
from analysis.papers.locality.share_results import WEIGHTS, Number, SharesResult, place
from analysis.papers.locality.shares import COMPARISONS, CONFIDENCE, HALVINGS, Interval, two_sided_p

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
    torn = {(m.arch, m.comparison) for m in result.replay.mixtures if not m.holds}
    for found in result.replay.attainable:
        printed = found.printed
        layers = len(result.structures[printed.arch].filters)
        verdict = "consistent" if found.holds else "stars not attainable"
        if found.holds and printed.part == "all" and (printed.arch, printed.comparison) in torn:
            verdict = "not the mixture of its halves"
        yield (
            *(printed.arch, "paper", WEIGHTS[0], HALVINGS[0], printed.part, printed.comparison),
            *(layers if printed.part == "all" else "", found.filters, "", ""),
            *(printed.text, printed.stars, "", "", "", "", "", ""),
            verdict,
        )


def _number_data(number: Number) -> tuple[Any, ...]:
    network, found = number.network, number.share
    start = (
        *(network.arch, network.name, number.weights, number.halving),
        *(number.part, number.comparison),
    )
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
    for network in result.networks:
        for weights in WEIGHTS:
            for index, layer in enumerate(network.counts(weights)):
                for comparison in COMPARISONS:
                    k, n = layer.larger[comparison], layer.filters
                    low, high = proportion_confint(k, n, alpha=1 - CONFIDENCE, method="wilson")
                    yield (
                        *(network.arch, network.name, weights, index + 1, layer.name, layer.kind),
                        *(place(network, index), comparison, n, k, layer.equal[comparison]),
                        *(_nine(k / n), _p(float(two_sided_p(k, n))), _nine(low), _nine(high)),
                    )


def _nine(value: float) -> str:
    return f"{value:.9f}"


def _p(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _ends(found: Interval | None) -> tuple[str, str]:
    return ("", "") if found is None else (_nine(found.low), _nine(found.high))
