"""What a task of an array does: trains its runs, as a local command does, and goes on when it is
started again.

submitit loads this from a pickle in the job. The code must then be the snapshot's: with another
``reproduce`` or ``benchmarks`` earlier on the path (an editable installation, say), the job would
silently train with other code than was submitted.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import submitit
from submitit.core.utils import DelayedSubmission

from benchmarks.errors import UserError
from reproduce.executors.local import LocalExecutor
from reproduce.executors.slurm.arrays import SIGNAL_SECONDS
from reproduce.executors.slurm.options import SHORTEST_MINUTES
from reproduce.executors.slurm.queue import job_number
from reproduce.running.campaign import Campaign, Survey
from reproduce.running.interrupts import Interrupts
from reproduce.running.job import Job
from reproduce.running.progress import Display
from reproduce.store.heartbeat import PATIENCE_SECONDS

# For an epoch's end and a checkpoint: before the time limit, and after SIGTERM, to which SLURM
# gives 30 s unless told otherwise.
GRACE_SECONDS, TERM_GRACE_SECONDS = 60.0, 20.0
# Between two tries to be queued again, and what is left of the time limit by the last one.
AGAIN_SECONDS, LAST_SECONDS = 5.0, 10.0
# Starts in a row that came to the queue's signal without an epoch or a run done in between.
FRUITLESS = 3
# A start that was shorter than the shortest time limit allows was preempted, not timed out.
TIMED_OUT_SECONDS = SHORTEST_MINUTES * 60 - SIGNAL_SECONDS - 30


@dataclass
class Task:
    """The runs of one task. Called by submitit in the job, and asked by it for a checkpoint.

    Attributes:
        job: :meth:`reproduce.running.job.Job.to_json` of these runs.
        snapshot: the folder that the code must come from.
        fruitless: starts before this one that timed out before anything was done.
    """

    job: str
    snapshot: str
    fruitless: int = 0

    def __call__(self) -> str:
        """Train what is missing; returns one line.

        Raises:
            RuntimeError: where other code than the snapshot's would run, or a run has failed; the
                others are done by then.
            SystemExit: after a signal, when everything is saved.
        """
        require_code_of(Path(self.snapshot))
        return _Sitting(self).work()

    def checkpoint(self) -> Any:
        """What submitit requeues: the same task, since what it has done is on disk."""
        return DelayedSubmission(self)


def require_code_of(snapshot: Path) -> None:
    """Whether ``benchmarks``, ``analysis`` and ``reproduce`` are the snapshot's.

    Raises:
        RuntimeError: naming what comes from elsewhere.
    """
    for name in ("reproduce", "benchmarks", "analysis"):
        module = importlib.import_module(name)
        place = Path(next(iter(module.__path__))).resolve()
        if place != snapshot.resolve() / name:
            raise RuntimeError(
                f"{name} comes from {place.parent}, not from the submitted snapshot {snapshot}: "
                "nothing was trained. Is it ahead of PYTHONPATH on sys.path?"
            )


class _Sitting:
    """One start of a task."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.job = Job.from_json(task.job)
        self.number = job_number(os.environ)
        self.log = str(_log_path())
        self.told = False
        self.began = self.told_at = time.monotonic()

    def work(self) -> str:
        requeue = signal.getsignal(signal.SIGUSR2)
        job, damaged = self.job.still_missing()
        self._fail(damaged)
        if not job.planned and not damaged:
            return f"{self.number}: every run had its record already"
        if not job.planned:
            raise RuntimeError(f"{self.number}: {len(damaged)} failed, and nothing else was left")
        with Interrupts() as interrupts:
            interrupts.grace = TERM_GRACE_SECONDS
            self._listen(interrupts)
            try:
                before, after = self._train(job, interrupts)
            except (UserError, RuntimeError) as error:
                self._blame(error)
                raise
            finally:
                signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        if interrupts.requested and not after.over:
            self._end(requeue, advanced=after.advance > before.advance)
        failed, runs = after.failed + len(damaged), after.runs + len(damaged)
        text = f"{self.number}: {after.done} of {runs} runs done, {failed} failed"
        if failed:
            raise RuntimeError(text)
        return text

    def _listen(self, interrupts: Interrupts) -> None:
        """From submitit's handler, which would checkpoint and requeue while workers train on, to
        ours, which lets them end first."""

        def handle(number: int, frame: FrameType | None) -> None:
            self.told, self.told_at = True, time.monotonic()
            interrupts.grace = GRACE_SECONDS
            interrupts.requested = True

        signal.signal(signal.SIGUSR2, handle)

    def _train(self, job: Job, interrupts: Interrupts) -> tuple[Survey, Survey]:
        with Display() as display:
            campaign = Campaign(job, display.note)
            before = campaign.survey()
            # Longer than it takes to find that whoever holds a run is silent.
            executor = LocalExecutor(f"{self.number}-", PATIENCE_SECONDS + 60)
            executor.execute(campaign, interrupts, display)
            return before, replace(campaign.survey(), interrupted=interrupts.requested)

    def _end(self, requeue: Any, *, advanced: bool) -> None:
        """After a signal: everything is saved and no run is held any more."""
        if not self.told:  # SIGTERM: cancelled, or requeued by SLURM itself
            sys.exit(128 + signal.SIGTERM)
        timed_out = time.monotonic() - self.began > TIMED_OUT_SECONDS
        fruitless = 0 if advanced else self.task.fruitless + timed_out
        if fruitless >= FRUITLESS:
            text = (
                f"the time limit came {fruitless} times before an epoch was done: give more "
                "--slurm-time"
            )
            self._blame(text)
            raise RuntimeError(text)
        self.task.fruitless = fruitless  # submitit pickles this very object
        self._requeue(requeue)

    def _requeue(self, requeue: Any) -> None:
        """Ask to be queued again, and again where the controller is away, while time is left."""
        while True:
            _unlink_scratch()
            try:
                requeue(signal.SIGUSR2, None)
                return
            except (subprocess.SubprocessError, OSError) as error:
                left = self.told_at + SIGNAL_SECONDS - LAST_SECONDS - time.monotonic()
                if left <= 0:
                    raise RuntimeError(
                        f"the queue did not take the task back ({error}); checkpoints are kept, "
                        "and the same command submits it again"
                    ) from None
            time.sleep(min(left, AGAIN_SECONDS))

    def _blame(self, error: object) -> None:
        """What would end every run of the task is each one's failure, for ``status`` to tell."""
        job, _ = self.job.still_missing()
        self._fail(dict.fromkeys((p.run.hash for p in job.planned), error))

    def _fail(self, errors: Mapping[str, object]) -> None:
        """By hash; an exception is told with its class."""
        for planned in self.job.planned:
            if (error := errors.get(planned.run.hash)) is not None:
                kind = f"{type(error).__name__}: " if isinstance(error, Exception) else ""
                text = " ".join(f"{kind}{error}".split())
                self.job.store.failures.write(planned, text, self.log)


def _unlink_scratch() -> None:
    """What a start that was killed while it saved has left, and submitit would stumble over."""
    pickle = submitit.JobEnvironment().paths.submitted_pickle
    pickle.with_name(f"{pickle.name}.save_tmp").unlink(missing_ok=True)


def _log_path() -> Path:
    return submitit.JobEnvironment().paths.stdout
