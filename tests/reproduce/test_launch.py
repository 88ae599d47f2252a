"""Launching with real processes: every run once, whoever is interrupted or killed meanwhile."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from launch_helpers import (
    contents,
    lines_of,
    start_command,
    tiny_dataset,
    tiny_table,
    wait_for,
)

from benchmarks.data import store as data_store
from benchmarks.errors import UserError
from benchmarks.training import checkpoint
from reproduce.executors import local
from reproduce.executors.launch import launch
from reproduce.running.campaign import Survey
from reproduce.running.launch_options import LaunchOptions
from reproduce.store.leases import process_started
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store

LONG = 20_000  # epochs of a run that is not meant to end


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    data_store.write(tiny_dataset(), root)
    return root


@pytest.fixture(scope="module")
def expected(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What four runs come to in this process."""
    store = Store(tmp_path_factory.mktemp("expected"))
    planned = tiny_table(2, 2)
    options = LaunchOptions(executor="debug", device="cpu", data=data, progress=False)
    assert launch(planned, store, options).done == 4
    return contents(store, planned)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "results")
    yield store
    for owner in store.leases("test").owners().values():
        if owner.pid != os.getpid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(owner.pid, signal.SIGKILL)


def owners(store: Store) -> dict[str, int]:
    """Which process holds which run."""
    return {name: o.pid for name, o in store.leases("test").owners().items()}


def end(command: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code and both outputs of a command that is about to end."""
    out, err = command.communicate(timeout=180)
    return command.returncode, out, err


def test_two_commands_at_once_share_the_runs(
    store: Store, data: Path, expected: dict[str, Any]
) -> None:
    commands = [start_command(store.base, data, seeds=2, cells=2) for _ in range(2)]
    for command in commands:
        code, out, err = end(command)
        assert (code, out) == (0, "4 of 4 runs done\n"), err
    planned = tiny_table(2, 2)
    assert contents(store, planned) == expected
    assert sorted(lines_of(store, "takes")) == sorted(expected)
    assert sorted(lines_of(store, "finished")) == sorted(expected)
    for record in store.records.collect(expected).values():
        assert [sitting["from_epoch"] for sitting in record["provenance"]["sittings"]] == [0]
        assert record["provenance"]["executor"] == "local"
    assert list(store.leases().folder.iterdir()) == []
    assert list(store.checkpoints.iterdir()) == []


def test_a_killed_worker_is_replaced(store: Store, data: Path, expected: dict[str, Any]) -> None:
    command = start_command(store.base, data, seeds=2, cells=2)
    leased = wait_for(lambda: owners(store))
    os.kill(next(iter(leased.values())), signal.SIGKILL)
    code, out, err = end(command)
    assert (code, out) == (0, "4 of 4 runs done\n"), err
    assert "worker1 was lost (SIGKILL" in err
    assert contents(store, tiny_table(2, 2)) == expected
    assert sorted(lines_of(store, "finished")) == sorted(expected)


def test_workers_are_as_nice_as_asked(store: Store, data: Path) -> None:
    """And no nicer where the command is as nice already; the command stays as it was."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    command = start_command(store.base, data, seeds=1, epochs=LONG, nice=5)
    (worker,) = wait_for(lambda: owners(store)).values()
    assert os.getpriority(os.PRIO_PROCESS, worker) == max(5, before)
    assert os.getpriority(os.PRIO_PROCESS, command.pid) == before
    command.kill()
    command.communicate()
    wait_for(lambda: process_started(worker) is None)


def test_workers_end_with_a_killed_command(store: Store, data: Path) -> None:
    command = start_command(store.base, data, seeds=2, workers=2, epochs=LONG)
    leased = wait_for(lambda: len(found := owners(store)) == 2 and found)
    command.kill()
    end(command)
    wait_for(lambda: not any(process_started(pid) for pid in leased.values()))
    assert owners(store) == {}
    assert len(lines_of(store, "leaves")) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_ends_cleanly(
    store: Store, data: Path, number: signal.Signals
) -> None:
    command = start_command(store.base, data, seeds=2, workers=2, epochs=LONG)
    leased = wait_for(lambda: len(found := owners(store)) == 2 and found)
    command.send_signal(number)
    code, out, err = end(command)
    assert code == 3
    assert out.startswith("interrupted: 0 of 2 runs done")
    assert "the same command continues" in out
    assert "Traceback" not in err
    assert not any(process_started(pid) for pid in leased.values())
    assert list(store.leases().folder.iterdir()) == []
    assert not list(store.logs.glob("*.json"))


def test_a_second_interrupt_kills_at_once(store: Store, data: Path) -> None:
    command = start_command(store.base, data, seeds=1, epochs=LONG)
    (pid,) = wait_for(lambda: owners(store)).values()
    os.kill(pid, signal.SIGSTOP)  # it cannot stop by itself
    command.send_signal(signal.SIGINT)
    time.sleep(1)
    assert command.poll() is None
    command.send_signal(signal.SIGINT)
    assert end(command)[0] == -signal.SIGINT
    wait_for(lambda: not process_started(pid))
    assert not list(store.logs.glob("*.json"))


def test_the_job_file_of_a_killed_command_goes_at_the_next_launch(store: Store, data: Path) -> None:
    running = start_command(store.base, data, seeds=1, epochs=LONG)
    wait_for(lambda: owners(store))
    (kept,) = store.logs.glob("*.json")
    killed = start_command(store.base, data, seeds=2, epochs=LONG)
    wait_for(lambda: len(owners(store)) == 2)
    killed.kill()
    end(killed)
    assert len(list(store.logs.glob("*.json"))) == 2
    assert launch([], store, LaunchOptions(data=data)).complete
    assert list(store.logs.glob("*.json")) == [kept], "that of a living command stays"
    running.send_signal(signal.SIGINT)
    assert end(running)[0] == 3
    assert not list(store.logs.glob("*.json"))


def test_epochs_in_checkpoints_count_after_an_interrupt(
    store: Store,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)  # one an epoch
    (planned,) = tiny_table(1, epochs=LONG)
    path = store.checkpoints / f"{planned.run.hash}.ckpt"

    def interrupt() -> None:
        wait_for(path.exists, 60)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    summary = launch([planned], store, LaunchOptions(executor="debug", device="cpu", data=data))
    thread.join()
    assert (summary.missing, summary.interrupted) == (1, True)
    state = checkpoint.load(path)
    assert state is not None
    assert state["epoch"] > 0
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last == f"0/1 runs, {state['epoch']}/{LONG} epochs, interrupted"


def test_runs_of_others_are_waited_for(store: Store, data: Path, expected: dict[str, Any]) -> None:
    planned = tiny_table(2, 2)
    leases = store.leases("test")
    lease = leases.acquire(planned[1].run.hash)
    assert lease is not None
    command = start_command(store.base, data, seeds=2, cells=2)
    others = [item for item in planned if item.run.hash != lease.run_hash]
    wait_for(lambda: len(store.records.finished([item.run.hash for item in others])) == 3)
    time.sleep(2)
    assert command.poll() is None
    leases.release(lease)
    code, _, err = end(command)
    assert code == 0, err
    assert contents(store, planned) == expected


class InThread:
    """A launch in this process, so that a test can turn its knobs."""

    def __init__(self, planned: list[PlannedRun], store: Store, data: Path) -> None:
        self.summary: Survey | None = None
        options = LaunchOptions(workers=1, device="cpu", data=data, progress=False)

        def act() -> None:
            self.summary = launch(planned, store, options)

        self.thread = threading.Thread(target=act)
        self.thread.start()


def test_a_run_that_keeps_killing_its_worker_fails(
    store: Store, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "DEATHS_A_RUN", 2)
    bad, good = tiny_table(1, epochs=LONG)[0], tiny_table(2)[1]
    launched = InThread([bad, good], store, data)
    killed: set[int] = set()
    for _ in range(2):
        pid = wait_for(lambda: (found := owners(store).get(bad.run.hash)) not in killed and found)
        killed.add(pid)
        os.kill(pid, signal.SIGKILL)
    launched.thread.join(180)
    assert launched.summary is not None
    assert (launched.summary.done, launched.summary.failed) == (1, 1)
    assert "lost 2 times in a row (SIGKILL" in launched.summary.failures[bad.run.hash].error
    assert store.records.finished([bad.run.hash, good.run.hash]) == {good.run.hash}
    assert store.failures.read([bad.run.hash]) == launched.summary.failures


def test_damaged_images_are_one_error_of_the_command(store: Store, tmp_path: Path) -> None:
    folder = data_store.write(tiny_dataset(), tmp_path / "data")
    path = folder / "train_images.npy"
    path.chmod(0o644)
    with open(path, "r+b") as file:
        file.seek(-5, os.SEEK_END)
        file.write(b"?????")
    options = LaunchOptions(workers=2, device="cpu", data=tmp_path / "data", progress=False)
    with pytest.raises(UserError, match="is damaged: its images have digest"):
        launch(tiny_table(3), store, options)
    assert owners(store) == {}
    assert store.failures.read([item.run.hash for item in tiny_table(3)]) == {}
