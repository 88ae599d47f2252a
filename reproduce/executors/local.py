"""Training on this machine: by a bounded pool of worker processes, or in this very process, where a
debugger can follow.

The workers share nothing but the results folder: each walks the same list and takes the next run
that nobody has. This process only watches: it starts as many workers as there is work for, starts
another where one died, and shows how far things are.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.executors import worker
from reproduce.running.job import job_file
from reproduce.running.trainer import Trainer, stamped
from reproduce.store.hardware import visible_gpu
from reproduce.store.paths import ROOT
from reproduce.store.queues import Liveness

if TYPE_CHECKING:
    from reproduce.running.campaign import Campaign, Survey
    from reproduce.running.interrupts import Interrupts
    from reproduce.running.progress import Display
    from reproduce.store.store import Store

POLL_SECONDS = 0.5
# A stopped worker ends after the present update; one that hangs is told so, then made to. Where a
# budget's time is up it is not waited for as long: what it loses, its checkpoint has.
TERMINATE_SECONDS, KILL_SECONDS = 10.0, 15.0
LATE_SECONDS = 3.0
# Deaths of its workers, without an epoch in between, after which a run counts as failed.
DEATHS_A_RUN = 5


@dataclass
class _Worker:
    slot: int
    process: subprocess.Popen[bytes]
    log: Path


@dataclass
class _Pool:
    campaign: Campaign
    display: Display
    job_file: Path
    prefix: str = ""
    alive: dict[int, _Worker] = field(default_factory=dict)
    deaths: dict[str, tuple[int, int]] = field(default_factory=dict)
    fruitless: int = 0
    spent: bool = False
    advance: float = -1.0
    error: UserError | None = None

    def start(self, slot: int) -> None:
        job = self.campaign.job
        name = f"{self.prefix}worker{slot + 1}"
        log = new_log(job.store, name)
        environment = {**os.environ, "PYTHONPATH": _python_path(), "PYTHONUNBUFFERED": "1"}
        if job.device == "cuda":
            environment["CUDA_VISIBLE_DEVICES"] = visible_gpu(slot)
        command = [sys.executable, "-m", "reproduce.executors.worker", "--lifeline", "--name", name]
        command += ["--job", str(self.job_file), "--log", str(log)]
        with open(log, "ab") as file:
            # A group of its own: Ctrl-C reaches this process alone, which ends them in order.
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=environment,
                process_group=0,
            )
        self.alive[slot] = _Worker(slot, process, log)

    def reap(self, survey: Survey) -> None:
        """Bury the workers that have ended and find out why."""
        for item in list(self.alive.values()):
            code = item.process.poll()
            if code is None:
                continue
            del self.alive[item.slot]
            _cut(item.process)
            if code == worker.USER_ERROR:
                self.error = UserError(worker.last_error(item.log) or f"see {item.log}")
            elif code == worker.SPENT:
                self.spent = True
            elif code not in (worker.DONE, worker.RESTART, worker.STOPPED):
                self._died(item, code)
                self.spent = False  # what it held may still be taken
            self._count(survey, item, code)

    def _count(self, survey: Survey, item: _Worker, code: int) -> None:
        """Workers that keep ending while nothing gets done are a fault of ours."""
        if survey.advance > self.advance:
            self.advance, self.fruitless = survey.advance, 0
        self.fruitless += 1
        if self.fruitless > DEATHS_A_RUN * (self.campaign.job.workers + 1):
            raise RuntimeError(f"workers keep ending ({_why(code)}); see {item.log}")

    def _died(self, item: _Worker, code: int) -> None:
        leases, pid = self.campaign.leases, item.process.pid
        self.display.note(f"worker{item.slot + 1} was lost ({_why(code)}); log: {item.log}")
        for name, owner in leases.owners().items():
            if owner.pid != pid or owner.liveness() is not Liveness.DEAD:
                continue
            epoch = self.campaign.job.store.heartbeats.read(name).epoch
            before, count = self.deaths.get(name, (-1, 0))
            count = 1 if epoch > before else count + 1
            self.deaths[name] = (epoch, count)
            if count >= DEATHS_A_RUN and (lease := leases.take_over(name, owner)):
                error = f"its worker was lost {count} times in a row ({_why(code)})"
                planned = self.campaign.planned(name)
                self.campaign.job.store.failures.write(planned, error, str(item.log))
                leases.release(lease)

    def fill(self, survey: Survey) -> None:
        """Start the workers that there is work for, beyond what idle ones are about to take; none
        once a budget has no time for another run."""
        if self.spent:
            return
        job = self.campaign.job
        busy = {r.owner.pid for r in survey.running}
        idle = sum(item.process.pid not in busy for item in self.alive.values())
        wanted = -(-survey.free // job.pack) - idle
        slots = [slot for slot in range(job.workers) if slot not in self.alive]
        for slot in slots[: max(0, wanted)]:
            self.start(slot)

    def end(self, grace: float, hurry: float = 0.0) -> None:
        """Wait until all workers have ended: for so many seconds those that were asked to save
        their runs at their epochs' end, then those that were told to stop, by their lifeline, which
        get ``hurry`` seconds less than usual."""
        for item in self.alive.values() if grace else ():
            with contextlib.suppress(OSError):
                item.process.send_signal(worker.LEAVE)
        began = time.monotonic()
        while any(item.process.poll() is None for item in self.alive.values()):
            late = time.monotonic() - began - grace
            late += hurry if late >= 0 else 0.0
            for item in self.alive.values() if late >= 0 else ():
                _cut(item.process)
                if late > KILL_SECONDS:
                    item.process.kill()
                elif late > TERMINATE_SECONDS:
                    item.process.terminate()
            time.sleep(0.05)
        self.alive.clear()

    def kill(self) -> None:
        """At once."""
        for item in self.alive.values():
            item.process.kill()
        self.forget_job()

    def forget_job(self) -> None:
        """Delete the job's file."""
        with contextlib.suppress(OSError):
            self.job_file.unlink()


class LocalExecutor:
    """The pool.

    Args:
        prefix: of the workers' names and logs, such as a SLURM task's number.
        idle_seconds: how long to wait for runs that others train, once there is nothing to train
            here; a queue's task must not hold its node for that.
    """

    def __init__(self, prefix: str = "", idle_seconds: float = math.inf) -> None:
        self.prefix, self.idle_seconds = prefix, idle_seconds

    def execute(self, campaign: Campaign, interrupts: Interrupts, display: Display) -> None:
        """See :class:`reproduce.executors.Executor`; returns earlier after ``idle_seconds``."""
        path = job_file(campaign.job.store, campaign.leases.myself())
        _write(path, campaign.job.to_json())
        pool = _Pool(campaign, display, path, self.prefix)
        interrupts.kill = pool.kill
        busy = time.monotonic()
        try:
            while not interrupts.requested and pool.error is None and not campaign.is_late:
                survey = campaign.survey()
                display.update(survey)
                pool.reap(survey)
                if (survey.over or pool.spent) and not pool.alive:
                    return
                pool.fill(survey)
                if pool.alive:
                    busy = time.monotonic()
                elif time.monotonic() - busy > self.idle_seconds:
                    return
                interrupts.wait(POLL_SECONDS)
            if interrupts.requested and not interrupts.grace:
                display.note("stopping; a second Ctrl-C kills at once")
        finally:
            hurry = KILL_SECONDS - LATE_SECONDS if campaign.is_late else 0.0
            pool.end(interrupts.grace if interrupts.requested else 0.0, hurry)
            pool.forget_job()
        if pool.error:
            raise pool.error


class DebugExecutor:
    """Trains here, one run after the other, with the same leases, checkpoints and records; its log
    goes to stderr too."""

    def execute(self, campaign: Campaign, interrupts: Interrupts, display: Display) -> None:
        """See :class:`reproduce.executors.Executor`."""
        path = new_log(campaign.job.store, "debug")
        next_look = 0.0

        def look() -> None:
            nonlocal next_look
            if interrupts.requested or campaign.is_late:
                trainer.stop()
            if time.monotonic() >= next_look:
                display.update(campaign.survey())
                next_look = time.monotonic() + POLL_SECONDS

        with open(path, "a", buffering=1, encoding="utf-8") as file:

            def log(message: str) -> None:
                print(stamped(message), file=file)
                display.note(message)

            while not interrupts.requested and not campaign.is_late:
                trainer = Trainer(campaign.job, "this process", log, str(path), look)
                try:
                    trainer.work()
                finally:
                    import torch

                    # What is analysed after training must not depend on there having been some.
                    torch.set_flush_denormal(False)
                survey = campaign.survey()
                display.update(survey)
                if survey.over or trainer.spent:
                    return
                interrupts.wait(POLL_SECONDS)


def new_log(store: Store, name: str) -> Path:
    """Path of an empty file that is of this process and moment alone.

    Raises:
        UserError: where it cannot be written.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    path = store.logs / f"{stamp}-{os.getpid()}-{name}.log"
    _write(path, "")
    return path


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error


def _python_path() -> str:
    rest = os.environ.get("PYTHONPATH")
    return f"{ROOT}{os.pathsep}{rest}" if rest else str(ROOT)


def _cut(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _why(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    hint = ": out of memory?" if code == -signal.SIGKILL else ""
    return f"{signal.Signals(-code).name}{hint}"
