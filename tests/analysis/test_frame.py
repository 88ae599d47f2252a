"""What the tests rank, from rows of runs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from analysis.documents.table import ranking_values
from analysis.verdicts.measure import ACCURACY

DIVERGED = -math.inf


def frame(accuracy: list[float], diverged: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"value": accuracy, "diverged": diverged})


def test_diverged_runs_are_lowest_and_rows_keep_their_order():
    runs = frame([0.88, 0.10, 0.87, 0.0], [False, True, False, False])
    values = ranking_values(runs, ACCURACY)
    assert values.tolist() == [0.88, DIVERGED, 0.87, 0.0]
    assert values.argmin() == 1
    assert runs["value"].tolist() == [0.88, 0.10, 0.87, 0.0]


def test_a_diverged_run_needs_no_accuracy():
    assert ranking_values(frame([math.nan, 0.5], [True, False]), ACCURACY).tolist() == [
        DIVERGED,
        0.5,
    ]


def test_no_rows():
    values = ranking_values(frame([], []), ACCURACY)
    assert values.dtype == np.float64
    assert len(values) == 0


@pytest.mark.parametrize("accuracy", [math.nan, -0.1, 87.9])
def test_an_impossible_accuracy_is_named(accuracy):
    with pytest.raises(ValueError, match=f"value {accuracy} "):
        ranking_values(frame([0.5, accuracy], [False, False]), ACCURACY)


@pytest.mark.parametrize("diverged", ["False", None, math.nan])
def test_text_does_not_pass_for_a_truth_value(diverged):
    with pytest.raises(ValueError, match="'diverged'"):
        ranking_values(frame([0.5, 0.6], [True, diverged]), ACCURACY)
