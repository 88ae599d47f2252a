"""When bf16 counts as equivalent to float32."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import record_makers

from reproduce.catalogue.selection import select
from reproduce.commands.options import Selecting
from reproduce.commands.precision import judge
from reproduce.commands.precision import precision as precision_command

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


def _sorted_differences() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two groups of 15 without ties and their 225 pairwise differences in order."""
    random = np.random.default_rng(11)
    x, y = random.normal(size=15), random.normal(size=15)
    differences = np.sort(np.subtract.outer(x, y).ravel())
    assert len(set(differences)) == 225
    return x, y, differences


def test_the_interval_is_that_of_the_tabulated_critical_value() -> None:
    """Mann–Whitney's two-sided critical U for 15 and 15 is 72 at level 0.10 (64 at 0.05), so the
    90 % interval runs from the 73rd smallest difference to the 73rd largest."""
    x, y, differences = _sorted_differences()
    outcome = judge(0.88 + x / 1000, 0.88 + y / 1000)
    expected = [differences[72] / 10, differences[-73] / 10]
    assert outcome["interval_points"] == pytest.approx(expected, abs=1e-9)
    assert outcome["confidence"] == 0.90


def test_ninety_percent_decide_where_ninety_five_would_not() -> None:
    x, y, differences = _sorted_differences()
    at_90 = max(-differences[72], differences[-73])
    at_95 = max(-differences[64], differences[-65])
    assert at_90 < at_95
    scale = 0.001 / ((at_90 + at_95) / 2)  # the margin of 0.1 points lies between the two
    assert judge(0.88 + scale * x, 0.88 + scale * y)["equivalent"] is True


@pytest.mark.parametrize("diverged", [0, 8])
def test_published_runs_that_diverged_rank_below_all_others(
    diverged: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their counts are as good as those of the rest, so that divergence alone decides."""
    selection = select("table3", results=tmp_path)
    for precision in ("bf16", "float32"):
        chosen = select("table3", results=tmp_path, precision=precision, only=["plain*"])
        assert len(chosen.planned) == len(TIGHT)
        for planned, correct in zip(chosen.planned, TIGHT, strict=True):
            run = planned.run
            record = record_makers.make(
                run.seed,
                run=run,
                correct=int(correct),
                diverged=precision == "bf16" and run.seed < diverged,
            )
            selection.store.records.publish(record)
    assert precision_command(Selecting(results=tmp_path), report_only=True, as_json=True) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["n"] == {"bf16": 15, "float32": 15}
    assert outcome["equivalent"] is (diverged == 0)
    if diverged:
        assert outcome["shift_points"] == -math.inf
