"""Theorem 1 of the locality paper, exactly: how unequal may the masses of a 3×3 filter become?

The positions of the filter are point masses m that attract each other with m·m'/d², d the Euclidean
distance on the index grid (section IV, q = 2). The cohesion is the sum of all attractions, so that
it grows with the mass at a position p at the rate g_p·m, where g_p has the inverse squared
distances from p. The theorem says that, with all masses in [m', (1 + ε)m'), the centre's rate
exceeds every neighbour's and every corner's, and a neighbour's every corner's. The rates are
linear in the masses, so the difference of two is least at a vertex of the box, where each mass is
at its low or its high end, and the largest ε is a fraction.

Positions are (row, column) from 0, masses are in units of m', and mass vectors run row by row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

Position = tuple[int, int]

POSITIONS: tuple[Position, ...] = tuple((r, c) for r in range(3) for c in range(3))
CENTRE: Position = (1, 1)
NEIGHBOURS: tuple[Position, ...] = ((0, 1), (1, 0), (1, 2), (2, 1))
CORNERS: tuple[Position, ...] = ((0, 0), (0, 2), (2, 0), (2, 2))
SEED = 0
SEARCH_ROUNDS, SEARCH_DRAWS = 60, 400
SLACK = 1e-9  # of floating-point checks


@dataclass(frozen=True)
class Inequality:
    """That cohesion gains more from mass at ``first`` than from mass at ``second``."""

    name: str
    first: Position
    second: Position


# One of each kind up to symmetry, in the proof's order.
INEQUALITIES = (
    Inequality("centre > neighbour", CENTRE, (0, 1)),
    Inequality("centre > corner", CENTRE, (0, 0)),
    Inequality("neighbour > adjacent corner", (0, 1), (0, 0)),
    Inequality("neighbour > far corner", (0, 1), (2, 0)),
)


@dataclass(frozen=True)
class Line:
    """A rate of growth under the worst masses: ``constant`` + ``slope``·ε."""

    constant: Fraction
    slope: Fraction


@dataclass(frozen=True)
class Limit:
    """The largest ε of an inequality, and where it breaks beyond.

    Attributes:
        epsilon: the inequality holds for all masses in [1, 1 + ε) exactly for ε up to this.
        largest: the positions of mass 1 + ε in the worst case; all others have mass 1.
        is_unique: whether no other vertex of the box is as bad.
        first, second: the two rates at that vertex.
    """

    inequality: Inequality
    epsilon: Fraction
    largest: frozenset[Position]
    is_unique: bool
    first: Line
    second: Line

    @property
    def holds_at_limit(self) -> bool:
        """Whether it still holds at ``epsilon`` itself: only a mass at the excluded upper end could
        make the two rates equal."""
        return bool(self.largest)

    @property
    def worst_masses(self) -> tuple[Fraction, ...]:
        """The nine masses, row by row, at which the two rates are equal."""
        return masses(self.largest, self.epsilon)


@dataclass(frozen=True)
class Checked:
    """A limit with what the linear program and the random search find for it."""

    limit: Limit
    linear_program: float
    search: float


def squared_distance(first: Position, second: Position) -> int:
    """Squared Euclidean distance on the index grid."""
    return (first[0] - second[0]) ** 2 + (first[1] - second[1]) ** 2


def squared_distances() -> list[int]:
    """The different squared distances between two positions, ascending."""
    return sorted({squared_distance(a, b) for a in POSITIONS for b in POSITIONS if a != b})


def rate(position: Position) -> dict[Position, Fraction]:
    """What each mass adds to the growth of cohesion with the mass at ``position`` (eq. 3)."""
    others = {p: squared_distance(position, p) for p in POSITIONS}
    return {p: Fraction(1, square) if square else Fraction(0) for p, square in others.items()}


def difference(inequality: Inequality) -> dict[Position, Fraction]:
    """First minus second rate, a coefficient for each mass."""
    second = rate(inequality.second)
    return {p: first - second[p] for p, first in rate(inequality.first).items()}


def masses(largest: frozenset[Position], epsilon: Fraction) -> tuple[Fraction, ...]:
    """The vertex of the box [1, 1 + ε]⁹ with the given positions at its upper end."""
    return tuple(1 + epsilon if p in largest else Fraction(1) for p in POSITIONS)


def growth(position: Position, mass: Sequence[Fraction]) -> Fraction:
    """The rate at which cohesion grows with the mass at ``position``, constants left out."""
    return sum((g * m for g, m in zip(rate(position).values(), mass, strict=True)), Fraction(0))


def limit(inequality: Inequality) -> Limit:
    """The largest ε of an inequality.

    At the vertex of the mass box with the masses of a set U at the upper end, the difference of the
    rates is s + ε·t, with s the sum of all its coefficients and t that of the coefficients of U. Of
    all 512 vertices t is least where U has the negative coefficients, and the difference reaches 0
    at ε = −s/t. Masses of coefficient 0 change nothing.

    Raises:
        ValueError: where equal masses already break the inequality, or no masses ever do.
    """
    coefficients = difference(inequality)
    total = sum(coefficients.values(), Fraction(0))
    if total <= 0:
        raise ValueError(f"{inequality.name}: equal masses break it")
    largest = frozenset(p for p, c in coefficients.items() if c < 0)
    if not largest:
        raise ValueError(f"{inequality.name}: no masses break it")
    return Limit(
        inequality=inequality,
        epsilon=total / -sum(coefficients[p] for p in largest),
        largest=largest,
        is_unique=0 not in coefficients.values(),
        first=line(inequality.first, largest),
        second=line(inequality.second, largest),
    )


def line(position: Position, largest: frozenset[Position]) -> Line:
    """The rate at ``position`` as a function of ε, with ``largest`` at the upper end."""
    coefficients = rate(position)
    slope = sum((coefficients[p] for p in largest), Fraction(0))
    return Line(sum(coefficients.values(), Fraction(0)), slope)


def limits() -> list[Limit]:
    """The limits of :data:`INEQUALITIES`, in their order."""
    return [limit(inequality) for inequality in INEQUALITIES]


def all_limits() -> list[Limit]:
    """The limits of all 24 pairs of centre, neighbours and corners, symmetric ones too."""
    pairs = [(CENTRE, other) for other in (*NEIGHBOURS, *CORNERS)]
    pairs += [(neighbour, corner) for neighbour in NEIGHBOURS for corner in CORNERS]
    return [limit(Inequality(f"{a} > {b}", a, b)) for a, b in pairs]


def checked(found: Limit) -> Checked:
    """A limit with those of a linear program and of a random search.

    Raises:
        RuntimeError: where they contradict it, which would be a defect of ours.
    """
    by_program, _ = limit_by_linear_program(found.inequality)
    by_search = limit_by_search(found.inequality)
    exact = float(found.epsilon)
    if abs(by_program - exact) > SLACK or by_search < exact - SLACK:
        raise RuntimeError(
            f"{found.inequality.name}: exact {exact}, linprog {by_program}, search {by_search}"
        )
    return Checked(found, round(by_program, 9), round(by_search, 9))


def exact_values() -> dict[tuple[str, str], str]:
    """Everything that the paper may state, by inequality ("theorem" for all) and quantity; "27/40",
    "yes", or positions such as "00 02 11"."""
    found = limits()
    holds = all(one.holds_at_limit for one in found)
    values = {
        ("theorem", "limit"): str(min(one.epsilon for one in found)),
        ("theorem", "holds at the limit"): "yes" if holds else "no",
        ("theorem", "different distances"): str(len(squared_distances())),
    }
    for one in found:
        name, second = one.inequality.name, one.inequality.second
        # What the corners at distance 1 add to the second rate under the worst masses.
        corners = {corner for corner in CORNERS if squared_distance(second, corner) == 1}
        adjacent = Line(Fraction(len(corners)), Fraction(len(corners & one.largest)))
        values[name, "limit"] = str(one.epsilon)
        values[name, "largest masses"] = " ".join(f"{r}{c}" for r, c in sorted(one.largest))
        lines = {"first rate": one.first, "second rate": one.second, "adjacent corners": adjacent}
        for title, rates in lines.items():
            values[name, f"{title}: constant"] = str(rates.constant)
            values[name, f"{title}: slope"] = str(rates.slope)
    return values


def limit_by_linear_program(inequality: Inequality) -> tuple[float, tuple[float, ...]]:
    """The same limit by another way: the least ε for which some masses break the inequality.

    Minimises ε over (m, ε) subject to difference·m ≤ 0 and 1 ≤ m ≤ 1 + ε, by scipy's HiGHS.

    Returns:
        The least ε and its nine masses, row by row.

    Raises:
        RuntimeError: where the solver finds no optimum.
    """
    coefficients = np.array(list(difference(inequality).values()), dtype=float)
    n = len(coefficients)
    rows = np.vstack([np.append(coefficients, 0.0), np.hstack([np.eye(n), -np.ones((n, 1))])])
    found = linprog(
        c=np.append(np.zeros(n), 1.0),
        A_ub=rows,
        b_ub=np.append(0.0, np.ones(n)),
        bounds=[(1, None)] * n + [(0, None)],
        method="highs",
    )
    if not found.success:
        raise RuntimeError(f"{inequality.name}: linprog: {found.message}")
    return float(found.fun), tuple(float(m) for m in found.x[:n])


def limit_by_search(
    inequality: Inequality,
    *,
    seed: int = SEED,
    rounds: int = SEARCH_ROUNDS,
    draws: int = SEARCH_DRAWS,
) -> float:
    """The least ε at which a random search finds masses that break the inequality.

    Draws ``rounds``·``draws`` shapes u in [0, 1]⁹, the first round uniformly, later ones around the
    best shape so far and ever closer to it. Masses 1 + ε·u with the largest u being 1 break the
    inequality from ε = −s/(difference·u) on. An upper bound of the limit, whatever is drawn; inf
    where no draw breaks it.
    """
    random = np.random.default_rng(seed)
    exact = list(difference(inequality).values())
    coefficients, total = np.array(exact, dtype=float), float(sum(exact))
    best, best_shape = math.inf, None
    for step in range(rounds):
        if best_shape is None:
            shapes = random.random((draws, len(exact)))
        else:
            noise = random.normal(size=(draws, len(exact)))
            shapes = np.clip(best_shape + noise * 0.5 * 0.93**step, 0, 1)
        shapes = shapes[shapes.max(axis=1) > 0]
        shapes /= shapes.max(axis=1, keepdims=True)
        slopes = shapes @ coefficients
        index = int(np.argmin(slopes))
        if slopes[index] < 0 and -total / slopes[index] < best:
            best, best_shape = float(-total / slopes[index]), shapes[index]
    return best
