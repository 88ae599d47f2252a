"""Tasks that are requeued, cancelled or killed, and a controller that goes away: on a real cluster.

What a task has done is on disk; whoever continues it comes to the uninterrupted end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench import LONG_LOCALITY, LONG_PLAIN, SHORT_PLAIN, Bench, make_checkout, runs, wait_for

from benchmarks.training import checkpoint
from reproduce.executors.launch import launch
from reproduce.executors.slurm import cluster as slurm
from reproduce.running.launch_options import LaunchOptions
from reproduce.store.leases import process_started

Expected = Callable[[str, int], dict[str, Any]]
REQUEUE = ("scontrol", "requeue")
PREEMPT = ("scancel", "--signal=USR2")


def job_of(bench: Bench, cell: str, seed: int) -> str:
    """The job that holds a run which has come to its second epoch."""
    return bench.wait_epoch(runs(cell, seed + 1)[seed]).job.partition(".")[0]


@contextlib.contextmanager
def kept_stopped(pid: int) -> Iterator[None]:
    """A process, though SLURM lets stopped ones go on when it ends a job."""
    over = threading.Event()

    def stop() -> None:
        with contextlib.suppress(ProcessLookupError):
            while not over.wait(0.001):
                os.kill(pid, signal.SIGSTOP)

    stopping = threading.Thread(target=stop)
    stopping.start()
    try:
        yield
    finally:
        over.set()
        stopping.join()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def parent_of(pid: int) -> int:
    """Of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_requeued_task_is_saved_and_goes_on(
    bench: Bench, tmp_path: Path, expected: Expected
) -> None:
    """By ``scontrol requeue``, and by the signal of a time limit or a preemption. No checkpoint is
    ever due, so that what is there was saved upon the signal."""
    bench.checkout = make_checkout(tmp_path / "checkout", "1e9")
    planned = runs(LONG_PLAIN, 2)
    bench.submit(LONG_PLAIN, "2")
    for item, command in zip(planned, (REQUEUE, PREEMPT), strict=True):
        bench.cluster.ask(*command, job_of(bench, LONG_PLAIN, item.run.seed))
    bench.finish(LONG_PLAIN, "2")
    assert len(bench.manifests()) == 1
    assert bench.contents(planned) == expected(LONG_PLAIN, 2)
    for item in planned:
        first, second = bench.sittings(item)
        assert first == 0 < second


@pytest.mark.long
def test_a_cancelled_task_is_lost_alone(bench: Bench, expected: Expected) -> None:
    bench.submit(LONG_PLAIN, "3")
    number = job_of(bench, LONG_PLAIN, 1)
    bench.cluster.ask("scancel", number)
    bench.wait_empty()
    found = bench.status(LONG_PLAIN, "3")
    assert found["counts"] == {"done": 2, "lost": 1}
    (lost,) = found["lost"]
    assert (lost["seed"], lost["job"]) == (1, number)
    assert Path(lost["log"]).is_file()
    assert lost["last_line"]
    assert wait_for(lambda: bench.status(LONG_PLAIN, "3")["lost"][0]["ended"]) == "CANCELLED"
    again = bench.submit(LONG_PLAIN, "3")
    assert (again["done"], again["submitted"]) == (2, 1)
    bench.finish(LONG_PLAIN, "3")
    assert bench.contents(runs(LONG_PLAIN, 3)) == expected(LONG_PLAIN, 3)
    assert bench.sittings(runs(LONG_PLAIN, 2)[1])[1:] != [0]


@pytest.mark.long
def test_cancel_of_a_running_task_is_told_while_it_ends(bench: Bench) -> None:
    """To the same command at once, and to one that follows."""
    follows = bench.start(*bench.submitting(LONG_PLAIN, "1", "--wait"))
    worker = bench.wait_epoch(runs(LONG_PLAIN, 1)[0])
    with kept_stopped(worker.pid):  # so that it cannot end before it is asked after
        bench.reproduce("cancel", "tiny", "--quick")
        told = bench.submit(LONG_PLAIN, "1", code=3)
        assert (told["ending"], told["running"], told["submitted"]) == (1, 0, 0)
    _, err = follows.communicate(timeout=180)
    assert follows.returncode == 3, err
    assert "1 run was cancelled by `reproduce cancel`" in err
    assert "0 of 1 runs done, 1 without a result" in err
    bench.finish(LONG_PLAIN, "1")


@pytest.mark.long
def test_without_accounting_a_cancelled_task_is_told_as_well(
    bare_bench: Bench, expected: Expected
) -> None:
    bare_bench.submit(LONG_PLAIN, "2")
    bare_bench.cluster.ask("scancel", job_of(bare_bench, LONG_PLAIN, 0))
    bare_bench.wait_empty()
    found = bare_bench.status(LONG_PLAIN, "2")
    assert found["counts"] == {"done": 1, "lost": 1}
    assert found["lost"][0]["ended"] == ""
    bare_bench.finish(LONG_PLAIN, "2")
    assert bare_bench.contents(runs(LONG_PLAIN, 2)) == expected(LONG_PLAIN, 2)


def test_kill_9_of_a_worker_and_of_a_whole_task(bench: Bench, expected: Expected) -> None:
    """A worker is replaced within its task; a task that was killed is submitted again."""
    planned = runs(LONG_LOCALITY, 2)
    bench.submit(LONG_LOCALITY, "2")
    worker, spared = (bench.wait_epoch(item) for item in planned)
    os.kill(worker.pid, signal.SIGKILL)
    task = parent_of(spared.pid)
    for pid in (task, spared.pid):
        os.kill(pid, signal.SIGKILL)
    bench.wait_empty()
    assert not process_started(spared.pid)
    assert bench.status(LONG_LOCALITY, "2")["counts"] == {"done": 1, "lost": 1}
    bench.finish(LONG_LOCALITY, "2")
    assert bench.contents(planned) == expected(LONG_LOCALITY, 2)
    for item in planned:
        first, second = bench.sittings(item)
        assert first == 0 < second


@pytest.mark.long
def test_a_failing_seed_harms_neither_its_pack_nor_its_array(
    bench: Bench, expected: Expected
) -> None:
    planned = runs(SHORT_PLAIN, 4)
    poisoned = bench.store.checkpoints / f"{planned[1].run.hash}.ckpt"
    poisoned.parent.mkdir(parents=True)
    checkpoint.save(poisoned, {"epoch": 1})
    said = bench.start(*bench.submitting(SHORT_PLAIN, "4", "--seeds-per-job", "3", "--wait"))
    _, err = said.communicate(timeout=180)
    assert said.returncode == 3, err
    assert "3 of 4 runs done, 1 failed" in err
    found = bench.status(SHORT_PLAIN, "4")
    assert found["counts"] == {"done": 3, "failed": 1}
    (failure,) = found["failed"]
    assert failure["seed"] == 1
    assert "Error" in failure["error"]
    assert "Traceback" in Path(failure["log"]).read_text()
    assert bench.submit(SHORT_PLAIN, "4", "--retry", "missing", code=3)["submitted"] == 0
    poisoned.unlink()
    bench.finish(SHORT_PLAIN, "4", "--retry", "failed")
    assert bench.contents(planned) == expected(SHORT_PLAIN, 4)
    assert bench.status(SHORT_PLAIN, "4")["counts"] == {"done": 4}


@pytest.mark.long
def test_a_controller_that_stops_in_mid_array_loses_nothing(
    bench: Bench, expected: Expected
) -> None:
    bench.submit(LONG_LOCALITY, "2", "--array-parallelism", "1")
    worker = bench.wait_epoch(runs(LONG_LOCALITY, 1)[0])
    # A step that ends meanwhile tells the controller so a minute later, which is long to wait.
    os.kill(worker.pid, signal.SIGSTOP)
    bench.cluster.stop("slurmctld")
    found = bench.status(LONG_LOCALITY, "2")
    assert found["queue_silent"]
    assert not found["lost"]
    _, err = bench.reproduce(*bench.submitting(LONG_LOCALITY, "2"), code=2)
    assert err == "reproduce: the queue does not answer: is SLURM up? `squeue` would tell\n"
    bench.cluster.up()
    os.kill(worker.pid, signal.SIGCONT)
    bench.finish(LONG_LOCALITY, "2")
    assert len(bench.manifests()) == 1
    assert bench.contents(runs(LONG_LOCALITY, 2)) == expected(LONG_LOCALITY, 2)


def test_a_lease_of_a_job_that_is_gone_is_taken_over_at_once(
    bench: Bench, expected: Expected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held on a node that is not this one, by a job of which the queue knows nothing; its patience
    would last for ever."""
    (item,) = runs(SHORT_PLAIN, 1)
    number = bench.cluster.ask("sbatch", "--parsable", "--output=/dev/null", "--wrap=true").strip()
    bench.wait_empty()
    leases = bench.store.leases("slurm")
    lease = leases.acquire(item.run.hash)
    assert lease is not None
    job = f"{number}.0.{os.getuid()}.one"
    gone = replace(lease.owner, host="node17", boot="its-own", job=job)
    place = bench.store.leases().folder / f"{item.run.hash}.claim"
    (place / lease.owner.name).rename(place / gone.name)
    monkeypatch.setenv("SLURM_CONF", bench.cluster.environment["SLURM_CONF"])
    monkeypatch.setattr(slurm, "_known", [])
    options = LaunchOptions(
        executor="debug", device="cpu", data=bench.data, progress=False, patience=1e9
    )
    assert launch([item], bench.store, options).complete
    assert bench.contents([item]) == expected(SHORT_PLAIN, 1)
