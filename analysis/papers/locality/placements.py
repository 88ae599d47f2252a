"""Figure 2 of the locality paper: where two 3×3 features are placed on a small map of values.

A strategy gives each of a feature's nine positions a weight; the score of a placement is the
weighted sum of the values under it. Of all pairs of placements that share no cell, the strategy
picks those whose scores add up to the most. With equal weights that is the largest sum of covered
values; LOCO-Reg's weights stress the centre (reading L-45): a position counts by the inverse of
its factor r of eq. 1, as a weight does that its gradient and the penalty λ·r·w² hold in balance.

Rows and columns count from 1, and a placement is named by its centre. All numbers are fractions,
so that ties are ties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

RINGS = ("centre", "neighbour", "corner")
Values = Sequence[Sequence[int]]  # of a map, row by row


@dataclass(frozen=True)
class Weighting:
    """What the value under a feature's centre, neighbours and corners counts; 9 in all.

    Attributes:
        is_exact: False where the weights hold rounded roots.
    """

    name: str
    centre: Fraction
    neighbour: Fraction
    corner: Fraction
    is_exact: bool = True


class Placement(NamedTuple):
    """A 3×3 feature by its centre."""

    row: int
    column: int

    def overlaps(self, other: Placement) -> bool:
        """Whether the two share a cell."""
        return abs(self.row - other.row) < 3 and abs(self.column - other.column) < 3


Pair = tuple[Placement, Placement]


@dataclass(frozen=True)
class Choice:
    """What a weighting picks.

    Attributes:
        pairs: every best pair in reading order, more than one where they tie.
        score: of each of these pairs.
    """

    weighting: Weighting
    pairs: tuple[Pair, ...]
    score: Fraction

    @property
    def pair(self) -> Pair:
        """The first best pair in reading order."""
        return self.pairs[0]


UNIFORM = Weighting("uniform", Fraction(1), Fraction(1), Fraction(1))


def loco(gamma: Fraction, eta: Fraction, *, root: bool = False, name: str = "LOCO") -> Weighting:
    """Weights in the ratio 1 : 1/γ : 1/η, the inverse of eq. 1's factors, adding up to 9.

    Args:
        root: in the ratio 1 : 1/√γ : 1/√η instead, for which r·w² is the same everywhere (section
            III); roots are taken to 50 digits.

    Raises:
        ValueError: unless γ and η are positive.
    """
    if gamma <= 0 or eta <= 0:
        raise ValueError("γ and η must be positive")
    if root:
        with localcontext(prec=50):
            gamma, eta = (
                Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())
                for value in (gamma, eta)
            )
    total = 1 + 4 / gamma + 4 / eta
    return Weighting(name, 9 / total, 9 / (gamma * total), 9 / (eta * total), not root)


def ring_sums(grid: Values, row: int, column: int) -> tuple[int, int, int]:
    """The values at the centre, at the four neighbours and at the four corners, summed."""
    r, c = row - 1, column - 1
    neighbours = grid[r - 1][c] + grid[r][c - 1] + grid[r][c + 1] + grid[r + 1][c]
    corners = sum(grid[i][j] for i in (r - 1, r + 1) for j in (c - 1, c + 1))
    return grid[r][c], neighbours, corners


def placements(grid: Values) -> list[Placement]:
    """All places where a 3×3 feature fits, in reading order.

    Raises:
        ValueError: where the rows differ in length or no two features fit side by side.
    """
    height, width = len(grid), len(grid[0]) if grid else 0
    if any(len(row) != width for row in grid):
        raise ValueError("the grid's rows differ in length")
    if min(height, width) < 3 or max(height, width) < 6:
        raise ValueError("two 3×3 features do not fit on the grid")
    return [Placement(r, c) for r in range(2, height) for c in range(2, width)]


def scores(grid: Values, weighting: Weighting) -> dict[Placement, Fraction]:
    """The score of every placement, in reading order."""
    found = {}
    for place in placements(grid):
        centre, neighbours, corners = ring_sums(grid, *place)
        score = centre * weighting.centre + neighbours * weighting.neighbour
        found[place] = score + corners * weighting.corner
    return found


def choose(grid: Values, weighting: Weighting) -> Choice:
    """The two placements without a common cell whose scores add up to the most."""
    found = scores(grid, weighting)
    totals = {
        (first, second): found[first] + found[second]
        for first, second in combinations(found, 2)
        if not first.overlaps(second)
    }
    best = max(totals.values())
    pairs = tuple(pair for pair, total in totals.items() if total == best)
    return Choice(weighting, pairs, best)


def covered(grid: Values, pair: Pair) -> int:
    """The sum of the values under two placements."""
    return sum(sum(ring_sums(grid, *place)) for place in pair)


def centres(grid: Values, pair: Pair) -> tuple[int, int]:
    """The values under the centres of two placements."""
    first, second = (grid[p.row - 1][p.column - 1] for p in pair)
    return first, second


def statements(grid: Values, uniform: Choice, located: Choice) -> dict[str, bool]:
    """What the text says of the two strategies, and whether it holds of what they pick here.

    Where a strategy has several best pairs, a statement has to hold of each of them.
    """
    largest = sorted(v for row in grid for v in row)[-2:]
    highest = max(max(centres(grid, pair)) for pair in uniform.pairs)
    return {
        "the two strategies place the features differently": not set(uniform.pairs)
        & set(located.pairs),
        "LOCO-Reg's centres lie on larger values than the uniform ones": all(
            min(centres(grid, pair)) > highest for pair in located.pairs
        ),
        "LOCO-Reg's centres lie on the two largest values of the map": all(
            sorted(centres(grid, pair)) == largest for pair in located.pairs
        ),
    }
