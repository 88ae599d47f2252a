"""What was submitted: one file a submission, which tells tasks from runs.

A submission goes through states, each written before what could be lost between:

* ``intended``: nothing is known of the queue; jobs with its comment, if there are any, are on hold
  and know no runs yet;
* ``accepted``: all jobs are in the queue, on hold, and their numbers are here;
* ``released``: they may start;
* ``done``: every run has its record, no job is left, and the pickles are gone.

Who is killed in between is understood by the next one: it cancels what was intended and releases
what was accepted.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster as slurm
from reproduce.store import atomic
from reproduce.store.provenance import utc_now

if TYPE_CHECKING:
    from reproduce.executors.slurm.arrays import Array
    from reproduce.store.store import Store

SCHEMA = 1
SAVE_WEIGHTS = "save_weights"  # among the options
INTENDED, ACCEPTED, RELEASED, DONE = "intended", "accepted", "released", "done"


@dataclass(frozen=True)
class SubmittedRun:
    """A run of a task; ``failure`` is the token of the failure that it had before, if any."""

    hash: str
    cell: str
    seed: int
    failure: str = ""


@dataclass(frozen=True)
class SubmittedArray:
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


@dataclass(frozen=True)
class Manifest:
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
    options: Mapping[str, Any] = field(default_factory=dict)

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

    def log(self, store: Store, number: str) -> Path:
        """Where a task's output goes."""
        return jobs_folder(store, self.id) / f"{number}_0_log.out"


def new(
    table: str,
    cluster: str,
    snapshot: Path,
    arrays: list[Array],
    failures: Mapping[str, str],
    options: Mapping[str, Any],
) -> Manifest:
    """A submission that is intended."""
    return Manifest(
        id=f"{datetime.now(UTC).strftime('%Y%m%d-%H%M%S-%f')}-{secrets.token_hex(3)}",
        state=INTENDED,
        created=utc_now(),
        table=table,
        cluster=cluster,
        snapshot=str(snapshot),
        arrays=tuple(
            SubmittedArray(
                array.name,
                tuple(
                    tuple(
                        SubmittedRun(p.run.hash, p.cell, p.run.seed, failures.get(p.run.hash, ""))
                        for p in task
                    )
                    for task in array.tasks
                ),
            )
            for array in arrays
        ),
        options=options,
    )


def accepted(manifest: Manifest, jobs: list[str]) -> Manifest:
    """With the numbers of its arrays, in order."""
    arrays = [replace(a, job=job) for a, job in zip(manifest.arrays, jobs, strict=True)]
    return replace(manifest, state=ACCEPTED, arrays=tuple(arrays))


def write(store: Store, manifest: Manifest) -> None:
    """Publish a submission, in the place of its earlier state.

    Raises:
        UserError: where the folder cannot be written.
    """
    path = _path(store, manifest.id)
    try:
        atomic.replace(path, (json.dumps({"schema": SCHEMA, **asdict(manifest)}) + "\n").encode())
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error


def close(store: Store, manifest: Manifest) -> None:
    """Note that nothing of a submission is awaited, and remove what only its tasks needed: of
    thousands of them, several files each."""
    folder = jobs_folder(store, manifest.id)
    for pattern in ("*.pkl", ".submission_file_*.sh"):  # the second are links to the scripts
        for path in folder.glob(pattern):
            with contextlib.suppress(OSError):
                path.unlink()
    write(store, replace(manifest, state=DONE))


def forget(store: Store, manifest: Manifest) -> None:
    """Remove a submission that never came to be, with all of its files."""
    shutil.rmtree(jobs_folder(store, manifest.id), ignore_errors=True)
    with contextlib.suppress(OSError):
        _path(store, manifest.id).unlink()


def read_all(store: Store) -> list[Manifest]:
    """All submissions, the oldest first.

    Raises:
        UserError: where one cannot be read; names the file.
    """
    return list(_read_all(store))


def _read_all(store: Store) -> Iterator[Manifest]:
    for path in sorted(_folder(store).glob("*.json")):
        try:
            yield _parse(json.loads(path.read_text()))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path} cannot be read as a submission; move it away (its jobs, if any are left, "
                "are then unknown here)"
            ) from error


def _parse(values: dict[str, Any]) -> Manifest:
    if values.pop("schema") != SCHEMA:
        raise ValueError("another schema")
    arrays = tuple(
        SubmittedArray(
            name=array["name"],
            tasks=tuple(tuple(SubmittedRun(**run) for run in task) for task in array["tasks"]),
            job=array["job"],
            cancelled=tuple(array["cancelled"]),
        )
        for array in values.pop("arrays")
    )
    return Manifest(arrays=arrays, **values)


def jobs_folder(store: Store, submission: str) -> Path:
    """Where submitit keeps a submission's scripts, pickles and logs."""
    return store.slurm / "jobs" / submission


def _folder(store: Store) -> Path:
    return store.slurm / "submissions"


def _path(store: Store, submission: str) -> Path:
    return _folder(store) / f"{submission}.json"
