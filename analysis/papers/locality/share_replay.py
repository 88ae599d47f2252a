"""Table I's printed rows checked without any weights: can they all be true at once?

Each printed total must be the mixture of its halves, and each printed star must belong to some
count of filters whose share rounds to what is printed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from analysis.documents.printed import Statement
from analysis.papers.locality.shares import COMPARISONS, PARTS, Share, split, two_sided_p
from analysis.statistics.rank_sum import stars

DIGITS = 3  # printed decimals; ".49" and ".63" have lost a zero
HALF_DIGIT = Fraction(1, 2 * 10**DIGITS)
PRINTED_COLUMNS = ("arch", "part", "comparison", "value", "stars")
LAYER_COLUMNS = ("arch", "layer", "name", "kind", "inputs", "outputs", "groups")
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


@dataclass(frozen=True)
class Structure:
    """The spatial filters of a network's 3×3 layers, in order of depth."""

    arch: str
    filters: tuple[int, ...]

    def of(self, part: str, halving: str = "floor") -> int:
        """How many filters a part has."""
        lower = sum(self.filters[: split(len(self.filters), halving)])
        total = sum(self.filters)
        return {"all": total, "lower": lower, "upper": total - lower}[part]

    def weight(self, halving: str = "floor") -> Fraction:
        """f, the lower half's share of all filters."""
        return Fraction(self.of("lower", halving), self.of("all"))


@dataclass(frozen=True)
class Mixture:
    """Whether a printed total is f · lower + (1 − f) · upper within rounding.

    Attributes:
        low, high: what the total can be, given that both halves are rounded.
        total: the printed total's own range is within half a digit of it.
    """

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
    """The p-values that counts of ``filters`` rounding to the printed share can have.

    Attributes:
        stars: those that some of the counts get.
        low, high: the smallest and largest p-value; None where no count rounds to the share.
    """

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


def read_printed(rows: Sequence[Mapping[str, str]]) -> tuple[Printed, ...]:
    """The printed numbers of ``table1.csv``; each network has all of its six.

    Raises:
        ValueError: where a column, a value or an entry is missing, unknown or double.
    """
    found: dict[tuple[str, str, str], Printed] = {}
    for row in rows:
        entry = Printed(*_fields(row, PRINTED_COLUMNS))
        known = entry.part in PARTS and entry.comparison in COMPARISONS
        if not known or not re.fullmatch(rf"[01]?\.\d{{1,{DIGITS}}}", entry.text):
            raise ValueError(f"unknown entry {entry.part!r}, {entry.comparison!r}, {entry.text!r}")
        if entry.value > 1 or entry.stars not in ("", "*", "**", "***"):
            raise ValueError(f"no share with stars: {entry.text!r}, {entry.stars!r}")
        if found.setdefault((entry.arch, entry.part, entry.comparison), entry) is not entry:
            raise ValueError(f"two entries for {entry.arch}, {entry.part}, {entry.comparison}")
    missing = [
        (arch, part, comparison)
        for arch in {entry.arch for entry in found.values()}
        for part in PARTS
        for comparison in COMPARISONS
        if (arch, part, comparison) not in found
    ]
    if missing:
        raise ValueError(f"no entry for {', '.join(missing[0])}")
    return tuple(found.values())


def read_structures(
    rows: Sequence[Mapping[str, str]], archs: Set[str] = frozenset()
) -> dict[str, Structure]:
    """The networks of ``table1_layers.csv``: inputs · outputs / groups filters a layer.

    Raises:
        ValueError: where a column or number is missing, layers are not numbered 1, 2, …, or one of
            ``archs`` has none.
    """
    filters: dict[str, list[int]] = {}
    for row in rows:
        arch, layer, _, _, *numbers = _fields(row, LAYER_COLUMNS)
        inputs, outputs, groups = (int(number) for number in numbers)
        layers = filters.setdefault(arch, [])
        layers.append(inputs * outputs // groups if groups else 0)
        if int(layer) != len(layers) or layers[-1] <= 0:
            raise ValueError(f"layer {layer} of {arch} is out of order or has no filters")
    if unknown := archs - set(filters):
        raise ValueError(f"no layers of {', '.join(sorted(unknown))}")
    return {arch: Structure(arch, tuple(counts)) for arch, counts in filters.items()}


def _fields(row: Mapping[str, str], columns: Sequence[str]) -> list[str]:
    try:
        return [row[column] for column in columns]
    except KeyError as error:
        raise ValueError(f"no column {error}") from None


def replay(
    printed: Sequence[Printed], structures: Mapping[str, Structure], halving: str = "floor"
) -> Replay:
    """Check the printed rows against the networks' structure."""
    by_place = {(row.arch, row.part, row.comparison): row for row in printed}
    archs = dict.fromkeys(row.arch for row in printed)
    mixtures = (
        mixture(
            structures[arch].weight(halving),
            *(by_place[arch, part, comparison] for part in PARTS),
        )
        for arch in archs
        for comparison in COMPARISONS
    )
    counted = (attainable(row, structures[row.arch].of(row.part, halving)) for row in printed)
    return Replay(halving, tuple(mixtures), tuple(counted))


def mixture(weight: Fraction, total: Printed, lower: Printed, upper: Printed) -> Mixture:
    """The range of f · lower + (1 − f) · upper, each within half of the last printed digit."""
    middle = weight * lower.value + (1 - weight) * upper.value
    return Mixture(
        total.arch, total.comparison, total.value, middle - HALF_DIGIT, middle + HALF_DIGIT
    )


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
    """ "reproduced" where share and stars are those that are printed, else what differs.

    Nothing is drawn here: the same weights give the same numbers.
    """
    text = f"{float(printed.value):.{DIGITS}f}"
    compared = (
        Statement(printed.arch, "share", "rounds", text, computed=str(measured.value)),
        Statement(printed.arch, "stars", "=", printed.stars, computed=measured.stars),
    )
    wrong = tuple(stated.quantity for stated in compared if not stated.agrees)
    words = {(): REPRODUCED, ("share",): "share differs", ("stars",): "stars differ"}
    return words.get(wrong, "both differ")
