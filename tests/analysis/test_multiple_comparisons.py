"""Holm against statsmodels, and with comparisons missing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from analysis.statistics.multiple_comparisons import holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def named(values: list[float]) -> dict[str, float]:
    return {f"upper {k}": p for k, p in enumerate(values)}


@given(P_VALUES)
@settings(max_examples=20, deadline=None)
def test_full_table_agrees_with_statsmodels(values):
    expected = multipletests(values, method="holm")[1]
    assert list(holm(named(values), len(values)).values()) == pytest.approx(expected.tolist())


def test_worked_example():
    """0.01 × 4, then max(…, 0.02 × 3), then 0.03 × 2 and 0.04 × 1 held up by those before."""
    adjusted = holm({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.02}, 4)
    assert adjusted == pytest.approx({"a": 0.06, "b": 0.04, "c": 0.06, "d": 0.06})
    assert list(adjusted) == ["a", "b", "c", "d"]


@given(P_VALUES, st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_missing_comparisons_count_as_one(values, missing):
    declared = len(values) + missing
    padded = multipletests([*values, *[1.0] * missing], method="holm")[1][: len(values)]
    assert list(holm(named(values), declared).values()) == pytest.approx(padded.tolist())


@given(P_VALUES, P_VALUES)
def test_running_the_others_only_lowers_adjusted_values(first, others):
    declared = len(first) + len(others)
    subset = holm(named(first), declared)
    full = holm(named([*first, *others]), declared)
    assert all(full[name] <= subset[name] for name in subset)


def test_a_missing_p_value_stays_missing():
    adjusted = holm({"a": 0.01, "b": math.nan, "c": 0.02}, 8)
    assert math.isnan(adjusted["b"])
    assert (adjusted["a"], adjusted["c"]) == pytest.approx((0.08, 0.14))


def test_nothing_run():
    assert holm({}, 8) == {}


@pytest.mark.parametrize(
    ("p_values", "declared", "message"),
    [
        ({"a": 0.1, "b": 0.2}, 1, "2 p-values for 1 declared"),
        ({"a": 1.5}, 2, "'a' is not in"),
        ({"a": -0.1}, 2, "'a' is not in"),
    ],
)
def test_bad_input_is_named(p_values, declared, message):
    with pytest.raises(ValueError, match=message):
        holm(p_values, declared)
