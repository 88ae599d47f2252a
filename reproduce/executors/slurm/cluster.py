"""What SLURM's own commands say. Each is asked once for everything, and may be absent or silent."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

ASK_SECONDS = 20.0
ACT_SECONDS = 120.0
ACCOUNTING_SECONDS = 10.0
AT_ONCE = 500  # jobs that one command is given
DEFAULT_MAX_ARRAY_SIZE = 1001
COMMENT = "reproduce:"  # what those of our jobs begin with
_SEPARATOR = "|"
JOB = re.compile(r"\d+(_\d+)?")  # of a job, or of a task of an array
# Filters that users set for their own eyes must not hide jobs from us.
_FILTERS = ("SQUEUE_", "SACCT_")
# What sbatch and srun take options from counts over the script; what an enclosing job has set would
# reach the tasks, which would take themselves for parts of that job.
_ASIDE = ("SBATCH_", "SRUN_", "SLURM_", "SUBMITIT_")
# Which cluster is asked, and how: not of a job.
_KEPT = ("CONF", "CONF_SERVER", "CLUSTERS", "JWT", "SACK_JWKS", "SACK_KEY", "TIME_FORMAT")


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
    does not answer. Lines that are none of ``squeue``'s are left out."""
    form = _SEPARATOR.join(("%i", "%T", "%r", "%k", "%j"))
    # --all: in hidden partitions too.
    command = ["squeue", "--all", "--noheader", "--array", f"--user={os.getuid()}"]
    command.append(f"--format={form}")
    answer = _ask(command, ASK_SECONDS)
    if answer is None:
        return None
    found = {}
    for line in answer.splitlines():
        number, *rest = (part.strip() for part in line.split(_SEPARATOR, 4))
        if len(rest) == 4 and JOB.fullmatch(number):
            state, reason, comment, name = rest
            found[number] = Queued(state, reason, "" if comment == "(null)" else comment, name)
    return found


def facts() -> Facts | None:
    """What the cluster's configuration says, asked until it answers; None where it does not."""
    if not _known:
        answer = _ask(["scontrol", "show", "config"], ASK_SECONDS)
        if answer is None:
            return None
        values = dict(re.findall(r"^(\w+)\s*=\s*(\S+)", answer, re.MULTILINE))
        size = values.get("MaxArraySize", "")
        limit = int(size) if size.isdecimal() and int(size) > 0 else DEFAULT_MAX_ARRAY_SIZE
        _known.append(Facts(values.get("ClusterName", ""), limit))
    return _known[0]


def ended(jobs: Iterable[str]) -> dict[tuple[str, str], str]:
    """How jobs have ended, by number and name, as far as accounting tells, by the last state told;
    empty without any."""
    arrays = sorted({job.partition("_")[0] for job in jobs})
    if not arrays or not shutil.which("sacct"):
        return {}
    command = ["sacct", "--noheader", "--parsable2", "--allocations", "--duplicates"]
    command += ["--format=JobID,State,JobName", f"--jobs={','.join(arrays)}"]
    found = {}
    for line in (_ask(command, ACCOUNTING_SECONDS) or "").splitlines():
        number, state, name = (*line.split(_SEPARATOR, 2), "", "")[:3]
        if JOB.fullmatch(number) and state:
            found[number, name] = state.split()[0]  # "CANCELLED by 1000"
    return found


def cancel(jobs: Sequence[str]) -> None:
    """End jobs or array tasks; those that have ended already do not matter.

    Raises:
        RefusedError: where the queue does not do it.
    """
    for k in range(0, len(jobs), AT_ONCE):
        _run(["scancel", *jobs[k : k + AT_ONCE]], ACT_SECONDS)


def release(jobs: Sequence[str]) -> None:
    """Let jobs start that were submitted on hold.

    Raises:
        RefusedError: where the queue does not do it.
    """
    for k in range(0, len(jobs), AT_ONCE):
        _run(["scontrol", "release", ",".join(jobs[k : k + AT_ONCE])], ACT_SECONDS)


def lacking(*commands: str) -> str:
    """The first of SLURM's commands that this machine has not; empty where all are here."""
    return next((name for name in commands if not shutil.which(name)), "")


def overriding() -> list[str]:
    """Our environment's variables that would count over a submission's options, in order."""
    return sorted(name for name in os.environ if name.startswith("SBATCH_"))


@contextlib.contextmanager
def submitting() -> Iterator[None]:
    """Within it, this process's environment is fit for ``sbatch``, which submitit calls with it: it
    has none of the user's defaults for it or for ``srun``, nothing of a job that we may be part of,
    but which cluster is meant."""
    kept = {f"SLURM_{name}" for name in _KEPT}
    names = [n for n in os.environ if n.startswith(_ASIDE) and n not in kept]
    aside = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(aside)


def _ask(command: list[str], seconds: float) -> str | None:
    try:
        return _run(command, seconds)
    except RefusedError:
        return None


def _run(command: list[str], seconds: float) -> str:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            env={k: v for k, v in os.environ.items() if not k.startswith(_FILTERS)},
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
