"""What follows from the CompactNets paper's printed numbers alone, in exact fractions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

Row = Mapping[str, str]
Quantities = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Implied:
    """A row of Table 4, and the interpretable units that its ŝ stands for.

    Attributes:
        units, concepts, s_hat: as printed.
        least, most: units for which concepts over units round to ŝ.
    """

    method: str
    units: int
    concepts: int
    s_hat: str
    least: int
    most: int

    @property
    def nearest(self) -> int:
        """Concepts over ŝ, rounded."""
        return round(self.concepts / Fraction(self.s_hat))

    @property
    def is_possible(self) -> bool:
        """Whether the layer has so many units."""
        return self.least <= min(self.most, self.units)


def implied(row: Row) -> Implied:
    """The unit counts that a row of Table 4 leaves open (C-22).

    Args:
        row: ``method``, ``units``, ``concepts`` and ``s_hat``, a ratio with two decimals.

    Raises:
        ValueError: where a number is none.
    """
    units, concepts, ratio = int(row["units"]), int(row["concepts"]), Fraction(row["s_hat"])
    half = Fraction(1, 200)
    least, most = math.ceil(concepts / (ratio + half)), math.floor(concepts / (ratio - half))
    return Implied(row["method"], units, concepts, row["s_hat"], least, most)


def quantities(table1: Sequence[Row], table3: Sequence[Row], table4: Sequence[Row]) -> Quantities:
    """Everything that the statements are compared with, by what it is about and by quantity.

    Args:
        table1: ``row`` (the model), ``column`` (the depth) and ``value`` (the error).
        table3: ``method``, ``top1``, ``top5`` and ``params_M``.
        table4: see :func:`implied`.

    Raises:
        ValueError, KeyError: where a row is damaged or missing.
    """
    of = {row["method"]: row for row in table3}
    found = {**_sizes(of), **_errors(of, table1), **_units([implied(row) for row in table4])}
    # The sum as printed adds the last level's regions for every level (C-02).
    depth = 3
    printed = sum(2 ** (2 * (depth - 1)) for _ in range(depth))
    found["definitions", "regions of a pyramid of depth 3 by the printed formula"] = str(printed)
    name = "dictionary sparsity + average compactness ≤ layer sparsity where filters are dead"
    found["definitions", name] = "always" if _bounded_over_all() else "not over all filters"
    return found


def _bounded_over_all(filters: int = 4, inputs: int = 4) -> bool:
    """Whether the inequality holds for every number of dead filters, the others being whole, if
    average compactness counts all filters (C-10)."""
    for dead in range(filters + 1):
        sparsity = Fraction(dead, filters)
        compactness = Fraction(dead * inputs, filters * inputs)
        if sparsity + compactness > sparsity:
            return False
    return True


def _sizes(of: Mapping[str, Row]) -> Quantities:
    def size(name: str) -> Fraction:
        return Fraction(of[name]["params_M"])

    def over(first: str, second: str) -> Fraction:
        return size(first) / size(second)

    orders = math.log10(over("ZNet", "CompactNet-M-SN"))
    found = {
        "AlexNet's parameters over CompactNet-C's": over("AlexNet", "CompactNet-C"),
        "CompressedNet-B's parameters minus CompactNet-B's, in millions": size("CompressedNet-B")
        - size("CompactNet-B"),
        "CompactNet-M-CN's parameters over CompressedNet-B's": over(
            "CompactNet-M-CN", "CompressedNet-B"
        ),
        "CompactNet-M-SN's parameters over SimpleNet-B's": over("CompactNet-M-SN", "SimpleNet-B"),
        "orders of magnitude between CompactNet-M-SN and ZNet": Fraction(round(orders, 3)),
        "SimpleNet-B's parameters over AlexNet's": over("SimpleNet-B", "AlexNet"),
        "share of VGG11's parameters that VGG11_CC saves": 1 - over("VGG11_CC", "VGG11"),
        "ResNet18_CC's parameters over ResNet18's": over("ResNet18_CC", "ResNet18"),
        "share of ResNet18's parameters that ResNet18_CC saves": 1
        - over("ResNet18_CC", "ResNet18"),
    }
    return {("sizes", name): str(value) for name, value in found.items()}


def _errors(of: Mapping[str, Row], table1: Sequence[Row]) -> Quantities:
    def error(name: str, top: str = "top1") -> Fraction:
        return Fraction(of[name][top])

    gains = [
        error(name, top) - error(f"{name}_CC", top)
        for name in ("VGG11", "ResNet18")
        for top in ("top1", "top5")
    ]
    compact = [name for name in of if name.startswith("CompactNet")]
    reached = sum(error(name) <= error("AlexNet") for name in compact)
    found = {
        "points between CompressedNet-B and CompactNet-B": error("CompressedNet-B")
        - error("CompactNet-B"),
        "points between SimpleNet-B and CompactNet-B": error("SimpleNet-B") - error("CompactNet-B"),
        "gains of VGG11_CC and ResNet18_CC between 1 and 2 points": (
            f"{sum(1 <= gain <= 2 for gain in gains)} of {len(gains)}"
        ),
        "CompactNet rows that reach AlexNet's top-1 error": f"{reached} of {len(compact)}",
        "CompactNet-12 on ILSVRC12 in Table 3": error("CompactNet-B"),
        "CompressedNet-12 on ILSVRC12 in Table 3": error("CompressedNet-B"),
        "depths of Table 1 where CompactNet has the lowest error": " and ".join(_won(table1)),
    }
    return {("errors", name): str(value) for name, value in found.items()}


def _won(table1: Sequence[Row]) -> list[str]:
    """The depths at which CompactNet's error is the lowest."""
    by_depth: dict[str, dict[str, Fraction]] = {}
    for row in table1:
        by_depth.setdefault(row["column"], {})[row["row"]] = Fraction(row["value"])
    return [depth for depth, of in by_depth.items() if min(of, key=of.__getitem__) == "CompactNet"]


def _units(rows: Sequence[Implied]) -> Quantities:
    possible = sum(row.is_possible for row in rows)
    widest = next(row for row in rows if row.method == "ResNet152")
    largest = max(rows, key=lambda row: Fraction(row.s_hat))
    return {
        ("units", "rows of Table 4 whose implied units are there"): f"{possible} of {len(rows)}",
        ("units", "smallest ŝ that the units of ResNet152 allow"): str(
            Fraction(widest.concepts, widest.units)
        ),
        ("units", "network with the largest ŝ"): largest.method,
    }
