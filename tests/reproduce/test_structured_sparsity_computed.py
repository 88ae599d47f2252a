"""What of the structured-sparsity draft trains nothing: built networks against closed forms."""

from __future__ import annotations

import csv
import functools
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import untrained_helpers as helpers

from analysis.papers.structured_sparsity.architectures import Counted
from analysis.papers.structured_sparsity.bases import layers_text
from benchmarks.models import BASES
from reproduce.__main__ import run
from reproduce.catalogue.papers import entries
from reproduce.catalogue.readings import load
from reproduce.structured_sparsity.counting import count
from reproduce.structured_sparsity.table1 import document
from reproduce.structured_sparsity.table2 import IMAGES, networks


@functools.cache
def references() -> Mapping[str, Mapping[str, Counted]]:
    """What Table 1's report counts, by network and version."""
    found: Mapping[str, Mapping[str, Counted]] = document().facts["networks"]
    return found


@pytest.mark.parametrize(
    ("network", "version", "parameters", "millions", "depth"),
    [
        ("AlexNet", "two groups", 60_965_224, 724, 8),
        ("AlexNet", "one group", 62_378_344, 1135, 8),
        ("VGG-16", "torchvision", 138_357_544, 15_470, 16),
        ("GoogLeNet", "published", 6_998_552, 1583, 22),
        ("ResNet-152", "published", 60_192_808, 11_282, 152),
        ("ResNet-152", "torchvision", 60_192_808, 11_514, 152),
    ],
)
def test_reference_networks(
    network: str, version: str, parameters: int, millions: int, depth: int
) -> None:
    found = references()[network][version]
    assert found.parameters == parameters
    assert round(found.multiply_adds / 1e6) == millions
    assert found.depth == depth
    if network == "VGG-16":
        assert round(found.convolution_multiply_adds / 1e6) == 15_347
    if network == "GoogLeNet":
        assert found.convolution_parameters == 5_973_552
        assert len(found.layers) == 57
        assert {144, 208, 224} < set(found.widths)


def test_base_networks() -> None:
    weights = {"ImageNet, 7 layers": 1_189_056, "ImageNet, 17 layers": 10_994_880,
               "CIFAR-10": 267_696, "CIFAR-10, square": 1_848_000}  # fmt: skip
    for name, forms in networks().items():
        classes, side = IMAGES[name.partition(",")[0]]
        for form, model in forms.items():
            found = count(lambda m=model, c=classes, s=side: m.network(c, s), side)  # type: ignore[misc]
            assert found.convolution_multiply_adds == model.multiply_adds(side), (name, form)
            assert found.depth == len(model.widths) + 1
            expected = weights[name] - (102_400 if form == "18 layers" else 0)
            assert found.weights == expected, (name, form)
    assert BASES["CIFAR-10"].multiply_adds(32) == 40_550_400
    square = BASES["CIFAR-10, square"]
    assert round(square.multiply_adds(32) / 1e6) == 831
    assert round(square.replace(halve_at=()).multiply_adds(32) / 1e6) == 1892
    assert layers_text([(16, 3), (16, 3), (32, 5)]) == "(16, 3)×2 (32, 5)"


@pytest.mark.parametrize("name", ["table1", "table2", "figure2"])
def test_commands_write_all_their_files(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([f"structured-sparsity/{name}", "--results", str(tmp_path), "--quick"]) == 0
    text = capsys.readouterr().out
    assert "--quick changes nothing" in text
    assert max(map(len, text.partition("\n--quick")[0].splitlines())) <= 80
    files = helpers.contents(tmp_path / "structured-sparsity" / name)
    kinds = {file.partition(".")[2] for file in files}
    assert {"csv", "tex", "json", "statements.csv"} <= kinds
    assert ("supports.png" in kinds) == (name == "figure2")
    facts = json.loads(files[f"{name}.json"])
    assert facts["readings"]
    slips = {s["claim"]["slip"] for s in facts["statements"] if not s["agrees"]}
    expected = {"table1": {"S-01", "S-25", "S-26"}, "table2": {"S-02"}, "figure2": {"S-07"}}
    assert slips == expected[name]  # nothing is excused that agrees, and nothing else differs
    assert all(s["agrees"] != bool(s["claim"]["slip"]) for s in facts["statements"])
    assert len(list(csv.DictReader(files[f"{name}.csv"].decode().splitlines()))) > 8


def test_other_kernels_have_a_folder_of_their_own(tmp_path: Path) -> None:
    assert run(["structured-sparsity/figure2", "--size", "3", "--results", str(tmp_path)]) == 0
    (folder,) = (tmp_path / "variants").iterdir()
    assert folder.name == "size=3"


@pytest.mark.parametrize("size", ["4", "0", "17"])
def test_an_even_size_is_one_line(
    size: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["structured-sparsity/figure2", "--size", size, "--results", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "must be odd" in line


def test_readings_run_on_and_touch_what_there_is() -> None:
    found = load("structured-sparsity")
    assert [reading.id for reading in found] == [f"S-{n:02d}" for n in range(1, len(found) + 1)]
    for reading in found:
        assert reading.question.endswith("?"), reading.id
        assert reading.evidence.endswith("."), reading.id
        assert set(reading.tables) <= {entry.name for entry in entries("structured-sparsity")}
