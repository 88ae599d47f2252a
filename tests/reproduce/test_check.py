"""The verdicts of a table against those it was committed with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.tables.about import About
from analysis.tables.results import CellResult, TableResult
from analysis.verdicts.level import LevelVerdict
from benchmarks.errors import UserError
from reproduce.commands import check

ORDER = ("reproduced", "inconclusive", "missing", "not reproduced")


def table(verdicts: dict[str, Any], *, missing: int = 0, quick: bool = False) -> TableResult:
    """A table of cells that have these verdicts."""
    cells = tuple(
        CellResult(
            name=name,
            kind="",
            parameters=(),
            published=".8790",
            planned=15,
            runs=(SimpleNamespace(diverged=False),) * 7,  # type: ignore[arg-type]
            median=0.879,
            interval=None,
            best_median=None,
            level=LevelVerdict(verdict, 0.0, 0.0, 0.0, 0.1, 7, "because"),
            machines=(),
        )
        for name, verdict in verdicts.items()
    )
    about = About("locality/table3", "Table III", "", protocol="quick" if quick else "full")
    gone = tuple(("a", seed) for seed in range(missing))
    return TableResult(about, cells, (), seeds=15, declared=8, delta=None, missing=gone)


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    return tmp_path / "verdicts" / "locality" / "table3.csv"


@pytest.mark.parametrize("committed", ORDER)
@pytest.mark.parametrize("verdict", ORDER)
def test_a_cell_offends_when_not_reproduced_or_worse(
    verdict: str, committed: str, baseline: Path
) -> None:
    check.write(table({"a": committed, "b": "reproduced"}), baseline)
    outcome = check.judge(table({"a": verdict, "b": "reproduced"}), baseline)
    rank = {"reproduced": 0, "inconclusive": 1, "missing": 2, "not reproduced": 2}
    offends = verdict == "not reproduced" or rank[verdict] > rank[committed]
    assert outcome.exit_code == (1 if offends else 0)
    assert len(outcome.reasons) == offends
    if offends:
        assert outcome.reasons[0].startswith("a, n = 7/15: " + verdict)
        assert "because" in outcome.reasons[0]
        assert "\n" not in outcome.reasons[0]


def test_without_a_baseline_only_what_is_not_reproduced_offends(baseline: Path) -> None:
    fine = check.judge(table({"a": "missing", "b": "inconclusive"}), baseline)
    assert (fine.exit_code, fine.reasons) == (0, ())
    bad = check.judge(table({"a": "missing", "b": "not reproduced"}), baseline)
    assert bad.exit_code == 1
    assert not baseline.exists()


def test_missing_runs_are_incomplete_unless_a_cell_offends(baseline: Path) -> None:
    outcome = check.judge(table({"a": "inconclusive"}, missing=3), baseline)
    assert outcome.exit_code == 3
    assert "3 runs missing" in outcome.text
    assert check.judge(table({"a": "not reproduced"}, missing=3), baseline).exit_code == 1


def test_the_accepted_file_is_small_text_and_the_same_again(baseline: Path) -> None:
    check.write(table({"a 1": "reproduced", "b": "missing"}), baseline)
    assert baseline.read_text() == "cell,verdict,n\na 1,reproduced,7\nb,missing,7\n"
    check.write(table({"a 1": "inconclusive", "b": "missing"}), baseline)
    assert baseline.read_text() == "cell,verdict,n\na 1,inconclusive,7\nb,missing,7\n"
    assert [path.name for path in baseline.parent.iterdir()] == ["table3.csv"]


def test_text_and_json_sum_up(baseline: Path) -> None:
    outcome = check.judge(table({"a": "reproduced", "b": "not reproduced"}), baseline)
    assert outcome.text.splitlines()[-1] == (
        "locality/table3: 1 reproduced, 1 not reproduced; 1 to object to"
    )
    document = asdict(outcome)
    assert document["exit_code"] == 1
    assert document["verdicts"]["not reproduced"] == 1
    assert document["reasons"] == outcome.reasons


def test_a_quick_table_cannot_be_checked(baseline: Path) -> None:
    with pytest.raises(UserError, match="--quick"):
        check.judge(table({"a": "reproduced"}, quick=True), baseline)
    with pytest.raises(UserError, match="--quick"):
        check.write(table({"a": "reproduced"}, quick=True), baseline)
    assert not baseline.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cell,verdict\na,reproduced\n", ":2: not a row"),
        ("cell,verdict,n\na,fine,15\n", ":2: not a row"),
        ("cell,verdict,n\na,reproduced,15,9\n", ":2: not a row"),
        ("cell,verdict,n\na\n", ":2: not a row"),
        ("cell,verdict,n\na,reproduced,15\nz,reproduced,15\n", "cells that .* lacks: z"),
        ('cell,verdict,n\n"a', "cannot be read"),
    ],
)
def test_a_damaged_baseline_is_one_line(text: str, message: str, baseline: Path) -> None:
    baseline.parent.mkdir(parents=True)
    baseline.write_text(text)
    with pytest.raises(UserError, match=message):
        check.judge(table({"a": "reproduced"}), baseline)


def test_a_baseline_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        check.write(table({"a": "reproduced"}), tmp_path / "file" / "table3.csv")
