"""What of the CompactNets paper trains nothing: its printed numbers against each other."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import untrained_helpers as helpers
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from analysis.papers.compactnets.ratios import implied
from benchmarks.data import DATASETS
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
    # A digit more than is printed, and no decimals that a number does not have.
    shown = {quantity: row["decimal"] for (quantity, _), row in rows.items()}
    assert shown["points between CompressedNet-B and CompactNet-B"] == "3.3"
    assert shown["regions of a pyramid of depth 3 by the printed formula"] == "48"
    assert shown["CompactNet-12 on ILSVRC12 in Table 3"] == "31.2"
    assert shown["AlexNet's parameters over CompactNet-C's"] == "17.2"
    assert shown["SimpleNet-B's parameters over AlexNet's"] == "0.282"
    assert shown["CompactNet rows that reach AlexNet's top-1 error"] == "3 of 4"
    assert [value for value in shown.values() if f" {value} " not in text] == []


@pytest.mark.parametrize(
    ("method", "size"),
    [
        ("CompactNet-C", "2.48"),  # 62 / 2.48 is the 25 that C-18 calls a slip
        ("CompactNet-M-CN", "12"),  # no half of CompressedNet-B's, as nobody knows it to be wrong
    ],
)
def test_a_slip_that_is_none_and_a_new_one_are_told(
    method: str, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = paper_files.read_rows("compactnets", "table3_rows.csv")
    changed = [{**r, "params_M": size} if r["method"] == method else r for r in rows]
    read = paper_files.read_rows

    def edited(paper: str, file: str, *, optional: bool = False) -> list[dict[str, str]]:
        return changed if file == "table3_rows.csv" else read(paper, file, optional=optional)

    assert ratios.document().holds
    monkeypatch.setattr(paper_files, "read_rows", edited)
    assert not ratios.document().holds


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


def write_small_imagenet(folder: Path) -> Path:
    for place in ("train/a", "train/b", "val/a", "val/b"):
        (folder / place).mkdir(parents=True)
        Image.new("RGB", (9, 9), (len(list(folder.rglob("*"))), 0, 0)).save(
            folder / place / "0.png"
        )
    return folder


def test_files_of_others_networks_are_checked_before_they_are_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """First there have to be files, then ImageNet, then each file has to be the published one."""
    weights = tmp_path / "weights"
    weights.mkdir()

    def refused() -> str:
        how = ["--results", str(tmp_path), "--data", str(tmp_path / "data")]
        assert run(["compactnets/others", *how, "--weights", str(weights)]) == 2
        out, error = capsys.readouterr()
        assert (out, error.count("\n")) == ("", 1)
        return error

    assert f"{weights} holds none of torchvision's files: alexnet-owt-7be5be79.pth, " in refused()
    path = weights / "alexnet-owt-7be5be79.pth"
    path.write_bytes(b"no file of torch")
    said = "run `reproduce data import imagenet PATH`"
    assert f"no data set imagenet under {tmp_path / 'data'}: {said}" in refused()
    small = replace(DATASETS["imagenet"], classes=("a", "b"), counts=(2, 2))
    monkeypatch.setitem(DATASETS, "imagenet", small)
    images = str(write_small_imagenet(tmp_path / "images"))
    assert run(["data", "import", "imagenet", images, "--data", str(tmp_path / "data")]) == 0
    capsys.readouterr()
    assert f"{path} has not the checksum that its name ends in: fetch it again" in refused()
    assert not (tmp_path / "compactnets").exists()


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
