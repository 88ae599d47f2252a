"""A queue is registered by its executor; whoever trains here knows none by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import reproduce.running
from reproduce.store import queues


def test_what_runs_here_names_no_queue() -> None:
    for path in Path(reproduce.running.__path__[0]).glob("*.py"):
        assert "executors.slurm" not in path.read_text(), path


def test_a_worker_knows_its_job() -> None:
    """Its leases carry it, by which a later start of the job tells that the earlier one is over."""
    text = (
        "import reproduce.executors.worker\n"
        "from reproduce.store import queues\n"
        "print(queues.this_job())\n"
    )
    environment = {"SLURM_JOB_ID": "70", "SLURM_CLUSTER_NAME": "one", "PYTHONPATH": _path()}
    done = subprocess.run(
        [sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("70.0.")


def test_without_a_queue_there_is_no_job() -> None:
    kept = list(queues._registered)
    queues._registered.clear()
    try:
        assert queues.registered() is None
        assert queues.this_job() == ""
    finally:
        queues._registered.extend(kept)


def _path() -> str:
    return str(Path(reproduce.running.__path__[0]).parents[1])
