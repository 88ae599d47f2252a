"""Learned networks beside hand-made ones of equal cost, against closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_ind

from analysis.papers.structured_sparsity.frontier import (
    HandMade,
    Point,
    at_cost,
    envelope,
    excess,
    lines,
    why_not,
)

SPREAD = (-0.01, 0.0, 0.01)


def by_hand(kind: str, cost: float, accuracy: float) -> HandMade:
    return HandMade(f"{kind} {cost}", kind, cost, tuple(accuracy + s for s in SPREAD))


BASE = by_hand("base", 16e6, 0.9)
MADE = [
    BASE,
    by_hand("narrow", 4e6, 0.7),
    by_hand("narrow", 1e6, 0.5),
    by_hand("shallow", 4e6, 0.8),
]
FAMILIES = lines(MADE)


def learned(cost: float, accuracy: float, **changes: object) -> Point:
    point = Point("c", "omega1", "Ω1", "0.001", (cost,) * 3, tuple(accuracy + s for s in SPREAD), 3)
    return replace(point, **changes)  # type: ignore[arg-type]


def test_a_line_is_straight_over_the_logarithm_of_the_cost() -> None:
    assert list(FAMILIES) == ["narrow", "shallow"]
    assert [n.cost for n in FAMILIES["narrow"]] == [1e6, 4e6, 16e6]
    assert at_cost(FAMILIES["narrow"], 8e6) == pytest.approx(0.8)  # half a step below the base
    assert at_cost(FAMILIES["narrow"], 2e6) == pytest.approx(0.6)
    assert at_cost(FAMILIES["shallow"], 2e6) is None


def test_at_a_hand_made_cost_it_is_welchs_test_against_the_better_family() -> None:
    point = learned(4e6, 0.81)
    found = excess(point, FAMILIES)
    other = MADE[3].accuracies
    assert found.family == "shallow"
    assert found.mean == pytest.approx(0.01)
    test = ttest_ind(point.accuracies, other, equal_var=False)
    interval = test.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert 2 * min(found.above, found.below) == pytest.approx(test.pvalue)


def test_between_two_costs_both_networks_scatter_counts() -> None:
    found = excess(learned(8e6, 0.85), FAMILIES)
    assert found.mean == pytest.approx(0.0)
    variance = 1e-4 / 3
    assert found.high - found.mean == pytest.approx(found.mean - found.low)
    spread = np.sqrt(variance + variance / 4 + variance / 4)
    freedom = (variance * 1.5) ** 2 / (variance**2 / 2 * (1 + 1 / 16 + 1 / 16))
    from scipy.stats import t

    assert found.high == pytest.approx(t.ppf(0.975, freedom) * spread)


def test_few_equal_runs_decide_nothing() -> None:
    def found(runs: int) -> tuple[float, float, float]:
        made = lines([replace(n, accuracies=(n.accuracies[1],) * runs) for n in MADE])
        point = learned(4e6, 0, costs=(4e6,) * runs, accuracies=(0.81,) * runs, runs=runs)
        result = excess(point, made)
        return result.low, result.high, result.above

    assert found(2) == (-1, 1, 0.5)
    assert found(6) == (pytest.approx(0.01), pytest.approx(0.01), 0)


def test_what_is_not_compared_says_why() -> None:
    assert "as large" in why_not(learned(15.9e6, 0.9), FAMILIES)
    assert "smaller than all" in why_not(learned(0.9e6, 0.9), FAMILIES)
    assert "no kernel left" in why_not(learned(4e6, 0.9, runs=4), FAMILIES)
    assert "by hand" in why_not(learned(4e6, 0.9), {})
    with pytest.raises(ValueError, match="smaller"):
        excess(learned(0.9e6, 0.9), FAMILIES)


def test_runs_cheaper_than_all_made_by_hand_are_left_out_while_most_are_not() -> None:
    """One of three is: the two others are compared, as they are alone. Two of three: none is."""
    point = learned(4e6, 0.81)
    cheap = replace(point, costs=(0.9e6, 4e6, 4e6))
    assert why_not(cheap, FAMILIES) == ""
    found = excess(cheap, FAMILIES)
    alone = replace(point, costs=cheap.costs[1:], accuracies=cheap.accuracies[1:], runs=2)
    assert found == excess(alone, FAMILIES)
    assert (found.runs, excess(point, FAMILIES).runs) == (2, 3)
    assert "smaller than all" in why_not(replace(point, costs=(0.9e6, 0.9e6, 4e6)), FAMILIES)


def test_the_envelope_has_nothing_cheaper_and_better() -> None:
    points = [learned(c, a) for c, a in ((4, 0.5), (2, 0.5), (1, 0.2), (8, 0.4), (9, 0.7))]
    assert [(p.cost, p.accuracy) for p in envelope(points)] == [(1, 0.2), (2, 0.5), (9, 0.7)]
