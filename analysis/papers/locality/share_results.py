"""Table I as data: what weight files give beside the printed rows and their replay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from analysis.papers.locality.share_replay import (
    HALF_DIGIT,
    Printed,
    Replay,
    Rows,
    Structures,
    replay,
)
from analysis.papers.locality.shares import (
    COMPARISONS,
    HALVINGS,
    PARTS,
    Layer,
    Share,
    part,
    share,
)
from analysis.verdicts.wording import Verdict

WEIGHTS = ("signed", "magnitudes")  # L-13; the first is the default
DEFAULT = (WEIGHTS[0], HALVINGS[0])


@dataclass(frozen=True)
class Network:
    """A weight file that was read.

    Attributes:
        name: of the file, or the name under which the data folder has it.
        arch: its row of the printed table; empty where it has none.
        digest: SHA-256 of the file.
        order: how the layers' order of depth is known, as a sentence's end.
        layers: the 3×3 ones in order of depth, by how weights are taken: :data:`WEIGHTS`.
    """

    name: str
    arch: str
    digest: str
    order: str
    layers: Mapping[str, Sequence[Layer]]

    @property
    def signed(self) -> Sequence[Layer]:
        """The layers counted by w, not |w|."""
        return self.layers[WEIGHTS[0]]

    @property
    def filters(self) -> int:
        """Spatial filters in all 3×3 layers."""
        return sum(layer.filters for layer in self.signed)


@dataclass(frozen=True)
class Number:
    """A share of a network under one pair of readings: None where the part has no layers.

    Attributes:
        printed: None where the table has no such number, as for every reading but the default.
        verdict: whether share and stars are those that are printed; empty without any.
    """

    network: Network
    reading: tuple[str, str]  # of weights and halving
    part: str
    comparison: str
    share: Share | None
    printed: Printed | None
    verdict: str


@dataclass(frozen=True)
class SharesResult:
    """Everything that Table I's report shows.

    Attributes:
        replays: of the printed rows, one for each way of halving; the first is judged.
        numbers: of every file under every reading, those of the default readings first.
        missing: the command that gets a printed network's weights, by network.
        context: readings and deviations, JSON-ready.
    """

    printed: Rows
    structures: Structures
    replays: tuple[Replay, ...]
    networks: tuple[Network, ...]
    numbers: tuple[Number, ...]
    missing: Mapping[str, str]
    context: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def contradicted(self) -> list[Printed]:
        """Printed numbers that were measured and that no file of their network reproduces."""
        measured = dict.fromkeys(n.printed for n in self.numbers if n.printed and n.verdict)
        good = {n.printed for n in self.numbers if n.verdict == Verdict.REPRODUCED}
        return [printed for printed in measured if printed and printed not in good]

    @property
    def holds(self) -> bool:
        """Whether neither the replay nor a weight file contradicts the table."""
        return self.replays[0].holds and not self.contradicted


def verdict(printed: Printed, measured: Share) -> str:
    """ "reproduced" where share and stars are those that are printed, else what differs."""
    same_share = abs(measured.value - printed.value) <= HALF_DIGIT
    if measured.stars == printed.stars:
        return Verdict.REPRODUCED if same_share else "share differs"
    return "stars differ" if same_share else "both differ"


def analyse(
    printed: Rows,
    structures: Structures,
    networks: Sequence[Network],
    missing: Mapping[str, str],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> SharesResult:
    """Replay the printed rows and set the networks' shares beside them."""
    replays = tuple(replay(printed, structures, halving) for halving in HALVINGS)
    numbers = tuple(number for network in networks for number in _numbers(network, printed))
    return SharesResult(printed, structures, replays, tuple(networks), numbers, missing, context)


def _numbers(network: Network, printed: Rows) -> Iterator[Number]:
    """Under every pair of readings; both ways of halving an even number of layers are one."""
    halvings = HALVINGS if len(network.signed) % 2 else HALVINGS[:1]
    for weights, halving, comparison, name in product(WEIGHTS, halvings, COMPARISONS, PARTS):
        reading = (weights, halving)
        entry = printed.get((network.arch, name, comparison)) if reading == DEFAULT else None
        found = share(part(network.layers[weights], name, halving), comparison)
        word = verdict(entry, found) if entry and found else ""
        yield Number(network, reading, name, comparison, found, entry, word)
