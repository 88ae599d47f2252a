"""Submitting what is neither finished nor running nor queued, whole or not at all."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster, manifest, queue, snapshot
from reproduce.executors.slurm.arrays import (
    Array,
    Request,
    arrays,
    parameters,
    sources_of,
    submit_array,
)
from reproduce.executors.slurm.manifest import ACCEPTED, INTENDED, RELEASED, Manifest
from reproduce.executors.slurm.task import Task
from reproduce.running.interrupts import signals_raise
from reproduce.running.standing import DONE, FAILED, LOST, WAITING, Standing, standing
from reproduce.store.leases import Leases
from reproduce.store.queues import QUEUED, UNKNOWN

if TYPE_CHECKING:
    from reproduce.store.planned_run import PlannedRun
    from reproduce.store.store import Store

LOCK, LOCK_SECONDS = "submit", 180.0
# What becomes of runs besides the groups of a standing: submitted by this call; not submitted for
# want of room, or since they were not asked for (--retry).
SUBMITTED, DEFERRED, LEFT = "submitted", "deferred", "left"
_TODO = "todo"


@dataclass
class Submitted:
    """What a call has come to.

    Attributes:
        wanted: where the runs stood.
        groups: all runs that were wanted, by what has become of them.
        weightless: those in the queue that will keep no weights though these are wanted.
        submission: None where nothing was to be submitted.
        warning: about the code that runs, if any.
    """

    wanted: Standing
    groups: dict[str, list[PlannedRun]]
    weightless: list[PlannedRun]
    submission: Manifest | None = None
    warning: str | None = None

    def of(self, *groups: str) -> list[PlannedRun]:
        """The runs of these groups."""
        return [item for group in groups for item in self.groups.get(group, ())]


def submit(planned: Sequence[PlannedRun], request: Request) -> Submitted:
    """Submit those of ``planned`` that are neither finished nor running nor queued.

    Of two calls at once, one waits for the other and then finds its runs queued.

    Raises:
        UserError: where there is no queue or it does not answer, where SLURM rejects a job (nothing
            is then submitted), for a damaged record, or a folder that cannot be written.
    """
    if name := cluster.lacking("sbatch", "squeue", "scontrol", "scancel", "srun"):
        raise UserError(
            f"--executor slurm: no {name} here; run this on a login node of the cluster"
        )
    store, options = request.store, request.options
    store.make_folders(with_weights=request.save_weights)
    with signals_raise(), right_to_submit(store):
        recover(store)
        answer = queue.look(store.slurm)
        facts = cluster.facts()
        if answer.jobs is None or facts is None:
            raise queue.SilentQueueError
        _close(store, answer)
        wanted = standing(planned, store, save_weights=request.save_weights, word=answer)
        found = _sort(wanted, request)
        todo = found.groups.pop(_TODO, [])
        limit = options.max_queued
        room = None if limit is None else max(0, limit - len(_queue()))
        parts = arrays(todo, request.title, options.seeds_per_job, facts.max_array_size, room)
        fits = {item.run.hash for part in parts for item in part.runs}
        found.groups[SUBMITTED] = [p for p in todo if p.run.hash in fits]
        found.groups[DEFERRED] = [p for p in todo if p.run.hash not in fits]
        if not parts:
            return found
        queued = {n: p.number for n, p in answer.places.items() if p.state == QUEUED}
        return _submit(parts, request, found, queued, facts.name)


def _sort(wanted: Standing, request: Request) -> Submitted:
    """Which runs are where, and those to be submitted."""
    retry = request.options.retry
    groups: dict[str, list[PlannedRun]] = {}
    weightless: list[PlannedRun] = []
    for item in wanted.all:
        name, place = item.run.hash, wanted.places.get(item.run.hash)
        group = wanted.groups[name]
        if place and place.state == UNKNOWN and group == FAILED:
            group = UNKNOWN  # whether its queue tries it again is not known here
        elif group in (FAILED, LOST, WAITING):
            asked = retry == "all" or (retry == "failed") == (name in wanted.failed)
            group = _TODO if asked else LEFT
        groups.setdefault(group, []).append(item)
        if place and place.state in (QUEUED, UNKNOWN) and not place.keeps_weights:
            weightless += [item] if request.save_weights and group not in (DONE, _TODO) else []
    return Submitted(wanted, groups, weightless)


def _submit(
    parts: list[Array],
    request: Request,
    found: Submitted,
    queued: dict[str, str],
    cluster_name: str,
) -> Submitted:
    """``queued`` has the number of each run's job in the queue, by hash."""
    store, wanted = request.store, found.wanted
    code = snapshot.take(store.slurm / "snapshots")
    asked = {**asdict(request.options), manifest.SAVE_WEIGHTS: request.save_weights}
    failures = {name: failure.token for name, failure in wanted.failed.items()}
    intended = manifest.new(request.title, cluster_name, code.folder, parts, failures, asked)
    manifest.write(store.slurm, intended)
    folder = manifest.jobs_folder(store.slurm, intended.id)
    jobs: list[str] = []
    try:
        for part in parts:
            after = jobs_before(part, wanted, queued)
            values = parameters(request.options, part, intended.comment, code.folder, after)
            made = [Task(request.job(t, wanted).to_json(), str(code.folder)) for t in part.tasks]
            jobs.append(submit_array(folder, values, made))
            queued |= {item.run.hash: jobs[-1] for item in part.runs}
        accepted = manifest.accepted(intended, jobs)
        manifest.write(store.slurm, accepted)
    except BaseException:
        with contextlib.suppress(UserError):  # the next call tries again
            _undo(store, intended, jobs)
        raise
    found.submission, found.warning = _release(store, accepted, jobs), code.warning
    return found


def jobs_before(part: Array, wanted: Standing, queued: Mapping[str, str]) -> set[str]:
    """The jobs that train what an array's runs start from."""
    sources = {item.run.hash for item in sources_of(part.runs, wanted)}
    return {queued[name] for name in sources & queued.keys()}


def recover(store: Store, *, release: bool = True) -> None:
    """Set right what calls that were killed have left: cancel what is on hold of those that were
    killed half way, and release what was accepted. Only who may submit may.

    Raises:
        UserError: where the queue does not answer or does not do it.
    """
    for submission in manifest.read_all(store.slurm):
        if submission.state == INTENDED:
            _undo(store, submission, [])
        elif submission.state == ACCEPTED and release:
            present = {number.partition("_")[0] for number in _queue()}
            _release(store, submission, [a.job for a in submission.arrays if a.job in present])


def tidy(store: Store) -> None:
    """Remove what submissions of which nothing is left to do need no longer; without a queue that
    answers, nothing."""
    if cluster.present() and manifest.read_all(store.slurm):
        with right_to_submit(store):
            _close(store, queue.look(store.slurm))


def _close(store: Store, answer: queue.Answer) -> None:
    for submission in answer.manifests if answer.jobs is not None else ():
        if submission.state == RELEASED and submission.cluster == answer.cluster_name:
            live = any(answer.live(submission, array) for array in submission.arrays)
            if not live and submission.hashes <= store.records.finished(submission.hashes):
                manifest.close(store.slurm, submission)


def _undo(store: Store, submission: Manifest, known: list[str]) -> None:
    """Cancel whatever the queue has of a submission, all of it on hold; then forget it."""
    present = {n.partition("_")[0]: job.comment for n, job in _queue().items()}
    ours = [n for n, comment in present.items() if comment == submission.comment or n in known]
    try:
        cluster.cancel(ours)
    except cluster.RefusedError as error:
        raise UserError(f"jobs on hold cannot be cancelled: {error}") from error
    manifest.forget(store.slurm, submission)


def _queue() -> Mapping[str, cluster.Queued]:
    jobs = cluster.queue()
    if jobs is None:
        raise queue.SilentQueueError
    return jobs


def _release(store: Store, accepted: Manifest, jobs: list[str]) -> Manifest:
    try:
        cluster.release(jobs)
    except cluster.RefusedError as error:
        raise UserError(
            f"submitted, but still on hold: {error}; the same command releases the jobs"
        ) from error
    released = replace(accepted, state=RELEASED)
    manifest.write(store.slurm, released)
    return released


@contextlib.contextmanager
def right_to_submit(store: Store) -> Iterator[None]:
    """One process at a time; a dead one's right is taken over."""
    leases = Leases(store.slurm, "submit")
    leases.sweep()
    deadline = time.monotonic() + LOCK_SECONDS
    while (lease := leases.acquire(LOCK)) is None:
        if time.monotonic() > deadline:
            owner = leases.owner(LOCK)
            who = f"process {owner.pid} on {owner.host}" if owner else "another process"
            raise UserError(
                f"{who} has been submitting for long: wait for it, or, if it is no more, remove "
                f"{store.slurm / LOCK}.claim"
            )
        time.sleep(0.1)
    try:
        yield
    finally:
        leases.release(lease)
