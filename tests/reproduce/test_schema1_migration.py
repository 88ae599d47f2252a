"""What was recorded before runs were composed of parts keeps its numbers and its former name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from record_makers import PROVENANCE
from run_makers import flat, make_run

from benchmarks.errors import UserError
from benchmarks.run import digest_of
from reproduce.commands.show import show
from reproduce.store import schema, schema1_migration
from reproduce.store.paths import ROOT
from reproduce.store.store import Store

CURVE = [
    {"epoch": 1, "train_loss": 2.25, "correct": None},
    {"epoch": 2, "train_loss": 1.5, "correct": 8_800},
    {"epoch": 3, "train_loss": 1.25, "correct": 8_700},
]


def earlier(**settings: Any) -> Any:
    """A record as it was written then."""
    run = flat(epochs=3, **settings)
    result = {"correct": 8_700, "total": 10_000, "diverged": False}
    result |= {"best_correct": 8_800, "best_epoch": 2, "curve": CURVE}
    return schema.seal(
        {
            "schema": 1,
            "hash": digest_of(run),
            "protocol": "full",
            "run": run,
            "result": result,
            "provenance": {**PROVENANCE, "sittings": []},
        }
    )


def put(store: Store, record: Any) -> Path:
    path = store.records.path(record["hash"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema.canonical_json(record) + "\n")
    return path


def test_its_numbers_stay_under_the_new_name() -> None:
    old = earlier(seed=4, gamma="1.6", eta="2.4")
    new = schema1_migration.migrated(old, "a file")
    assert new["hash"] == make_run(seed=4, epochs=3, gamma="1.6", eta="2.4").hash
    assert (new["former"], new["form"]) == (old["hash"], "full")
    assert schema.headline(new) == (8_700, 10_000)
    assert new["result"]["measurements"]["best evaluated accuracy"]["epoch"] == 2
    assert new["result"]["curves"] == {
        "training loss": [[1, 2.25], [2, 1.5], [3, 1.25]],
        "correct test images": [[2, 8_800], [3, 8_700]],
    }
    assert new["provenance"] == old["provenance"]


def test_a_folder_of_then_is_adopted_once_and_nothing_is_deleted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    olds = [earlier(seed=seed) for seed in range(3)]
    paths = [put(store, old) for old in olds]
    paths[2].write_text(paths[2].read_text()[:-40])  # cut short
    runs = [make_run(seed=seed, epochs=3) for seed in range(3)]
    found = store.records.collect([run.hash for run in runs])
    assert {record["former"] for record in found.values()} == {old["hash"] for old in olds[:2]}
    kept = store.records.folder / "schema1"
    assert {path.stem for path in kept.iterdir()} == {old["hash"] for old in olds[:2]}
    assert json.loads((kept / paths[0].name).read_text()) == olds[0]
    assert paths[2].exists()
    folder = store.records.folder
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    assert store.records.finished([run.hash for run in runs]) == set(found)
    assert {
        path: path.stat().st_mtime_ns for path in store.records.folder.rglob("*.json")
    } == before


@pytest.mark.parametrize("damage", ["checksum", "hash", "setting"])
def test_a_damaged_one_is_refused(damage: str) -> None:
    old = earlier()
    if damage == "checksum":
        old["result"]["correct"] = 9_999
    elif damage == "hash":
        old = schema.seal({**old, "hash": "0" * 16})
    else:
        run = {**old["run"], "colour": "red"}
        old = schema.seal({**old, "run": run, "hash": digest_of(run)})
    with pytest.raises(UserError):
        schema1_migration.migrated(old, "a file")


def test_the_committed_run_is_found_by_either_name() -> None:
    store = Store(ROOT / "results")
    record = store.committed.read_all()["dca9fcec9777a260"]
    assert record["former"] == "3ef3464eb28374d4"
    assert record["run"] == make_run(precision="bf16").canonical()
    assert schema.headline(record) == (8_894, 10_000)
    for name in ("dca9", "3ef3464e"):
        text = show(name, results=store.base)
        assert "8894 of 10000 correct" in text
        assert "named 3ef3464eb28374d4 before" in text
