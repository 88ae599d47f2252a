"""All records of a folder, whoever writes there and whatever else lies there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from record_makers import make

from benchmarks.errors import UserError
from reproduce.store.store import Store

COUNT = 30


@pytest.fixture
def store(tmp_path: Path) -> Store:
    filled = Store(tmp_path)
    for seed in range(COUNT):
        filled.records.publish(make(seed))
    return filled


def expected(*seeds: int) -> dict[str, Any]:
    return {r["hash"]: r for r in map(make, seeds or range(COUNT))}


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


def test_foreign_files_are_ignored(store: Store) -> None:
    shard = store.records.path(make(5)["hash"]).parent
    (shard / "README").write_text("notes")
    (shard / f".{'0' * 16}.json.1.ab.tmp").write_text("{")
    (store.records.folder / "lost+found").mkdir()
    assert store.records.collect() == expected()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may enter, unlike those of tmp_path."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def test_a_read_only_folder_is_read(open_folder: Path) -> None:
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
        with pytest.raises(UserError, match=r"^cannot write .*Permission denied"):
            store.records.publish(make(5))
    finally:
        if root:
            os.seteuid(0)
        for folder in folders:
            folder.chmod(0o755)
