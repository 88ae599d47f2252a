"""What a command tells its workers: which runs, where, and on what."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import msgspec

from benchmarks.errors import UserError
from benchmarks.run import from_canonical
from reproduce.catalogue.papers import papers
from reproduce.store.failures import Failure
from reproduce.store.leases import Owner
from reproduce.store.planned_run import PlannedRun
from reproduce.store.queues import Liveness
from reproduce.store.store import Store

SUFFIX = ".job.json"


@dataclass(frozen=True)
class Job:
    """The same for all workers of a command.

    Attributes:
        planned: the runs in the order in which they are wanted.
        store: the results folder.
        data: the folder of the data sets.
        device: "cpu" or "cuda".
        executor: "local", "debug" or "slurm".
        workers: how many walk this list.
        pack: runs that a worker trains at once, at most.
        save_weights: whether a run is over only once its final weights are kept as well.
        sources: hashes of runs of this job that others start from, whose final weights are kept
            in any case.
        nice: the niceness of worker processes.
        recorded: runs of this job that had a record when the command began, and lack the weights.
        failed_before: the failures that were there when the command began, by hash; the run of any
            other failure is left alone.
        deadline: when training has to be over, on the monotonic clock of this machine; None for
            never.
        rates: images a second of a worker by workload, as known when the command began; for what a
            deadline leaves room for.
    """

    planned: tuple[PlannedRun, ...]
    store: Store
    data: Path
    device: str = "cpu"
    executor: str = "local"
    workers: int = 1
    pack: int = 1
    save_weights: bool = False
    sources: frozenset[str] = frozenset()
    nice: int = 0
    recorded: frozenset[str] = frozenset()
    failed_before: Mapping[str, str] = field(default_factory=dict)
    deadline: float | None = None
    rates: Mapping[str, float] = field(default_factory=dict)

    def is_over(self, run_hash: str) -> bool:
        """Whether nothing is left to do for a run of this job, whoever did it."""
        has_record = run_hash in self.recorded or self.store.records.path(run_hash).exists()
        return has_record and (
            not self.keeps_weights(run_hash) or self.store.weights.path(run_hash).exists()
        )

    def keeps_weights(self, run_hash: str) -> bool:
        """Whether the final weights of a run of this job are kept."""
        return self.save_weights or run_hash in self.sources

    def failures(self) -> dict[str, Failure]:
        """The runs of this job that have failed since the command began, by hash."""
        found = self.store.failures.read(item.run.hash for item in self.planned)
        before = self.failed_before
        return {n: failure for n, failure in found.items() if failure.token != before.get(n)}

    def still_missing(self) -> tuple[Job, dict[str, UserError]]:
        """The job without the runs of which nothing is left to do by now, and without those whose
        record is damaged; what is wrong with each of these, by hash."""
        damaged = {}
        for item in self.planned:
            try:
                self.store.records.collect([item.run.hash])
            except UserError as error:
                damaged[item.run.hash] = error
        left = [
            p for p in self.planned if p.run.hash not in damaged and not self.is_over(p.run.hash)
        ]
        return replace(self, planned=tuple(left)), damaged

    def to_json(self) -> str:
        """For :meth:`from_json`."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values["planned"] = [(item.cell, item.run.canonical()) for item in self.planned]
        values["store"] = (str(self.store.base.absolute()), self.store.form)
        values["data"] = str(self.data.absolute())
        return msgspec.json.encode(values).decode()

    @classmethod
    def from_json(cls, text: str) -> Job:
        """The job that :meth:`to_json` wrote."""
        values = json.loads(text)
        papers()  # whose own parts the runs may be made of
        base, form = values["store"]
        values["store"], values["data"] = Store(Path(base), form), Path(values["data"])
        planned = values["planned"]
        values["planned"] = tuple(PlannedRun(cell, from_canonical(run)) for cell, run in planned)
        return cls(**values | {n: frozenset(values[n]) for n in ("recorded", "sources")})


def job_file(store: Store, owner: Owner) -> Path:
    """Where a command's workers read its job; the name says whose it is, as a lease's does, so
    that no process on another machine takes it for a dead one's."""
    return store.logs / f"{owner.name}{SUFFIX}"


def sweep_job_files(store: Store) -> None:
    """Remove the job files of commands that are dead for certain."""
    with contextlib.suppress(OSError):
        for path in store.logs.glob(f"*{SUFFIX}"):
            owner = Owner.parse(path.name.removesuffix(SUFFIX))
            if owner and owner.liveness() is Liveness.DEAD:
                path.unlink(missing_ok=True)
