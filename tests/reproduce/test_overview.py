"""`reproduce` alone and `reproduce status` without a table."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import record_makers

from reproduce.__main__ import run
from reproduce.catalogue.papers import papers
from reproduce.catalogue.selection import select
from reproduce.store.paths import ROOT


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REPRODUCE_RESULTS", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def publish(name: str, cell: str, seeds: str, form: str = "full") -> None:
    selection = select(name, form=form, only=[cell], seeds=seeds)
    for item in selection.planned:
        record = record_makers.make(item.run.seed, run=item.run, form=form)
        selection.store.records.publish(record)


def test_no_entry_stands_twice() -> None:
    names = [entry.id for paper in papers() for entry in paper.entries]
    assert len(set(names)) == len(names)


def test_alone_it_speaks_json_as_status_does(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish("table3", "plain 1 1", "2")
    printed = []
    for asked in (["--json"], ["status", "--json"]):
        assert run(asked) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "locality/table3" in {row["table"] for row in json.loads(printed[0])}
    assert run(["--json", "status"]) == 2
    assert "`reproduce status … --json`" in capsys.readouterr().err


def test_without_runs_it_says_how_to_begin(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([]) == 0
    told = capsys.readouterr().out
    assert all(f"({paper.name})" in told for paper in papers())
    assert "start with `reproduce table3 --quick`" in told
    assert run(["status"]) == 0
    assert "start with" in capsys.readouterr().out


def test_runs_of_two_tables_count_for_both(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plain VGG-10 is a cell of Table III and, at the same λ, of Table IV."""
    publish("table3", "plain 1 1", "3")
    publish("beta-lasso/table2", "cifar10 S-FC beta 50", "2", "reduced")
    assert run(["status", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    found = {(row["table"], row["form"]): (row["done"], row["planned"]) for row in rows}
    assert found == {
        ("locality/table3", "full"): (3, 195),
        ("locality/table4", "full"): (3, 1620),
        ("beta-lasso/table2", "reduced"): (2, 90),
        ("beta-lasso/figure3", "reduced"): (2, 30),
    }
    assert run([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    text = " ".join(" ".join(lines).split())
    assert "table3 3/195 float32" in text
    assert "figure3 2/30 reduced bf16" in text
    # 2 of 30, 2 of 90; 3 of 195, 3 of 1,620
    at = lines.index("next:")
    assert lines[at + 1 : at + 3] == [
        f"  reproduce status beta-lasso/{each} --reduced" for each in ("figure3", "table2")
    ]


def test_next_is_what_lacks_a_report_then_what_lacks_runs(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def following() -> str:
        assert run([]) == 0
        text = " ".join(capsys.readouterr().out.split())
        return text[text.index("next: ") : text.index("`reproduce list`")]

    publish("table3", "plain 1 1", "2")
    for cell in select("table3", form="reduced").cells:
        publish("table3", cell.name, "15", "reduced")
    assert following().startswith("next: reproduce report table3 --reduced ")
    assert run(["report", "table3", "--reduced"]) == 0
    capsys.readouterr()
    assert following().startswith("next: reproduce status table3 ")
    publish("table3", "plain *", "17", "reduced")  # two seeds beyond the table's
    assert run(["status"]) == 0
    assert "60/60 reduced bf16" in capsys.readouterr().out
    assert following().startswith("next: reproduce status table3 ")


def test_what_is_damaged_is_told_and_hides_nothing_else(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A committed file cut short: the runs of the others still count."""
    folder = results / "reduced" / "measured"
    shutil.copytree(ROOT / "results" / "reduced" / "measured", folder)
    cut = folder / "beta-lasso-table2.csv"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    assert run(["status"]) == 0
    told = capsys.readouterr().out
    assert "60/60 reduced bf16" in told
    assert "beta-lasso-table2.csv:" in told
    assert "90/90" not in told
    assert "is not counted" in " ".join(told.split())
    assert run([]) == 0
    assert capsys.readouterr().out == told


def test_runs_under_other_readings_have_a_place_of_their_own(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once there is a report of them, which names the readings; before they are counted."""
    reading = ["--reading", "L-03=half_sum_sq"]
    selection = select("table3", readings=["L-03=half_sum_sq"], only=["plain 1 1"], seeds="6")
    for item in selection.planned:
        selection.store.records.publish(record_makers.make(item.run.seed, run=item.run))
    assert run([]) == 0
    assert "6 runs more" in capsys.readouterr().out
    assert run(["report", "table3", *reading]) == 3  # runs are missing
    capsys.readouterr()
    assert run([]) == 0
    told = capsys.readouterr().out
    assert "table3  6/195 float32 L-03=half_sum_sq" in told
    assert "  reproduce status table3 --reading L-03=half_sum_sq" in told
    assert "more," not in told
    publish("table3", "plain 1 1", "2")  # less of it, but under the default readings
    assert run([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("next:") + 1] == "  reproduce status table3"
