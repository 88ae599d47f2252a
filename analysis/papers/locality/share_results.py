"""Table I as data: the printed rows and their replay, and what weight files give.

Without any weights, each printed total must be the mixture of its halves, and each printed star
must belong to some count of filters whose share rounds to what is printed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from analysis.documents.printed import fields
from analysis.papers.locality.shares import (
    COMPARISONS,
    HALVINGS,
    PARTS,
    Layer,
    Share,
    part,
    share,
    two_sided_p,
)
from analysis.statistics.stars import stars

WEIGHTS = ("signed", "magnitudes")  # L-13; the first is the default
DEFAULT = (WEIGHTS[0], HALVINGS[0])
DIGITS = 3  # printed decimals; ".49" and ".63" have lost a zero
HALF_DIGIT = Fraction(1, 2 * 10**DIGITS)
PRINTED_COLUMNS = ("arch", "part", "comparison", "value", "stars")
LAYER_COLUMNS = ("arch", "layer", "inputs", "outputs", "groups")
REPRODUCED = "reproduced"


@dataclass(frozen=True)
class Printed:
    """One number of Table I with its stars; ``text`` has the printed digits."""

    arch: str
    part: str
    comparison: str
    text: str
    stars: str

    @property
    def value(self) -> Fraction:
        """The printed share."""
        return Fraction(self.text)


Rows = Mapping[tuple[str, str, str], Printed]  # by network, part and comparison
Structures = Mapping[str, Sequence[int]]  # the filters of a network's 3×3 layers by depth


@dataclass(frozen=True)
class Mixture:
    """Whether a printed total is f · lower + (1 − f) · upper within rounding: ``low`` to ``high``
    is what it can be, given that both halves are rounded."""

    arch: str
    comparison: str
    total: Fraction
    low: Fraction
    high: Fraction

    @property
    def holds(self) -> bool:
        """Whether the ranges of the mixture and of the printed total meet."""
        return self.low <= self.total + HALF_DIGIT and self.total - HALF_DIGIT <= self.high


@dataclass(frozen=True)
class Attainable:
    """The stars, and the range of p-values, that counts of ``filters`` rounding to the printed
    share can have; None where no count does."""

    printed: Printed
    filters: int
    stars: frozenset[str]
    low: float | None
    high: float | None

    @property
    def holds(self) -> bool:
        """Whether some count has the printed stars."""
        return self.printed.stars in self.stars


@dataclass(frozen=True)
class Replay:
    """Both checks of all printed rows under one way of halving."""

    halving: str
    mixtures: tuple[Mixture, ...]
    attainable: tuple[Attainable, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts."""
        return all(m.holds for m in self.mixtures) and all(a.holds for a in self.attainable)


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
        good = {n.printed for n in self.numbers if n.verdict == REPRODUCED}
        return [printed for printed in measured if printed and printed not in good]

    @property
    def holds(self) -> bool:
        """Whether neither the replay nor a weight file contradicts the table."""
        return self.replays[0].holds and not self.contradicted


def read_printed(rows: Sequence[Mapping[str, str]]) -> Rows:
    """The printed numbers of ``table1.csv``; each network has all of its six.

    Raises:
        ValueError: where a column, a value or an entry is missing, unknown or double.
    """
    found: dict[tuple[str, str, str], Printed] = {}
    for row in rows:
        entry = Printed(*fields(row, PRINTED_COLUMNS))
        known = entry.part in PARTS and entry.comparison in COMPARISONS
        if not known or not re.fullmatch(rf"[01]?\.\d{{1,{DIGITS}}}", entry.text):
            raise ValueError(f"unknown entry {entry.part!r}, {entry.comparison!r}, {entry.text!r}")
        if entry.value > 1 or entry.stars not in ("", "*", "**", "***"):
            raise ValueError(f"no share with stars: {entry.text!r}, {entry.stars!r}")
        if found.setdefault((entry.arch, entry.part, entry.comparison), entry) is not entry:
            raise ValueError(f"two entries for {entry.arch}, {entry.part}, {entry.comparison}")
    for place in product({arch for arch, _, _ in found}, PARTS, COMPARISONS):
        if place not in found:
            raise ValueError(f"no entry for {', '.join(place)}")
    return found


def read_structures(
    rows: Sequence[Mapping[str, str]], archs: Set[str] = frozenset()
) -> dict[str, list[int]]:
    """The networks of ``table1_layers.csv``: inputs · outputs / groups filters a layer.

    Raises:
        ValueError: where a column or number is missing, layers are not numbered 1, 2, …, or one of
            ``archs`` has none.
    """
    found: dict[str, list[int]] = {}
    for row in rows:
        arch, *numbers = fields(row, LAYER_COLUMNS)
        layer, inputs, outputs, groups = map(int, numbers)
        layers = found.setdefault(arch, [])
        layers.append(inputs * outputs // groups if groups else 0)
        if layer != len(layers) or layers[-1] <= 0:
            raise ValueError(f"layer {layer} of {arch} is out of order or has no filters")
    if unknown := archs - set(found):
        raise ValueError(f"no layers of {', '.join(sorted(unknown))}")
    return found


def replay(printed: Rows, structures: Structures, halving: str = "floor") -> Replay:
    """Check the printed rows against the networks' structure."""
    mixtures = (
        mixture(
            lower_weight(structures[arch], halving), *(printed[arch, p, comparison] for p in PARTS)
        )
        for arch in dict.fromkeys(arch for arch, _, _ in printed)
        for comparison in COMPARISONS
    )
    counted = (
        attainable(row, sum(part(structures[row.arch], row.part, halving)))
        for row in printed.values()
    )
    return Replay(halving, tuple(mixtures), tuple(counted))


def lower_weight(filters: Sequence[int], halving: str = "floor") -> Fraction:
    """f, the lower half's share of all filters."""
    return Fraction(sum(part(filters, "lower", halving)), sum(filters))


def mixture(weight: Fraction, total: Printed, lower: Printed, upper: Printed) -> Mixture:
    """The range of f · lower + (1 − f) · upper, each within half of the last printed digit."""
    middle = weight * lower.value + (1 - weight) * upper.value
    low, high = middle - HALF_DIGIT, middle + HALF_DIGIT
    return Mixture(total.arch, total.comparison, total.value, low, high)


def attainable(printed: Printed, filters: int) -> Attainable:
    """Which stars a count of ``filters`` that rounds to the printed share can have."""
    first = max(0, math.ceil((printed.value - HALF_DIGIT) * filters))
    last = min(filters, math.floor((printed.value + HALF_DIGIT) * filters))
    if last < first:
        return Attainable(printed, filters, frozenset(), None, None)
    p_values = two_sided_p(np.arange(first, last + 1), filters)
    found = frozenset(stars(float(p)) for p in p_values)
    return Attainable(printed, filters, found, float(p_values.min()), float(p_values.max()))


def verdict(printed: Printed, measured: Share) -> str:
    """ "reproduced" where share and stars are those that are printed, else what differs."""
    same_share = abs(measured.value - printed.value) <= HALF_DIGIT
    if measured.stars == printed.stars:
        return REPRODUCED if same_share else "share differs"
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
