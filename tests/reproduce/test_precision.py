"""When bf16 counts as equivalent to float32."""

from __future__ import annotations

import numpy as np
import pytest

from reproduce.precision import judge

COUNTS = 8790 + 2 * np.array([-25, -18, -13, -9, -6, -3, -1, 0, 2, 4, 7, 10, 14, 19, 26])
TIGHT = 8790 + np.array([-7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7])


def test_the_same_tight_runs_are_equivalent() -> None:
    outcome = judge(TIGHT / 10_000, TIGHT / 10_000)
    assert outcome["equivalent"] is True
    assert outcome["shift_points"] == pytest.approx(0)


def test_a_shift_beyond_the_margin_is_not() -> None:
    outcome = judge((TIGHT + 12) / 10_000, TIGHT / 10_000)
    assert outcome["equivalent"] is False
    assert outcome["shift_points"] == pytest.approx(0.12)


def test_no_difference_is_no_equivalence_where_runs_scatter() -> None:
    outcome = judge(COUNTS / 10_000, COUNTS / 10_000)
    assert outcome["equivalent"] is False
    low, high = outcome["interval_points"]
    assert low < -0.05
    assert high > 0.05


@pytest.mark.parametrize("n", [0, 1, 6, 14])
def test_fewer_than_fifteen_runs_decide_nothing(n: int) -> None:
    assert judge(TIGHT[:n] / 10_000, TIGHT / 10_000)["equivalent"] is None


def test_a_diverged_run_never_helps() -> None:
    with_diverged = np.append(TIGHT[:-8] / 10_000, [-1.0] * 8)
    assert judge(with_diverged, TIGHT / 10_000)["equivalent"] is False
