"""Bundles of several laboratories into one results folder: what is known, what contradicts, what
is told of who gave what, and what a kill or a second merge does."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from record_makers import make
from run_counts import runs_in

from analysis.documents.table_document import table_document
from analysis.rendering.files import files, texts
from analysis.tables.results import OWN
from benchmarks.errors import UserError
from reproduce.__main__ import run
from reproduce.catalogue.selection import select
from reproduce.catalogue.table_result import build
from reproduce.locality.table3 import QUICK
from reproduce.store import bundles, committed, schema
from reproduce.store.atomic import write_files
from reproduce.store.merging import merge
from reproduce.store.paths import ROOT
from reproduce.store.provenance import own_laboratory
from reproduce.store.store import Store


def bundle(path: Path, *records: Any, lab: str | None = "Lab A") -> Path:
    bundles.write(path, records, lab)
    return path


def whole(base: Path) -> dict[str, Any]:
    return {name: schema.contents(r) for name, r in Store(base).records.collect().items()}


def expected(*records: Any) -> dict[str, Any]:
    return {record["hash"]: schema.contents(record) for record in records}


def test_a_conflict_names_both_sides_and_can_be_passed_over(tmp_path: Path) -> None:
    base = tmp_path / "results"
    Store(base).records.publish(make(1, correct=9_001))
    path = bundle(tmp_path / "a.zip", *(make(seed) for seed in range(4)), make(9, correct=1))
    other = bundle(tmp_path / "b.zip", make(9, correct=2), make(5), lab="Lab B")
    before = whole(base)
    with pytest.raises(UserError) as error:
        merge([path, other], base)
    assert whole(base) == before
    assert "2 runs have two contents" in str(error.value)
    outcome = merge([path, other], base, dry_run=True)
    told = " and ".join(map(str, outcome.conflicts))
    machine = 'Some CPU + Some, CPU "X" @ 2 GHz / torch 2.15.0+cpu / cpu, 2026-01-31T12:00:00Z'
    theirs = schema.headline(make(1))[0]
    assert f"test accuracy: 9001 of 10000 by here on {machine} ({base}" in told
    assert f"{theirs} of 10000 by Lab A on {machine} ({path}:records.csv:" in told
    assert f"1 of 10000 by Lab A on {machine} ({path}" in told
    assert f"2 of 10000 by Lab B on {machine} ({other}" in told
    assert whole(base) == before
    (merged,) = merge([path, other], base, keep_ours=True).forms
    assert (merged.added, merged.known, merged.kept) == (5, 0, 2)
    assert merged.laboratories == {"Lab A": 4, "Lab B": 1}
    mine = [make(1, correct=9_001), make(9, correct=1)]
    assert whole(base) == expected(*mine, *(make(seed) for seed in (0, 2, 3, 5)))
    assert not list(base.glob(".*"))


def test_what_differs_is_the_first_thing_that_does() -> None:
    first = make(3)
    curve = [[*point] for point in first["result"]["curves"]["training loss"]]
    curve[4][1] += 1e-9
    result = {**first["result"], "curves": {**first["result"]["curves"], "training loss": curve}}
    found = schema.differing(first, {**first, "result": result})
    assert found[0] == "training loss after epoch 5"
    assert found[1] != found[2]


@pytest.mark.parametrize("kind", ["measurements", "curves"])
def test_what_is_not_finite_is_told_from_what_is_absent(kind: str) -> None:
    first, name = make(3), "smallest angle"
    value = None if kind == "measurements" else [[7, None]]
    result = {**first["result"], kind: {**first["result"][kind], name: value}}
    place = name if kind == "measurements" else f"{name} after epoch 7"
    found = schema.differing({**first, "result": result}, first)
    assert found == (place, "null", "absent")


def test_one_run_of_two_laboratories_is_one(tmp_path: Path) -> None:
    path = bundle(tmp_path / "a.zip", make(1), make(2))
    other = bundle(tmp_path / "b.zip", make(2), make(3), lab="Lab B")
    (merged,) = merge([path, other], tmp_path / "results").forms
    assert (merged.added, merged.known, merged.repeated) == (3, 0, 1)
    assert merged.laboratories == {"Lab A": 2, "Lab B": 1}
    # who passes runs on is not who made them
    passed = bundle(
        tmp_path / "c.zip", *Store(tmp_path / "results").records.collect().values(), lab="Lab C"
    )
    with zipfile.ZipFile(passed) as file:
        assert json.loads(file.read("bundle.json"))["laboratories"] == {"Lab A": 2, "Lab B": 1}


def test_a_run_of_several_bundles_counts_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether it is new, known or contradicted."""
    base, path = tmp_path / "results", bundle(tmp_path / "a.zip", make(1), make(2), make(3))
    Store(base).records.publish(make(1))
    Store(base).records.publish(make(2, correct=1))
    (found,) = merge([path, path, path], base, dry_run=True).forms
    assert (found.added, found.known, found.kept, found.repeated) == (1, 1, 1, 3)
    asked = ["merge", str(path), str(path), "--keep-ours", "--results", str(base)]
    assert run(asked) == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "full: 1 run added, 1 known before, 1 with other contents stay as they are, 3 of these in "
        "several bundles; from Lab A 1"
    )


def _merge_until(number: int, path: Path, base: Path) -> None:
    """Killed before the ``number``-th record appears."""
    left, link = number, os.link

    def counted(*arguments: Any, **options: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        link(*arguments, **options)

    os.link = counted  # type: ignore[assignment]
    merge([path], base)


def test_a_merge_that_was_killed_is_carried_on(tmp_path: Path) -> None:
    path = bundle(tmp_path / "a.zip", *(make(seed) for seed in range(6)))
    fork = multiprocessing.get_context("fork")
    for number in (1, 3, 6):
        base = tmp_path / str(number)
        process = fork.Process(target=_merge_until, args=(number, path, base))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert len(whole(base)) == number - 1
        (merged,) = merge([path], base).forms
        assert (merged.added, merged.known) == (7 - number, number - 1)
        assert whole(base) == expected(*(make(seed) for seed in range(6)))


def test_merges_at_once(tmp_path: Path) -> None:
    """What agrees is lost by none; of two that contradict each other one is merged, and whole."""
    paths = [
        bundle(tmp_path / f"{first}.zip", *(make(seed) for seed in range(first, first + 8)))
        for first in (0, 4, 8)
    ]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda path: merge([path], tmp_path / "agreeing").forms[0], paths))
    assert sum(item.added for item in done) == 16
    assert whole(tmp_path / "agreeing") == expected(*(make(seed) for seed in range(16)))

    sides = [
        [*(make(seed) for seed in range(100 * side, 100 * side + 8)), make(50, correct=side)]
        for side in (1, 2)
    ]
    paths = [bundle(tmp_path / f"side{n}.zip", *side) for n, side in enumerate(sides)]

    def tried(path: Path) -> bool:
        try:
            return bool(merge([path], tmp_path / "contradicting").forms)
        except UserError:
            return False

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(tried, paths))
    assert sorted(won) == [False, True]
    assert whole(tmp_path / "contradicting") == expected(*sides[won.index(True)])


@pytest.mark.parametrize("name", ["here", "", " a", "a;b", "a: b", "x" * 61, "a\nb", "-"])
def test_what_is_no_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="--lab"):
        own_laboratory(name)
    monkeypatch.setenv("REPRODUCE_LAB", "Univ. of X, vision (B)")
    assert own_laboratory() == "Univ. of X, vision (B)"
    monkeypatch.delenv("REPRODUCE_LAB")
    assert own_laboratory() is None
    assert schema.HERE == OWN


def _of_table(cell: str, seed: int) -> Any:
    planned = QUICK.cell(cell).run(seed)
    return make(seed, run=planned, total=500, correct=400 + seed, epochs=3, form="quick")


def test_a_report_says_which_laboratory_gave_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, cells = tmp_path / "results", tuple(cell.name for cell in QUICK.cells[:2])
    store = Store(base, "quick")
    for cell in cells:
        store.records.publish(_of_table(cell, 0))
    chosen = select("table3", form="quick", results=base)
    assert not any(b"aborator" in text for text in texts(table_document(build(chosen))).values())
    given = [_of_table(cell, seed) for cell in cells for seed in (1, 2, 4)]
    merge([bundle(tmp_path / "a.zip", *given[:-1])], base)
    merge([bundle(tmp_path / "b.zip", given[-1], lab="Lab B & Co")], base)
    document = table_document(build(chosen))
    merged = texts(document)
    note = (
        f"Lab A (5 runs): seeds 1 to 2, 4 of {cells[0]}; seeds 1 to 2 of {cells[1]}. "
        f"Lab B & Co (1 run): seed 4 of {cells[1]}. here (2 runs): seed 0 of every cell."
    )
    facts = json.loads(merged["json"])
    assert note in [item["text"] for item in facts["notes"]]
    assert note.replace("&", r"\&") in " ".join(merged["tex"].decode().split())
    assert facts["laboratories"]["Lab A"] == {cells[0]: [1, 2, 4], cells[1]: [1, 2]}
    assert b",laboratory" in merged["csv"].partition(b"\n")[0]
    assert merged["csv"].count(b",Lab A") == 5
    write_files(store.report("locality/table3"), "table3", files(document))
    capsys.readouterr()
    run(["verify", "table3", "--json", "--results", str(base)])
    (found,) = json.loads(capsys.readouterr().out)
    (told,) = [note for note in found["notes"] if note.startswith(f"{cells[1]}: ")]
    assert "3 laboratories (Lab A: 2; Lab B & Co: 1; here: 1)" in told
    assert not found["wrong"]


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run(list(arguments))
    told = capsys.readouterr()
    return code, told.out + told.err


def test_the_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The committed runs there and back, the tables' own and all of them."""
    results, path, base = str(ROOT / "results"), tmp_path / "b.zip", tmp_path / "there"
    export = ["export", "--to", str(path), "--results", results]
    code, text = said(capsys, *export, "beta-lasso")
    assert code == 2
    assert "there are reduced ones: --all-forms" in text
    code, text = said(capsys, *export, "beta-lasso", "--reduced", "--lab", "Lab A")
    ours = runs_in("beta-lasso-*.csv")["reduced"]
    assert (code, text.partition(" (")[0]) == (0, f"{ours} runs are in {path}")
    assert said(capsys, *export, "--all-forms")[0] == 2
    monkeypatch.setenv("REPRODUCE_LAB", "Lab A")
    assert said(capsys, *export, "--all-forms", "--overwrite")[0] == 0
    rows = {row.record["provenance"]["laboratory"] for row in bundles.read(path).values()}
    number = runs_in("*.csv")
    assert (len(bundles.read(path)), rows) == (sum(number.values()), {"Lab A"})
    first = path.read_bytes()
    notes = tmp_path / "notes.zip"
    notes.write_text("no bundle\n")
    code, text = said(capsys, "export", "--to", str(notes), "--overwrite", "--results", results)
    assert (code, notes.read_text()) == (2, "no bundle\n")
    assert text.endswith("it is not written over: delete it, or give another name\n")
    assert "sent again" not in text
    assert said(capsys, *export, "--all-forms", "--overwrite")[0] == 0
    assert path.read_bytes() == first
    code, text = said(capsys, "merge", str(path), "--results", str(base), "--dry-run")
    assert (code, base.exists()) == (0, False)
    told = "reduced: {0} runs added, 0 known before; from Lab A {0}".format(number["reduced"])
    assert told in text
    Store(base).records.publish(wrong := _changed(bundles.read(path)))
    code, text = said(capsys, "merge", str(path), "--results", str(base), "--dry-run")
    assert (code, text.count("two contents: ")) == (1, 1)
    code, text = said(capsys, "merge", str(path), "--results", str(base))
    assert (code, text.count("\n")) == (2, 1)
    assert whole(base) == expected(wrong)
    code, text = said(capsys, "merge", str(path), "--results", str(base), "--keep-ours", "--json")
    forms = {item["form"]: item for item in json.loads(text)["forms"]}
    assert (forms["full"]["kept"], forms["reduced"]["added"]) == (1, number["reduced"])
    assert code == 0
    again = str(tmp_path / "again.zip")
    code, text = said(capsys, "export", "table3", "--to", again, "--results", results)
    assert text.startswith(f"1 run is in {again} (")
    unnamed = bundle(tmp_path / "c.zip", make(77), lab=None)
    assert run(["merge", str(unnamed), "--results", str(base), "--lab", "Lab C"]) == 0
    (record,) = Store(base).records.collect([make(77)["hash"]]).values()
    assert record["provenance"]["laboratory"] == "Lab C"
    capsys.readouterr()
    for wrong_call in (
        ["export", "theorem1", "--to", str(tmp_path / "d.zip")],
        ["export", "--to", str(tmp_path / "no" / "d.zip")],
        ["export", "--all-forms", "--quick", "--to", str(tmp_path / "d.zip")],
        ["export"],
        ["merge"],
        ["merge", str(tmp_path / "none.zip")],
        ["merge", str(path), "--lab", "here"],
    ):
        code, text = said(capsys, *wrong_call)
        assert (code, text.count("\n")) == (2, 1), text


def _changed(rows: dict[str, committed.Row]) -> Any:
    """The full run with another training loss at the end, and without its laboratory."""
    (record,) = [row.record for row in rows.values() if row.record["form"] == "full"]
    record["result"]["measurements"]["training loss"] = 7.5
    record["result"]["curves"]["training loss"][-1][1] = 7.5
    del record["provenance"]["laboratory"]
    return schema.seal(record)
