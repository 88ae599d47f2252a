"""Claims: one owner at a time, whoever dies when, and however many want a run at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import claims_arena
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import UserError
from reproduce.store import claims as module
from reproduce.store.claims import Claim, Claims, Owner
from reproduce.store.heartbeat import Watch
from reproduce.store.paths import ROOT
from reproduce.store.queues import Liveness

HASH = "0123456789abcdef"


def dead_owner(claims: Claims, run_hash: str) -> Owner:
    """A claim whose process has been killed."""
    child = os.fork()
    if child == 0:
        claims.acquire(run_hash)
        os._exit(0)
    os.waitpid(child, 0)
    owner = claims.owner(run_hash)
    assert owner is not None
    assert owner.pid == child
    return owner


def place(claims: Claims, run_hash: str, owner: Owner) -> None:
    """A claim as another process would have made it."""
    folder = claims.folder / f"{run_hash}.claim"
    folder.mkdir(parents=True)
    (folder / owner.name).touch()


def foreign(claims: Claims) -> Owner:
    """An owner on another machine."""
    claim = claims.acquire("f" * 16)
    assert claim is not None
    claims.release(claim)
    return replace(claim.owner, host="elsewhere", boot="another-boot", token="feed")


@pytest.fixture
def claims(tmp_path: Path) -> Claims:
    return Claims(tmp_path / "claims", "local")


def test_one_owner_at_a_time(claims: Claims) -> None:
    first = claims.acquire(HASH)
    assert first is not None
    assert claims.holds(first)
    assert claims.owner(HASH) == first.owner
    assert claims.owners() == {HASH: first.owner}
    assert claims.acquire(HASH) is None
    assert claims.acquire("f" * 16) is not None
    claims.release(first)
    assert not claims.holds(first)
    assert claims.owner(HASH) is None
    assert claims.acquire(HASH) is not None


def test_an_owner_names_this_process(claims: Claims) -> None:
    claim = claims.acquire(HASH)
    assert claim is not None
    owner = claim.owner
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


def test_the_dead_are_known(claims: Claims) -> None:
    alive = claims.acquire(HASH)
    assert alive is not None
    owner = alive.owner
    assert dead_owner(claims, "a" * 16).liveness() is Liveness.DEAD
    assert replace(owner, started="1").liveness() is Liveness.DEAD  # its number was given anew
    assert replace(owner, boot="an-earlier-boot").liveness() is Liveness.DEAD
    assert replace(owner, host="renamed").liveness() is Liveness.ALIVE  # the kernel is the same
    assert replace(owner, namespace="1").liveness() is Liveness.ELSEWHERE  # a container's numbers
    assert foreign(claims).liveness() is Liveness.ELSEWHERE


def test_a_zombie_is_dead(claims: Claims) -> None:
    child = os.fork()
    if child == 0:
        claims.acquire(HASH)
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    owner = claims.owner(HASH)
    assert owner is not None
    assert owner.liveness() is Liveness.DEAD
    os.waitpid(child, 0)


def test_processes_that_cannot_be_looked_at_are_not_taken_for_dead(
    claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = claims.acquire(HASH)
    assert claim is not None
    monkeypatch.setattr(module, "process_started", lambda pid: module.HIDDEN)
    assert claim.owner.liveness() is Liveness.ELSEWHERE


def test_a_dead_owner_is_taken_over_at_once(claims: Claims) -> None:
    old = dead_owner(claims, HASH)
    claim = claims.acquire(HASH)
    assert claim is not None
    assert claims.owner(HASH) == claim.owner != old
    assert not claims.holds(Claim(HASH, old))


def test_a_fresh_claim_is_never_stolen(claims: Claims) -> None:
    """One process judges the owner dead; before it acts, another has taken the run over."""
    old = dead_owner(claims, HASH)
    fresh = claims.acquire(HASH)
    assert fresh is not None
    assert claims.take_over(HASH, old) is None
    assert claims.holds(fresh)
    claims.release(fresh)
    assert claims.take_over(HASH, old) is None
    again = claims.acquire(HASH)
    assert again is not None
    assert claims.take_over(HASH, fresh.owner) is None
    assert claims.holds(again)


def test_whoever_lost_a_run_cannot_release_it(claims: Claims) -> None:
    suspended = claims.acquire(HASH)
    assert suspended is not None
    other = claims.take_over(HASH, suspended.owner)
    assert other is not None
    assert not claims.holds(suspended)
    claims.release(suspended)
    assert claims.holds(other)


def test_an_owner_elsewhere_is_not_judged_by_its_process(claims: Claims) -> None:
    owner = foreign(claims)
    place(claims, HASH, owner)
    assert claims.acquire(HASH) is None
    claim = claims.take_over(HASH, owner)
    assert claim is not None
    assert claims.owner(HASH) == claim.owner


def test_an_empty_folder_is_free(claims: Claims) -> None:
    (claims.folder / f"{HASH}.claim").mkdir(parents=True)
    assert claims.owner(HASH) is None
    assert claims.owners() == {}
    assert claims.acquire(HASH) is not None


def test_remains_of_killed_claimants_are_swept(claims: Claims) -> None:
    old = dead_owner(claims, HASH)
    aside = claims.folder / f".{old.name}"
    aside.mkdir()
    (aside / old.name).touch()
    mine = claims.acquire("a" * 16)
    assert mine is not None
    (claims.folder / f".{mine.owner.name}").mkdir()
    claims.sweep()
    assert not aside.exists()
    assert (claims.folder / f".{mine.owner.name}").exists()
    assert claims.owner(HASH) == old


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_folder_is_one_clear_error(claims: Claims) -> None:
    claims.folder.mkdir()
    claims.folder.chmod(0o500)
    with pytest.raises(UserError, match="--results"):
        claims.acquire(HASH)


def test_a_folder_that_is_a_file_is_one_clear_error(claims: Claims) -> None:
    claims.folder.write_text("")
    with pytest.raises(UserError, match="--results"):
        claims.acquire(HASH)


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
    command = [sys.executable, str(Path(claims_arena.__file__)), str(tmp_path), "150"]
    subprocess.run(command, env=environment, check=True)
    faults = tmp_path / "faults"
    assert not faults.exists(), faults.read_text()
    assert (tmp_path / "held").stat().st_size > 30  # how many held a run hangs on the machine
    claims = Claims(tmp_path / "claims", "local")
    claims.sweep()
    assert not [path for path in claims.folder.iterdir() if path.name.startswith(".")]
    for name in claims_arena.NAMES:
        assert claims.acquire(name) is not None, "a run is stuck"
