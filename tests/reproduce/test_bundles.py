"""Bundles: runs as one file, merged elsewhere; whatever is wrong with one is a line."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from record_makers import make
from run_makers import make_run

from benchmarks.errors import UserError
from reproduce.commands.collect import bundle_selection, check_bundle, collect
from reproduce.commands.options import Selecting
from reproduce.store import bundles, committed, schema
from reproduce.store.merging import merge
from reproduce.store.store import Store


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "b.zip"
    bundles.write(path, [make(seed) for seed in range(20)])
    return path


def counted(path: Path, base: Path) -> dict[str, tuple[int, int]]:
    return {item.form: (item.added, item.known) for item in merge([path], base).forms}


def test_there_and_back(bundle: Path, tmp_path: Path) -> None:
    """Quick and full runs go to their own folders, without the host; twice is once."""
    bundles.write(bundle, [make(3, form="quick", epochs=10)])
    elsewhere = tmp_path / "elsewhere"
    Store(elsewhere, "full").records.publish(make(5))
    assert counted(bundle, elsewhere) == {"full": (19, 1), "quick": (1, 0)}
    found = Store(elsewhere, "full").records.collect()
    for seed in range(20):
        record = make(seed)
        assert schema.agree(found[record["hash"]], record)
        assert found[record["hash"]]["provenance"]["host"] == (
            "secret-node-17" if seed == 5 else None
        )
    assert counted(bundle, elsewhere) == {"full": (0, 20), "quick": (0, 1)}
    assert b"secret" not in zipfile.ZipFile(bundle).read(bundles.RECORDS)
    assert bundle.stat().st_size < 20_000


def test_the_same_runs_make_the_same_file(bundle: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    for seeds in (range(10, 20), range(12)):  # what it has stays, what is new is added
        bundles.write(other, [make(seed) for seed in reversed(seeds)])
    assert other.read_bytes() == bundle.read_bytes()


def test_the_manifest_states_what_there_is(bundle: Path) -> None:
    bundles.write(bundle, [make(3, form="quick", epochs=10)], "Elsewhere & Sons")
    with zipfile.ZipFile(bundle) as file:
        about = json.loads(file.read(bundles.ABOUT))
        data = file.read(bundles.RECORDS)
    rows = bundles.read(bundle)
    assert about["records"].keys() == rows.keys()
    assert about["records"][make(1)["hash"]] in data.decode()
    assert about["sha256"] == hashlib.sha256(data).hexdigest()
    assert (about["runs"], about["schema"]) == (21, schema.SCHEMA)
    assert about["laboratories"] == {"Elsewhere & Sons": 1, "here": 20}
    assert about["machines"] == {'Some CPU + Some, CPU "X" @ 2 GHz / torch 2.15.0+cpu / cpu': 21}
    assert about["forms"] == {"full": 20, "quick": 1}


def test_damaged_runs_are_named(bundle: Path, tmp_path: Path) -> None:
    """One changed, one cut away, though the archive's own sums fit."""

    def change(members: dict[str, bytes]) -> None:
        lines = members["records.csv"].splitlines(keepends=True)
        lines[3] = lines[3].replace(b"secret", b"").replace(b"2026", b"2025", 1)
        del lines[7]
        members["records.csv"] = b"".join(lines)

    text = zipfile.ZipFile(bundle).read("records.csv").decode().splitlines()
    _repacked(bundle, change)
    with pytest.raises(UserError) as error:
        merge([bundle], tmp_path / "there")
    assert "2 of its 20 runs are damaged or missing" in str(error.value)
    for line in (text[3], text[7]):
        assert line.partition(",")[0] in str(error.value)


def test_a_bundle_of_the_first_format_is_read(bundle: Path, tmp_path: Path) -> None:
    rows = bundles.read(bundle)
    text = committed.write_text(rows.values()).encode()
    about = {"format": 1, "runs": 20, "sha256": hashlib.sha256(text).hexdigest()}
    with zipfile.ZipFile(bundle, "w") as file:
        file.writestr("bundle.json", json.dumps(about))
        file.writestr("records.csv", text)
    assert counted(bundle, tmp_path / "there") == {"full": (20, 0)}


def test_runs_that_were_merged_can_be_committed(bundle: Path, tmp_path: Path) -> None:
    ours, theirs = Store(tmp_path / "ours"), Store(tmp_path / "theirs")
    merge([bundle], ours.base)
    ours.committed.write("table", ours.records.collect().values())
    theirs.committed.write("table", [make(seed) for seed in range(20)])
    assert (ours.committed.folder / "table.csv").read_text() == (
        theirs.committed.folder / "table.csv"
    ).read_text()


@pytest.mark.parametrize("committed", [False, True])
def test_a_conflict_names_both_sides_and_merges_nothing(
    bundle: Path, tmp_path: Path, committed: bool
) -> None:
    store = Store(tmp_path / "there")
    other = make(7, correct=1)
    if committed:
        place = f"{store.committed.write('table', [other])}:2"
    else:
        store.records.publish(other)
        place = str(store.records.path(other["hash"]))
    with pytest.raises(UserError) as error:
        merge([bundle], store.base)
    assert place in str(error.value)
    assert f"{bundle}:records.csv:" in str(error.value)
    assert store.records.collect().keys() == {other["hash"]}
    with pytest.raises(UserError, match="two contents"):
        bundles.write(bundle, [other])


def _repacked(path: Path, change: Callable[[dict[str, bytes]], Any]) -> None:
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)


def _resealed(members: dict[str, bytes]) -> None:
    """One digit more in a row, under a digest that fits."""
    members["records.csv"] = members["records.csv"].replace(b'""count"":', b'""count"":1', 1)
    about = json.loads(members["bundle.json"])
    about["sha256"] = hashlib.sha256(members["records.csv"]).hexdigest()
    members["bundle.json"] = json.dumps(about).encode()


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("hash,run\n"),
    "flipped": lambda path: path.write_bytes(
        path.read_bytes().replace(b"\x00\x00", b"\x01\x01", 9)
    ),
    "foreign": lambda path: _repacked(path, lambda members: members.pop("bundle.json")),
    "edited": lambda path: _repacked(path, lambda m: m.update({"records.csv": b"hash\n"})),
    "resealed": lambda path: _repacked(path, _resealed),
    "newer": lambda path: _repacked(path, lambda m: m.update({"bundle.json": b'{"format":3}'})),
    "miscounted": lambda path: _repacked(
        path,
        lambda m: m.update({"bundle.json": m["bundle.json"].replace(b'"here": 20', b'"here": 9')}),
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_one_line(bundle: Path, tmp_path: Path, damage: str) -> None:
    DAMAGES[damage](bundle)
    before = bundle.read_bytes()
    for act in (bundles.read, check_bundle, lambda path: merge([path], tmp_path / "x")):
        with pytest.raises(UserError) as error:
            act(bundle)
        assert str(bundle) in str(error.value)
        assert "\n" not in str(error.value)
    with pytest.raises(UserError, match=r"b\.zip"):  # nothing that lies there is overwritten
        bundles.write(bundle, [make(1)])
    assert bundle.read_bytes() == before
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"provenance": {"wall_seconds": -5}},
        {"provenance": {"images_per_second": -1}},
        {"provenance": {"finished": "yesterday"}},
        {"provenance": {"sittings": [{"machine": 5}]}},
        {"provenance": {"device": {"kind": "cpu", "name": "\x1b[31mX", "threads": 1}}},
        {"former": "../../zz"},
        {"run": make_run(seed=0, dataset="digits"), "total": 500, "correct": 1},
    ],
    ids=str,
)
def test_what_no_run_of_ours_says_is_not_merged(tmp_path: Path, change: dict[str, Any]) -> None:
    """Though all checksums fit."""
    path, base = tmp_path / "b.zip", tmp_path / "there"
    of_run = {} if change.keys() <= {"provenance", "former"} else change
    record = make(0, **of_run)
    if not of_run:
        made_by = {**record["provenance"], **change.get("provenance", {})}
        record = schema.seal({**record, **change, "provenance": made_by})
    bundles.write(path, [record])
    with pytest.raises(UserError, match=r"records\.csv:2: ") as error:
        merge([path], base)
    assert "\x1b" not in str(error.value)
    assert not base.exists()


def test_long_curves_are_carried_and_committed(tmp_path: Path) -> None:
    record = make(0, epochs=8_000)
    assert len(schema.canonical_json(record["result"]["curves"])) > 200_000
    path, store = tmp_path / "b.zip", Store(tmp_path / "there")
    bundles.write(path, [record])
    merge([path], store.base)
    store.committed.write("table", store.records.collect().values())
    assert schema.agree(store.committed.read_all()[record["hash"]], record)


def test_the_command(tmp_path: Path) -> None:
    chosen = Selecting(results=tmp_path, quick=True, seeds="2")
    selection = chosen.of("table3")
    for item in selection.planned[:3]:
        record = make(1, run=item.run, total=500, correct=490, epochs=3, form="quick")
        selection.store.records.publish(record)
    path = tmp_path / "b.zip"
    text = collect("table3", chosen, bundle=path)
    assert text.startswith("3 of 8 runs are in ")
    other = Selecting(results=tmp_path / "other")
    text = collect(str(path), other)
    assert text.splitlines()[0] == "quick: 3 runs added, 0 known before"
    (again,) = json.loads(collect(str(path), other, as_json=True))["forms"]
    assert again == {"form": "quick", "added": 0, "known": 3, "kept": 0, "repeated": 0} | {
        "laboratories": {}
    }
    with pytest.raises(UserError, match="leave out"):
        collect(str(path), chosen)
    with pytest.raises(UserError, match=r"cannot read .*none\.zip"):
        collect(str(tmp_path / "none.zip"), other)
    with pytest.raises(UserError, match="no folder"):
        check_bundle(tmp_path / "no" / "b.zip")
    more = bundle_selection(selection, path)
    assert (more.found, more.bundled.runs, more.bundled.before) == (3, 3, 3)
