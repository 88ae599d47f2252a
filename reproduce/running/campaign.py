"""What a command wants trained and how far that is, whoever trains it."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.training.checkpoint import epoch_of
from reproduce.running.standing import WAITING, Running, running_now, sort
from reproduce.running.workload import trained_images
from reproduce.store import failures
from reproduce.store.heartbeat import PATIENCE_SECONDS, Watch
from reproduce.store.queues import Liveness

if TYPE_CHECKING:
    from reproduce.running.job import Job
    from reproduce.store.planned_run import PlannedRun


@dataclass(frozen=True)
class Survey:
    """A look at the files, or what a command has come to.

    Attributes:
        runs, done: counts over all runs wanted, the ones done before included.
        failures: how runs have failed since the command began, by hash.
        running: what is being trained, here or elsewhere.
        free: runs that a worker could take now.
        epochs, epochs_done: sums over all runs, with the checkpoints of those that wait; a failed
            one counts as none.
        seconds_left: None while nothing has been measured.
        interrupted: whether Ctrl-C or another signal has ended the training.
        stuck: runs that nobody will train, since what they start from has failed.
        budget_left: seconds until training has to be over; None where there is no such limit.
        spent: whether such a limit has ended the training.
    """

    runs: int
    done: int
    failures: Mapping[str, failures.Failure] = field(default_factory=dict)
    running: tuple[Running, ...] = ()
    free: int = 0
    epochs: int = 0
    epochs_done: float = 0.0
    images_per_second: float = 0.0
    seconds_left: float | None = None
    interrupted: bool = False
    stuck: int = 0
    budget_left: float | None = None
    spent: bool = False

    @property
    def failed(self) -> int:
        """How many have."""
        return len(self.failures)

    @property
    def missing(self) -> int:
        """Runs with neither a record nor a failure."""
        return self.runs - self.done - self.failed

    @property
    def over(self) -> bool:
        """Whether every run is over or has failed, or never can begin."""
        return self.stuck >= self.missing

    @property
    def complete(self) -> bool:
        """Whether every run has its record."""
        return self.done == self.runs

    @property
    def advance(self) -> float:
        """Grows whenever anything gets done."""
        return self.done + self.failed + int(self.epochs_done)

    def describe(self) -> str:
        """One line, which says how to go on where something is missing."""
        text = f"{self.done} of {self.runs} runs done"
        if self.interrupted:
            return (
                f"interrupted: {text}; the same command continues from the last checkpoint of each "
                "other run, and begins one that has none yet"
            )
        if self.spent and not self.epochs_done:
            return f"the budget is spent: {text}; no epoch came to its end, so nothing is kept"
        if self.spent:
            return f"the budget is spent: {text}; whole epochs are kept, the same command continues"
        counts = {"failed": self.failed, "without a result": self.missing}
        if rest := "".join(f", {count} {name}" for name, count in counts.items() if count):
            return f"{text}{rest}; the same command tries these again"
        return text


class Campaign:
    """The runs of one command.

    Args:
        job: of the runs that are missing.
        log: takes a line about what was taken from whom.
        finished: those wanted that were done before.
        patience: see :class:`reproduce.store.heartbeat.Watch`.
    """

    def __init__(
        self,
        job: Job,
        log: Callable[[str], None],
        finished: Sequence[PlannedRun] = (),
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.job = job
        self.leases = job.store.leases(job.executor)
        self._finished, self._log = finished, log
        self._images = {
            p.run.hash: trained_images(p.run, job.data) / max(1, p.run.epochs) for p in job.planned
        }
        self._by_hash = {planned.run.hash: planned for planned in job.planned}
        self._left = dict(self._by_hash)
        self._watch = Watch(patience)
        self._told: set[str] = set()

    @property
    def is_late(self) -> bool:
        """Whether training has to be over by now."""
        return self.job.deadline is not None and time.monotonic() >= self.job.deadline

    def survey(self) -> Survey:
        """Look at the files; runs whose owner elsewhere has been silent for long become free."""
        store = self.job.store
        for name in [n for n in self._left if self.job.is_over(n)]:
            del self._left[name]
        failed = {n: failure for n, failure in self.job.failures().items() if n in self._left}
        self._tell(failed)
        todo = [planned for name, planned in self._left.items() if name not in failed]
        held = [r for r in running_now(todo, store, self.leases) if not self._freed(r)]
        found = sort(self.job.planned, self._by_hash.keys() - self._left, failed, held)
        running, waiting = found.running, found.of(WAITING)
        lacking = self._lacking(waiting)
        deadline = self.job.deadline
        counted = [*self._finished, *found.finished]
        return Survey(
            runs=len(self._finished) + len(self.job.planned),
            done=len(counted),
            failures=failed,
            running=running,
            free=len(waiting) - len(lacking),
            stuck=self._stuck(lacking, failed),
            epochs=sum(p.run.epochs for p in [*counted, *todo]),
            epochs_done=sum(p.run.epochs for p in counted)
            + sum(map(self._epochs_of, running))
            + sum(self._saved(p.run.hash) for p in waiting),
            images_per_second=sum(r.beat.images_per_second for r in running),
            seconds_left=self._seconds_left(running, waiting),
            budget_left=None if deadline is None else max(0.0, deadline - time.monotonic()),
        )

    def _lacking(self, waiting: Iterable[PlannedRun]) -> dict[str, list[str]]:
        """By hash: of runs that cannot begin yet, what they start from."""
        found = {p.run.hash: self.job.store.weights.lacking(p.run) for p in waiting}
        return {name: [run.hash for run in runs] for name, runs in found.items() if runs}

    def _stuck(self, lacking: Mapping[str, list[str]], failed: Collection[str]) -> int:
        """How many of them start from what nobody will train, or from another one that does."""
        stuck: set[str] = set()
        for name, sources in lacking.items():  # what others start from comes first
            if any(s in stuck or s in failed or s not in self._left for s in sources):
                stuck.add(name)
        return len(stuck)

    def _tell(self, failed: Mapping[str, failures.Failure]) -> None:
        for name in failed.keys() - self._told:
            failure = failed[name]
            self._told.add(name)
            self._log(
                f"{failure.cell}, seed {failure.seed} failed: {failure.error}; log: {failure.log}"
            )

    def planned(self, run_hash: str) -> PlannedRun:
        """The run of that hash."""
        return self._by_hash[run_hash]

    def _saved(self, run_hash: str) -> int:
        return epoch_of(self.job.store.checkpoint(run_hash))

    def _epochs_of(self, running: Running) -> float:
        """By its heartbeat, or by its checkpoint until the first one after it was read."""
        return max(running.beat.epochs_done, self._saved(running.run.hash))

    def _freed(self, running: Running) -> bool:
        owner, name, seed = running.owner, running.run.hash, running.run.seed
        if owner.liveness() is not Liveness.ELSEWHERE:
            return False
        if not self._watch.silent(name, (owner, running.beat.count)):
            return False
        lease = self.leases.take_over(name, owner)
        if lease is None:
            return False
        self.leases.release(lease)
        self._log(
            f"{running.cell}, seed {seed}: process {owner.pid} on {owner.host} has been "
            f"silent for {self._watch.patience:.0f} s, so its run is taken over"
        )
        return True

    def _seconds_left(
        self, running: Sequence[Running], waiting: Sequence[PlannedRun]
    ) -> float | None:
        """When the last run ends if whoever becomes free first takes the next one."""
        rates = [r.beat.images_per_second for r in running if r.beat.images_per_second]
        if not rates:
            return None
        usual = sum(rates) / len(rates)
        free_at = []
        for r in running:
            left = r.run.epochs - self._epochs_of(r)
            rate = r.beat.images_per_second or usual
            free_at.append(left * self._images[r.run.hash] / rate)
        heapq.heapify(free_at)
        for p in waiting:
            taken = heapq.heappop(free_at)
            left = p.run.epochs - self._saved(p.run.hash)
            heapq.heappush(free_at, taken + left * self._images[p.run.hash] / usual)
        return max(free_at)
