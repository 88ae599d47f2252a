"""What of the CompactNets paper trains nothing: its printed numbers against each other."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import pytest
import untrained_helpers as helpers
from hypothesis import given
from hypothesis import strategies as st

from analysis.papers.compactnets.ratios import implied
from reproduce.__main__ import run
from reproduce.catalogue import paper_files
from reproduce.catalogue.readings import load
from reproduce.compactnets import ratios

SLIPS = {"C-02", "C-10", "C-16", "C-18", "C-19", "C-20", "C-32", "C-33"}


def test_ratios_write_all_their_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compactnets/ratios", "--results", str(tmp_path), "--quick"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.partition("\n--quick")[0].splitlines())) <= 80
    files = helpers.contents(tmp_path / "compactnets" / "ratios")
    facts = json.loads(files["ratios.json"])
    assert {s["claim"]["slip"] for s in facts["statements"] if not s["agrees"]} == SLIPS
    rows = {
        (row["quantity"], row["published"]): row
        for row in csv.DictReader(files["ratios.csv"].decode().splitlines())
    }
    size = rows["AlexNet's parameters over CompactNet-C's", "25"]
    assert Fraction(size["computed"]) == Fraction(620, 36)
    assert rows["share of ResNet18's parameters that ResNet18_CC saves", "0.17"]["agrees"] == "yes"
    assert rows["points between CompressedNet-B and CompactNet-B", "3.0"]["decimal"] == "3.300"


def test_a_slip_that_is_none_any_more_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = paper_files.read_rows("compactnets", "table3_rows.csv")
    corrected = [{**r, "params_M": "2.48"} if r["method"] == "CompactNet-C" else r for r in rows]
    read = paper_files.read_rows

    def changed(paper: str, file: str, *, optional: bool = False) -> list[dict[str, str]]:
        return corrected if file == "table3_rows.csv" else read(paper, file, optional=optional)

    monkeypatch.setattr(paper_files, "read_rows", changed)
    assert not ratios.document().holds  # 62 / 2.48 is the 25 that C-18 calls a slip


def test_others_networks_stand_beside_what_torchvision_states(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All sizes but AlexNet's, whose printed one is of a network without groups."""
    where = ["--results", str(tmp_path), "--data", str(tmp_path)]
    assert run(["compactnets/others", *where]) == 0
    assert max(map(len, capsys.readouterr().out.split("\nWritten")[0].splitlines())) <= 80
    files = helpers.contents(tmp_path / "compactnets" / "others")
    rows = list(csv.DictReader(files["others.csv"].decode().splitlines()))
    assert len(rows) == 8
    apart = {
        r["method"] for r in rows if abs(float(r["params_M"]) - int(r["parameters"]) / 1e6) > 0.06
    }
    assert apart == {"AlexNet"}
    (tmp_path / "alexnet-owt-7be5be79.pth").write_bytes(b"no file of torch")
    for folder, said in (
        (tmp_path / "none", "holds none of torchvision's files"),
        (tmp_path, "im"),
    ):
        assert run(["compactnets/others", *where, "--weights", str(folder)]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert said in error


@given(concepts=st.integers(1, 300), units=st.integers(1, 3000))
def test_implied_units_hold_the_true_count(concepts: int, units: int) -> None:
    shown = f"{float(round(Fraction(concepts, units), 2)):.2f}"
    if Fraction(shown) > Fraction(1, 200):
        found = implied(
            {"method": "a", "units": str(units), "concepts": str(concepts), "s_hat": shown}
        )
        assert found.least <= units <= found.most
        assert found.is_possible


def test_readings_run_on_and_touch_what_there_is() -> None:
    found = load("compactnets")
    assert [reading.id for reading in found] == [f"C-{n:02d}" for n in range(1, len(found) + 1)]
    items = (
        {f"table{n}" for n in range(1, 5)}
        | {f"figure{n}" for n in range(4, 10)}
        | {"ratios", "others"}
    )
    for reading in found:
        assert reading.question.endswith("?"), reading.id
        assert reading.evidence.endswith("."), reading.id
        assert reading.tables, reading.id
        assert set(reading.tables) <= items, reading.id
