"""Files that appear whole and once: contention, kills, file systems without hard links."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from record_makers import make

from reproduce.store import atomic, records, schema
from reproduce.store.paths import ROOT
from reproduce.store.store import Store

WITHOUT_LINKS = """
import errno, os
def refuse(*arguments, **options):
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))
os.link = refuse
"""

CONTENDER = """
import sys, time
from pathlib import Path
from record_makers import make
from benchmarks.errors import UserError
from reproduce.store.store import Store
store, mine, gate = Store(Path(sys.argv[1])), int(sys.argv[2]), Path(sys.argv[3])
made = [make(seed, correct=mine) for seed in range(40)]
print("ready", flush=True)
while not gate.exists():
    pass
for record in made:
    try:
        print(store.records.publish(record))
    except UserError as error:
        assert "two contents" in str(error)
        print("conflict")
"""

ENDLESS = """
import itertools, sys
from pathlib import Path
from record_makers import make
from reproduce.store.store import Store
store, first = Store(Path(sys.argv[1])), int(sys.argv[2])
made = [make(seed) for seed in range(first, first + 200)]
print("ready", flush=True)
for record in made:
    store.records.publish(record)
print("done", flush=True)
"""

# Kills a child at the n-th line of ours that publishing runs, for every n; prints their number.
EVERY_LINE = """
import itertools, os, signal, sys
from pathlib import Path
from record_makers import make
from reproduce.store import atomic, records
from reproduce.store.store import Store
store = Store(Path(sys.argv[1]))
ours = {atomic.__file__, records.__file__}
def killer(left):
    def trace(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename in ours and event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace
    return trace
print("ready", flush=True)
for line in itertools.count(1):
    record = make(line)
    child = os.fork()
    if child == 0:
        sys.settrace(killer(line))
        store.records.publish(record)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
print(line)
"""

links = pytest.mark.parametrize("preface", ["", WITHOUT_LINKS], ids=["hard links", "no links"])


def start(script: str, *arguments: Any) -> subprocess.Popen[str]:
    here = Path(__file__).parent
    path = os.pathsep.join([str(ROOT), str(here), str(here.parent)])
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def visible(store: Store) -> list[Path]:
    return [path for path in store.records.folder.rglob("*.json") if path.name[0] != "."]


@links
@pytest.mark.parametrize("counts", [(5_000, 5_000), (5_000, 5_001)], ids=["same", "different"])
def test_of_two_publishers_one_wins(tmp_path: Path, preface: str, counts: tuple[int, int]) -> None:
    store, gate = Store(tmp_path), tmp_path / "gate"
    both = [start(preface + CONTENDER, tmp_path, count, gate) for count in counts]
    gate.touch()
    answers = [process.communicate()[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    lost = "False" if counts[0] == counts[1] else "conflict"
    for seed, pair in enumerate(zip(*answers, strict=True)):
        assert sorted(pair) == sorted(["True", lost])
        path = store.records.path(make(seed)["hash"])
        assert schema.headline(records.read_record(path))[0] == counts[pair.index("True")]
    kept = [path for path in visible(store) if "conflict" in path.name]
    assert len(kept) == (40 if lost == "conflict" else 0)
    for path in kept:
        records.read_record(path)


@links
def test_kill_at_random_moments_leaves_whole_records(tmp_path: Path, preface: str) -> None:
    store = Store(tmp_path)
    moments = random.Random(1)
    killed = 0
    for attempt in range(20):
        process = start(preface + ENDLESS, tmp_path, 200 * attempt)
        time.sleep(moments.uniform(0.0, 0.03))
        process.send_signal(signal.SIGKILL)
        killed += process.communicate()[0] == ""
        for path in visible(store):
            records.read_record(path)
    assert killed >= 10  # else the test has only seen writers that were through
    whole = store.records.collect()
    assert whole == {r["hash"]: r for r in (make(r["run"]["seed"]) for r in whole.values())}
    assert len(whole) == len(visible(store)) > 0


@links
def test_kill_at_every_line_leaves_whole_records(tmp_path: Path, preface: str) -> None:
    """The windows that random moments would seldom meet."""
    store = Store(tmp_path)
    process = start(preface + EVERY_LINE, tmp_path)
    lines = int(process.communicate()[0])
    assert lines > 30
    whole = store.records.collect()
    assert whole == {r["hash"]: r for r in (make(r["run"]["seed"]) for r in whole.values())}
    # Killed early there is none, killed late there is one.
    there = [make(line)["hash"] in whole for line in range(1, lines + 1)]
    assert there == sorted(there)
    assert there[0] is False
    assert there[-5:] == [True] * 5


def test_a_killed_publishers_run_can_be_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every leftover that a killed publisher can leave, on either kind of file system."""
    store = Store(tmp_path)
    record = make(1)
    path = store.records.path(record["hash"])
    path.parent.mkdir(parents=True)
    path.with_name(f".{path.name}.17.abcd.tmp").write_bytes(b'{"checksum":"')
    path.with_name(f".{path.name}.writer.lock").touch()
    monkeypatch.setattr(os, "link", _refuse)
    assert store.records.collect() == {}
    assert store.records.publish(record)
    assert store.records.collect() == {record["hash"]: record}
    assert sorted(p.name for p in path.parent.iterdir()) == sorted(
        [path.name, f".{path.name}.17.abcd.tmp"]
    )


def test_a_live_lock_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contender waits for whoever has the lock, and then finds the file there."""
    path = tmp_path / "file"
    answers: list[bool] = []
    ours = threading.Thread(target=lambda: answers.append(atomic.create_once(path, b"ours")))
    monkeypatch.setattr(os, "link", _refuse)
    with atomic.sole_writer(path):
        ours.start()
        ours.join(0.5)
        assert answers == []
        path.write_bytes(b"theirs")
    ours.join()
    assert answers == [False]
    assert path.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["file"]


def test_without_hard_links_a_second_publisher_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is stopped where it has found the name free and is about to take it."""
    path = tmp_path / "file"
    rename = os.replace
    answers: list[bool] = []
    second = threading.Thread(target=lambda: answers.append(atomic.create_once(path, b"second")))

    def stopped(source: Path, target: Path) -> None:
        if source.read_bytes() == b"first":
            second.start()
            second.join(0.5)
        rename(source, target)

    monkeypatch.setattr(os, "link", _refuse)
    monkeypatch.setattr(os, "replace", stopped)
    is_first = atomic.create_once(path, b"first")
    second.join()
    assert (is_first, answers) == (True, [False])
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["file"]


def test_old_leftovers_are_swept_and_fresh_ones_are_not(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record = make(1)
    path = store.records.path(record["hash"])
    path.parent.mkdir(parents=True)
    old = [path.with_name(f".x.{kind}") for kind in ("tmp", "lock", "stale")]
    fresh = path.with_name(".y.tmp")
    old[0].write_bytes(b"half")
    old[1].mkdir()
    old[2].mkdir()
    fresh.write_bytes(b"half")
    other = path.with_name("notes.tmp")
    other.write_bytes(b"a user's")
    past = time.time() - 2 * atomic.LEFTOVER_SECONDS
    for leftover in (*old, other):
        os.utime(leftover, (past, past))
    store.records.publish(record)
    assert Counter(p.name for p in path.parent.iterdir()) == Counter(
        [path.name, fresh.name, other.name]
    )


def test_a_lost_answer_to_a_link_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Network file systems repeat a request: the link was made, and still "exists" is reported."""
    link = os.link

    def twice(source: Path, target: Path) -> None:
        link(source, target)
        link(source, target)

    monkeypatch.setattr(os, "link", twice)
    assert atomic.create_once(tmp_path / "file", b"ours")
    assert (tmp_path / "file").read_bytes() == b"ours"


def test_replace_keeps_the_old_file_where_the_new_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    atomic.replace(path, b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        atomic.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def _refuse(*_: Any, **__: Any) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))
