"""Slopes over the layers of a network."""

from __future__ import annotations

import math

import pytest

from analysis.papers.compactnets.slopes import Slope


def made_of(values: list[float | None], **settings: bool) -> float:
    measure = Slope("slope", "a slope", "number", of=("by layer",), **settings)  # type: ignore[arg-type]
    return measure.made_of({"by layer": values})


def test_of_lines_and_of_their_mean_change() -> None:
    assert made_of([3, 5, 7, 9]) == pytest.approx(2)
    assert made_of([0, 1, 0]) == pytest.approx(0)
    assert made_of([4]) == 0
    assert math.isinf(made_of([1, None, 2]))


def test_dictionaries_of_one_sparsity_do_not_fall_towards_the_classifier() -> None:
    """None of whose classes is left out, as is so in nearly every network."""
    even = [0.25, 0.25, 0.25, 0.25, 0]
    assert made_of(even) < -0.01
    assert made_of(even, has_classifier=False) == 0
    assert made_of([0.1, 0.3, 0], has_classifier=False) == pytest.approx(0.2)
