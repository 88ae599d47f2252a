"""Inequalities between sums of a table's cells, written with their names and printed numbers: such
as ``a - b > c - 78.62``, or ``a = b`` where two cells are alike, within their margin; ``a > b > c``
says that values fall from cell to cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True)
class Contrast:
    """The left minus the right side: a weight of each cell, and a constant as printed."""

    text: str
    weights: tuple[tuple[str, int], ...]
    constant: Decimal
    is_equality: bool
    is_fall: bool = False
    measure: str = ""  # a measure's name; the table's first by default

    @property
    def cells(self) -> tuple[str, ...]:
        """The names that it needs."""
        return tuple(name for name, _ in self.weights)

    @property
    def is_level(self) -> bool:
        """Whether it sets a level, not a difference of cells, beside a printed number, in the
        table's first measure."""
        return bool(self.constant and sum(w for _, w in self.weights)) and not self.measure


def parse(text: str, measure: str = "") -> Contrast:
    """A contrast of its text.

    Raises:
        ValueError: where there is no relation, or one too many.
    """
    is_equality = " = " in text
    sides = text.split(" = " if is_equality else " > ")
    if len(sides) > 2 and not is_equality:
        falling = tuple((name.strip(), 1) for name in sides)
        return Contrast(text, falling, Decimal(0), is_equality=False, is_fall=True, measure=measure)
    if len(sides) != 2:
        raise ValueError(f"{text!r} needs one of ' > ' and ' = '")
    weights: dict[str, int] = {}
    constant = Decimal(0)
    for side, factor in zip(sides, (1, -1), strict=True):
        for index, part in enumerate(side.replace(" - ", " + -").split(" + ")):
            name = part.strip()
            weight = -factor if index and name.startswith("-") else factor
            name = name.removeprefix("-") if index else name
            try:
                constant += weight * Decimal(name)
            except InvalidOperation:
                weights[name] = weights.get(name, 0) + weight
    return Contrast(text, tuple(weights.items()), constant, is_equality, measure=measure)
