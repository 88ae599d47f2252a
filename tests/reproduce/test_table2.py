"""Table II from the command: the networks that train are the printed ones."""

from __future__ import annotations

import csv
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.errors import UserError
from benchmarks.models import ExpandedVGG10, ResNet10
from reproduce.__main__ import run
from reproduce.catalogue.paper_files import read_rows
from reproduce.catalogue.papers import find
from reproduce.locality import table2
from reproduce.store.paths import ROOT

PRINTED = read_rows("locality", "table2.csv")


def folder(results: Path) -> Path:
    """Where the report goes."""
    return results / "locality" / "table2"


def test_the_published_rows_are_the_papers() -> None:
    rows = PRINTED
    assert [sum(row["net"] == net for row in rows) for net in table2.NETWORKS] == [21, 15]
    for net in table2.NETWORKS:
        indices = [row["idx"] for row in rows if row["net"] == net]
        assert indices == [str(index) for index in range(1, len(indices) + 1)]
    # What leaves a layer enters the next.
    for before, after in itertools.pairwise(rows):
        if before["net"] == after["net"]:
            assert before["out_ch"] == after["in_ch"]
            halved = int(before["input_hw"]) // int(before["stride"])
            assert halved == int(after["input_hw"])


def test_every_row_of_both_networks_is_as_printed() -> None:
    mobilenet, vgg = table2.architectures(PRINTED)
    assert [(len(net.rows), net.verdict) for net in (mobilenet, vgg)] == [
        (21, "same"),
        (15, "same"),
    ]
    assert mobilenet.parameters == {10: 555_050, 100: 601_220}
    assert vgg.parameters == {10: 4_710_058, 100: 4_756_228}
    assert (mobilenet.totals["convolution_weights"], vgg.totals["convolution_weights"]) == (
        541_984,
        4_701_024,
    )
    assert mobilenet.totals["spatial_weights"] == 18_720
    assert mobilenet.totals["convolutions"] == 20
    assert (mobilenet.totals["multiply_adds"], vgg.totals["multiply_adds"]) == (
        8_944_128,
        57_512_960,
    )


def test_the_command_writes_csv_latex_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["table2", "--results", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    table = said.partition("Written:")[0]
    assert max(map(len, table.splitlines())) <= 80
    assert "21 of 21 rows as printed" in table
    names = sorted(path.name for path in folder(tmp_path).iterdir())
    assert names == ["table2.csv", "table2.json", "table2.layout.tex", "table2.tex"]
    first = {name: (folder(tmp_path) / name).read_bytes() for name in names}
    assert run(["locality/table2", "--results", str(tmp_path), "--json"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["verdict"] == "same"
    assert {name: (folder(tmp_path) / name).read_bytes() for name in names} == first
    assert first["table2.json"].decode() == printed


def test_a_row_that_differs_is_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another network in the place of the printed one, as a changed model would be."""
    monkeypatch.setitem(table2.NETWORKS, "VGG10", ExpandedVGG10())
    with pytest.raises(UserError, match="64×64"):
        table2.architectures(PRINTED)
    monkeypatch.setitem(table2.NETWORKS, "VGG10", ResNet10())
    assert run(["table2", "--results", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "row 1 differs: out_ch 64, in the paper 32" in said
    with (folder(tmp_path) / "table2.csv").open() as file:
        verdicts = {row["net"]: row["verdict"] for row in csv.DictReader(file)}
    assert verdicts == {"MobileNet": "same", "VGG10": "different"}


def test_results_that_cannot_be_written_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["table2", "--results", str(tmp_path / "file")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "--results" in lines[0]


def test_it_has_no_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "table2"]) == 2
    assert "computes it at once" in capsys.readouterr().err
    assert run(["list", "--json"]) == 0
    listed = {row["table"]: row for row in json.loads(capsys.readouterr().out)}
    assert "cells" not in listed["locality/table2"]


def test_the_script_is_the_same_command_and_loads_nothing_heavy(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reproduce.locality.table2", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (folder(tmp_path) / "table2.tex").exists()
    program = (
        "import sys, reproduce.locality.table2;"
        "print([m for m in ('torch', 'numpy', 'pandas') if m in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
    assert find("table2").command() is table2.command
