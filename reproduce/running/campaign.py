"""What a command wants trained and how far that is, whoever trains it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.training.checkpoint import epoch_of
from reproduce.running.standing import WAITING, Running, running_now, sort
from reproduce.store import failures
from reproduce.store.claims import Watch
from reproduce.store.queues import Liveness

if TYPE_CHECKING:
    from reproduce.catalogue.tables import PlannedRun
    from reproduce.running.job import Job


@dataclass(frozen=True)
class Survey:
    """A look at the files.

    Attributes:
        runs, done, failed: counts over all runs wanted, the ones done before included.
        running: what is being trained, here or elsewhere.
        free: runs that a worker could take now.
        epochs, epochs_done: sums over all runs, with the checkpoints of those that wait; a failed
            one counts as none.
        seconds_left: None while nothing has been measured.
        stopped: whether an interrupt has ended the training.
        stuck: runs that nobody will train, since what they start from has failed.
    """

    runs: int
    done: int
    failed: int
    running: tuple[Running, ...]
    free: int
    epochs: int
    epochs_done: float
    images_per_second: float
    seconds_left: float | None
    stopped: bool = False
    stuck: int = 0

    @property
    def over(self) -> bool:
        """Whether every run is over or has failed, or never can begin."""
        return self.done + self.failed + self.stuck >= self.runs

    @property
    def advance(self) -> float:
        """Grows whenever anything gets done."""
        return self.done + self.failed + int(self.epochs_done)


class Campaign:
    """The runs of one command.

    Args:
        job: of the runs that are missing.
        finished: those wanted that were done before.
        images: training images of each data set, by name.
        patience: see :class:`reproduce.store.claims.Watch`.
        log: takes a line about what was taken from whom.
    """

    def __init__(
        self,
        job: Job,
        finished: Sequence[PlannedRun],
        images: Mapping[str, int],
        patience: float,
        log: Callable[[str], None],
    ) -> None:
        self.job = job
        self.claims = job.store.claims(job.executor)
        self._finished, self._images, self._log = finished, images, log
        self._by_hash = {planned.run.hash: planned for planned in job.planned}
        self._left = dict(self._by_hash)
        self._watch = Watch(patience)
        self._told: set[str] = set()

    def survey(self) -> Survey:
        """Look at the files; runs whose owner elsewhere has been silent for long become free."""
        store = self.job.store
        for name in [n for n in self._left if self.job.is_over(n)]:
            del self._left[name]
        failed = self.failed()
        self._tell(failed)
        todo = [planned for name, planned in self._left.items() if name not in failed]
        held = [r for r in running_now(todo, store, self.claims) if not self._freed(r)]
        found = sort(self.job.planned, self._by_hash.keys() - self._left, failed, held)
        running, waiting = found.running, found.of(WAITING)
        lacking = self._lacking(waiting)
        counted = [*self._finished, *found.finished]
        return Survey(
            runs=len(self._finished) + len(self.job.planned),
            done=len(counted),
            failed=len(failed),
            running=running,
            free=len(waiting) - len(lacking),
            stuck=self._stuck(lacking, failed),
            epochs=sum(p.run.epochs for p in [*counted, *todo]),
            epochs_done=sum(p.run.epochs for p in counted)
            + sum(map(self._epochs_of, running))
            + sum(self._saved(p.run.hash) for p in waiting),
            images_per_second=sum(r.beat.images_per_second for r in running if r.beat),
            seconds_left=self._seconds_left(running, waiting),
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

    def failed(self) -> dict[str, failures.Failure]:
        """The runs of this job that have failed since it began."""
        return {n: failure for n, failure in self.job.failures().items() if n in self._left}

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

    def epoch(self, run_hash: str) -> int:
        """Completed epochs by the last heartbeat, whosever it was."""
        beat = self.job.store.heartbeats.read(run_hash)
        return beat.epoch if beat else 0

    def _saved(self, run_hash: str) -> int:
        return epoch_of(self.job.store.checkpoints / f"{run_hash}.ckpt")

    def _epochs_of(self, running: Running) -> float:
        """By its heartbeat, or by its checkpoint until the first one after it was read."""
        beat = running.beat.epochs_done if running.beat else 0.0
        return max(beat, self._saved(running.run_hash))

    def _freed(self, running: Running) -> bool:
        owner, beat = running.owner, running.beat
        if owner.liveness() is not Liveness.ELSEWHERE:
            return False
        if not self._watch.silent(running.run_hash, (owner, beat and beat.count)):
            return False
        claim = self.claims.take_over(running.run_hash, owner)
        if claim is None:
            return False
        self.claims.release(claim)
        self._log(
            f"{running.cell}, seed {running.seed}: process {owner.pid} on {owner.host} has been "
            f"silent for {self._watch.patience:.0f} s, so its run is taken over"
        )
        return True

    def _seconds_left(
        self, running: Sequence[Running], waiting: Sequence[PlannedRun]
    ) -> float | None:
        """When the last run ends if whoever becomes free first takes the next one."""
        rates = [r.beat.images_per_second for r in running if r.beat and r.beat.images_per_second]
        if not rates:
            return None
        usual = sum(rates) / len(rates)
        free_at = []
        for r in running:
            left = r.epochs - self._epochs_of(r)
            rate = (r.beat.images_per_second if r.beat else 0.0) or usual
            free_at.append(left * self._images[self.planned(r.run_hash).run.data.name] / rate)
        heapq.heapify(free_at)
        for p in waiting:
            taken = heapq.heappop(free_at)
            left = p.run.epochs - self._saved(p.run.hash)
            heapq.heappush(free_at, taken + left * self._images[p.run.data.name] / usual)
        return max(free_at)
