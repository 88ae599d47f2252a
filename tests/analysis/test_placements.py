"""Placements of two 3×3 features: which a weighting picks, and that it is the best."""

from __future__ import annotations

import csv
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.papers.locality import placements
from analysis.papers.locality.placements import (
    UNIFORM,
    Pair,
    Placement,
    Weighting,
    choose,
    loco,
)
from reproduce.store.paths import PAPER_TABLES

FACTORS = st.fractions(min_value=Fraction(1, 10), max_value=10, max_denominator=100)
GRIDS = st.integers(3, 6).flatmap(
    lambda height: st.lists(
        st.lists(st.integers(0, 6), min_size=7, max_size=7), min_size=height, max_size=height
    )
)


def paper_grid() -> list[list[int]]:
    with open(PAPER_TABLES / "locality" / "figure2.csv", encoding="utf-8") as file:
        return [[int(value) for value in row[1:]] for row in list(csv.reader(file))[1:]]


GRID = paper_grid()


def centres(*pairs: Pair) -> list[list[tuple[int, int]]]:
    return [[(p.row, p.column) for p in pair] for pair in pairs]


def greedy(grid: list[list[int]], weighting: Weighting) -> Pair | None:
    """The best placement, then the best beside it; None where the first leaves no room."""
    found = placements.scores(grid, weighting)
    first = max(found, key=lambda p: found[p])
    second = max((p for p in found if not p.overlaps(first)), key=lambda p: found[p], default=None)
    if second is None:
        return None
    return (first, second) if first < second else (second, first)


def test_the_map_is_the_papers() -> None:
    assert [len(row) for row in GRID] == [16] * 6
    assert [sum(row) for row in GRID] == [4, 15, 26, 19, 18, 16]
    assert GRID[2] == [1, 0, 0, 0, 1, 2, 6, 3, 1, 1, 2, 5, 1, 2, 1, 0]


def test_equal_weights_cover_46_in_two_ways() -> None:
    choice = choose(GRID, UNIFORM)
    assert centres(*choice.pairs) == [[(4, 8), (4, 11)], [(4, 8), (5, 11)]]
    assert choice.score == 46
    assert {placements.covered(GRID, pair) for pair in choice.pairs} == {46}


def test_loco_weights_pick_the_two_largest_values() -> None:
    choice = choose(GRID, loco(Fraction("1.8"), Fraction("2.13")))
    assert centres(*choice.pairs) == [[(3, 7), (3, 12)]]
    assert placements.centres(GRID, choice.pair) == (6, 5)
    assert placements.covered(GRID, choice.pair) == 43


def test_milder_weights_move_only_one_feature() -> None:
    assert centres(choose(GRID, loco(Fraction("1.4"), Fraction("1.56"))).pair) == [
        [(3, 7), (5, 11)]
    ]
    assert centres(choose(GRID, loco(Fraction("1.4"), Fraction("1.56"), root=True)).pair) == [
        [(4, 8), (5, 11)]
    ]


def test_a_tie_between_fractions_is_one() -> None:
    choice = choose(GRID, loco(Fraction("1.6"), Fraction("2.0")))
    assert centres(*choice.pairs) == [[(3, 7), (3, 12)], [(3, 7), (5, 11)]]


@given(FACTORS, FACTORS, st.booleans())
def test_weights_add_up_to_nine_and_fall_with_the_factor(
    gamma: Fraction, eta: Fraction, root: bool
) -> None:
    ring = loco(gamma, eta, root=root)
    assert ring.centre + 4 * ring.neighbour + 4 * ring.corner == 9
    assert (ring.neighbour < ring.corner) == (gamma > eta)
    assert (ring.centre > ring.neighbour) == (gamma > 1)


@given(FACTORS, FACTORS)
def test_weights_are_the_inverse_of_the_factors_of_eq_1(gamma: Fraction, eta: Fraction) -> None:
    ring = loco(gamma, eta)
    normalizer = (1 + 4 * gamma + 4 * eta) / 9
    factors = (1 / normalizer, gamma / normalizer, eta / normalizer)
    weights = (ring.centre, ring.neighbour, ring.corner)
    assert len({w * r for w, r in zip(weights, factors, strict=True)}) == 1
    root = loco(gamma, eta, root=True)
    balanced = [
        float(w**2 * r)
        for w, r in zip((root.centre, root.neighbour, root.corner), factors, strict=True)
    ]
    assert balanced == pytest.approx([balanced[0]] * 3, rel=1e-12)


def test_factors_of_one_are_equal_weights() -> None:
    choice = choose(GRID, loco(Fraction(1), Fraction(1)))
    assert choice.pairs == choose(GRID, UNIFORM).pairs


@given(GRIDS, FACTORS, FACTORS)
def test_the_choice_is_the_best_of_all_disjoint_pairs(
    grid: list[list[int]], gamma: Fraction, eta: Fraction
) -> None:
    ring = loco(gamma, eta)
    kernel = [
        [ring.corner, ring.neighbour, ring.corner],
        [ring.neighbour, ring.centre, ring.neighbour],
        [ring.corner, ring.neighbour, ring.corner],
    ]

    def cells(place: Placement) -> set[tuple[int, int]]:
        return {(place.row + i, place.column + j) for i in (-2, -1, 0) for j in (-2, -1, 0)}

    def score(place: Placement) -> Fraction:
        return sum(
            (
                kernel[i][j] * grid[place.row - 2 + i][place.column - 2 + j]
                for i in range(3)
                for j in range(3)
            ),
            Fraction(0),
        )

    every = placements.placements(grid)
    assert len(every) == (len(grid) - 2) * 5
    totals = {
        (a, b): score(a) + score(b) for a, b in combinations(every, 2) if not cells(a) & cells(b)
    }
    choice = choose(grid, ring)
    assert choice.score == max(totals.values())
    assert set(choice.pairs) == {pair for pair, total in totals.items() if total == choice.score}


@given(GRIDS)
def test_the_mirrored_map_has_the_mirrored_choice(grid: list[list[int]]) -> None:
    ring = loco(Fraction("1.8"), Fraction("2.13"))
    width = len(grid[0]) + 1
    mirrored = choose([row[::-1] for row in grid], ring)
    back = {frozenset(Placement(p.row, width - p.column) for p in pair) for pair in mirrored.pairs}
    assert back == {frozenset(pair) for pair in choose(grid, ring).pairs}


@pytest.mark.parametrize("factors", [("1", "1"), ("1.4", "1.56"), ("1.8", "2.13"), ("1.6", "2.4")])
def test_on_the_papers_map_one_after_the_other_is_as_good(factors: tuple[str, str]) -> None:
    ring = loco(*map(Fraction, factors))
    assert greedy(GRID, ring) == choose(GRID, ring).pair


@given(GRIDS)
def test_one_after_the_other_is_never_better(grid: list[list[int]]) -> None:
    found = placements.scores(grid, UNIFORM)
    pair = greedy(grid, UNIFORM)
    assume(pair is not None)
    assert pair is not None
    assert found[pair[0]] + found[pair[1]] <= choose(grid, UNIFORM).score


@pytest.mark.parametrize("grid", [[], [[0] * 5] * 5, [[0] * 9] * 2, [[0] * 7, [0] * 6, [0] * 7]])
def test_maps_that_hold_no_two_features(grid: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="grid"):
        choose(grid, UNIFORM)


@pytest.mark.parametrize("factors", [(0, 1), (1, 0), (-1, 1)])
def test_factors_have_to_be_positive(factors: tuple[int, int]) -> None:
    for root in (False, True):
        with pytest.raises(ValueError, match="positive"):
            loco(Fraction(factors[0]), Fraction(factors[1]), root=root)


def test_statements_hold_of_the_default_and_not_of_equal_weights() -> None:
    def hold(gamma: str, eta: str) -> list[bool]:
        located = choose(GRID, loco(Fraction(gamma), Fraction(eta)))
        return list(placements.statements(GRID, choose(GRID, UNIFORM), located).values())

    assert hold("1.8", "2.13") == [True, True, True]
    assert hold("1.4", "1.56") == [True, False, False]
    assert hold("1", "1") == [False, False, False]
