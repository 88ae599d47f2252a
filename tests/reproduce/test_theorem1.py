"""`reproduce theorem1` as a user types it, and the files that it leaves."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
import untrained_helpers as helpers

from benchmarks.errors import UserError
from reproduce.catalogue import paper_files as untrained
from reproduce.locality import theorem1

HEADER = "inequality,quantity,relation,value,where,slip"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the command prints, and its folder."""
    results = tmp_path_factory.mktemp("results")
    done = helpers.run("theorem1", "--results", str(results))
    assert done.returncode == 0, done.stderr
    return done.stdout, results / "locality" / "theorem1"


def test_it_prints_limits_masses_and_statements_within_80_columns(
    printed: tuple[str, Path],
) -> None:
    text, folder = printed
    lines = [line.split() for line in text.splitlines()]
    assert ["centre", ">", "neighbour", "0.675", "27/40", *["0.67500"] * 3, "yes"] in lines
    assert ["centre", ">", "corner", "≥", "0.675", "99/20", *["4.95000"] * 3, "yes"] in lines
    assert ["neighbour", ">", "adjacent", "corner", "0.725…", "45/62", *["0.72581"] * 3, "yes"] in (
        lines
    )
    assert ["neighbour", ">", "far", "corner", "0.75", "3/4", *["0.75000"] * 3, "yes"] in lines
    assert ["at", "(0,", "1)", "and", "(0,", "0)", "1", "107/62", "1"] in lines
    assert ["different", "distances", "4", "5", "no,", "L-29"] in lines
    assert "22 of 24 printed statements agree, 2 are known slips" in text
    report = text.partition("\nWritten:")[0]
    assert max(len(line) for line in report.splitlines()) <= 80
    assert f"{folder / 'theorem1'}.{{csv," in text


def test_the_files_are_the_same_again(printed: tuple[str, Path], tmp_path: Path) -> None:
    first = helpers.contents(printed[1])
    assert set(first) == {
        f"theorem1.{kind}"
        for kind in ("csv", "tex", "json", "limits.tex", "masses.tex", "statements.tex")
    }
    done = helpers.run_apart("--results", str(tmp_path), module="reproduce.locality.theorem1")
    assert done.returncode == 0, done.stderr
    assert helpers.contents(tmp_path / "locality" / "theorem1") == first


def test_every_published_row_is_compared(printed: tuple[str, Path]) -> None:
    published = untrained.read_rows("locality", "theorem1.csv")
    rows = list(csv.DictReader(io.StringIO((printed[1] / "theorem1.csv").read_text())))
    assert [row["published"] for row in rows] == [row["value"] for row in published]
    disagreeing = [
        (row["quantity"], row["computed"], row["slip"]) for row in rows if row["agrees"] == "no"
    ]
    assert disagreeing == [
        ("different distances", "5", "L-29"),
        ("adjacent corners: slope", "2", "L-29"),
    ]


@pytest.mark.parametrize(("value", "slip", "code"), [("4", "", 1), ("4", "L-29", 0), ("5", "", 0)])
def test_an_unknown_difference_is_exit_1(
    value: str,
    slip: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = f"theorem,different distances,=,{value},proof,{slip}"
    helpers.altered("theorem1.csv", f"{HEADER}\n{row}\n", tmp_path / "papers", monkeypatch)
    assert theorem1.command(results=tmp_path / "results") == code
    assert ("NO" in capsys.readouterr().out.split()) == (code == 1)
    assert (tmp_path / "results" / "locality" / "theorem1" / "theorem1.csv").exists()


def test_json_is_what_the_file_holds(printed: tuple[str, Path], tmp_path: Path) -> None:
    done = helpers.run("locality/theorem1", "--json", "--results", str(tmp_path))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == json.loads((printed[1] / "theorem1.json").read_text())
    assert [row["limit"]["epsilon"] for row in found["limits"]] == [
        "27/40",
        "99/20",
        "45/62",
        "3/4",
    ]
    worst = found["limits"][0]["limit"]["worst_masses"]
    assert worst == ["67/40", "1", "67/40", "1", "67/40", "1", "1", "1", "1"]
    for row in found["limits"]:
        exact = float(Fraction(row["limit"]["epsilon"]))
        assert row["linear_program"] == pytest.approx(exact, abs=1e-8)
        assert row["search"] >= exact - 1e-8
    assert {row["id"] for row in found["readings"]} == {"L-29"}


@helpers.NEEDS_LATEX
def test_the_latex_compiles_as_it_is(printed: tuple[str, Path], tmp_path: Path) -> None:
    (tmp_path / "theorem1.tex").write_bytes((printed[1] / "theorem1.tex").read_bytes())
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "theorem1.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = (tmp_path / "theorem1.log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert "Overfull" not in log
    assert "Missing character" not in log
    assert (tmp_path / "theorem1.pdf").stat().st_size > 10_000


def test_bad_input_is_one_line_and_exit_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    assert "--results" in helpers.complaint("theorem1", "--results", str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "kept"
    assert "computes it" in helpers.complaint("status", "theorem1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "is missing"),
        ("", "is damaged"),
        (f"{HEADER}\ntheorem,limit\n", "is damaged"),
        (f"{HEADER}\ntheorem,colour,=,1,x,\n", "colour"),
        ("a,b\n1,2\n", "no column"),
        ('a,b\n"1,2\n', "cannot be read"),
    ],
)
def test_damaged_published_rows(
    text: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helpers.altered("theorem1.csv", text, tmp_path / "papers", monkeypatch)
    with pytest.raises(UserError, match=words):
        theorem1.command(results=tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_importing_the_script_loads_nothing_heavy() -> None:
    loaded = helpers.loaded_by("reproduce.locality.theorem1")
    assert not loaded & {"numpy", "scipy", "pandas", "torch", "matplotlib"}
