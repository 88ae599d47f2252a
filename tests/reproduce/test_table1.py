"""`reproduce table1` as a user types it: the replay, measured files, exit codes, the files left."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from pathlib import Path

import pytest
import torch
import untrained_helpers as helpers
import weight_files as made

from benchmarks.errors import UserError
from reproduce.locality import table1
from reproduce.store.paths import PAPER_TABLES

FILES = {
    f"table1.{kind}"
    for kind in ("csv", "layers.csv", "tex", "replay.tex", "shares.png", "shares.pdf", "json")
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose MobileNet gives the printed row, and results of a run with another."""
    root = tmp_path_factory.mktemp("table1")
    path = root / "data" / "weights" / "keras-mobilenet.h5"
    made.write_network(path, "MobileNet", made.printed_mobilenet())
    convolutions = made.convs("VGG16", narrow=16)
    state = {
        f"features.{n}.weight": torch.randn(conv.outputs, conv.inputs, 3, 3)
        for n, conv in enumerate(convolutions)
    }
    torch.save({"state_dict": state}, root / "mine.pth")
    return root


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the command prints where there are no weights, and its folder."""
    root = tmp_path_factory.mktemp("replayed")
    done = helpers.run("table1", "--results", str(root), "--data", str(root / "none"))
    assert done.returncode == 0, done.stderr
    return done.stdout, root / "locality" / "table1"


@pytest.fixture(scope="module")
def measured(folder: Path) -> tuple[str, Path]:
    """What it prints with a known and a named weight file, and its folder."""
    done = helpers.run(
        *("table1", "--data", str(folder / "data"), "--results", str(folder / "results")),
        *("--weights", str(folder / "mine.pth")),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (variant,) = (folder / "results" / "variants").iterdir()
    assert variant.name.startswith("weights=mine-")
    return done.stdout, variant / "locality" / "table1"


def widest(text: str) -> int:
    return max(len(line) for line in text.partition("\nWritten:")[0].splitlines())


def test_without_weights_the_printed_rows_are_replayed(replayed: tuple[str, Path]) -> None:
    text, folder = replayed
    lines = [line.split() for line in text.splitlines()]
    ending = [".5019–.5029", "yes", "3/3"]
    assert ["neighbour", ">", "corner", ".502***", ".543***", ".499**", *ending] in lines
    flat = " ".join(text.split())
    assert "10 of 10 totals are the mixture of their halves, 30 of 30 printed stars" in flat
    for name in ("vgg16", "resnet50", "inceptionv3", "xception", "mobilenet"):
        assert f"(reproduce data get keras-{name})" in flat
    assert "L-47 equal weights" in flat
    assert widest(text) <= 80
    assert set(helpers.contents(folder)) == FILES


def test_the_files_are_the_same_again(replayed: tuple[str, Path], tmp_path: Path) -> None:
    done = helpers.run_apart(
        *("--results", str(tmp_path), "--data", str(tmp_path)), module="reproduce.locality.table1"
    )
    assert done.returncode == 0, done.stderr
    assert helpers.contents(tmp_path / "locality" / "table1") == helpers.contents(replayed[1])


def test_measured_numbers_are_compared(measured: tuple[str, Path]) -> None:
    text, folder = measured
    flat = " ".join(text.split())
    assert "6 of 6 measured numbers have the printed share and stars" in flat
    assert "MobileNet: keras-mobilenet 14 layers of 3×3, 5,056 spatial filters" in flat
    assert "MobileNet is not measured" not in flat
    assert "VGG16 is not measured" in flat
    assert "mine.pth 13 layers of 3×3" in flat
    assert widest(text) <= 80
    grids = {f"table1.{grid}{n}.tex" for grid in ("shares", "readings") for n in (1, 2)}
    assert set(helpers.contents(folder)) == FILES | grids
    rows = list(csv.DictReader(io.StringIO((folder / "table1.csv").read_text())))
    assert len([row for row in rows if row["source"] == "paper"]) == 30
    mobile = [row for row in rows if row["verdict"] == "reproduced"]
    assert [(row["part"], row["larger"], row["filters"]) for row in mobile] == [
        ("all", "3183", "5056"),
        ("lower", "773", "960"),
        ("upper", "2410", "4096"),
        ("all", "2808", "5056"),
        ("lower", "744", "960"),
        ("upper", "2064", "4096"),
    ]
    mine = [row for row in rows if row["source"] == "mine.pth"]
    readings = {(row["weights"], row["halving"]) for row in mine}
    assert readings == {(w, h) for w in ("signed", "magnitudes") for h in ("floor", "ceil")}
    assert {row["verdict"] for row in mine} == {""}


def test_every_layer_is_in_the_csv_of_layers(measured: tuple[str, Path]) -> None:
    rows = list(csv.DictReader(io.StringIO((measured[1] / "table1.layers.csv").read_text())))
    mobile = [row for row in rows if row["source"] == "keras-mobilenet"]
    assert len(mobile) == 14 * 2 * 2
    signed = [row for row in mobile if row["weights"] == "signed"]
    centre = [row for row in signed if row["comparison"] == "centre > neighbour"]
    assert sum(int(row["larger"]) for row in centre) == 3183
    assert [row["half"] for row in centre] == ["lower"] * 7 + ["upper"] * 7
    assert [row["name"] for row in centre] == [conv.name for conv in made.convs("MobileNet")]
    for row in centre:
        assert float(row["wilson_low"]) <= float(row["share"]) <= float(row["wilson_high"])


def test_json_is_what_the_file_holds(folder: Path, tmp_path: Path) -> None:
    done = helpers.run(
        *("locality/table1", "--json", "--data", str(folder / "data")),
        *("--results", str(tmp_path)),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == json.loads((tmp_path / "locality" / "table1" / "table1.json").read_text())
    assert found["holds"] is True
    assert [replay["holds"] for replay in found["replays"]] == [True, False]
    (network,) = found["networks"]
    assert network["name"] == "keras-mobilenet"
    numbers = [row for row in found["data"]["table1"]["rows"] if row[1] != "paper"]
    assert len(numbers) == 12, "an even number of layers has one way of halving"
    assert set(found["missing"]) == {"VGG16", "ResNet50", "InceptionV3", "Xception"}
    assert {row["id"] for row in found["readings"]} == {"L-10", "L-13", "L-14", "L-47"}


def test_other_weights_are_exit_1(tmp_path: Path) -> None:
    made.write_network(tmp_path / "weights" / "keras-mobilenet.h5", "MobileNet")
    done = helpers.run("table1", "--data", str(tmp_path), "--results", str(tmp_path))
    assert done.returncode == 1, done.stderr
    flat = " ".join(done.stdout.split())
    assert "NOT REPRODUCED by any file of their network: 6 of MobileNet." in flat
    assert (tmp_path / "locality" / "table1" / "table1.csv").exists()


def test_printed_rows_that_contradict_each_other_are_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (PAPER_TABLES / "locality" / "table1.csv").read_text()
    altered = "ResNet50,all,centre > neighbour,0.558"
    text = text.replace(altered.replace("58", "48"), altered)
    helpers.altered("table1.csv", text, tmp_path / "papers", monkeypatch)
    assert table1.command(data=tmp_path, results=tmp_path) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "CONTRADICTION: ResNet50, centre > neighbour: the halves make .5480–.5490" in out
    assert "9 of 10 totals" in out


@pytest.mark.parametrize("file", ["table1.csv", "table1_layers.csv"])
def test_damaged_published_rows(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (PAPER_TABLES / "locality" / file).read_text().splitlines(keepends=True)
    text = "".join(lines[:1] + lines[2:])
    helpers.altered(file, text, tmp_path / "papers", monkeypatch)
    with pytest.raises(UserError, match=rf"locality/{file}: .*VGG16.*; restore it with git"):
        table1.command(data=tmp_path, results=tmp_path / "results")
    assert not (tmp_path / "results").exists()


@helpers.NEEDS_LATEX
def test_the_latex_compiles_as_it_is(measured: tuple[str, Path], tmp_path: Path) -> None:
    (tmp_path / "table1.tex").write_bytes((measured[1] / "table1.tex").read_bytes())
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table1.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = (tmp_path / "table1.log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert "Overfull" not in log
    assert "Missing character" not in log
    assert (tmp_path / "table1.pdf").stat().st_size > 10_000


def test_the_figure_is_a_picture(measured: tuple[str, Path], replayed: tuple[str, Path]) -> None:
    for _, folder in (measured, replayed):
        assert (folder / "table1.shares.png").read_bytes().startswith(b"\x89PNG")
        assert (folder / "table1.shares.pdf").read_bytes().startswith(b"%PDF")
    bigger, smaller = (path[1] / "table1.shares.pdf" for path in (measured, replayed))
    assert bigger.stat().st_size > smaller.stat().st_size


def test_bad_input_is_one_line_and_exit_2(folder: Path, tmp_path: Path) -> None:
    torch.save({"a.weight": torch.ones(2, 2, 5, 5)}, tmp_path / "five.pt")
    (tmp_path / "text.h5").write_text("no weights")
    base = ("table1", "--results", str(tmp_path / "results"), "--weights")
    assert "no 3×3 filters" in helpers.complaint(*base, str(tmp_path / "five.pt"))
    assert "no HDF5" in helpers.complaint(*base, str(tmp_path / "text.h5"))
    assert "does not exist" in helpers.complaint(*base, str(tmp_path / "gone.pt"))
    os.mkfifo(tmp_path / "pipe.pt")
    assert "is a pipe" in helpers.complaint(*base, str(tmp_path / "pipe.pt"))
    (tmp_path / "folder.h5").mkdir()
    assert "is a folder" in helpers.complaint(*base, str(tmp_path / "folder.h5"), "--json")
    assert not (tmp_path / "results").exists()


def test_a_damaged_known_file_is_exit_2_and_not_a_failure_to_reproduce(tmp_path: Path) -> None:
    path = tmp_path / "weights" / "keras-vgg16.h5"
    made.write_network(path, "VGG16", narrow=16)
    line = helpers.complaint("table1", "--data", str(tmp_path), "--results", str(tmp_path))
    assert f"{path} is not the published VGG16" in line
    assert f"remove {path} and run `reproduce data get keras-vgg16`" in line


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        made.write_network(tmp_path / name / "net.h5", "MobileNet", made.noise(), narrow=4)
    paths = [tmp_path / "a" / "net.h5", tmp_path / "b" / "net.h5", tmp_path / "a" / "net.h5"]
    found = table1._named(paths)
    assert [network.name for network in found] == ["a/net.h5", "b/net.h5"]


def test_a_file_whose_name_is_no_utf8_has_one_folder_for_both_reports(
    folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode(b"m\xffine.pth")
    path.write_bytes((folder / "mine.pth").read_bytes())
    results = tmp_path / "results"
    asked = ("--weights", str(path), "--results", str(results), "--data", str(tmp_path / "none"))
    done = helpers.run_apart("table1", *asked)
    assert done.returncode == 0, done.stderr
    assert "m\\xffine" in done.stdout
    done = helpers.run("figure1", *asked, "--json")
    assert done.returncode == 0, done.stderr
    assert "m\\xffine.pth" in json.dumps(json.loads(done.stdout)).replace("\\\\", "\\")
    (variant,) = (results / "variants").iterdir()
    assert variant.name.startswith("weights=m-xffine-")
    assert {path.name for path in (variant / "locality").iterdir()} == {"table1", "figure1"}


def test_importing_the_script_loads_nothing_heavy() -> None:
    loaded = helpers.loaded_by("reproduce.locality.table1")
    assert not loaded & {"numpy", "scipy", "pandas", "torch", "matplotlib", "h5py", "safetensors"}
