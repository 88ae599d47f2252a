"""A cache of all records without their curves, so that many are collected in seconds.

One file a shard, ``records/index/<shard>.json``. An entry counts only while its record's file has
the same name, size and modification time; everything else is read again. Nothing depends on the
cache: it may be deleted, damaged or missing, and on a read-only folder it is not written.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.errors import UserError
from reproduce.store import atomic
from reproduce.store.schema import Record

FOLDER = "index"
VERSION = 3  # goes up whenever records are checked more strictly
_SHARD = re.compile(r"[0-9a-f]{2}")
_RECORD = re.compile(r"[0-9a-f]{16}\.json")

# A shard's entries: hash → [modification time in ns, size in bytes, record without its curve].
Entries = dict[str, list[Any]]


def summaries(
    records: Path, read: Callable[[Path], Record], *, skip_damaged: bool = False
) -> dict[str, Record]:
    """All records under ``records`` without their curves, by hash.

    Args:
        records: the folder of the shards; need not exist.
        read: gives the record of a file that the cache does not know, raising
            FileNotFoundError where the file has gone meanwhile.
        skip_damaged: leave out what cannot be read instead of raising UserError.
    """
    found: dict[str, Record] = {}
    with _collector_paused():
        for shard in _shards(records):
            cache = records / FOLDER / f"{shard.name}.json"
            try:
                entries = _refresh(shard, cache, read, skip_damaged)
            except UserError:
                if not skip_damaged:
                    raise
                continue
            found.update((name, entry[2]) for name, entry in entries.items())
    return found


def files(records: Path) -> Iterator[Path]:
    """The files of all records under ``records``."""
    for shard in _shards(records):
        for entry in _entries(shard):
            yield Path(entry.path)


def without_curves(record: Record) -> Record:
    """A copy whose result lacks the curves, and which therefore has no checksum either."""
    result = {key: value for key, value in record["result"].items() if key != "curves"}
    return {**{k: v for k, v in record.items() if k != "checksum"}, "result": result}


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    # Parsing makes millions of objects and no cycles; looking for some would double the time.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _refresh(
    shard: Path, cache: Path, read: Callable[[Path], Record], skip_damaged: bool
) -> Entries:
    known = _load(cache)
    current: Entries = {}
    changed = False
    for file in _entries(shard):
        name = file.name.partition(".")[0]
        try:
            stat = file.stat()
            entry = known.get(name)
            if entry is None or entry[:2] != [stat.st_mtime_ns, stat.st_size]:
                record = without_curves(read(Path(file.path)))
                entry = [stat.st_mtime_ns, stat.st_size, record]
                changed = True
        except FileNotFoundError:
            continue
        except UserError:
            if not skip_damaged:
                raise
            continue
        current[name] = entry
    if changed or len(current) != len(known):
        _save(cache, current)
    return current


def _load(cache: Path) -> Entries:
    """The cached entries; none where the file is missing, damaged or another version's."""
    try:
        head, _, body = cache.read_bytes().partition(b"\n")
        if head != _head(body):
            return {}
        return json.loads(body)
    except (OSError, ValueError):
        return {}


def _save(cache: Path, entries: Entries) -> None:
    body = json.dumps(entries, separators=(",", ":")).encode()
    # A read-only or full folder costs the next reader some time, and nothing else.
    with contextlib.suppress(OSError):
        atomic.replace(cache, _head(body) + b"\n" + body, flush=False)
        atomic.sweep(cache.parent)


def _head(body: bytes) -> bytes:
    return f"record index {VERSION} {hashlib.sha256(body).hexdigest()}".encode()


def _shards(records: Path) -> list[Path]:
    try:
        return sorted(path for path in records.iterdir() if _SHARD.fullmatch(path.name))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"cannot read {records}: {error.strerror or error}") from error


def _entries(shard: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(shard) as scan:
            entries = [entry for entry in scan if _RECORD.fullmatch(entry.name)]
    except OSError as error:
        raise UserError(f"cannot read {shard}: {error.strerror or error}") from error
    for entry in entries:
        if not entry.name.startswith(shard.name):
            raise UserError(f"{entry.path}: belongs in folder {entry.name[:2]}; move it there")
    return sorted(entries, key=lambda entry: entry.name)
