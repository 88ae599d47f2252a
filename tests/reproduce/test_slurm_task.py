"""What a task does in its job, without a queue: the environment of one is enough."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from launch_helpers import contents, tiny_dataset, tiny_table

from benchmarks.data import store as data_store
from reproduce.executors.launch import launch
from reproduce.executors.local import LocalExecutor
from reproduce.executors.slurm import task as task_module
from reproduce.executors.slurm.task import FRUITLESS, Task, require_code_of
from reproduce.running.campaign import Campaign
from reproduce.running.interrupts import Interrupts
from reproduce.running.job import Job
from reproduce.running.launch_options import LaunchOptions
from reproduce.running.progress import Display
from reproduce.store.paths import ROOT
from reproduce.store.store import Store

CODE = """
import json, sys
from reproduce.executors.slurm.task import Task
print(Task(**json.loads(sys.argv[1]))())
"""


def in_job(task: Task, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a task as submitit does, in the environment of a job."""
    told = {
        "SUBMITIT_EXECUTOR": "slurm",
        "SUBMITIT_FOLDER": str(folder),
        "SLURM_JOB_ID": "13",
        "SLURM_ARRAY_JOB_ID": "12",
        "SLURM_ARRAY_TASK_ID": "1",
        "SLURM_CLUSTER_NAME": "one",
    }
    return subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(vars(task))],
        cwd=ROOT,
        env={**os.environ, **told, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=180,
    )


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Two tiny runs."""
    data_store.write(tiny_dataset(), tmp_path / "data")
    store = Store(tmp_path / "results")
    return Job(tuple(tiny_table(2)), store, tmp_path / "data", executor="slurm")


def test_a_task_trains_its_runs_as_a_local_command_does(job: Job, tmp_path: Path) -> None:
    done = in_job(Task(job.to_json(), str(ROOT)), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "12_1: 2 of 2 runs done, 0 failed\n"
    planned = list(job.planned)
    for record in job.store.records.collect([p.run.hash for p in planned]).values():
        assert record["provenance"]["executor"] == "slurm"
    local = Store(tmp_path / "local")
    options = LaunchOptions(executor="debug", device="cpu", data=job.data, progress=False)
    assert launch(planned, local, options).complete
    assert contents(job.store, planned) == contents(local, planned)
    logs = [path.name for path in job.store.logs.iterdir()]
    assert len(logs) == 1
    assert logs[0].endswith("-12_1-worker1.log")
    again = in_job(Task(job.to_json(), str(ROOT)), tmp_path)
    assert again.stdout == "12_1: every run had its record already\n"


def test_a_task_does_not_hold_its_node_for_what_others_train(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = job.store.leases("test").acquire(job.planned[0].run.hash)
    assert held is not None
    campaign = Campaign(job, lambda line: None, patience=1e9)
    with Interrupts() as interrupts, Display(shown=False) as display:
        LocalExecutor("12_1-", idle_seconds=1.0).execute(campaign, interrupts, display)
    survey = campaign.survey()
    assert (survey.done, len(survey.running)) == (1, 1)


def test_what_stops_a_task_is_the_failure_of_its_runs(job: Job, tmp_path: Path) -> None:
    (tmp_path / "data" / "tiny" / "store.json").unlink()
    done = in_job(Task(job.to_json(), str(ROOT)), tmp_path)
    assert done.returncode != 0
    found = job.store.failures.read([p.run.hash for p in job.planned])
    assert len(found) == 2
    for failure in found.values():
        assert "UserError" in failure.error
        assert failure.log == str(tmp_path / "12_1_0_log.out")


def test_a_damaged_record_fails_its_own_run_alone(job: Job, tmp_path: Path) -> None:
    bad, good = job.planned
    path = job.store.records.path(bad.run.hash)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    done = in_job(Task(job.to_json(), str(ROOT)), tmp_path)
    assert done.returncode != 0
    assert "12_1: 1 of 2 runs done, 1 failed" in done.stderr
    assert job.store.records.collect([good.run.hash])
    found = job.store.failures.read([bad.run.hash, good.run.hash])
    assert list(found) == [bad.run.hash]
    assert f"UserError: {path}: not whole JSON" in found[bad.run.hash].error
    assert path.read_text() == "{"
    again = in_job(Task(job.to_json(), str(ROOT)), tmp_path)
    assert "12_1: 1 failed, and nothing else was left" in again.stderr


def test_a_task_asks_again_while_the_controller_is_away(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_module, "_log_path", lambda: tmp_path / "a.log")
    monkeypatch.setattr(task_module, "_unlink_scratch", lambda: None)
    monkeypatch.setattr(task_module, "AGAIN_SECONDS", 0.0)
    asked: list[int] = []

    def requeue(*_: object) -> None:
        asked.append(1)
        if len(asked) != 3:
            raise subprocess.CalledProcessError(1, ["scontrol", "requeue", "12"])

    sitting: Any = task_module._Sitting(Task(job.to_json(), str(ROOT)))
    sitting.told = True
    sitting._end(requeue, advanced=True)
    assert len(asked) == 3
    sitting.told_at -= task_module.SIGNAL_SECONDS
    with pytest.raises(RuntimeError, match=r"did not take the task back .* the same command"):
        sitting._end(requeue, advanced=True)
    assert len(asked) == 4


def test_a_task_refuses_other_code(job: Job, tmp_path: Path) -> None:
    done = in_job(Task(job.to_json(), str(tmp_path)), tmp_path)
    assert done.returncode != 0
    assert f"reproduce comes from {ROOT}, not from the submitted snapshot" in done.stderr
    assert not job.store.records.folder.exists()
    require_code_of(ROOT)


def test_a_task_that_gets_nowhere_is_not_queued_again_for_ever(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_module, "_log_path", lambda: tmp_path / "a.log")
    monkeypatch.setenv("SUBMITIT_EXECUTOR", "slurm")
    monkeypatch.setenv("SUBMITIT_FOLDER", str(tmp_path))
    monkeypatch.setenv("SLURM_JOB_ID", "12")
    (tmp_path / "12_submitted.pkl.save_tmp").touch()
    requeued: list[int] = []

    def end(fruitless: int, advanced: bool, seconds: float = 1e5) -> int:
        task = Task(job.to_json(), str(ROOT), fruitless)
        sitting: Any = task_module._Sitting(task)
        sitting.told = True
        sitting.began -= seconds
        sitting._end(lambda *_: requeued.append(task.fruitless), advanced=advanced)
        return task.fruitless

    assert end(0, advanced=False) == 1
    assert end(FRUITLESS - 1, advanced=True) == 0
    assert end(FRUITLESS - 1, advanced=False, seconds=60) == FRUITLESS - 1, "it was preempted"
    assert requeued == [1, 0, FRUITLESS - 1]
    assert not (tmp_path / "12_submitted.pkl.save_tmp").exists(), "submitit would stumble over it"
    with pytest.raises(RuntimeError, match="give more --slurm-time"):
        end(FRUITLESS - 1, advanced=False)
    assert len(job.store.failures.read([p.run.hash for p in job.planned])) == 2
    assert len(requeued) == 3


def test_a_cancelled_task_ends_without_being_queued_again(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_module, "_log_path", lambda: tmp_path / "a.log")
    sitting: Any = task_module._Sitting(Task(job.to_json(), str(ROOT)))
    with pytest.raises(SystemExit) as ended:
        sitting._end(lambda *_: pytest.fail("requeued"), advanced=True)
    assert ended.value.code == 143
