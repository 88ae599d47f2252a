"""What is wanted of the queue, and what the tasks of a submission are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.executors.slurm.arrays import Array
from reproduce.executors.slurm.task import Task
from reproduce.running import machine
from reproduce.running.job import Job

if TYPE_CHECKING:
    from reproduce.catalogue.tables import PlannedRun
    from reproduce.executors.slurm.options import SlurmOptions
    from reproduce.running.standing import Standing
    from reproduce.store.store import Store

_UNFIT = "%\\"


@dataclass(frozen=True)
class Request:
    """What is wanted of the queue.

    Attributes:
        title: names the jobs, such as "table3".
        pack: runs that a worker trains at once; by default 1 on a CPU and 4 on a GPU.
        save_weights: whether each run's final weights are kept; a run without them is missing.
    """

    title: str
    store: Store
    data: Path
    options: SlurmOptions
    pack: int | None = None
    save_weights: bool = False

    def __post_init__(self) -> None:
        place = str(self.store.base.absolute())
        if found := next((sign for sign in _UNFIT if sign in place), None):
            raise UserError(
                f"--results {place}: SLURM takes {found} in the path of a job's output for a "
                f"pattern; give a folder without {found} in its path"
            )


@dataclass
class Tasks:
    """Makes the tasks of a submission.

    Attributes:
        wanted: all runs, by which a task trains first what its runs start from, should that not be
            there by then.
        jobs: the number of each run's job in the queue, by hash.
    """

    request: Request
    wanted: Standing
    jobs: dict[str, str]

    @property
    def tokens(self) -> dict[str, str]:
        """Of the failures that there are, by hash."""
        return {name: failure.token for name, failure in self.wanted.failed.items()}

    def jobs_before(self, part: Array) -> set[str]:
        """The jobs that train what an array's runs start from."""
        needed = self._sources([p for items in part.tasks for p in items])
        return {self.jobs[p.run.hash] for p in needed if p.run.hash in self.jobs}

    def task(self, items: Sequence[PlannedRun], code: Path) -> Task:
        """The task of these runs."""
        request, options = self.request, self.request.options
        cuda = options.device == "cuda"
        pack = request.pack or (machine.CUDA_PACK if cuda else 1)
        workers = options.gpus_per_task if cuda else options.cpus_per_task
        planned = (*self._sources(items), *items)
        hashes = {item.run.hash for item in planned}
        job = Job(
            planned=planned,
            store=request.store,
            data=request.data,
            device=options.device,
            executor="slurm",
            workers=max(1, min(workers, -(-len(items) // pack))),
            pack=pack,
            save_weights=request.save_weights,
            sources=self.wanted.sources & hashes,
            recorded=self.wanted.recorded & hashes,
            failed_before={n: t for n, t in self.tokens.items() if n in hashes},
        )
        return Task(job.to_json(), str(code))

    def _sources(self, items: Sequence[PlannedRun]) -> list[PlannedRun]:
        """What ``items`` start from, in order."""
        found: set[str] = set()
        todo = [item.run for item in items]
        while todo:
            sources = [s for s in todo.pop().sources if s.hash in self.wanted.sources]
            found |= {source.hash for source in sources}
            todo += sources
        found -= {item.run.hash for item in items}
        return [item for item in self.wanted.missing if item.run.hash in found]
