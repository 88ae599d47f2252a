"""Which readings move a verdict: from made-up runs under two of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import record_makers

from reproduce.__main__ import run
from reproduce.catalogue.papers import find
from reproduce.catalogue.selection import select
from reproduce.commands import page

ASKED = ("sensitivity", "table3", "--reduced")


def publish(
    results: Path, correct: dict[str, int], *, readings: tuple[str, ...] = (), seeds: int = 15
) -> None:
    """So many runs of each cell of the reduced Table III around so many correct images."""
    selection = select("table3", form="reduced", readings=readings, results=results)
    for item in selection.planned:
        if item.run.seed >= seeds:
            continue
        count = correct[item.cell.partition(" ")[0]] + 7 * item.run.seed
        record = record_makers.make(
            item.run.seed, run=item.run, correct=count, form="reduced", epochs=24
        )
        selection.store.records.publish(record)


def told(capsys: pytest.CaptureFixture[str], results: Path, *more: str) -> dict[str, Any]:
    assert run([*ASKED, "--json", "--results", str(results), *more]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_reading_that_moves_a_verdict_and_one_that_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """LOCO-Reg wins by two points as the paper is read here, and loses by two otherwise."""
    ours = {"locality": 8200, "permuted": 8000, "plain": 8100, "anti": 7900}
    publish(tmp_path, ours)
    publish(tmp_path, {**ours, "locality": 7800}, readings=("L-03=half_sum_sq",))
    found = told(capsys, tmp_path)
    assert found["lines"][0].startswith(
        "1 of 5 alternatives that can be judged move a verdict; 10 "
    )
    columns, rows = (found["data"]["table3-sensitivity"][key] for key in ("columns", "rows"))
    moved = [dict(zip(columns, row, strict=True)) for row in rows if row[5]]
    assert [(m["reading"], m["value"], m["before"], m["after"]) for m in moved] == 2 * [
        ("L-03", "half_sum_sq", "confirmed", "contradicted")
    ]
    pair, sentence = (m["moved"] for m in moved)
    assert pair == "locality 1.6 2.4 − permuted 2.4 1.6"
    assert "exchanged" in sentence
    assert (moved[0]["runs"], moved[0]["verdicts"]) == (60, 4)
    written = tmp_path / "reduced/locality/table3-sensitivity"
    assert (written / "table3-sensitivity.csv").is_file()
    before = (written / "table3-sensitivity.json").read_bytes()
    one = told(capsys, tmp_path, "--of", "L-40")
    assert one["lines"][0].startswith("0 of 1 alternative that can be judged moves a verdict")
    told(capsys, tmp_path, "--only", "plain *", "--seeds", "3")
    assert (written / "table3-sensitivity.json").read_bytes() == before
    verified_by_name(capsys, tmp_path, written)
    told_by_its_report(capsys, tmp_path)
    shown_on_the_page(capsys, tmp_path)


def verified_by_name(capsys: pytest.CaptureFixture[str], results: Path, written: Path) -> None:
    """Both reports are compared with their runs: of all readings, and of one."""
    path = written / "table3-sensitivity.json"
    path.write_text(path.read_text().replace('"text": "60 of 60"', '"text": "61 of 60"', 1))
    assert run(["verify", "table3", "--json", "--results", str(results)]) == 1
    found = {each["report"]: each["wrong"] for each in json.loads(capsys.readouterr().out)}
    name = "reduced/locality/table3-sensitivity"
    (wrong,) = found[name]
    assert "61 of 60 instead of 60 of 60" in wrong
    assert found[f"{name}-L-40"] == []


def told_by_its_report(capsys: pytest.CaptureFixture[str], results: Path) -> None:
    """A reading that moves a verdict is a note of its table."""
    assert run(["report", "table3", "--reduced", "--results", str(results)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "L-03 factor of the L2 term = half_sum_sq instead of sum_sq moves, by 15 seeds" in text
    written = json.loads((results / "reduced/locality/table3/table3.json").read_text())
    assert [(m["id"], m["seeds"]) for m in written["moved_verdicts"]] == [("L-03", 15)]


def shown_on_the_page(capsys: pytest.CaptureFixture[str], results: Path) -> None:
    """Beside the table itself: the table under the other reading, with runs of its own, and both
    reports of what moves a verdict."""
    other = ["--reduced", "--reading", "L-03=half_sum_sq"]
    assert run(["report", "table3", *other, "--results", str(results)]) == 0
    capsys.readouterr()
    made = [*page.sections(find("table3"), results)]
    found = {section.anchor.partition("reduced")[2]: section for section, _ in made}
    assert [section.is_beside for section in found.values()] == [False, True, True, True]
    assert [section.title.partition("reduced")[2] for section in found.values()] == [
        "",
        ": sensitivity",
        ": sensitivity to L-40",
        ", L-03=half_sum_sq",
    ]
    assert {name: section.command for name, section in found.items()} == {
        "-bf16": "reproduce locality/table3 --reduced",
        "-l2_convention-half_sum_sq": (
            "reproduce locality/table3 --reduced --reading L-03=half_sum_sq"
        ),
        "-sensitivity": "reproduce sensitivity locality/table3 --reduced",
        "-sensitivity-L-40": "reproduce sensitivity locality/table3 --reduced --of L-40",
    }
    cards = [{card.title.partition(", ")[2] for card in cards} for _, cards in made]
    assert list(map(len, cards)) == [60, 0, 0, 60]
    assert {f"{title}, L-03=half_sum_sq" for title in cards[0]} == cards[3]


def test_fewer_seeds_of_an_alternative_move_nothing_by_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same counts under two readings, of three seeds and of fifteen, which decide more."""
    ours = {"locality": 8200, "permuted": 8140, "plain": 8100, "anti": 8040}
    publish(tmp_path, ours)
    publish(tmp_path, ours, readings=("L-03=half_sum_sq",), seeds=3)
    found = told(capsys, tmp_path, "--of", "L-03")
    assert found["lines"][0].startswith("0 of 1 alternative that can be judged moves a verdict")


def test_it_tells_what_there_is_to_train(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [*ASKED, "--dry-run", "--of", "L-03", "--seeds", "2", "--results", str(tmp_path)]
    assert run(asked) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Table III, reduced: 0 of 8 runs",
        "L-03=half_sum_sq: 0 of 8 runs",
        "Nothing was trained.",
    ]
    assert run([*asked, "--json"]) == 0
    planned = {"done": 0, "planned": 8}
    assert json.loads(capsys.readouterr().out) == {
        "table": "locality/table3",
        "form": "reduced",
        "selections": [
            {"reading": None, "value": None, **planned},
            {"reading": "L-03", "value": "half_sum_sq", **planned},
        ],
    }


@pytest.mark.parametrize(
    "arguments",
    [["--quick"], ["--reduced", "--of", "nosuch"], ["--reduced", "--of", "L-01"]],
)
def test_bad_input_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sensitivity", "table3", *arguments]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
