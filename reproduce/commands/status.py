"""`reproduce status`: where the runs of a table stand. Loads neither NumPy nor torch."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reproduce.commands import options as opt
from reproduce.commands.overview import overview
from reproduce.running.standing import ENDING, FAILED, LOST, Running, standing
from reproduce.store import queues
from reproduce.store.failures import Failure
from reproduce.store.paths import default_results
from reproduce.store.queues import QUEUED, UNKNOWN, Lost

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection
    from reproduce.store.planned_run import PlannedRun
    from reproduce.store.store import Store

# A heartbeat comes every second; one this old is worth telling.
SILENT_SECONDS = 30.0
LOST_LINES = 20
COUNTS = ("done", "running", "failed", "waiting", "queued", "lost")
SHOWN = ("done", "running", "queued", "failed", "lost", "waiting")
OF_QUEUES = ("queued", "lost")
# What stands elsewhere counts here as.
_COUNTED = {UNKNOWN: "queued", ENDING: "running"}


@dataclass(frozen=True)
class Status:
    """Of all cells, in the table's order; ``failed`` and ``lost`` by hash.

    Attributes:
        cells: how many seeds of each stand where, by COUNTS; "queued" ones are in a queue's job
            that has not come to them, "lost" ones have left the queue without a result.
        weights: finished runs whose final weights are kept.
        silent: whether runs were submitted to a queue that does not answer here; these count as
            queued.
        reasons: why queued runs do not start though it may be their turn, by SLURM's word for it,
            and how many.
        on_hold: tasks in the queue, of any table, of submissions that have not come to their end.
    """

    cells: dict[str, dict[str, int]]
    running: tuple[Running, ...]
    failed: dict[str, Failure]
    weights: int = 0
    lost: dict[str, Lost] = field(default_factory=dict)
    silent: bool = False
    reasons: dict[str, int] = field(default_factory=dict)
    on_hold: int = 0

    @property
    def complete(self) -> bool:
        """Whether every run has its record."""
        return all(counts["done"] == sum(counts.values()) for counts in self.cells.values())


def status(
    chosen: opt.Selecting,
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="[TABLE]", help="Such as table3 or locality/table3.", show_default=False
        ),
    ] = None,
    as_json: opt.Json = False,
) -> str:
    """Tell what is done, running, failed and missing, from the records on disk; without TABLE, how
    far all papers are, as `reproduce` alone does."""
    if table is None:
        return overview(chosen.results, as_json=as_json)
    selection = chosen.of(table)
    return render(status_of(selection.planned, selection.store), selection, as_json=as_json)


def status_of(planned: Sequence[PlannedRun], store: Store) -> Status:
    """Counts per cell, what runs where, and the last error of what failed.

    A run whose owner on this host is dead is waiting, as is one that was interrupted.

    Raises:
        UserError: where a record is damaged; names it and what to do.
    """
    queue = queues.registered()
    word = queue.look(store.slurm) if queue else None  # first, see `standing`
    found = standing(planned, store, word=word)
    groups = {
        name: "done" if name in found.recorded else _COUNTED.get(group, group)
        for name, group in found.groups.items()
    }
    cells: dict[str, dict[str, int]] = {}
    for item in planned:
        counts = cells.setdefault(item.cell, dict.fromkeys(COUNTS, 0))
        counts[groups[item.run.hash]] += 1
    told = [found.places[item.run.hash].reason for item in found.of(QUEUED)]
    return Status(
        cells,
        found.running,
        {item.run.hash: _told_of(item, found.failed[item.run.hash]) for item in found.of(FAILED)},
        lost=queue.explain(found.of(LOST), found.places) if queue else {},
        weights=sum(groups[name] == "done" for name in store.weights.present() & groups.keys()),
        on_hold=word.on_hold if word else 0,
        silent=bool(found.of(UNKNOWN)),
        reasons=dict(Counter(filter(None, told))),
    )


def _told_of(item: PlannedRun, failure: Failure) -> Failure:
    # A table that shares the run calls its cell otherwise, and a damaged file tells none.
    return replace(failure, cell=item.cell, seed=item.run.seed)


def render(found: Status, selection: Selection, *, as_json: bool) -> str:
    """What ``reproduce status`` prints: text, or one JSON object."""
    if as_json:
        return json.dumps(_plain(found, selection), indent=1)
    return "\n".join(_lines(found, selection))


def _plain(found: Status, selection: Selection) -> dict[str, Any]:
    return {
        "table": selection.table.id,
        "form": selection.table.form,
        "complete": found.complete,
        "weights": found.weights,
        "cells": [
            {"cell": cell, **counts, "total": sum(counts.values())}
            for cell, counts in found.cells.items()
        ],
        "running": [
            {
                "run": item.run.hash,
                "cell": item.cell,
                "seed": item.run.seed,
                "epoch": item.beat.epoch,
                "epochs": item.run.epochs,
                "images_per_second": item.beat.images_per_second,
                "host": item.owner.host,
                "pid": item.owner.pid,
                "executor": item.owner.executor,
                "job": item.owner.job,
                "silent_seconds": item.silent_seconds,
            }
            for item in found.running
        ],
        "failed": [{"run": name, **asdict(failure)} for name, failure in found.failed.items()],
        "lost": [{"run": name, **asdict(lost)} for name, lost in found.lost.items()],
        "queue_silent": found.silent,
        "queue_reasons": found.reasons,
        "on_hold": found.on_hold,
    }


def _lines(found: Status, selection: Selection) -> Iterator[str]:
    sums = {name: sum(counts[name] for counts in found.cells.values()) for name in SHOWN}
    names = [name for name in SHOWN if sums[name] or name not in OF_QUEUES]
    total = sum(sums.values())
    rest = "".join(f", {count} {name}" for name, count in sums.items() if name != "done" and count)
    yield f"{selection.table.title}: {sums['done']} of {total} runs done{rest}"
    width = max(map(len, found.cells), default=4)
    yield f"  {'cell':<{width}}  {'done':>7}" + "".join(f"  {name:>7}" for name in names[1:])
    for cell, counts in found.cells.items():
        done = f"{counts['done']}/{sum(counts.values())}"
        rest = "".join(f"  {counts[name] or '':>7}" for name in names[1:])
        yield f"  {cell:<{width}}  {done:>7}{rest}".rstrip()
    if found.weights:
        yield f"weights are kept of {found.weights} of {sums['done']} finished runs"
    for item in found.running:
        yield f"running: {item.cell}, seed {item.run.seed}: {_where(item)}"
    for failure in found.failed.values():
        yield f"failed: {failure.cell}, seed {failure.seed}: {failure.error} (log: {failure.log})"
    yield from _lost_lines(found.lost)
    for reason, count in found.reasons.items():
        runs = "1 run does" if count == 1 else f"{count} runs do"
        yield f"queued: {runs} not start, SLURM's reason: {reason}"
    if found.on_hold:
        tasks = "1 task is" if found.on_hold == 1 else f"{found.on_hold} tasks are"
        yield (
            f"{tasks} on hold by a submission that is going on or was killed: the next one, or "
            "`reproduce cancel`, removes what was left"
        )
    if found.silent:
        yield "the queue does not answer here: what was submitted and is not done counts as queued"
    if selection.variant or selection.store.base != default_results():
        return  # a hint without the same options would name another experiment
    name = selection.table.name + selection.table.option
    if found.complete:
        yield f"`reproduce report {name}` redraws the table"
    elif not found.running and not sums["queued"]:
        yield f"`reproduce {name}` trains what is missing"


def _lost_lines(lost: dict[str, Lost]) -> Iterator[str]:
    """One a run, as far as anyone reads them."""
    for item in list(lost.values())[:LOST_LINES]:
        how = f" ({item.ended.lower().replace('_', ' ')})" if item.ended else ""
        said = f": {item.last_line}" if item.last_line else ""
        yield (
            f"lost: {item.cell}, seed {item.seed}: job {item.job} has left the queue{how}{said} "
            f"(log: {item.log})"
        )
    if (more := len(lost) - LOST_LINES) > 0:
        yield f"and {more} more are lost"


def _where(item: Running) -> str:
    owner, beat, epochs = item.owner, item.beat, item.run.epochs
    parts = [f"epoch {min(beat.epoch + 1, epochs)}/{epochs}"]
    if beat.images_per_second:
        parts.append(f"{beat.images_per_second:,.0f} images/s")
    of = f", job {owner.job.partition('.')[0]}" if owner.job else ""
    parts.append(f"process {owner.pid} on {owner.host} ({owner.executor}{of})")
    if item.silent_seconds is not None and item.silent_seconds > SILENT_SECONDS:
        parts.append(f"silent for {item.silent_seconds:.0f} s")
    return ", ".join(parts)
