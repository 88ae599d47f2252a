"""Theorem 1's limits: the proof's fractions, and what makes them right."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.documents.printed import Statement, compare
from analysis.papers.locality import theorem
from analysis.papers.locality.theorem import INEQUALITIES, POSITIONS, Inequality, Line

LIMITS = theorem.limits()
EPSILONS = [Fraction(27, 40), Fraction(99, 20), Fraction(45, 62), Fraction(3, 4)]
MARGINS = st.fractions(min_value=0, max_value=1, max_denominator=1000)


def agrees(relation: str, published: str, computed: str) -> bool:
    return Statement("", "", relation, published, computed=computed).agrees


def gain(inequality: Inequality, masses: tuple[Fraction, ...]) -> Fraction:
    """First minus second rate."""
    first = theorem.growth(inequality.first, masses)
    return first - theorem.growth(inequality.second, masses)


def test_the_limits_are_the_fractions_of_the_proof() -> None:
    assert [found.epsilon for found in LIMITS] == EPSILONS


def test_symmetric_pairs_have_the_same_limits() -> None:
    counted = Counter(found.epsilon for found in theorem.all_limits())
    assert counted == dict(zip(EPSILONS, (4, 4, 8, 8), strict=True))


def test_the_worst_masses_are_those_of_the_proof() -> None:
    assert [sorted(found.largest) for found in LIMITS] == [
        [(0, 0), (0, 2), (1, 1)],
        [(1, 1)],
        [(0, 1), (1, 0), (2, 0)],
        [(0, 1), (1, 0), (2, 1), (2, 2)],
    ]
    # Two neighbours lie as far from the corner as from the centre: their masses change nothing.
    assert [found.is_unique for found in LIMITS] == [True, False, True, True]


def test_the_rates_are_those_of_the_proof() -> None:
    def line(constant: str, slope: str) -> Line:
        return Line(Fraction(constant), Fraction(slope))

    assert [(found.first, found.second) for found in LIMITS] == [
        (line("6", "1"), line("4.65", "3")),
        (line("6", "0"), line("3.525", "0.5")),
        (line("4.65", "0.7"), line("3.525", "2.25")),
        (line("4.65", "0.95"), line("3.525", "2.45")),
    ]


@pytest.mark.parametrize("found", LIMITS, ids=lambda found: found.inequality.name)
def test_both_rates_meet_at_the_worst_masses_and_cross_beyond(found: theorem.Limit) -> None:
    assert gain(found.inequality, found.worst_masses) == 0
    step = Fraction(1, 10**6)
    assert gain(found.inequality, theorem.masses(found.largest, found.epsilon + step)) < 0
    assert gain(found.inequality, theorem.masses(found.largest, found.epsilon - step)) > 0
    rates = (line.constant + line.slope * found.epsilon for line in (found.first, found.second))
    assert len(set(rates)) == 1


@given(st.sampled_from(LIMITS), st.lists(MARGINS, min_size=9, max_size=9))
def test_no_masses_below_the_excluded_end_break_an_inequality(
    found: theorem.Limit, shape: list[Fraction]
) -> None:
    # 1 + ε·u·(999/1000) lies in [1, 1 + ε) for every u in [0, 1].
    masses = tuple(1 + found.epsilon * u * Fraction(999, 1000) for u in shape)
    assert gain(found.inequality, masses) > 0
    assert found.holds_at_limit


@given(st.lists(MARGINS, min_size=9, max_size=9))
def test_the_theorem_orders_centre_neighbours_and_corners(shape: list[Fraction]) -> None:
    epsilon = min(found.epsilon for found in LIMITS)
    masses = tuple(1 + epsilon * u * Fraction(999, 1000) for u in shape)
    rates = {p: theorem.growth(p, masses) for p in POSITIONS}
    neighbours = [rates[p] for p in theorem.NEIGHBOURS]
    assert rates[theorem.CENTRE] > max(neighbours)
    assert min(neighbours) > max(rates[p] for p in theorem.CORNERS)


def test_the_rate_is_the_derivative_of_the_summed_attractions() -> None:
    masses = [Fraction(k) for k in (3, 1, 4, 1, 5, 9, 2, 6, 5)]

    def cohesion(values: list[Fraction]) -> Fraction:
        pairs = product(range(9), repeat=2)
        return sum(
            (
                values[a] * values[b] / theorem.squared_distance(POSITIONS[a], POSITIONS[b])
                for a, b in pairs
                if a != b
            ),
            Fraction(0),
        )

    for index, position in enumerate(POSITIONS):
        more = [m + (k == index) for k, m in enumerate(masses)]
        # Linear in each mass; every pair is counted twice in the double sum.
        assert cohesion(more) - cohesion(masses) == 2 * theorem.growth(position, tuple(masses))


def test_a_huge_corner_makes_its_neighbour_matter_more_than_the_centre() -> None:
    masses = (Fraction(100), *[Fraction(1)] * 8)
    assert theorem.growth((0, 1), masses) > theorem.growth((1, 1), masses)


def test_what_equal_masses_break_has_no_limit() -> None:
    with pytest.raises(ValueError, match="equal masses"):
        theorem.limit(Inequality("corner > centre", (0, 0), (1, 1)))


def test_there_are_five_distances() -> None:
    assert theorem.squared_distances() == [1, 2, 4, 5, 8]


@pytest.mark.parametrize("found", LIMITS, ids=lambda found: found.inequality.name)
def test_the_linear_program_finds_limit_and_masses(found: theorem.Limit) -> None:
    epsilon, masses = theorem.limit_by_linear_program(found.inequality)
    assert epsilon == pytest.approx(float(found.epsilon), abs=1e-9)
    if found.is_unique:
        assert masses == pytest.approx([float(m) for m in found.worst_masses], abs=1e-9)


@pytest.mark.parametrize("inequality", INEQUALITIES, ids=lambda inequality: inequality.name)
def test_the_search_comes_close_from_above_and_repeats(inequality: Inequality) -> None:
    exact = float(theorem.limit(inequality).epsilon)
    found = theorem.limit_by_search(inequality)
    assert exact - 1e-9 <= found <= exact + 1e-3
    assert theorem.limit_by_search(inequality) == found
    coarse = theorem.limit_by_search(inequality, seed=1, rounds=1, draws=2000)
    assert coarse > exact + 1e-3  # uniform draws hit no vertex: the rounds do the work


@pytest.mark.parametrize(
    ("relation", "published", "computed", "expected"),
    [
        ("=", "0.675", "27/40", True),
        ("=", "0.68", "27/40", False),
        ("=", "0.725", "45/62", False),
        ("begins", "0.725", "45/62", True),
        ("begins", "0.726", "45/62", False),
        ("begins", "0.724", "45/62", False),
        ("at least", "0.675", "99/20", True),
        ("at least", "4.96", "99/20", False),
        ("rounds", "4.9", "99/20", True),
        ("rounds", "5", "99/20", True),
        ("rounds", "5.01", "99/20", False),
        ("=", "yes", "yes", True),
        ("=", "yes", "no", False),
        ("=", "4", "5", False),
    ],
)
def test_agreement(relation: str, published: str, computed: str, expected: bool) -> None:
    assert agrees(relation, published, computed) is expected


@given(st.fractions(min_value=0, max_value=100), st.integers(min_value=0, max_value=6))
def test_every_number_begins_with_its_cut_digits(value: Fraction, digits: int) -> None:
    cut = Decimal(value.numerator * 10**digits // value.denominator).scaleb(-digits)
    assert agrees("begins", f"{cut:f}", str(value))
    assert not agrees("begins", f"{cut + Decimal(1).scaleb(-digits):f}", str(value))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"relation": "about"}, "relation 'about'"),
        ({"quantity": "colour"}, "unknown quantity 'colour'"),
        ({"inequality": "all"}, "of 'all'"),
        ({"where": None}, "no column"),
    ],
)
def test_damaged_claims(change: dict[str, str | None], words: str) -> None:
    row = {"inequality": "theorem", "quantity": "limit", "relation": "=", "value": "1"}
    row |= {"where": "proof", "slip": ""}
    assert len(compare([row], theorem.exact_values(), "inequality")) == 1
    damaged = {k: v for k, v in {**row, **change}.items() if v is not None}
    with pytest.raises(ValueError, match=words):
        compare([damaged], theorem.exact_values(), "inequality")
