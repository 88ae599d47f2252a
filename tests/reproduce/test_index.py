"""The index is a cache: whatever becomes of it, what is collected stays right."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from record_makers import make

from benchmarks.errors import UserError
from reproduce.store import index, records
from reproduce.store.store import Store

COUNT = 30


@pytest.fixture
def store(tmp_path: Path) -> Store:
    filled = Store(tmp_path)
    for seed in range(COUNT):
        filled.records.publish(make(seed))
    return filled


def expected(*seeds: int) -> dict[str, Any]:
    return {r["hash"]: index.without_curves(r) for r in map(make, seeds or range(COUNT))}


def caches(store: Store) -> list[Path]:
    return sorted((store.records.folder / index.FOLDER).glob("*.json"))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the record files that have been read."""
    seen: list[str] = []
    read = records.read_record

    def counted(path: Path) -> Any:
        seen.append(path.name)
        return read(path)

    monkeypatch.setattr(records, "read_record", counted)
    return seen


def test_a_second_collect_reads_no_record(store: Store, reads: list[str]) -> None:
    assert store.records.collect() == expected()
    assert len(reads) == COUNT
    reads.clear()
    assert store.records.collect() == expected()
    assert reads == []


def test_only_what_is_new_is_read(store: Store, reads: list[str]) -> None:
    store.records.collect()
    reads.clear()
    fresh = make(COUNT)
    store.records.publish(fresh)
    assert store.records.collect() == expected(*range(COUNT + 1))
    assert reads == [f"{fresh['hash']}.json"]


def test_what_has_gone_is_dropped(store: Store) -> None:
    store.records.collect()
    for seed in range(0, COUNT, 2):
        store.records.path(make(seed)["hash"]).unlink()
    assert store.records.collect() == expected(*range(1, COUNT, 2))
    assert store.records.collect() == expected(*range(1, COUNT, 2))


def test_what_has_changed_is_read_again(store: Store) -> None:
    store.records.collect()
    path = store.records.path(make(5)["hash"])
    path.write_text(path.read_text().replace('"count":', '"count" :', 1))
    assert store.records.collect() == expected()  # laid out anew, and still itself
    path.write_text(path.read_text()[:-40])
    with pytest.raises(UserError, match=str(path)):
        store.records.collect()


def test_an_edit_of_the_same_length_is_noticed(store: Store) -> None:
    store.records.collect()
    path = store.records.path(make(5)["hash"])
    stat = path.stat()
    path.write_text(path.read_text().replace('"host":"s', '"host":"S', 1))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    with pytest.raises(UserError, match="checksum does not fit"):
        store.records.collect()


@pytest.mark.parametrize("damage", ["deleted", "truncated", "edited", "older", "noise", "empty"])
def test_a_damaged_index_changes_nothing(store: Store, damage: str) -> None:
    store.records.collect()
    for cache in caches(store):
        raw = cache.read_bytes()
        edited = raw.replace(b'"of":10000', b'"of":20000')
        assert edited != raw
        if damage == "deleted":
            cache.unlink()
        else:
            versions = {
                "truncated": raw[: len(raw) // 2],
                "edited": edited,
                "older": raw.replace(b"record index %d" % index.VERSION, b"record index 0", 1),
                "noise": bytes(range(256)),
                "empty": b"",
            }
            cache.write_bytes(versions[damage])
    assert store.records.collect() == expected()


def test_entries_of_other_records_are_not_believed(store: Store) -> None:
    """An index copied from another results folder, whole and with a fitting digest."""
    store.records.collect()
    for cache in caches(store):
        entries = json.loads(cache.read_bytes().partition(b"\n")[2])
        for entry in entries.values():
            entry[0] -= 1
            entry[2]["result"]["measurements"]["test accuracy"]["count"] = 1
        body = json.dumps(entries).encode()
        cache.write_bytes(index._head(body) + b"\n" + body)
    assert store.records.collect() == expected()


def test_readers_and_writers_side_by_side(store: Store) -> None:
    def publish(seed: int) -> None:
        store.records.publish(make(seed))

    with ThreadPoolExecutor(6) as pool:
        writing = [pool.submit(publish, seed) for seed in range(COUNT, COUNT + 40)]
        reading = [pool.submit(store.records.collect) for _ in range(12)]
        seen = [future.result() for future in reading]
        assert all(future.result() is None for future in writing)
    whole = expected(*range(COUNT + 40))
    for collected in seen:
        assert collected.items() >= expected().items()
        assert all(whole[name] == record for name, record in collected.items())
    assert store.records.collect() == whole


def test_a_record_in_the_wrong_folder_is_not_lost_silently(store: Store) -> None:
    path = store.records.path(make(5)["hash"])
    other = next(
        shard for shard in store.records.folder.iterdir() if not path.name.startswith(shard.name)
    )
    path.rename(other / path.name)
    with pytest.raises(UserError, match=f"belongs in folder {path.name[:2]}"):
        store.records.collect()


def test_foreign_files_are_ignored(store: Store) -> None:
    shard = store.records.path(make(5)["hash"]).parent
    (shard / "README").write_text("notes")
    (shard / f".{'0' * 16}.json.1.ab.tmp").write_text("{")
    (store.records.folder / "lost+found").mkdir()
    assert store.records.collect() == expected()
    assert set(store.records.collect(curves=True)) == set(expected())


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may enter, unlike those of tmp_path."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def test_a_read_only_folder_is_read_without_an_index(open_folder: Path) -> None:
    store = Store(open_folder)
    for seed in range(5):
        store.records.publish(make(seed))
    folders = [store.records.folder, *store.records.folder.iterdir()]
    for folder in folders:
        folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)  # nobody: root may write anywhere
    try:
        assert store.records.collect() == expected(*range(5))
        assert not (store.records.folder / index.FOLDER).exists()
        with pytest.raises(UserError, match=r"^cannot write .*Permission denied"):
            store.records.publish(make(5))
    finally:
        if root:
            os.seteuid(0)
        for folder in folders:
            folder.chmod(0o755)
