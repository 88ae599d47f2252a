"""What SLURM's own commands say. Each is asked once for everything, and may be absent or silent."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.errors import UserError

ASK_SECONDS = 20.0
ACT_SECONDS = 120.0
ACCOUNTING_SECONDS = 10.0
DEFAULT_MAX_ARRAY_SIZE = 1001
# Filters that users set for their own eyes must not hide jobs from us.
_FILTERS = ("SQUEUE_", "SACCT_")
_SEPARATOR = "|"
# What sbatch and srun take options from counts over the script; what an enclosing job has set would
# reach the tasks, which would take themselves for parts of that job.
_OPTIONS, _OF_A_JOB = ("SBATCH_", "SRUN_"), ("SLURM_", "SUBMITIT_")
# Which cluster is asked, and how: not of a job.
_KEPT = ("CONF", "CONF_SERVER", "CLUSTERS", "JWT", "SACK_JWKS", "SACK_KEY", "TIME_FORMAT")
_KEPT_NAMES = frozenset(f"SLURM_{name}" for name in _KEPT)


@dataclass(frozen=True)
class Queued:
    """A job, or a task of an array, that the queue knows and that has not ended.

    Attributes:
        state: such as "PENDING" or "RUNNING".
        reason: why it waits, such as "JobHeldUser".
        comment, name: as it was submitted; they tell it from an earlier job of that number.
    """

    state: str
    reason: str
    comment: str
    name: str

    @property
    def pending(self) -> bool:
        """Whether it waits to be started, or to be started again."""
        return self.state in ("PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT")


@dataclass(frozen=True)
class Facts:
    """Of ``scontrol show config``; the name is empty where it was not told."""

    name: str
    max_array_size: int


_known: list[Facts] = []


class RefusedError(Exception):
    """What one of SLURM's commands answered instead of doing what it was asked for."""


def present() -> bool:
    """Whether this machine can talk to a SLURM at all."""
    return shutil.which("squeue") is not None


def queue() -> dict[str, Queued] | None:
    """This user's jobs that have not ended, by number ("1234" or "1234_5"); None where the queue
    does not answer."""
    form = _SEPARATOR.join(("%i", "%T", "%r", "%k", "%j"))
    # --all: in hidden partitions too.
    command = ["squeue", "--all", "--noheader", "--array", f"--user={os.getuid()}"]
    command.append(f"--format={form}")
    answer = _ask(command, ASK_SECONDS)
    return None if answer is None else parse_queue(answer)


def parse_queue(text: str) -> dict[str, Queued]:
    """By job number; lines that are none of ``squeue``'s are left out."""
    found = {}
    for line in text.splitlines():
        number, *rest = line.split(_SEPARATOR, 4)
        if len(rest) == 4 and re.fullmatch(r"\d+(_\d+)?", number.strip()):
            state, reason, comment, name = (part.strip() for part in rest)
            comment = "" if comment == "(null)" else comment
            found[number.strip()] = Queued(state, reason, comment, name)
    return found


def facts() -> Facts | None:
    """What the cluster's configuration says, asked until it answers; None where it does not."""
    if not _known:
        answer = _ask(["scontrol", "show", "config"], ASK_SECONDS)
        if answer is None:
            return None
        _known.append(parse_facts(answer))
    return _known[0]


def parse_facts(text: str) -> Facts:
    """Of what ``scontrol show config`` prints."""
    values = dict(re.findall(r"^(\w+)\s*=\s*(\S+)", text, re.MULTILINE))
    size = values.get("MaxArraySize", "")
    limit = int(size) if size.isdecimal() and int(size) > 0 else DEFAULT_MAX_ARRAY_SIZE
    return Facts(values.get("ClusterName", ""), limit)


def ended(jobs: Iterable[str]) -> dict[tuple[str, str], str]:
    """How jobs have ended, by number and name, as far as accounting tells; empty without any."""
    arrays = sorted({job.partition("_")[0] for job in jobs})
    if not arrays or not shutil.which("sacct"):
        return {}
    command = ["sacct", "--noheader", "--parsable2", "--allocations", "--duplicates"]
    command += ["--format=JobID,State,JobName", f"--jobs={','.join(arrays)}"]
    answer = _ask(command, ACCOUNTING_SECONDS)
    return {} if answer is None else parse_ended(answer)


def parse_ended(text: str) -> dict[tuple[str, str], str]:
    """Of ``sacct --parsable2``: the last state told of each job's number and name."""
    found = {}
    for line in text.splitlines():
        number, _, rest = line.partition(_SEPARATOR)
        state, _, name = rest.partition(_SEPARATOR)
        if re.fullmatch(r"\d+(_\d+)?", number) and state:
            found[number, name] = state.split()[0]  # "CANCELLED by 1000"
    return found


def cancel(jobs: Sequence[str]) -> None:
    """End jobs or array tasks; those that have ended already do not matter.

    Raises:
        RefusedError: where the queue does not do it.
    """
    for chunk in _chunks(jobs):
        _act(["scancel", *chunk])


def release(jobs: Sequence[str]) -> None:
    """Let jobs start that were submitted on hold.

    Raises:
        RefusedError: where the queue does not do it.
    """
    for chunk in _chunks(jobs):
        _act(["scontrol", "release", ",".join(chunk)])


def require() -> None:
    """Whether jobs can be submitted from here.

    Raises:
        UserError: where not.
    """
    for name in ("sbatch", "squeue", "scontrol", "scancel", "srun"):
        if not shutil.which(name):
            raise UserError(
                f"--executor slurm: no {name} here; run this on a login node of the cluster"
            )


def environment() -> dict[str, str]:
    """Ours, less the user's own filters."""
    return {k: v for k, v in os.environ.items() if not k.startswith(_FILTERS)}


def overriding(environment: Mapping[str, str]) -> list[str]:
    """The names of variables that would count over the options of a submission, in order."""
    return sorted(name for name in environment if name.startswith("SBATCH_"))


def for_submission(environment: Mapping[str, str]) -> dict[str, str]:
    """What ``sbatch`` may know of an environment: none of the user's defaults for it or for
    ``srun``, nothing of a job that we may be part of, but which cluster is meant."""
    return {
        name: value
        for name, value in environment.items()
        if name in _KEPT_NAMES or not name.startswith(_OPTIONS + _OF_A_JOB)
    }


@contextlib.contextmanager
def submitting() -> Iterator[None]:
    """Within it, this process's environment is fit for ``sbatch``, which submitit calls with it."""
    kept = for_submission(os.environ)
    aside = {name: value for name, value in os.environ.items() if name not in kept}
    for name in aside:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(aside)


def _chunks(jobs: Sequence[str]) -> list[Sequence[str]]:
    return [jobs[k : k + 500] for k in range(0, len(jobs), 500)]


def _ask(command: list[str], seconds: float) -> str | None:
    try:
        return _run(command, seconds)
    except RefusedError:
        return None


def _act(command: list[str]) -> None:
    _run(command, ACT_SECONDS)


def _run(command: list[str], seconds: float) -> str:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            env=environment(),
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RefusedError(f"{command[0]} did not answer within {seconds:.0f} s") from error
    except OSError as error:
        raise RefusedError(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        raise RefusedError(last_line(done.stderr) or f"{command[0]} ended with {done.returncode}")
    return done.stdout


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
