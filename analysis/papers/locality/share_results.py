"""Table I as data: the printed rows, their replay, what weight files give, and the tidy tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from analysis.documents.blocks import Data
from analysis.papers.locality.share_replay import (
    REPRODUCED,
    Printed,
    Replay,
    Structure,
    replay,
    verdict,
)
from analysis.papers.locality.shares import (
    COMPARISONS,
    HALVINGS,
    PARTS,
    Counted,
    Interval,
    Share,
    part,
    share,
    split,
    two_sided_p,
    wilson,
)

WEIGHTS = ("signed", "magnitudes")  # L-13; the first is the default

DATA = (
    *("network", "source", "weights", "halving", "part", "comparison", "layers", "filters"),
    *("larger", "equal", "share", "stars", "p_value", "wilson_low", "wilson_high"),
    *("by_layer_low", "by_layer_high", "by_layer_p", "verdict"),
)
LAYER_DATA = (
    *("network", "source", "weights", "layer", "name", "kind", "half", "comparison", "filters"),
    *("larger", "equal", "share", "p_value", "wilson_low", "wilson_high"),
)


@dataclass(frozen=True)
class Network:
    """A weight file that was read.

    Attributes:
        name: of the file, or the name under which the data folder has it.
        arch: its row of the printed table; empty where it has none.
        digest: SHA-256 of the file.
        order: how the layers' order of depth is known, as a sentence's end.
        signed, magnitudes: its 3×3 layers counted by w and by |w|, in order of depth.
    """

    name: str
    arch: str
    digest: str
    order: str
    signed: tuple[Counted, ...]
    magnitudes: tuple[Counted, ...]

    @property
    def filters(self) -> int:
        """Spatial filters in all 3×3 layers."""
        return sum(layer.filters for layer in self.signed)

    def counts(self, weights: str) -> tuple[Counted, ...]:
        """The layers counted by "signed" weights or "magnitudes"."""
        return {"signed": self.signed, "magnitudes": self.magnitudes}[weights]

    @property
    def halvings(self) -> tuple[str, ...]:
        """Those ways of halving that differ: an even number of layers has one."""
        return HALVINGS if len(self.signed) % 2 else HALVINGS[:1]


@dataclass(frozen=True)
class Number:
    """A share of a network under one pair of readings, beside the printed number if it has one.

    Attributes:
        share: None where the part has no layers.
        printed: None where the table has no such number, as for every reading but the default.
    """

    network: Network
    weights: str
    halving: str
    part: str
    comparison: str
    share: Share | None
    printed: Printed | None

    @property
    def verdict(self) -> str:
        """Empty where there is nothing to compare with."""
        if self.printed is None or self.share is None:
            return ""
        return verdict(self.printed, self.share)


@dataclass(frozen=True)
class SharesResult:
    """Everything that Table I's report shows.

    Attributes:
        replays: of the printed rows, one for each of
        :data:`~analysis.papers.locality.shares.HALVINGS`.
        numbers: of every file under every reading, those of the default readings first.
        missing: the command that gets a printed network's weights, by network.
        context: readings and deviations, JSON-ready.
    """

    printed: tuple[Printed, ...]
    structures: Mapping[str, Structure]
    replays: tuple[Replay, ...]
    networks: tuple[Network, ...]
    numbers: tuple[Number, ...]
    missing: Mapping[str, str]
    context: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def replay(self) -> Replay:
        """The one of the default halving, which is judged."""
        return self.replays[0]

    def of(self, network: Network, weights: str, halving: str) -> list[Number]:
        """A file's numbers under one pair of readings, by comparison and part."""
        wanted = (network, weights, halving)
        return [n for n in self.numbers if (n.network, n.weights, n.halving) == wanted]

    @property
    def contradicted(self) -> list[Printed]:
        """Printed numbers that were measured and that no file of their network reproduces."""
        measured: dict[Printed, set[str]] = {}
        for number in self.numbers:
            if number.printed is not None and number.verdict:
                measured.setdefault(number.printed, set()).add(number.verdict)
        return [printed for printed, verdicts in measured.items() if REPRODUCED not in verdicts]

    @property
    def holds(self) -> bool:
        """Whether neither the replay nor a weight file contradicts the table."""
        return self.replay.holds and not self.contradicted


def analyse(
    printed: Sequence[Printed],
    structures: Mapping[str, Structure],
    networks: Sequence[Network],
    missing: Mapping[str, str],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> SharesResult:
    """Replay the printed rows and set the networks' shares beside them."""
    by_place = {(row.arch, row.part, row.comparison): row for row in printed}
    numbers = []
    for network in networks:
        for weights, halving in product(WEIGHTS, network.halvings):
            layers = network.counts(weights)
            is_default = (weights, halving) == (WEIGHTS[0], HALVINGS[0])
            for comparison, name in product(COMPARISONS, PARTS):
                entry = by_place.get((network.arch, name, comparison)) if is_default else None
                found = share(part(layers, name, halving), comparison)
                numbers.append(Number(network, weights, halving, name, comparison, found, entry))
    return SharesResult(
        printed=tuple(printed),
        structures=structures,
        replays=tuple(replay(printed, structures, halving) for halving in HALVINGS),
        networks=tuple(networks),
        numbers=tuple(numbers),
        missing=missing,
        context=context,
    )


def place(network: Network, index: int) -> str:
    """ "lower" or "upper": the half of the layer at ``index`` (from 0) by the default halving."""
    return "lower" if index < split(len(network.signed)) else "upper"


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
                    yield (
                        *(network.arch, network.name, weights, index + 1, layer.name, layer.kind),
                        *(place(network, index), comparison, n, k, layer.equal[comparison]),
                        *(_nine(k / n), _p(float(two_sided_p(k, n))), *_ends(wilson(k, n))),
                    )


def _nine(value: float) -> str:
    return f"{value:.9f}"


def _p(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _ends(found: Interval | None) -> tuple[str, str]:
    return ("", "") if found is None else (_nine(found.low), _nine(found.high))
