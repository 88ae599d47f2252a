"""``reproduce cancel``: end the jobs that hold the selected runs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster, manifest, queue
from reproduce.executors.slurm.manifest import INTENDED, Manifest, SubmittedRun
from reproduce.executors.slurm.submit import recover, right_to_submit

if TYPE_CHECKING:
    from reproduce.store.store import Store

Tasks = list[tuple[SubmittedRun, ...]]


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
    if not manifest.read_all(store.slurm):
        return Cancelled(0, 0, 0)
    if name := cluster.lacking("squeue", "scontrol", "scancel"):
        raise UserError(
            f"no {name} here, so the queue cannot be told to cancel anything: run this on a login "
            "node of the cluster"
        )
    with right_to_submit(store):
        answer = queue.look(store.slurm)
        if answer.jobs is None:
            raise queue.SilentQueueError
        wanted, ended = set(hashes), _on_hold(answer)
        recover(store, release=False)
        for submission in answer.manifests:
            if submission.state != INTENDED:
                ended += _end(store, answer, submission, wanted)
    chosen = [run.hash in wanted for task in ended for run in task]
    return Cancelled(len(ended), sum(chosen), len(chosen) - sum(chosen))


def _on_hold(answer: queue.Answer) -> Tasks:
    """What a submission that was killed half way has in the queue: on hold, and in no manifest by
    number. It is ended whole, since it never came to be."""
    tasks: Tasks = []
    for submission in answer.manifests:
        if submission.state == INTENDED:
            jobs = {n for n, e in (answer.jobs or {}).items() if e.comment == submission.comment}
            # They were submitted in this order.
            numbers = sorted({number.partition("_")[0] for number in jobs}, key=int)
            for job, array in zip(numbers, submission.arrays, strict=False):
                named = replace(array, job=job)
                tasks += [t for k, t in enumerate(array.tasks) if named.number(k) in jobs]
    return tasks


def _end(store: Store, answer: queue.Answer, submission: Manifest, wanted: set[str]) -> Tasks:
    """Note it first: a task that has gone without a note would count as lost."""
    arrays, ended = [], []
    numbers: list[str] = []
    for array in submission.arrays:
        live = answer.live(submission, array)
        chosen = [k for k in live if any(run.hash in wanted for run in array.tasks[k])]
        if chosen:
            numbers += [array.job] if chosen == live else map(array.number, chosen)
        ended += [array.tasks[k] for k in chosen]
        arrays.append(replace(array, cancelled=tuple(sorted({*array.cancelled, *chosen}))))
    if numbers:
        manifest.write(store.slurm, replace(submission, arrays=tuple(arrays)))
        try:
            cluster.cancel(numbers)
        except cluster.RefusedError as error:
            manifest.write(store.slurm, submission)
            raise UserError(f"cannot cancel: {error}") from error
    return ended
