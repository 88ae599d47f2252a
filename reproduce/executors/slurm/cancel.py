"""``reproduce cancel``: end the jobs that hold the selected runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster, manifest, state
from reproduce.executors.slurm.submit import right_to_submit, undo_intended

if TYPE_CHECKING:
    from reproduce.store.store import Store


@dataclass(frozen=True)
class Cancelled:
    """What was ended: tasks, and their runs that were selected or not."""

    tasks: int
    runs: int
    others: int

    @property
    def text(self) -> str:
        """One line."""
        if not self.tasks:
            return "nothing of it is in the queue"
        jobs = f"{self.tasks} task{'s' if self.tasks > 1 else ''}"
        also = f", and {self.others} that were packed with them" if self.others else ""
        return (
            f"cancelled {jobs} with {self.runs} of the selected runs{also}; checkpoints are kept, "
            "and the same command submits the rest again"
        )


def cancel(hashes: Collection[str], store: Store) -> Cancelled:
    """End the tasks in the queue that hold any of these runs.

    Raises:
        UserError: where the queue does not answer or does not do it.
    """
    if not manifest.read_all(store):
        return Cancelled(0, 0, 0)
    if name := cluster.lacking("squeue", "scontrol", "scancel"):
        raise UserError(
            f"no {name} here, so the queue cannot be told to cancel anything: run this on a login "
            "node of the cluster"
        )
    with right_to_submit(store):
        found = state.look(store)
        if found.jobs is None:
            raise state.SilentQueueError
        wanted = set(hashes)
        ended = _on_hold(found, wanted)
        undo_intended(store)
        for submission in found.manifests:
            if submission.state == manifest.INTENDED:
                continue
            chosen = {
                index: tasks
                for index, array in enumerate(submission.arrays)
                if (tasks := _chosen(array, found.live(submission, array), wanted))
            }
            if chosen:
                ended = _end(store, submission, chosen, found, wanted, ended)
        return ended


def _on_hold(found: state.Queue, wanted: set[str]) -> Cancelled:
    """What a submission that was killed half way has in the queue: on hold, and in no manifest by
    number. It is ended whole, since it never came to be."""
    tasks: list[tuple[manifest.SubmittedRun, ...]] = []
    for submission in found.manifests:
        if submission.state == manifest.INTENDED:
            jobs = {n: e for n, e in (found.jobs or {}).items() if e.comment == submission.comment}
            # They were submitted in this order.
            numbers = sorted({number.partition("_")[0] for number in jobs}, key=int)
            for job, array in zip(numbers, submission.arrays, strict=False):
                named = replace(array, job=job)
                tasks += [t for k, t in enumerate(array.tasks) if named.number(k) in jobs]
    runs = [run.hash in wanted for task in tasks for run in task]
    return Cancelled(len(tasks), sum(runs), len(runs) - sum(runs))


def _chosen(array: manifest.SubmittedArray, live: list[int], wanted: set[str]) -> list[int]:
    return [task for task in live if any(run.hash in wanted for run in array.tasks[task])]


def _end(
    store: Store,
    submission: manifest.Manifest,
    chosen: Mapping[int, list[int]],
    found: state.Queue,
    wanted: set[str],
    ended: Cancelled,
) -> Cancelled:
    """Note it first: a task that has gone without a note would count as lost."""
    arrays = list(submission.arrays)
    numbers = []
    for index, tasks in chosen.items():
        array = arrays[index]
        whole = tasks == found.live(submission, array)
        numbers += [array.job] if whole else [array.number(task) for task in tasks]
        arrays[index] = replace(array, cancelled=tuple(sorted({*array.cancelled, *tasks})))
        runs = [run.hash in wanted for task in tasks for run in array.tasks[task]]
        ended = Cancelled(
            ended.tasks + len(tasks), ended.runs + sum(runs), ended.others + len(runs) - sum(runs)
        )
    manifest.write(store, replace(submission, arrays=tuple(arrays)))
    try:
        cluster.cancel(numbers)
    except cluster.RefusedError as error:
        manifest.write(store, submission)
        raise UserError(f"cannot cancel: {error}") from error
    return ended
