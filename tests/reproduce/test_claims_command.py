"""`reproduce claims` as a user types it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import record_makers

from reproduce.__main__ import run
from reproduce.catalogue.selection import select
from reproduce.store.paths import ROOT
from reproduce.store.store import Store

TRAINED = ("table1", "table2", "figure2", "figure3", "figure5")  # of which something is said


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["claims", "--json", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_printed_numbers_alone_decide_some(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Footnote 4 counts nine and the table shows five; D-FC beats S-FC once in Table 1."""
    found = told(capsys, "table4", "beta-lasso/table1", "--results", str(tmp_path))
    rows = found["grids"]["claims"]["rows"]
    assert {row["group"] for row in rows} == {"locality/table4", "beta-lasso/table1"}
    cells = [[cell.get("text", "") for cell in row["cells"]] for row in rows]
    details = {c["detail"] for row in rows for c in row["cells"] if c.get("text") == "contradicted"}
    assert details == {"5 of 9", "5 of 6", "3 of 6", "4 of 6"}
    assert {row[5] for row in cells} == {"–"}
    assert {row[4] for row in cells} == {"–"}


def test_every_sentence_has_a_place_and_words_of_its_own() -> None:
    rows = [
        row
        for file in ROOT.glob("paper_tables/*/claims.csv")
        for row in csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
    ]
    assert len(rows) >= 100
    assert all(row["where"] and row["text"] and row["stated"] for row in rows)
    assert len({row["table"] + row["text"] for row in rows}) == len(rows)


def test_sentences_of_larger_filters_and_strips_hold_in_print(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of cells that are alike within the margin."""
    found = told(capsys, "table5", "table7", "--results", str(tmp_path))
    rows = found["grids"]["claims"]["rows"]
    cells = [[cell.get("text", "") for cell in row["cells"]] for row in rows]
    assert [row[3] for row in cells] == ["confirmed"] * 5


def test_full_runs_of_another_precision_are_judged_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The form's own is float32; the precision with most runs is looked at."""
    for precision, seeds in (("bf16", "2"), ("float32", "1")):
        chosen = select("table3", precision=precision, seeds=seeds, only=["plain *"])
        records = Store(tmp_path, "full").records
        for item in chosen.planned:
            records.publish(record_makers.make(item.run.seed, run=item.run))
    rows = told(capsys, "table3", "--results", str(tmp_path))["grids"]["claims"]["rows"]
    assert {row["cells"][5]["count"] for row in rows} == {"2/195 runs, bf16"}
    assert {row["cells"][5]["text"] for row in rows} == {"not decidable"}


def test_a_paper_is_all_of_its_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "beta-lasso", "--results", str(tmp_path))
    groups = {row["group"] for row in found["grids"]["claims"]["rows"]}
    assert groups == {f"beta-lasso/{name}" for name in TRAINED}


@pytest.mark.parametrize("name", ["nosuch", "theorem1"])
def test_nothing_to_judge_is_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["claims", name]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
