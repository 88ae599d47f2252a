"""Takes runs from a list that others walk too, trains them and publishes their records."""

from __future__ import annotations

import gc
import math
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError
from reproduce.running import images
from reproduce.running.budget import Pace
from reproduce.store import provenance, records, schema
from reproduce.store.heartbeat import Heart
from reproduce.store.leases import Lease

if TYPE_CHECKING:
    import torch

    from benchmarks.data.dataset import Dataset
    from benchmarks.training.loop import Outcome, Progress
    from reproduce.running.job import Job
    from reproduce.store.planned_run import PlannedRun


class Trainer:
    """One worker's part of a job, in this process.

    Args:
        job: the runs and where they go.
        worker: this worker's name in heartbeats.
        log: takes one line, or the many of a traceback.
        log_path: where that goes, for failures.
        on_update: called after every update of every run.
    """

    def __init__(
        self,
        job: Job,
        worker: str,
        log: Callable[[str], None],
        log_path: str,
        on_update: Callable[[], None] = lambda: None,
    ) -> None:
        self.job, self.store = job, job.store
        self.log, self.log_path, self.on_update = log, log_path, on_update
        self.leases = job.store.leases(job.executor)
        self.heart = Heart(self.leases, worker)
        self.pace = Pace(job.deadline, job.data, job.rates)
        self.needs_restart = self.spent = False
        self._stopped = threading.Event()
        self._leaving = threading.Event()
        self._gate = threading.Lock()
        self._over: set[str] = set()
        self._held: dict[str, Lease] = {}
        self._dataset: Dataset | None = None
        self._opened: dict[str, Dataset] = {}

    def stop(self) -> bool:
        """Ask :meth:`work` to return after the present update; from any thread.

        Returns:
            True where it holds no run and will take none, so that the process may end at once.
        """
        with self._gate:
            self._stopped.set()
            return not self._held

    def leave(self) -> None:
        """Ask :meth:`work` to save each run at the end of its present epoch, and to return then;
        from a signal handler's thread too."""
        self._leaving.set()

    @property
    def ending(self) -> bool:
        """Whether it was asked for either."""
        return self._stopped.is_set() or self._leaving.is_set()

    def work(self) -> None:
        """Train until no run is left to take, or until stopped. ``spent`` is set where runs were
        left since none of them would come to its next checkpoint before the job's deadline.

        A run that fails leaves its failure, and the next one is taken. After a failure on a GPU
        the process may be of no more use: then this returns with ``needs_restart`` set.

        Raises:
            UserError: for what would stop every run: data, a full or read-only folder.
        """
        device = self._prepare()
        with self.heart:
            try:
                while not self.needs_restart and (batch := self._take()):
                    self._train(batch, device)
            finally:
                for name in list(self._held):
                    self._let_go(name)

    def _prepare(self) -> torch.device:
        import torch

        from benchmarks.training.loop import prepare

        device = torch.device(self.job.device)
        prepare(device)
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else None
        self._provenance = provenance.capture(
            self.job.executor, device_kind=device.type, device_name=name
        )
        return device

    def _take(self) -> list[PlannedRun]:
        """Take the next runs that nobody has, as many as are trained together."""
        self.heart.lost.clear()
        batch: list[PlannedRun] = []
        failed = self.job.failures()
        todo = [p for p in self.job.planned if not self._is_over(p) and p.run.hash not in failed]
        todo = [p for p in todo if not self.store.weights.lacking(p.run)]
        size = self._pack_size(todo)
        late = False
        for planned in todo:
            if len(batch) == size:
                break
            if batch and planned.run.data.identity != batch[0].run.data.identity:
                continue
            most = self.pace.most(planned.run, size)
            if most <= len(batch):
                late = True
            elif self._lease(planned):
                batch.append(planned)
                size = most
        self.spent = late and not batch
        return batch

    def _lease(self, planned: PlannedRun) -> bool:
        run = planned.run
        with self._gate:
            lease = None if self.ending else self.leases.acquire(run.hash)
            if lease is None:
                return False
            self._held[run.hash] = lease
            self.heart.add(lease)
        # Its owner may have finished between our look and our lease.
        if self._is_over(planned) or run.hash in self.job.failures():
            self._let_go(run.hash)
            return False
        return True

    def _pack_size(self, todo: list[PlannedRun]) -> int:
        if self.job.pack == 1:
            return 1
        owners = self.leases.owners()
        free = sum(planned.run.hash not in owners for planned in todo)
        return max(1, min(self.job.pack, math.ceil(free / self.job.workers)))

    def _is_over(self, planned: PlannedRun) -> bool:
        name = planned.run.hash
        if name not in self._over and self.job.is_over(name):
            self._over.add(name)
        return name in self._over

    def _train(self, batch: list[PlannedRun], device: torch.device) -> None:
        from benchmarks.training import checkpoint
        from benchmarks.training.loop import train

        dataset = self._open(batch[0])
        for planned in batch:
            checkpoint.sweep(self.store.checkpoint(planned.run.hash))
            self.store.weights.sweep(planned.run.hash)
            self.log(f"takes {_named(planned)}")
        runs = [planned.run for planned in batch]
        self.pace.begin(runs)
        train(
            runs,
            dataset,
            device,
            checkpoints=self.store.checkpoints,
            weights_of=self.store.weights.read,
            file_of=partial(_file, self.job.data),
            sitting=self._sitting(dataset, len(batch)),
            on_progress=self._on_progress,
            should_stop=self._should_stop,
            should_leave=lambda: self._leaving.is_set() or self.pace.should_leave(),
            on_outcome=self._on_outcome,
        )
        # A run's member and its work refer to each other and hold its images; Python's collector
        # counts objects, of which runs that train little make few, and not their bytes.
        gc.collect()
        if self.job.deadline is not None:
            self._remember()
        for planned in batch:
            if planned.run.hash in self._held:
                self.log(f"leaves {_named(planned)} unfinished")
                self._let_go(planned.run.hash)

    def _remember(self) -> None:
        """So that the command can tell what one more budget would do, and that one where to
        begin."""
        from reproduce.running import speeds
        from reproduce.running.launch_options import Resources

        means = Resources(self.job.device, self.job.workers, self.job.pack)
        speeds.remember(self.pace.seen, self.store, means)

    def _should_stop(self) -> bool:
        return self._stopped.is_set() or self.heart.lost.is_set() or self.pace.hopeless

    def _open(self, planned: PlannedRun) -> Dataset:
        """The run's data set, read and checked once in this process: the runs of a table that has
        several come seed by seed, and stores stay on disk."""
        run = planned.run
        identity = run.data.identity
        if identity not in self._opened:
            self._opened[identity] = images.open_for(run, self.job.data)
        self._dataset = self._opened[identity].resized(run.data.resizing)
        return self._dataset

    def _sitting(self, dataset: Dataset, pack: int) -> dict[str, Any]:
        sitting = {**provenance.sitting(self._provenance), "pack": pack}
        # Two machines may decode the official files to different pixels, and the run's name does
        # not tell; so its record does.
        named = dataset.identity == dataset.digest
        return sitting if named else {**sitting, "images": dataset.digest}

    def _on_progress(self, progress: Progress) -> None:
        self.heart.progress(progress)
        self.pace.note(progress)
        self.on_update()

    def _on_outcome(self, outcome: Outcome) -> None:
        planned = next(p for p in self.job.planned if p.run.hash == outcome.run.hash)
        if isinstance(outcome.error, UserError):
            raise outcome.error
        if outcome.error is not None:
            self._fail(planned, outcome)
        elif not self.leases.holds(self._held[outcome.run.hash]):
            self.log(f"lost {_named(planned)} to another process, which goes on with it")
            self.heart.lost.set()
        else:
            self._publish(planned, outcome)

    def _publish(self, planned: PlannedRun, outcome: Outcome) -> None:
        """Weights first, where they are kept, then the record, then the checkpoint goes, then the
        lease: killed before the record, the next process repeats from the checkpoint; killed after
        it, the next one has only to tidy up."""
        from benchmarks.training import checkpoint

        assert self._dataset is not None
        name, size = outcome.run.hash, len(self._dataset.train)
        record = records.make_record(
            outcome, self._provenance, train_images=size, form=self.store.form
        )
        keeps = self.job.keeps_weights(name)
        earlier = self.store.weights.keep(outcome, record) if keeps else None
        # A run that was repeated for its weights leaves the record that there is.
        ours = earlier is None and self.store.records.publish(record)
        self._over.add(name)
        checkpoint.remove(self.store.checkpoint(name))
        self.store.failures.clear(name)
        self._let_go(name)
        correct, total = schema.headline(record)
        result = f"{correct}/{total}" + (" diverged" if outcome.diverged else "")
        if earlier is not None and not schema.agree(earlier, record):
            result += f", where the record has {schema.headline(earlier)[0]}; the record stays"
        self.log(f"{'finished' if ours else 'finished again'} {_named(planned)}: {result}")

    def _fail(self, planned: PlannedRun, outcome: Outcome) -> None:
        self.log(f"failed {_named(planned)}\n{outcome.traceback.rstrip()}")
        error = f"{type(outcome.error).__name__}: {outcome.error}"
        self.store.failures.write(planned, error.splitlines()[0], self.log_path)
        self._let_go(outcome.run.hash)
        # An error on a GPU often leaves the process unable to compute anything there.
        self.needs_restart = self.needs_restart or self.job.device != "cpu"

    def _let_go(self, run_hash: str) -> None:
        with self._gate:
            lease = self._held[run_hash]
            self.heart.drop(lease)
            self.leases.release(lease)
            del self._held[run_hash]


def _file(data: Path, name: str, checksum: str) -> dict[str, torch.Tensor]:
    from benchmarks.weights import state

    return state.read(name, checksum, data)


def stamped(message: str) -> str:
    """A log line with the time of day."""
    return f"{time.strftime('%H:%M:%S')} {message}"


def _named(planned: PlannedRun) -> str:
    return f"{planned.run.hash} ({planned.cell}, seed {planned.run.seed})"
