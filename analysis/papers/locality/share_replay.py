"""Table I's printed rows, replayed without any weights.

Each printed total must be the mixture of its halves, and each printed star must belong to some
count of filters whose share rounds to what is printed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from analysis.documents.printed import fields
from analysis.papers.locality.shares import COMPARISONS, PARTS, part, two_sided_p
from analysis.statistics.stars import stars

DIGITS = 3  # printed decimals; ".49" and ".63" have lost a zero
HALF_DIGIT = Fraction(1, 2 * 10**DIGITS)
PRINTED_COLUMNS = ("arch", "part", "comparison", "value", "stars")
LAYER_COLUMNS = ("arch", "layer", "inputs", "outputs", "groups")


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
