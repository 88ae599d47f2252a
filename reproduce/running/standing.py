"""Where each run stands: by the files, and for what was submitted to a queue, by its word too."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reproduce.store.failures import Failure
from reproduce.store.heartbeat import Beat
from reproduce.store.leases import Leases, Owner
from reproduce.store.planned_run import PlannedRun
from reproduce.store.queues import CANCELLED, GONE, QUEUED, UNKNOWN, Liveness, Place, Word

if TYPE_CHECKING:
    from benchmarks.run import Run
    from reproduce.store.store import Store

# Besides QUEUED and UNKNOWN. ENDING ones are still held by a task that was cancelled.
DONE, RUNNING, ENDING = "done", "running", "ending"
FAILED, LOST, WAITING = "failed", "lost", "waiting"


@dataclass(frozen=True)
class Running:
    """A run that a process trains now, as far as can be told from here.

    Attributes:
        silent_seconds: age of its last heartbeat by the file's time, which is only as right as the
            machines' clocks; None where there was none yet.
    """

    cell: str
    run: Run
    owner: Owner
    beat: Beat
    silent_seconds: float | None


@dataclass(frozen=True)
class Standing:
    """The distinct runs of a command, and those that the missing ones start from.

    Attributes:
        finished: nothing is left to do for these.
        missing: all others, what another one starts from before that one.
        groups: where each stands, by hash.
        running: of those that are held, by whom.
        failed: all failures that there are, by hash.
        places: where the queue has, or had, each run.
        recorded: hashes of the missing ones that have a record and only lack their weights.
        sources: hashes of the missing ones whose weights have to be kept, since others start from
            them; these may be none that were planned.
    """

    finished: tuple[PlannedRun, ...]
    missing: tuple[PlannedRun, ...]
    groups: Mapping[str, str]
    running: tuple[Running, ...]
    failed: Mapping[str, Failure]
    places: Mapping[str, Place]
    recorded: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    @property
    def all(self) -> tuple[PlannedRun, ...]:
        """Finished and missing ones."""
        return self.finished + self.missing

    def of(self, group: str) -> tuple[PlannedRun, ...]:
        """Those that stand there."""
        return tuple(item for item in self.all if self.groups[item.run.hash] == group)

    def about_repetitions(self) -> str:
        """One line on the runs that are trained again."""
        count = len(self.recorded)
        runs = "finished run has" if count == 1 else "finished runs have"
        again = "it is" if count == 1 else "they are"
        stays = "its record stays" if count == 1 else "their records stay"
        return f"{count} {runs} no saved weights; {again} trained again to keep them, {stays}"

    def differing(self, store: Store) -> str:
        """One line on repetitions that came to another result than the record; "" for none."""
        found = store.records.collect(self.recorded) if self.recorded else {}
        weights = store.weights.headers(found)
        count = sum(not header.belongs_to(found[name]) for name, header in weights.items())
        if not count:
            return ""
        runs = "1 run" if count == 1 else f"{count} runs"
        return (
            f"{runs} came to another result than the record when repeated, as another machine or "
            "torch build may; the records stay, and the weights are noted to be of a repetition"
        )


def standing(
    planned: Sequence[PlannedRun],
    store: Store,
    *,
    save_weights: bool = False,
    word: Word | None = None,
) -> Standing:
    """Where ``planned`` stand, in their order and each run once, and what the missing ones start
    from.

    Args:
        save_weights: whether a run is missing, too, while its final weights are not kept.
        word: the queue's, asked before: what had left it by then has published what it ever will.

    Raises:
        UserError: for a damaged record of these; names it and what to do.
    """
    distinct = {item.run.hash: item for item in planned}
    family = {**_sources(distinct.values(), distinct, ()), **distinct}
    # In this order: a run that ends meanwhile is held by then, or done, or both.
    running = running_now(family.values(), store, store.leases("look"))
    failed = store.failures.read(family)
    recorded, kept = set(store.records.collect(family)), store.weights.present()
    finished = recorded & kept if save_weights else recorded
    sources = _sources((p for n, p in distinct.items() if n not in finished), distinct, kept)
    finished = finished - sources.keys()
    wanted = {**distinct, **sources}
    found = sort(wanted.values(), finished, failed, running, word)
    again = frozenset(recorded & wanted.keys() - finished)
    return replace(found, recorded=again, sources=frozenset(sources))


def sort(
    planned: Iterable[PlannedRun],
    done: Collection[str],
    failed: Mapping[str, Failure],
    running: Iterable[Running],
    word: Word | None = None,
) -> Standing:
    """Put distinct runs into groups by what is known of them."""
    items = {item.run.hash: item for item in planned}
    held = {r.run.hash: r for r in running if r.run.hash in items and r.run.hash not in done}
    left, places = items.keys() - done, word.places if word else {}
    groups = {n: _group(held.get(n), failed.get(n), places.get(n)) for n in left}
    return Standing(
        finished=tuple(item for name, item in items.items() if name in done),
        missing=_sources_first([p for n, p in items.items() if n in left]),
        groups={name: groups.get(name, DONE) for name in items},
        running=tuple(held.values()),
        failed=failed,
        places=places,
    )


def _group(held: Running | None, failure: Failure | None, place: Place | None) -> str:
    """Files count over the queue's word; of that, only what is newer than the last failure."""
    state = place.state if place else ""
    if held:
        number = held.owner.job.partition(".")[0]
        return ENDING if place and state == CANCELLED and number == place.number else RUNNING
    if state == QUEUED:
        return QUEUED
    if failure and (place is None or failure.token != place.failure):
        return FAILED
    if state in (UNKNOWN, GONE):
        return UNKNOWN if state == UNKNOWN else LOST
    return FAILED if failure else WAITING


def running_now(planned: Iterable[PlannedRun], store: Store, leases: Leases) -> list[Running]:
    """Those of ``planned`` that a process holds which is not dead for certain."""
    owners, found = leases.owners(), []
    for item in planned:
        owner = owners.get(item.run.hash)
        if owner and owner.liveness() is not Liveness.DEAD:
            beat = store.heartbeats.read(item.run.hash)
            ours = beat.token == owner.token
            silent = store.heartbeats.age(item.run.hash) if ours else None
            found.append(Running(item.cell, item.run, owner, beat if ours else Beat(), silent))
    return found


def _sources(
    items: Iterable[PlannedRun], known: Mapping[str, PlannedRun], kept: Collection[str]
) -> dict[str, PlannedRun]:
    """What has to be trained before ``items`` can start, by hash."""
    found: dict[str, PlannedRun] = {}
    for item in items:
        for run in item.run.sources:
            if run.hash not in kept and run.hash not in found:
                source = known.get(run.hash) or PlannedRun(f"source of {item.cell}", run)
                found |= {run.hash: source, **_sources([source], known, kept)}
    return found


def _sources_first(items: Sequence[PlannedRun]) -> tuple[PlannedRun, ...]:
    """In their order, but what one starts from comes just before it."""
    known = {item.run.hash: item for item in items}
    found: dict[str, PlannedRun] = {}

    def enter(item: PlannedRun) -> None:
        for source in item.run.sources:
            if source.hash in known and source.hash not in found:
                enter(known[source.hash])
        found.setdefault(item.run.hash, item)

    for item in items:
        enter(item)
    return tuple(found.values())
