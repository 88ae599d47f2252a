"""`reproduce verify`: the committed reports are what their records and this code give, and what is
wrong with others is told by cell."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from analysis.rendering.report_differences import differences, places_in_page
from reproduce.__main__ import run
from reproduce.commands import verify
from reproduce.store.mixing import mixed, mixed_between
from reproduce.store.paths import ROOT

FOLDER = Path("reduced/beta-lasso/selection")
RUNS = Path("reduced/measured/beta-lasso-selection.csv")
TABLE = "beta-lasso/selection"


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    code = run(["verify", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_every_committed_report_holds(capsys: pytest.CaptureFixture[str]) -> None:
    code, reports = found(capsys, "--results", str(ROOT / "results"))
    wrong = {report["report"]: report["wrong"] for report in reports if report["wrong"]}
    assert not wrong
    assert code == 0
    results = ROOT / "results"
    committed = {path.parent for path in results.rglob("*.json") if path.stem == path.parent.name}
    names = {str(folder.relative_to(results)) for folder in committed}
    assert names - {name for name in names if name.startswith("quick/")} <= {
        report["report"] for report in reports
    }
    assert not any("cannot be computed" in note for r in reports for note in r["notes"])
    # A code point stands where LaTeX has no glyph.
    assert not [path for path in results.rglob("*.tex") if "[U+" in path.read_text()]


def test_what_is_computed_at_once_is_the_same_with_quick(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["theorem1", "--quick", "--results", str(tmp_path)]) == 0
    assert "--quick changes nothing" in capsys.readouterr().out
    whole, quick = ROOT / "results/locality/theorem1", tmp_path / "locality/theorem1"
    for path in quick.iterdir():
        assert path.read_bytes() == (whole / path.name).read_bytes(), path.name


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A results folder with one report and its runs."""
    shutil.copytree(ROOT / "results" / FOLDER, tmp_path / FOLDER)
    (tmp_path / RUNS.parent).mkdir()
    shutil.copy(ROOT / "results" / RUNS, tmp_path / RUNS)
    return tmp_path


def judged(capsys: pytest.CaptureFixture[str], results: Path) -> tuple[int, list[str]]:
    code, reports = found(capsys, TABLE, "--results", str(results))
    assert [report["report"] for report in reports] == [str(FOLDER)]
    return code, reports[0]["wrong"]


def test_a_report_that_was_edited(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(capsys, copied) == (0, [])
    table, fragment = copied / FOLDER / "selection.csv", copied / FOLDER / "selection.cells.tex"
    lines = table.read_text().splitlines()
    lines[2] = lines[2].replace("0", "1", 1)
    table.write_text("\n".join(lines) + "\n")
    fragment.unlink()
    (copied / FOLDER / "selection.old.tex").touch()
    figure = copied / FOLDER / "selection.seeds.png"
    figure.write_bytes(figure.read_bytes()[:-20])
    assert judged(capsys, copied) == (
        1,
        [
            "selection.seeds.png is no whole figure",
            "selection.cells.tex is missing",
            "selection.old.tex belongs to no report of this code: delete it",
            "selection.csv: cifar10 S-FC lasso 0.00005 0.00001 0, cell: cifar11 S-FC lasso 0.00005 "
            "0.00001 0 instead of cifar10 S-FC lasso 0.00005 0.00001 0",
        ],
    )


def test_a_number_in_the_report_that_its_runs_do_not_give(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copied / FOLDER / "selection.json"
    text = path.read_text()
    assert text.count('"text": "50.74"') > 1
    path.write_text(text.replace('"text": "50.74"', '"text": "55.74"'))
    code, wrong = judged(capsys, copied)
    assert code == 1
    cell = "cells, cifar10 S-FC lasso 0.00002 0.00001 0, median [interval]"
    assert f"{cell}: 55.74 instead of 50.74" in wrong


def test_other_files_are_told_beside_a_json_that_differs(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied / FOLDER
    for name, before, after in (
        ("selection.json", '"text": "50.74"', '"text": "55.74"'),
        ("selection.csv", ",5074,", ",5574,"),
        ("selection.cells.tex", "50.74", "56.74"),
    ):
        path = folder / name
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))
    path = folder / "selection.tex"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    code, wrong = judged(capsys, copied)
    assert code == 1
    row = "cifar10 S-FC lasso 0.00002 0.00001 0"
    assert f"cells, {row}, median [interval]: 55.74 instead of 50.74" in wrong
    assert wrong[-2] == f"selection.csv: {row}, correct: 5574 instead of 5074"
    others = r"these differ too: selection\.cells\.tex \(line \d+\), selection\.tex \((.*)\)"
    (told,) = re.findall(others, wrong[-1])
    assert told == "its lines end in CRLF instead of LF"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("cells", 0, "median"), 0.9, "cells, {}, median: 0.9 instead of 0.5074"),
        (
            ("grids", "cells", "rows", 0, "cells", 1, "value"),
            0.9,
            "cells, {}, median [interval]: value 0.9 instead of 0.5074",
        ),
        (
            ("data", "selection", "rows", 0, 7),
            "1",
            "data, selection, rows, {} seed 0, lam_conv: 1 instead of 0.00002",
        ),
        (("machines", "M"), 3, "machines: M is no field of it"),
        (("extra",), 1, "the report: extra is no field of it"),
    ],
    ids=str,
)
def test_a_field_of_the_report_that_was_edited(
    path: tuple[Any, ...], value: Any, told: str
) -> None:
    should = (ROOT / "results" / FOLDER / "selection.json").read_bytes()
    edited = inner = json.loads(should)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    text = f"{json.dumps(edited, indent=1, ensure_ascii=False)}\n".encode()
    assert differences(text, should) == [told.format("cifar10 S-FC lasso 0.00002 0.00001 0")]


def test_a_line_of_ours_is_named_by_the_printed_one_above() -> None:
    """In a grid the label stands once, before the printed line."""
    heads = (("angular2", "paper"), ("", "ours"))
    columns = [{"title": title} for title in ("metric", "", "E")]

    def report(ours: str) -> bytes:
        cells = [[*head, value] for head, value in zip(heads, ("67.8", ours), strict=True)]
        rows = [{"cells": [{"text": text} for text in line]} for line in cells]
        return json.dumps({"grids": {"layout": {"columns": columns, "rows": rows}}}).encode()

    found = differences(report("22.1"), report("22.2"))
    assert found == ["layout, angular2, ours, E: 22.1 instead of 22.2"]


def test_long_texts_are_shown_where_they_part() -> None:
    """Both sides of a sentence that differs behind what fits into a line."""
    begins = "effects: 3 confirmed, 2 contradicted; claims: 1 confirmed, and still more of it, "
    texts = [json.dumps({"lines": [begins + end]}).encode() for end in ("3 open", "4 open")]
    (told,) = differences(*texts)
    assert told.startswith("lines, 1: … ")
    before, after = told.removeprefix("lines, 1: ").split(" instead of ")
    assert (before[-6:], after[-6:]) == ("3 open", "4 open")
    assert before[:-6] == after[:-6]


def test_a_page_that_was_edited() -> None:
    should = (ROOT / "results" / "report.html").read_text()
    heading = re.findall(r"<h2 id=[^>]*>([^<]*)</h2>", should)[2]
    row = should.index("<tr>", should.index("<tbody>", should.index(f">{heading}</h2>")))
    cell = should.index("<td", row)
    cell = should.index(">", cell) + 1
    (told,) = places_in_page(f"{should[:cell]}edited {should[cell:]}", should)
    assert told.startswith(f"{html.unescape(heading)}: ")
    assert len(told) > len(heading) + 3
    begin, end = should.index("</h1>"), should.rindex("</details>")
    twice = f"{should[:begin]}!{should[begin:cell]}edited {should[cell:end]}!{should[end:]}"
    first, second, third = places_in_page(twice, should)
    assert first.startswith("its beginning: ")
    assert second == told
    assert third.startswith("Runs: ")
    (shorter,) = places_in_page(should[:row] + should[should.index("<tr>", cell) :], should)
    assert shorter.startswith(f"{html.unescape(heading)}: ")


def test_a_report_that_was_laid_out_anew() -> None:
    should = (ROOT / "results" / FOLDER / "selection.json").read_bytes()
    (told, line) = differences(json.dumps(json.loads(should)).encode(), should)
    assert told == "its last line has no end"
    assert re.fullmatch(r'line 1: \{"schema": .* instead of \{', line)
    assert differences(should.replace(b"\n", b"\r\n"), should) == [
        "its lines end in CRLF instead of LF"
    ]


def test_figures_are_drawn_anew_where_asked(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A figure that is whole and has the right size, but other pixels."""
    folder, table = copied / FOLDER, [TABLE, "--results", str(copied)]
    assert run(["report", "beta-lasso/selection", "--reduced", "--results", str(copied)]) == 0
    capsys.readouterr()
    assert found(capsys, *table, "--figures")[0] == 0
    path = folder / "selection.seeds.png"
    with Image.open(path) as image:
        other = image.convert("RGBA")
    other.putpixel((7, 9), (255, 0, 0, 255))
    other.save(path)
    assert judged(capsys, copied) == (0, [])
    code, ((report),) = found(capsys, *table, "--figures")
    size = f"{other.width * other.height:,}"
    assert (code, report["wrong"]) == (
        1,
        [f"selection.seeds.png is not what is drawn here: 1 of {size} pixels differ"],
    )


@pytest.mark.skipif(not shutil.which("git"), reason="git tells what was there")
def test_what_was_deleted_is_missed_where_git_has_it(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied / "locality/theorem1"
    shutil.copytree(ROOT / "results/locality/theorem1", folder)
    (copied / "report.html").write_text("")
    for asked in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *asked], cwd=copied, check=True)
    number = len(list(folder.iterdir()))
    shutil.rmtree(folder)
    for path in (copied / "report.html", copied / RUNS):
        path.unlink()
    (copied / FOLDER / "selection.csv").unlink()
    code, reports = found(capsys, "theorem1", "beta-lasso", "--results", str(copied))
    wrong = {report["report"]: report["wrong"] for report in reports}
    assert (code, wrong.keys()) == (1, {str(FOLDER), "locality/theorem1", str(RUNS)})
    remedy = f"`git checkout -- {folder}` restores what was there"
    assert wrong["locality/theorem1"] == [f"{number} files that git has are missing: {remedy}"]
    assert "selection.csv is missing" in wrong[str(FOLDER)]
    assert "1 file that git has is missing" in wrong[str(RUNS)][0]
    for path, name, asked in (
        ("reduced/locality/table3-sensitivity", "locality/table3", True),
        ("reduced/locality/table3-sensitivity-L-03", "locality/table3", True),
        ("locality/table30", "locality/table3", False),
        ("measured/dh2l-table2.csv", "dh2l/table2", True),
        ("reduced/variants/widths=1/dh2l/table2", "dh2l/table2", True),
        ("dh2l/table2", "locality/table2", False),
    ):
        assert verify._is_of(path, name) == asked, path
    deleted = {finding.report for finding in verify._deleted(copied, (), None)}
    assert deleted == {*wrong, "report.html", str(RUNS)}


def test_a_report_that_is_stale(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = (copied / RUNS).read_text().splitlines(keepends=True)
    (copied / RUNS).write_text("".join(rows[:-1]))
    code, wrong = judged(capsys, copied)
    assert code == 1
    assert any(text.startswith("cells, cifar10 S-FC lasso") for text in wrong), wrong
    sides = [text.split(": ", 1)[1] for text in wrong if ": " in text]
    pairs = [told.split(" instead of ") for told in sides if " instead of " in told]
    assert pairs
    assert all(before != after for before, after in pairs)
    (copied / RUNS).write_text("".join([*rows[:-1], rows[-1].replace("0", "1", 1)]))
    code, (wrong_row,) = judged(capsys, copied)
    assert code == 1
    assert "beta-lasso-selection.csv:5" in wrong_row
    assert run(["verify", TABLE, "--results", str(copied)]) == 1
    assert capsys.readouterr().out.startswith(f"{FOLDER} (not read): differs\n")


def test_runs_without_a_report(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(copied / FOLDER)
    assert judged(capsys, copied) == (1, ["4 runs without a report"])
    shutil.rmtree(copied / "reduced")
    assert run(["verify", "--results", str(copied)]) == 0
    assert "no report has been written yet" in capsys.readouterr().out


def test_pages_and_audits_of_some_names_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for asked in (["report", "--html", "theorem1"], ["report", "--html", "theorem1", "table2"]):
        assert run([*asked, "--results", str(tmp_path)]) == 0
    assert run(["audit", "table5", "--results", str(tmp_path)]) == 0
    page = tmp_path / "theorem1+table2.html"
    page.write_text(page.read_text().replace("27/40", "28/40", 1))
    other = tmp_path / "theorem1.html"
    other.write_bytes(other.read_bytes().replace(b"\n", b"\r\n"))
    (tmp_path / "notes.html").touch()  # no page of the suite
    capsys.readouterr()
    code, reports = found(capsys, "--results", str(tmp_path))
    assert code == 1
    wrong = {report["report"]: report["wrong"] for report in reports}
    assert wrong.keys() == {"audit-table5", "theorem1+table2.html", "theorem1.html"}
    assert not wrong["audit-table5"]
    assert wrong["theorem1.html"] == ["its lines end in CRLF instead of LF"]
    (told,) = wrong["theorem1+table2.html"]
    assert told.endswith("is not as it should be")


def test_no_folder_of_results_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for name, said in (("none", "no folder"), ("file", "is a file, not a folder")):
        assert run(["verify", "--results", str(tmp_path / name)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line


def test_what_runs_and_cells_mix_is_named() -> None:
    """Also where a run was continued under another commit, or read other images."""
    sitting = {"commit": "aaaaaaaaaa", "machine": "M / torch 2 / cpu", "images": "11111111ff"}
    packages = dict.fromkeys(("python", "torch", "torchvision", "numpy"), "2")
    device = {"name": "M", "kind": "cpu"}
    first = {"commit": "aaaaaaaaaa", "packages": packages, "device": device, "sittings": [sitting]}
    assert not list(mixed([first, first]))
    for change, told in (
        ({"commit": "bbbbbbbbbb"}, "2 commits (aaaaaaaa: 2; bbbbbbbb: 1; {both})"),
        ({"sittings": [{**sitting, "commit": "cc"}]}, "2 commits (aaaaaaaa: 2; cc: 1; {both})"),
        ({"packages": {**packages, "numpy": "3"}}, "2 versions of numpy (2: 1; 3: 1)"),
        ({"packages": {**packages, "python": "3"}}, "2 versions of python (2: 1; 3: 1)"),
        ({"device": {**device, "name": "N"}}, "2 machines (M / torch 2 / cpu: 2; N / torch 2 / "
         "cpu: 1; {both})"),
        ({"sittings": [{**sitting, "images": "2"}]}, "2 data digests (11111111: 1; 2: 1)"),
        ({"laboratory": "Lab A"}, "2 laboratories (Lab A: 1; here: 1)"),
        ({"sittings": [{**sitting, "dirty": True}]}, "1 run by a checkout with changes"),
    ):  # fmt: skip
        other = {**first, **change}
        assert list(mixed([first, other])) == [told.replace("{both}", "1 run of several")]
        if "checkout" not in told:
            (between,) = mixed_between({"a": [first], "b": [other], "c": [first]})
            assert between.endswith(" in b")
            assert " in a, c; " in between
    assert not list(mixed_between({"a": [first, other], "b": [other, first]}))


def test_runs_of_a_cell_from_several_places_are_noted(capsys: pytest.CaptureFixture[str]) -> None:
    """The committed runs of the reduced Table III were made on two machines."""
    _, reports = found(capsys, "table3", "--results", str(ROOT / "results"))
    notes = {report["report"]: report["notes"] for report in reports}
    assert any("plain 1 1: " in note for note in notes["reduced/locality/table3"])
    assert all("machines" in note for note in notes["reduced/locality/table3"])
