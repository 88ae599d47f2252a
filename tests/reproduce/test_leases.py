"""Leases: one owner at a time, whoever dies when, and however many want a run at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import leases_arena
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import UserError
from reproduce.store import leases as module
from reproduce.store.heartbeat import Watch
from reproduce.store.leases import Lease, Leases, Owner
from reproduce.store.paths import ROOT
from reproduce.store.queues import Liveness

HASH = "0123456789abcdef"


def dead_owner(leases: Leases, run_hash: str) -> Owner:
    """A lease whose process has been killed."""
    child = os.fork()
    if child == 0:
        leases.acquire(run_hash)
        os._exit(0)
    os.waitpid(child, 0)
    owner = leases.owner(run_hash)
    assert owner is not None
    assert owner.pid == child
    return owner


def place(leases: Leases, run_hash: str, owner: Owner) -> None:
    """A lease as another process would have made it."""
    folder = leases.folder / f"{run_hash}.claim"
    folder.mkdir(parents=True)
    (folder / owner.name).touch()


def foreign(leases: Leases) -> Owner:
    """An owner on another machine."""
    lease = leases.acquire("f" * 16)
    assert lease is not None
    leases.release(lease)
    return replace(lease.owner, host="elsewhere", boot="another-boot", token="feed")


@pytest.fixture
def leases(tmp_path: Path) -> Leases:
    return Leases(tmp_path / "claims", "local")


def test_one_owner_at_a_time(leases: Leases) -> None:
    first = leases.acquire(HASH)
    assert first is not None
    assert leases.holds(first)
    assert leases.owner(HASH) == first.owner
    assert leases.owners() == {HASH: first.owner}
    assert leases.acquire(HASH) is None
    assert leases.acquire("f" * 16) is not None
    leases.release(first)
    assert not leases.holds(first)
    assert leases.owner(HASH) is None
    assert leases.acquire(HASH) is not None


def test_an_owner_names_this_process(leases: Leases) -> None:
    lease = leases.acquire(HASH)
    assert lease is not None
    owner = lease.owner
    assert (owner.pid, owner.executor) == (os.getpid(), "local")
    assert owner.started == Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    assert owner.boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert owner.liveness() is Liveness.ALIVE
    assert len(owner.name) < 255


names = st.text(st.characters(codec="ascii", categories=("L", "N"), include_characters=".-_"))


@given(*[names] * 6, st.integers(0, 2**22))
def test_names_are_parsed_back(a: str, b: str, c: str, d: str, e: str, f: str, pid: int) -> None:
    owner = Owner(a, b, c, d, pid, e, f)
    assert Owner.parse(owner.name) == owner


@pytest.mark.parametrize("name", ["", "x", "a~b~c~d~e~f~g", "~" * 6, ".DS_Store"])
def test_other_names_are_no_owners(name: str) -> None:
    assert Owner.parse(name) is None


def test_the_dead_are_known(leases: Leases) -> None:
    alive = leases.acquire(HASH)
    assert alive is not None
    owner = alive.owner
    assert dead_owner(leases, "a" * 16).liveness() is Liveness.DEAD
    assert replace(owner, started="1").liveness() is Liveness.DEAD  # its number was given anew
    assert replace(owner, boot="an-earlier-boot").liveness() is Liveness.DEAD
    assert replace(owner, host="renamed").liveness() is Liveness.ALIVE  # the kernel is the same
    assert replace(owner, namespace="1").liveness() is Liveness.ELSEWHERE  # a container's numbers
    assert foreign(leases).liveness() is Liveness.ELSEWHERE


def test_a_zombie_is_dead(leases: Leases) -> None:
    child = os.fork()
    if child == 0:
        leases.acquire(HASH)
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    owner = leases.owner(HASH)
    assert owner is not None
    assert owner.liveness() is Liveness.DEAD
    os.waitpid(child, 0)


def test_processes_that_cannot_be_looked_at_are_not_taken_for_dead(
    leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = leases.acquire(HASH)
    assert lease is not None
    monkeypatch.setattr(module, "process_started", lambda pid: module.HIDDEN)
    assert lease.owner.liveness() is Liveness.ELSEWHERE


def test_a_dead_owner_is_taken_over_at_once(leases: Leases) -> None:
    old = dead_owner(leases, HASH)
    lease = leases.acquire(HASH)
    assert lease is not None
    assert leases.owner(HASH) == lease.owner != old
    assert not leases.holds(Lease(HASH, old))


def test_a_fresh_lease_is_never_stolen(leases: Leases) -> None:
    """One process judges the owner dead; before it acts, another has taken the run over."""
    old = dead_owner(leases, HASH)
    fresh = leases.acquire(HASH)
    assert fresh is not None
    assert leases.take_over(HASH, old) is None
    assert leases.holds(fresh)
    leases.release(fresh)
    assert leases.take_over(HASH, old) is None
    again = leases.acquire(HASH)
    assert again is not None
    assert leases.take_over(HASH, fresh.owner) is None
    assert leases.holds(again)


def test_whoever_lost_a_run_cannot_release_it(leases: Leases) -> None:
    suspended = leases.acquire(HASH)
    assert suspended is not None
    other = leases.take_over(HASH, suspended.owner)
    assert other is not None
    assert not leases.holds(suspended)
    leases.release(suspended)
    assert leases.holds(other)


def test_an_owner_elsewhere_is_not_judged_by_its_process(leases: Leases) -> None:
    owner = foreign(leases)
    place(leases, HASH, owner)
    assert leases.acquire(HASH) is None
    lease = leases.take_over(HASH, owner)
    assert lease is not None
    assert leases.owner(HASH) == lease.owner


def test_an_empty_folder_is_free(leases: Leases) -> None:
    (leases.folder / f"{HASH}.claim").mkdir(parents=True)
    assert leases.owner(HASH) is None
    assert leases.owners() == {}
    assert leases.acquire(HASH) is not None


def test_remains_of_killed_claimants_are_swept(leases: Leases) -> None:
    old = dead_owner(leases, HASH)
    aside = leases.folder / f".{old.name}"
    aside.mkdir()
    (aside / old.name).touch()
    mine = leases.acquire("a" * 16)
    assert mine is not None
    (leases.folder / f".{mine.owner.name}").mkdir()
    leases.sweep()
    assert not aside.exists()
    assert (leases.folder / f".{mine.owner.name}").exists()
    assert leases.owner(HASH) == old


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_folder_is_one_clear_error(leases: Leases) -> None:
    leases.folder.mkdir()
    leases.folder.chmod(0o500)
    with pytest.raises(UserError, match="--results"):
        leases.acquire(HASH)


def test_a_folder_that_is_a_file_is_one_clear_error(leases: Leases) -> None:
    leases.folder.write_text("")
    with pytest.raises(UserError, match="--results"):
        leases.acquire(HASH)


def test_silence_is_measured_on_ones_own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    watch = Watch(patience=300)
    assert not watch.silent("a", 7)
    now += 299
    assert not watch.silent("a", 7)
    assert not watch.silent("b", None)
    now += 1
    assert watch.silent("a", 7)
    assert not watch.silent("a", 8)  # it lives
    now += 299
    assert not watch.silent("a", 8)
    assert not watch.silent("a", 7)  # whatever it changes to
    now += 301
    assert watch.silent("b", None)


def test_many_processes_that_die_never_share_a_run(tmp_path: Path) -> None:
    """Six at a time after two runs, most killed while they hold one or are about to."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, str(Path(leases_arena.__file__)), str(tmp_path), "150"]
    subprocess.run(command, env=environment, check=True)
    faults = tmp_path / "faults"
    assert not faults.exists(), faults.read_text()
    assert (tmp_path / "held").stat().st_size > 30  # how many held a run hangs on the machine
    leases = Leases(tmp_path / "claims", "local")
    leases.sweep()
    assert not [path for path in leases.folder.iterdir() if path.name.startswith(".")]
    for name in leases_arena.NAMES:
        assert leases.acquire(name) is not None, "a run is stuck"
