"""`reproduce audit` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import record_makers

from reproduce.__main__ import run
from reproduce.catalogue.selection import select


def test_print_is_set_beside_runs_and_the_paper_s_own_seeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Table V prints medians of 15; two runs of each 5×5 cell gain a point, five epochs apart."""
    selection = select("table5", only=["5x5 *"], seeds="2", results=tmp_path)
    for item in selection.planned:
        correct = 8600 + 100 * (not item.cell.endswith(" 0")) + item.run.seed
        selection.store.records.publish(
            record_makers.make(item.run.seed, run=item.run, correct=correct, epochs=130)
        )
    assert run(["audit", "table5", "--json", "--results", str(tmp_path)]) == 0
    (table,) = json.loads(capsys.readouterr().out)["tables"]
    five, seven, ours = table["groups"]
    assert (five["group"], five["above"], five["below"], five["seeds"]) == ("5x5", 2, 1, 15)
    assert [five["source"], seven["source"], ours["source"]] == ["printed", "printed", "full"]
    assert (five["gain"], five["held_out"]) == (pytest.approx(0.008), None)
    assert (ours["group"], ours["seeds"]) == ("5x5", 2)
    assert (ours["gain"], ours["held_out"]) == (pytest.approx(0.01), pytest.approx(0.01))
    assert [epochs["form"] for epochs in table["epochs"]] == ["full"]
    assert (tmp_path / "audit-table5/audit-table5.tex").is_file()


def test_other_architectures_and_controls_are_no_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of β-LASSO's Table 2 three β against SGD; of its architectures nothing is chosen."""
    assert run(["audit", "beta-lasso/table2", "--json", "--results", str(tmp_path)]) == 0
    (table,) = json.loads(capsys.readouterr().out)["tables"]
    assert {(g["above"], g["below"]) for g in table["groups"]} == {(3, 1)}
    assert run(["audit", "beta-lasso/table1", "--json", "--results", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["tables"][0]["groups"] == []


@pytest.mark.parametrize("name", ["nosuch", "theorem1"])
def test_nothing_to_audit_is_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", name]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
