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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

from analysis.documents.blocks import (
    Cell,
    Claim,
    Claims,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    context_notes,
    row,
)
from analysis.documents.panels import FigureBlock, Map, Outline, Sampled

RINGS = ("centre", "neighbour", "corner")
Values = Sequence[Sequence[int]]  # of a map, row by row

# The settings of (γ, η) in Tables III and IV that stress the centre.
SETTINGS = [("1.4", "1.56"), ("1.8", "2.13")]
SETTINGS += [("1.6", eta) for eta in ("1.8", "2.0", "2.2", "2.4")]
PICKED = (
    "Picked: the two placements without a common cell whose weighted sums add up to the most. "
    "Weights are centre/neighbour/corner, 9 in all; rows and columns count from 1. "
    "Covered: the plain sum of the values under both."
)
DATA = (
    *("row", "column", "centre_value", "uniform_score", "loco_score", "loco_decimal"),
    *("uniform_picks", "loco_picks"),
)


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


def document(
    grid: Values, gamma: str, eta: str, context: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Document:
    """Both choices, the text's statements, what the weights of :data:`SETTINGS` pick, and the map.

    Args:
        grid: the map of values, row by row.
        gamma, eta: LOCO-Reg's parameters as decimals.
        context: readings and deviations, JSON-ready, each with id and name.

    Raises:
        ValueError: where a parameter is not positive or the grid is too small.
    """
    located = loco(Fraction(gamma), Fraction(eta), name=f"LOCO {gamma}, {eta}")
    choices = choose(grid, UNIFORM), choose(grid, located)
    others = [
        choose(grid, loco(Fraction(g), Fraction(e), root=root, name=f"{ratio} {g}, {e}"))
        for ratio, root in (("1/r", False), ("1/√r", True))
        for g, e in SETTINGS
    ]
    judged = statements(grid, *choices)
    claims = [
        Claim(s, "yes" if h else "NO", tone="good" if h else "bad") for s, h in judged.items()
    ]
    title = "What other weights would pick"
    return Document(
        id="locality/figure2",
        title="Figure 2",
        caption="Two 3×3 features on the paper's map, placed by equal and by LOCO-Reg's weights",
        blocks=(
            _choices("strategies", "strategy", grid, choices, "The two strategies"),
            Claims(tuple(claims), caption="What the text says of the two strategies."),
            _choices("others", "weights of γ, η", grid, others, title),
            Notes((Note(PICKED), *context_notes(context))),
            _figure(grid, choices, f"LOCO-Reg, γ = {gamma}, η = {eta}"),
            Data(DATA, tuple(_data(grid, choices))),
        ),
        facts={
            "gamma": gamma,
            "eta": eta,
            "grid": grid,
            "statements": [{"statement": s, "holds": holds} for s, holds in judged.items()],
            "strategies": [_facts(grid, choice) for choice in choices],
            "other_weights": [_facts(grid, choice) for choice in others],
            **context,
        },
    )


def _choices(name: str, first: str, grid: Values, choices: Sequence[Choice], title: str) -> Grid:
    titles = columns(
        *(first, "weights", "centres (row, column)", "on", "covered", "score"),
        right=("covered", "score"),
    )
    rows = []
    for choice in choices:
        ring = choice.weighting
        score = Cell(f"{float(choice.score):.3f}", _exact(ring, choice.score))
        weights = "/".join(f"{float(getattr(ring, name)):.2f}" for name in RINGS)
        start = (ring.name, weights)
        for pair in choice.pairs:
            on, sums = ", ".join(map(str, centres(grid, pair))), covered(grid, pair)
            rows.append(row(*start, _where(pair), on, Cell(str(sums), sums), score))
            start = ("  or, as good", "")
    return Grid(name, titles, tuple(rows), title)


def _where(pair: Pair) -> str:
    return " and ".join(f"({p.row}, {p.column})" for p in pair)


def _exact(ring: Weighting, value: Fraction) -> str:
    return str(value) if ring.is_exact else f"{float(value):.9f}"


def _facts(grid: Values, choice: Choice) -> dict[str, Any]:
    ring = choice.weighting
    return {
        "name": ring.name,
        "weights": {name: _exact(ring, getattr(ring, name)) for name in RINGS},
        "score": _exact(ring, choice.score),
        "pairs": [
            {
                "centres": list(map(list, pair)),
                "centre_values": centres(grid, pair),
                "covered": covered(grid, pair),
            }
            for pair in choice.pairs
        ],
    }


def _data(grid: Values, choices: Sequence[Choice]) -> Iterator[tuple[Any, ...]]:
    """Both scores of every placement, in reading order, and how often best pairs hold it: "yes" in
    the first one, "tie" in another one, else empty."""
    uniform, located = (scores(grid, choice.weighting) for choice in choices)
    for place, score in uniform.items():
        picks = [
            "yes" if place in choice.pair else "tie" if place in sum(choice.pairs, ()) else ""
            for choice in choices
        ]
        value, decimal = grid[place.row - 1][place.column - 1], f"{float(located[place]):.6f}"
        yield (*place, value, score, located[place], decimal, *picks)


def _figure(grid: Values, choices: Sequence[Choice], located: str) -> FigureBlock:
    """The map with solid outlines by LOCO-Reg's weights and dashed ones by equal weights."""
    outlines, ties = [], []
    legend: list[Sampled] = []
    for choice, look, name in zip(choices, (1, 0), ("uniform", located), strict=True):
        outlines += [Outline(*place, look) for place in choice.pair]
        others = {place for pair in choice.pairs[1:] for place in pair} - set(choice.pair)
        ties += [Outline(*place, look, is_tie=True) for place in sorted(others)]
        legend.insert(0, Sampled("level", f"{name}, centred at {_where(choice.pair)}", look))
    if ties:
        legend.append(Sampled("tie", "of another best pair (same score)"))
    values = tuple(map(tuple, grid))
    size = (0.6 + 0.42 * len(values[0]), 0.5 + 0.42 * len(values))
    return FigureBlock((Map(values, (*outlines, *ties)),), tuple(legend), "map", size=size)
