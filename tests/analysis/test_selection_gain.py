"""What picking the best gains by itself, against closed forms and simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from analysis.statistics.rank_sum import rank_sum_test
from analysis.statistics.selection_gain import (
    chance_gain,
    deviation_of_stars,
    expected_best,
    gain_by_chance,
    held_out_best,
    pooled_deviation,
)
from analysis.statistics.stars import stars


@pytest.mark.parametrize(
    ("settings", "expected"),
    [(1, 0.0), (2, 1 / math.sqrt(math.pi)), (3, 1.5 / math.sqrt(math.pi)), (5, 1.1629644736)],
)
def test_the_expected_maximum_of_normals_is_the_closed_form(settings: int, expected: float) -> None:
    assert expected_best(settings) == pytest.approx(expected, abs=1e-6)


def test_the_best_median_is_that_of_a_simulation() -> None:
    """Eight medians of 15, against 160,000 drawn ones, whose standard error is about 0.001."""
    drawn = np.random.Generator(np.random.Philox(1)).normal(size=(20_000, 8, 15))
    assert expected_best(8, 15) == pytest.approx(
        np.median(drawn, axis=2).max(axis=1).mean(), abs=4e-3
    )


def test_a_chance_gain_vanishes_for_equal_sides_and_grows_with_settings() -> None:
    assert chance_gain(4, 4, 15) == 0.0
    assert 0 < chance_gain(2, 1, 15) < chance_gain(8, 1, 15)
    assert chance_gain(8, 4, 5) > chance_gain(8, 4, 15)
    assert chance_gain(1, 2) == pytest.approx(-chance_gain(2, 1))


def test_the_chance_of_a_gain_is_that_of_two_normals() -> None:
    """Of one setting against one the difference is normal with variance 2."""
    for gain in (-1.0, 0.0, 1.5):
        expected = norm.sf(gain / math.sqrt(2))
        assert gain_by_chance(gain, 1, 1) == pytest.approx(expected, abs=0.012)
    assert gain_by_chance(0.0, 2, 1) == pytest.approx(2 / 3, abs=0.012)


def test_a_choice_on_other_seeds_loses_what_selection_gained() -> None:
    """Of equal settings the in-sample best is too good and the held-out one right on average."""
    generator = np.random.Generator(np.random.Philox(2))
    found = [held_out_best(generator.normal(size=(8, 15))) for _ in range(2000)]
    best, held_out = np.mean([(f.best, f.held_out) for f in found], axis=0)
    assert held_out == pytest.approx(0, abs=0.03)
    assert best == pytest.approx(1.4236 / math.sqrt(15), abs=0.02)
    apart = held_out_best([[1.0, 1.1, 0.9], [3.0, 3.1, 2.9]])
    assert apart.best == apart.held_out == pytest.approx(3.0)


@pytest.mark.parametrize("spread", [0.001, 0.004])
def test_stars_tell_the_spread_that_they_came_from(spread: float) -> None:
    """Medians of 15 and exact tests of 72 pairs, of which the spread is told within a quarter."""
    generator = np.random.Generator(np.random.Philox(3))
    differences, marks = [], []
    for shift in generator.normal(0, 2 * spread, size=72):
        x, y = generator.normal(shift, spread, 15), generator.normal(0, spread, 15)
        differences.append(float(np.median(x) - np.median(y)))
        marks.append(stars(rank_sum_test(x, y).p_value))
    assert deviation_of_stars(differences, marks, 15) == pytest.approx(spread, rel=0.25)


def test_no_stars_tell_no_spread() -> None:
    assert math.isnan(deviation_of_stars([0.1, 0.2], ["", ""], 15))
    assert math.isnan(deviation_of_stars([], [], 15))


def test_groups_are_pooled_by_their_freedom() -> None:
    assert pooled_deviation([[1, 3], [10, 10, math.inf], [5]]) == pytest.approx(1.0)
    assert math.isnan(pooled_deviation([[1.0], []]))


@pytest.mark.parametrize(
    "call",
    [
        lambda: expected_best(0),
        lambda: gain_by_chance(0, 1, 0),
        lambda: held_out_best([[1.0]]),
        lambda: held_out_best([[1.0, math.nan]]),
    ],
)
def test_nothing_to_choose_from_is_an_error(call: object) -> None:
    with pytest.raises(ValueError, match="setting"):
        call()  # type: ignore[operator]
