"""What was submitted: one file a submission, which tells tasks from runs.

A submission goes through states, each written before what could be lost between:

* ``intended``: nothing is known of the queue; jobs with its comment, if there are any, are on hold
  and know no runs yet;
* ``accepted``: all jobs are in the queue, on hold, and their numbers are here;
* ``released``: they may start;
* ``done``: every run has its record, no job is left, and the pickles are gone.

Who is killed in between is understood by the next one: it cancels what was intended and releases
what was accepted.

``folder`` is here the one that a results folder has for them
(:attr:`reproduce.store.store.Store.slurm`).
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec.structs import replace

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster as slurm
from reproduce.store import atomic
from reproduce.store.provenance import utc_now

if TYPE_CHECKING:
    from reproduce.executors.slurm.arrays import Array
    from reproduce.store.planned_run import PlannedRun

SAVE_WEIGHTS = "save_weights"  # among the options
INTENDED, ACCEPTED, RELEASED, DONE = "intended", "accepted", "released", "done"


class SubmittedRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run of a task; ``failure`` is the token of the failure that it had before, if any."""

    hash: str
    cell: str
    seed: int
    failure: str = ""


class SubmittedArray(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One array, or a single job where it has one task.

    Attributes:
        job: the array's number; empty until it is accepted.
        cancelled: tasks that ``reproduce cancel`` has ended.
    """

    name: str
    tasks: tuple[tuple[SubmittedRun, ...], ...]
    job: str = ""
    cancelled: tuple[int, ...] = ()

    def number(self, task: int) -> str:
        """As ``squeue`` has it: submitit gives an array of one task no task number."""
        return self.job if len(self.tasks) == 1 else f"{self.job}_{task}"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A submission.

    Attributes:
        id: names its files and, as comment, its jobs.
        cluster: where the numbers mean something.
        snapshot: the folder of the code that it runs.
        options: what was asked for.
    """

    id: str
    state: str
    created: str
    table: str
    cluster: str
    snapshot: str
    arrays: tuple[SubmittedArray, ...]
    options: dict[str, Any] = {}
    schema: Literal[1] = 1

    @property
    def hashes(self) -> set[str]:
        """Of its runs."""
        return {run.hash for array in self.arrays for task in array.tasks for run in task}

    @property
    def keeps_weights(self) -> bool:
        """Whether its runs keep their final weights; where that was not noted, supposed."""
        return bool(self.options.get(SAVE_WEIGHTS, True))

    @property
    def comment(self) -> str:
        """Of its jobs."""
        return f"{slurm.COMMENT}{self.id}"


def new(
    table: str,
    cluster: str,
    snapshot: Path,
    arrays: Sequence[Array],
    failures: Mapping[str, str],
    options: Mapping[str, Any],
) -> Manifest:
    """A submission that is intended; ``failures`` are tokens by hash."""

    def submitted(item: PlannedRun) -> SubmittedRun:
        name = item.run.hash
        return SubmittedRun(name, item.cell, item.run.seed, failures.get(name, ""))

    return Manifest(
        id=f"{datetime.now(UTC).strftime('%Y%m%d-%H%M%S-%f')}-{secrets.token_hex(3)}",
        state=INTENDED,
        created=utc_now(),
        table=table,
        cluster=cluster,
        snapshot=str(snapshot),
        arrays=tuple(
            SubmittedArray(a.name, tuple(tuple(map(submitted, task)) for task in a.tasks))
            for a in arrays
        ),
        options=dict(options),
    )


def accepted(manifest: Manifest, jobs: Sequence[str]) -> Manifest:
    """With the numbers of its arrays, in order."""
    arrays = [replace(a, job=job) for a, job in zip(manifest.arrays, jobs, strict=True)]
    return replace(manifest, state=ACCEPTED, arrays=tuple(arrays))


def write(folder: Path, manifest: Manifest) -> None:
    """Publish a submission, in the place of its earlier state.

    Raises:
        UserError: where the folder cannot be written.
    """
    path = _path(folder, manifest.id)
    try:
        atomic.replace(path, msgspec.json.encode(manifest) + b"\n")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error


def close(folder: Path, manifest: Manifest) -> None:
    """Note that nothing of a submission is awaited, and remove what only its tasks needed: of
    thousands of them, several files each."""
    jobs = jobs_folder(folder, manifest.id)
    for pattern in ("*.pkl", ".submission_file_*.sh"):  # the second are links to the scripts
        for path in jobs.glob(pattern):
            with contextlib.suppress(OSError):
                path.unlink()
    write(folder, replace(manifest, state=DONE))


def forget(folder: Path, manifest: Manifest) -> None:
    """Remove a submission that never came to be, with all of its files."""
    shutil.rmtree(jobs_folder(folder, manifest.id), ignore_errors=True)
    with contextlib.suppress(OSError):
        _path(folder, manifest.id).unlink()


def read_all(folder: Path) -> list[Manifest]:
    """All submissions, the oldest first.

    Raises:
        UserError: where one cannot be read; names the file.
    """
    found = []
    for path in sorted(_path(folder, "any").parent.glob("*.json")):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Manifest))
        except FileNotFoundError:
            continue
        except (OSError, msgspec.DecodeError) as error:
            raise UserError(
                f"{path} cannot be read as a submission; move it away (its jobs, if any are left, "
                "are then unknown here)"
            ) from error
    return found


def jobs_folder(folder: Path, submission: str) -> Path:
    """Where submitit keeps a submission's scripts, pickles and logs."""
    return folder / "jobs" / submission


def _path(folder: Path, submission: str) -> Path:
    return folder / "submissions" / f"{submission}.json"
