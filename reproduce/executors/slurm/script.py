"""What ``sbatch`` is given: submitit's script with our parameters."""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster

if TYPE_CHECKING:
    from reproduce.executors.slurm.arrays import Array
    from reproduce.executors.slurm.options import SlurmOptions

# How long before its time limit a task is told: for an epoch's end, a checkpoint and the requeue.
SIGNAL_SECONDS = 90
# A task that advances is requeued as often as its runs need.
TIMEOUTS = 100_000


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
    later = {"dependency": ":".join(["afterany", *sorted(after)])} if after else {}
    given = {
        "partition": options.partition,
        "account": options.account,
        "qos": options.qos,
        "constraint": options.constraint,
        "mem": options.mem,
        "gpus_per_task": options.gpus_per_task or None,
    }
    return {
        **{name: value for name, value in given.items() if value is not None},
        "job_name": array.name,
        "comment": comment,
        "time": options.time,
        "cpus_per_task": options.cpus_per_task,
        "array_parallelism": options.array_parallelism or len(array.tasks),
        "signal_delay_s": SIGNAL_SECONDS,
        "stderr_to_stdout": True,
        "wckey": None,
        "setup": [*options.setup, *_lead(snapshot)],
        # Since SLURM 22.05 a step does not inherit the job's CPUs a task.
        "srun_args": [f"--cpus-per-task={options.cpus_per_task}"],
        "additional_parameters": {"hold": True, "requeue": True, **later},
    }


def _lead(snapshot: Path) -> list[str]:
    """The snapshot leads the path, after whatever the user's own lines have done: ``python -m``
    looks into the present folder first, and then into PYTHONPATH."""
    place = shlex.quote(str(snapshot))
    return [f"cd {place} || exit 1", f'export PYTHONPATH={place}"${{PYTHONPATH:+:$PYTHONPATH}}"']


def text(folder: Path, array: Array, values: dict[str, Any]) -> str:
    """The script that submitit would submit for an array; needs no cluster."""
    slurm = _submitit_slurm()
    command = shlex.join([sys.executable, "-u", "-m", "submitit.core._submit", str(folder)])
    count = {"map_count": len(array.tasks)} if len(array.tasks) > 1 else {}
    return slurm._make_sbatch_string(command=command, folder=folder, **values, **count)


def submit(folder: Path, values: dict[str, Any], tasks: Sequence[Any]) -> str:
    """Submit one array through submitit; returns its number.

    Raises:
        UserError: with SLURM's own reason where it is rejected. The folder then holds pickles of
            tasks that never will be, which the caller removes with it.
    """
    slurm = _submitit_slurm()
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    executor = slurm.SlurmExecutor(folder=folder, max_num_timeout=TIMEOUTS)
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


def _submitit_slurm() -> Any:
    try:
        from submitit.slurm import slurm
    except ImportError as error:
        raise UserError(
            f"--executor slurm needs submitit, which cannot be imported ({error}): "
            "`pip install submitit`"
        ) from error
    return slurm
