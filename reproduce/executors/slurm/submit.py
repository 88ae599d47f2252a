"""Submitting what is neither finished nor running nor queued, whole or not at all."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster, manifest, snapshot, state
from reproduce.executors.slurm.arrays import Array, arrays, parameters, submit_array
from reproduce.executors.slurm.manifest import ACCEPTED, INTENDED, RELEASED, Manifest
from reproduce.executors.slurm.request import Request, Tasks
from reproduce.running import launch
from reproduce.running.interrupts import signals_raise
from reproduce.running.standing import DONE, FAILED, LOST, WAITING, Standing, standing
from reproduce.store.claims import Claims
from reproduce.store.queues import QUEUED, UNKNOWN

if TYPE_CHECKING:
    from reproduce.catalogue.tables import PlannedRun
    from reproduce.executors.slurm.state import Queue
    from reproduce.store.store import Store

LOCK, LOCK_SECONDS = "submit", 180.0


@dataclass(frozen=True)
class Submitted:
    """What a call has come to, in runs that add up to those wanted.

    Attributes:
        submission: None where nothing was to be submitted.
        fresh: submitted by this call; ``deferred`` were not, for want of room; ``left`` were not
            asked for (``--retry``); ``queued`` and ``running`` were before; ``unknown`` were
            submitted to a queue that does not answer here; ``ending`` are still held by a task
            that was cancelled.
        weightless: those of them in the queue that will keep no weights though they are wanted.
        warning: about the code that runs, if any.
    """

    submission: Manifest | None
    done: tuple[PlannedRun, ...] = ()
    running: tuple[PlannedRun, ...] = ()
    queued: tuple[PlannedRun, ...] = ()
    unknown: tuple[PlannedRun, ...] = ()
    fresh: tuple[PlannedRun, ...] = ()
    deferred: tuple[PlannedRun, ...] = ()
    left: tuple[PlannedRun, ...] = ()
    weightless: tuple[PlannedRun, ...] = ()
    ending: tuple[PlannedRun, ...] = ()
    warning: str | None = None


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
    launch.make_folders(request.store, with_weights=request.save_weights)
    with signals_raise(), right_to_submit(request.store):
        recover(request.store)
        found = state.look(request.store)
        facts = cluster.facts()
        if found.jobs is None or facts is None:
            raise state.SilentQueueError
        _close(request.store, found)
        wanted = standing(planned, request.store, save_weights=request.save_weights, word=found)
        sorted_, todo = _sort(wanted, request)
        limit, options = request.options.max_queued, request.options
        room = None if limit is None else max(0, limit - len(_queue()))
        parts = arrays(todo, request.title, options.seeds_per_job, facts.max_array_size, room)
        fresh = {item.run.hash for part in parts for task in part.tasks for item in task}
        sorted_ = replace(
            sorted_,
            fresh=tuple(p for p in todo if p.run.hash in fresh),
            deferred=tuple(p for p in todo if p.run.hash not in fresh),
        )
        if not parts:
            return sorted_
        queued = {n: p.number for n, p in found.places.items() if p.state == QUEUED}
        return _submit(parts, Tasks(request, wanted, queued), facts.name, sorted_)


def _sort(wanted: Standing, request: Request) -> tuple[Submitted, list[PlannedRun]]:
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
            group = "todo" if asked else "left"
        groups.setdefault(group, []).append(item)
        if place and place.state in (QUEUED, UNKNOWN) and not place.keeps_weights:
            weightless += [item] if request.save_weights and group not in (DONE, "todo") else []
    todo = groups.pop("todo", [])
    found_in = {name: tuple(items) for name, items in groups.items()}
    sorted_ = Submitted(None, weightless=tuple(weightless))
    return replace(sorted_, **found_in), todo  # type: ignore[arg-type]


def _submit(parts: list[Array], tasks: Tasks, cluster_name: str, sorted_: Submitted) -> Submitted:
    request, store = tasks.request, tasks.request.store
    code = snapshot.take(store.slurm / "snapshots")
    asked = {**asdict(request.options), manifest.SAVE_WEIGHTS: request.save_weights}
    intended = manifest.new(request.title, cluster_name, code.folder, parts, tasks.tokens, asked)
    manifest.write(store, intended)
    folder = manifest.jobs_folder(store, intended.id)
    jobs: list[str] = []
    try:
        for part in parts:
            after = tasks.jobs_before(part)
            values = parameters(request.options, part, intended.comment, code.folder, after)
            made = [tasks.task(items, code.folder) for items in part.tasks]
            jobs.append(submit_array(folder, values, made))
            tasks.jobs |= {p.run.hash: jobs[-1] for items in part.tasks for p in items}
        accepted = manifest.accepted(intended, jobs)
        manifest.write(store, accepted)
    except BaseException:
        with contextlib.suppress(UserError):  # the next call tries again
            _undo(store, intended, jobs)
        raise
    released = _release(store, accepted, jobs)
    return replace(sorted_, submission=released, warning=code.warning)


def recover(store: Store) -> None:
    """Set right what calls that were killed have left; only who may submit may.

    Raises:
        UserError: where the queue does not answer.
    """
    undo_intended(store)
    for submission in manifest.read_all(store):
        if submission.state == ACCEPTED:
            present = {number.partition("_")[0] for number in _queue()}
            _release(store, submission, [a.job for a in submission.arrays if a.job in present])


def undo_intended(store: Store) -> None:
    """Cancel what calls that were killed half way have left on hold; only who may submit may.

    Raises:
        UserError: where the queue does not answer or does not do it.
    """
    for submission in manifest.read_all(store):
        if submission.state == INTENDED:
            _undo(store, submission, [])


def tidy(store: Store) -> None:
    """Remove what submissions of which nothing is left to do need no longer; without a queue that
    answers, nothing."""
    if cluster.present() and manifest.read_all(store):
        with right_to_submit(store):
            _close(store, state.look(store))


def _close(store: Store, found: Queue) -> None:
    if found.jobs is None:
        return
    for submission in found.manifests:
        if submission.state == RELEASED and submission.cluster == found.name:
            live = any(found.live(submission, array) for array in submission.arrays)
            if not live and submission.hashes <= store.records.finished(submission.hashes):
                manifest.close(store, submission)


def _undo(store: Store, submission: Manifest, known: list[str]) -> None:
    """Cancel whatever the queue has of a submission, all of it on hold; then forget it."""
    present = {n.partition("_")[0]: job.comment for n, job in _queue().items()}
    ours = [n for n, comment in present.items() if comment == submission.comment or n in known]
    try:
        cluster.cancel(ours)
    except cluster.RefusedError as error:
        raise UserError(f"jobs on hold cannot be cancelled: {error}") from error
    manifest.forget(store, submission)


def _queue() -> Mapping[str, cluster.Queued]:
    jobs = cluster.queue()
    if jobs is None:
        raise state.SilentQueueError
    return jobs


def _release(store: Store, accepted: Manifest, jobs: list[str]) -> Manifest:
    try:
        cluster.release(jobs)
    except cluster.RefusedError as error:
        raise UserError(
            f"submitted, but still on hold: {error}; the same command releases the jobs"
        ) from error
    released = replace(accepted, state=RELEASED)
    manifest.write(store, released)
    return released


@contextlib.contextmanager
def right_to_submit(store: Store) -> Iterator[None]:
    """One process at a time; a dead one's right is taken over."""
    claims = Claims(store.slurm, "submit")
    claims.sweep()
    deadline = time.monotonic() + LOCK_SECONDS
    while (claim := claims.acquire(LOCK)) is None:
        if time.monotonic() > deadline:
            owner = claims.owner(LOCK)
            who = f"process {owner.pid} on {owner.host}" if owner else "another process"
            raise UserError(
                f"{who} has been submitting for long: wait for it, or, if it is no more, remove "
                f"{store.slurm / LOCK}.claim"
            )
        time.sleep(0.1)
    try:
        yield
    finally:
        claims.release(claim)
