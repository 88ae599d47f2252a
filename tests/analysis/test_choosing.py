"""A winner is chosen by its median, by the declared measure alone, once everything is in."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.verdicts.choosing import Choice, choose
from analysis.verdicts.measure import ACCURACY, TRAINING_LOSS, VALIDATION_ACCURACY

GRID = ("weak", "middle", "strong")
ON_HELD_OUT = Choice("λ", GRID, VALIDATION_ACCURACY)


def test_the_best_median_wins_and_the_first_of_equal_ones() -> None:
    values = {"weak": [0.5, 0.9, 0.5], "middle": [0.6, 0.6, 0.7], "strong": [0.1, 0.6, 0.9]}
    found = choose(ON_HELD_OUT, values, 3)
    assert (found.winner, found.reported, found.median) == ("middle", "middle", 0.6)


def test_nothing_is_chosen_while_a_run_is_missing() -> None:
    values = {"weak": [0.5, 0.9], "middle": [0.6]}
    found = choose(ON_HELD_OUT, values, 2)
    assert (found.winner, found.reported, found.median, found.searched) == (None, None, None, 1)


def test_what_is_reported_may_be_trained_on_everything() -> None:
    choice = Choice("λ", GRID, VALIDATION_ACCURACY, finals=("a", "b", "c"))
    values = {"weak": [0.1], "middle": [0.2], "strong": [0.3]}
    assert choose(choice, values, 1).reported == "c"
    with pytest.raises(ValueError, match="2 finals of 3"):
        Choice("λ", GRID, VALIDATION_ACCURACY, finals=("a", "b"))


def test_the_label_says_on_what() -> None:
    assert Choice("λ", GRID, ACCURACY).on == "the test images, as in the paper"
    assert ON_HELD_OUT.on == "validation accuracy, last epoch"


@given(
    st.dictionaries(
        st.sampled_from(GRID), st.lists(st.floats(0, 9), min_size=5, max_size=5), min_size=3
    )
)
def test_smaller_losses_win_as_larger_accuracies_do(losses: dict[str, list[float]]) -> None:
    lost = {name: [*values[:2], *[math.inf] * 3] for name, values in losses.items()}
    small = choose(Choice("λ", GRID, TRAINING_LOSS), losses, 5)
    large = choose(ON_HELD_OUT, {k: [-v for v in values] for k, values in losses.items()}, 5)
    assert small.winner == large.winner
    assert choose(Choice("λ", GRID, TRAINING_LOSS), lost, 5).median == math.inf
