"""Table I as data: the printed rows, their replay, and what weight files give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
    Share,
    part,
    share,
    split,
)

WEIGHTS = ("signed", "magnitudes")  # L-13; the first is the default


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
    """Replay the printed rows and set the networks' shares beside them.

    Raises:
        ValueError: where a printed network's structure is not known.
    """
    by_place = {(row.arch, row.part, row.comparison): row for row in printed}
    numbers = [
        _number(network, weights, halving, name, comparison, by_place)
        for network in networks
        for weights in WEIGHTS
        for halving in network.halvings
        for comparison in COMPARISONS
        for name in PARTS
    ]
    return SharesResult(
        printed=tuple(printed),
        structures=structures,
        replays=tuple(replay(printed, structures, halving) for halving in HALVINGS),
        networks=tuple(networks),
        numbers=tuple(numbers),
        missing=missing,
        context=context,
    )


def _number(
    network: Network,
    weights: str,
    halving: str,
    name: str,
    comparison: str,
    printed: Mapping[tuple[str, str, str], Printed],
) -> Number:
    layers = part(network.counts(weights), name, halving)
    is_default = (weights, halving) == (WEIGHTS[0], HALVINGS[0])
    entry = printed.get((network.arch, name, comparison)) if is_default else None
    found = share(layers, comparison)
    return Number(network, weights, halving, name, comparison, found, entry)


def place(network: Network, index: int) -> str:
    """ "lower" or "upper": the half of the layer at ``index`` (from 0) by the default halving."""
    return "lower" if index < split(len(network.signed)) else "upper"
