"""From what is wanted to what ``sbatch`` is given: an array a configuration, packed, and split
where the cluster's limit is lower; submitit writes the scripts."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster
from reproduce.running.job import Job
from reproduce.store import hardware

if TYPE_CHECKING:
    from reproduce.executors.slurm.options import SlurmOptions
    from reproduce.running.standing import Standing
    from reproduce.store.planned_run import PlannedRun
    from reproduce.store.store import Store

# How long before its time limit a task is told: for an epoch's end, a checkpoint and the requeue.
SIGNAL_SECONDS = 90
# A task that advances is requeued as often as its runs need.
TIMEOUTS = 100_000
# Options that are submitit's as they are; what is None or 0 is not asked for.
_AS_THEY_ARE = ("partition", "account", "qos", "constraint", "mem", "gpus_per_task")
UNFIT = "%\\"  # in paths


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
        if found := next((sign for sign in UNFIT if sign in place), None):
            raise UserError(
                f"--results {place}: SLURM takes {found} in the path of a job's output for a "
                f"pattern; give a folder without {found} in its path"
            )

    def job(self, items: Sequence[PlannedRun], wanted: Standing) -> Job:
        """Of these runs; what they start from is trained first, should it not be there by then."""
        options, cuda = self.options, self.options.device == "cuda"
        pack = self.pack or (hardware.CUDA_PACK if cuda else 1)
        workers = options.gpus_per_task if cuda else options.cpus_per_task
        planned = (*sources_of(items, wanted), *items)
        hashes = {item.run.hash for item in planned}
        return Job(
            planned=planned,
            store=self.store,
            data=self.data,
            device=options.device,
            executor="slurm",
            workers=max(1, min(workers, -(-len(items) // pack))),
            pack=pack,
            save_weights=self.save_weights,
            sources=wanted.sources & hashes,
            recorded=wanted.recorded & hashes,
            failed_before={n: f.token for n, f in wanted.failed.items() if n in hashes},
        )


def sources_of(items: Sequence[PlannedRun], wanted: Standing) -> list[PlannedRun]:
    """What ``items`` start from and is missing, in order."""
    found: set[str] = set()
    todo = [item.run for item in items]
    while todo:
        sources = [s for s in todo.pop().sources if s.hash in wanted.sources]
        found |= {source.hash for source in sources}
        todo += sources
    found -= {item.run.hash for item in items}
    return [item for item in wanted.missing if item.run.hash in found]


@dataclass(frozen=True)
class Array:
    """What is submitted at once.

    Attributes:
        name: what ``squeue`` shows, such as "table3/plain-1-1".
        tasks: the runs of each task; SLURM's task number is the place in here.
    """

    name: str
    tasks: tuple[tuple[PlannedRun, ...], ...]

    @property
    def runs(self) -> list[PlannedRun]:
        """Of all tasks."""
        return [item for task in self.tasks for item in task]


def arrays(
    runs: Sequence[PlannedRun],
    title: str,
    seeds_per_job: int,
    max_array_size: int,
    room: int | None = None,
) -> list[Array]:
    """The arrays of ``runs``, cells in the order in which they come, seeds in order.

    Args:
        title: the table's, which begins the names.
        max_array_size: no task number reaches this, SLURM's ``MaxArraySize``.
        room: tasks that may be submitted now; None for any number. The first ones come first.
    """
    cells: dict[str, list[PlannedRun]] = {}
    for item in runs:
        cells.setdefault(item.cell, []).append(item)
    made = []
    for cell, items in cells.items():
        tasks = [tuple(items[k : k + seeds_per_job]) for k in range(0, len(items), seeds_per_job)]
        if room is not None:
            tasks = tasks[:room]
            room -= len(tasks)
        made += [
            Array(array_name(title, cell), tuple(tasks[k : k + max_array_size]))
            for k in range(0, len(tasks), max_array_size)
        ]
    return made


def array_name(title: str, cell: str) -> str:
    """Such as "table3/plain-1-1": no spaces, nothing that a shell or ``squeue`` takes amiss."""
    plain = (re.sub(r"[^A-Za-z0-9._=+-]+", "-", text.strip()).strip("-") for text in (title, cell))
    return "/".join(word or "-" for word in plain)


def parameters(
    options: SlurmOptions,
    array: Array,
    comment: str,
    snapshot: Path,
    after: Collection[str] = (),
) -> dict[str, Any]:
    """Of :class:`submitit.SlurmExecutor`, for one array.

    Args:
        after: numbers of jobs that train what the array's runs start from. Afterwards it begins
            however these have ended: its tasks then train what there still is to train of that.
    """
    given = {name: value for name, value in asdict(options).items() if name in _AS_THEY_ARE}
    later = {"dependency": ":".join(["afterany", *sorted(after)])} if after else {}
    # The snapshot leads the path, after whatever the user's own lines have done: `python -m` looks
    # into the present folder first, and then into PYTHONPATH.
    place = shlex.quote(str(snapshot))
    lead = [f"cd {place} || exit 1", f'export PYTHONPATH={place}"${{PYTHONPATH:+:$PYTHONPATH}}"']
    return {
        **{name: value for name, value in given.items() if value},
        "job_name": array.name,
        "comment": comment,
        "time": options.time,
        "cpus_per_task": options.cpus_per_task,
        "array_parallelism": options.array_parallelism or len(array.tasks),
        "signal_delay_s": SIGNAL_SECONDS,
        "stderr_to_stdout": True,
        "wckey": None,
        "setup": [*options.setup, *lead],
        # Since SLURM 22.05 a step does not inherit the job's CPUs a task.
        "srun_args": [f"--cpus-per-task={options.cpus_per_task}"],
        "additional_parameters": {"hold": True, "requeue": True, **later},
    }


def script(folder: Path, array: Array, values: dict[str, Any]) -> str:
    """The script that submitit would submit for an array; needs no cluster."""
    from submitit.slurm import slurm

    command = shlex.join([sys.executable, "-u", "-m", "submitit.core._submit", str(folder)])
    count: dict[str, Any] = {"map_count": len(array.tasks)} if len(array.tasks) > 1 else {}
    return slurm._make_sbatch_string(command=command, folder=folder, **values, **count)


def submit_array(folder: Path, values: dict[str, Any], tasks: Sequence[Any]) -> str:
    """Submit one array through submitit; returns its number.

    Raises:
        UserError: with SLURM's own reason where it is rejected. The folder then holds pickles of
            tasks that never will be, which the caller removes with it.
    """
    from submitit import SlurmExecutor
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    executor = SlurmExecutor(folder=folder, max_num_timeout=TIMEOUTS)
    executor.update_parameters(**values)
    try:
        # What sbatch says is in the error as well.
        with contextlib.redirect_stderr(io.StringIO()), cluster.submitting():
            jobs = executor.submit_array(list(tasks))
    except (FailedJobError, FailedSubmissionError) as error:
        raise UserError(
            f"SLURM rejects {values['job_name']}: {_reason(str(error))}; nothing was submitted"
        ) from error
    return str(jobs[0].job_id).partition("_")[0]


def _reason(text: str) -> str:
    """Of what ``sbatch`` said: its errors, less the words that all of them begin with."""
    errors = [line.partition("error:")[2] for line in text.splitlines() if "error:" in line]
    plain = [line.replace("Batch job submission failed:", "").strip() for line in errors]
    return "; ".join(dict.fromkeys(plain)) or cluster.last_line(text)
