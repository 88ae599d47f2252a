"""What of the β-LASSO paper trains nothing: formulas against built networks, curves, the bound."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import untrained_helpers as helpers

from analysis.papers.beta_lasso import counts, counts_document
from analysis.papers.beta_lasso.counts import Size
from benchmarks.models import ThreeFC
from reproduce.__main__ import run
from reproduce.beta_lasso.networks import ALPHA, built, network, weights
from reproduce.catalogue.paper_files import made_of, read_rows

FAMILIES = {"table3": "D", "table4": "S"}


def formulas(table: str) -> list[counts.Formula]:
    return made_of("beta-lasso", f"{table}.csv", counts.read)


@pytest.mark.parametrize(
    ("name", "classes", "count"),
    [
        ("D-CONV", 10, 1_445_955), ("D-LOCAL", 10, 11_713_920), ("D-FC", 10, 282_203_520),
        ("S-CONV", 10, 138_312_450), ("S-LOCAL", 10, 147_607_200), ("S-FC", 10, 256_240_800),
        ("D-CONV", 100, 1_532_355), ("S-FC", 100, 256_564_800),
    ],
)  # fmt: skip
def test_sizes_of_table_1(name: str, classes: int, count: int) -> None:
    assert sum(weights(network(name), classes, 32).values()) == count


def test_3_fc_has_as_many_weights() -> None:
    assert sum(weights(ThreeFC(), 10, 32).values()) == 256_095_248


def test_d_local_is_49_squares_of_side_and_channels_and_little_else() -> None:
    for size in (Size(15), Size(3, 64, 100)):
        ((_, layers),) = built(["D-LOCAL"], [size]).items()
        square = size.side**2 * size.alpha
        expected = square * (49 * size.alpha + 27) + 64 * size.classes * size.alpha
        assert sum(layers.values()) == expected


@pytest.mark.parametrize("table", FAMILIES)
def test_every_printed_formula_is_right_or_a_known_slip(table: str) -> None:
    found, size = formulas(table), Size(ALPHA[FAMILIES[table]])
    names = list(dict.fromkeys(f.network for f in found))
    compared = counts_document.beside(found, built(names, (size, Size(2, 16, 7))), size)
    wrong = {(c.formula.network, c.formula.layer) for c in compared if not c.agrees}
    slips = {(f.network, f.layer) for f in found if f.slip}
    assert wrong == slips  # no slip is excused that is none
    expected = {("D-LOCAL", f"conv{n}") for n in range(3, 9)}
    expected |= {(name, "total") for name in ("D-CONV", "D-LOCAL", "D-FC")}
    assert wrong == (expected if table == "table3" else set())


def test_channels_for_256_million_weights() -> None:
    assert counts.fitting_alpha(formulas("table4"), "S-FC", 256_000_000) == pytest.approx(
        149.91, abs=0.01
    )
    assert counts.fitting_alpha(formulas("table3"), "D-FC", 256_000_000) == pytest.approx(
        14.2217, abs=0.0001
    )


def test_the_published_curves_are_the_printed_formulas() -> None:
    """125 points read off a drawing bear out formulas with 5 parameters in all."""
    found = {f.network: f for t in FAMILIES for f in formulas(t) if f.layer == counts.TOTAL}
    rows = read_rows("beta-lasso", "figure1.csv")
    assert len(rows) == 125
    for row in rows:
        x = int(row["x"])
        size = Size(x) if row["panel"] == "alpha" else Size(16, x)
        drawn = float(row["weights"])
        assert float(found[row["network"]].value(size)) == pytest.approx(drawn, rel=0.008)


@pytest.mark.parametrize("name", ["table3", "table4", "figure1", "theorem2"])
def test_commands_write_all_their_files(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([f"beta-lasso/{name}", "--results", str(tmp_path), "--quick"]) == 0
    text = capsys.readouterr().out
    assert "--quick changes nothing" in text
    assert max(map(len, text.partition("\n--quick")[0].splitlines())) <= 80
    files = helpers.contents(tmp_path / "beta-lasso" / name)
    kinds = {file.partition(".")[2] for file in files}
    assert {"csv", "tex", "json"} <= kinds
    if name in ("figure1", "theorem2"):
        assert any(kind.endswith(".png") for kind in kinds)
    facts = json.loads(files[f"{name}.json"])
    assert facts["readings"]
    assert len(list(csv.DictReader(files[f"{name}.csv"].decode().splitlines()))) > 8


def test_another_bound_has_a_folder_of_its_own(tmp_path: Path) -> None:
    arguments = ["--bits", "32", "--parameters", "500", "--delta", "0.01"]
    assert run(["beta-lasso/theorem2", "--results", str(tmp_path), *arguments]) == 0
    (folder,) = (tmp_path / "variants").iterdir()
    assert folder.name == "bits=32,delta=0.01,parameters=500"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bits", "0"], "--bits must lie in 1 … "),
        (["--delta", "1"], "between 0 and 1"),
        (["--delta", "x"], "between 0 and 1"),
        (["--delta", "1e-320"], "between 0 and 1"),
        (["--bits", "1" + 400 * "0"], "--bits must lie in"),
        (["--parameters", "300000000"], "--parameters must lie in"),
        (["--weights", "50"], "--weights must be at least 100"),
    ],
)
def test_bad_numbers_are_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["beta-lasso/theorem2", *arguments, "--results", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert not list(tmp_path.iterdir())
