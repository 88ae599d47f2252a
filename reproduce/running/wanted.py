"""Which runs of a command are still to be trained, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproduce.catalogue.tables import PlannedRun
from reproduce.store import records
from reproduce.store import weights as saved_weights

if TYPE_CHECKING:
    from benchmarks.run import Run
    from reproduce.store.paths import ResultsLayout


@dataclass(frozen=True)
class Wanted:
    """The distinct runs of a command.

    Attributes:
        finished: nothing is left to do for these.
        missing: to be trained, whatever another one starts from before that one.
        recorded: hashes of the missing ones that have a record and only lack their weights.
        sources: hashes of the missing ones whose weights have to be kept, since others start from
            them; these may be none that were planned.
    """

    finished: tuple[PlannedRun, ...]
    missing: tuple[PlannedRun, ...]
    recorded: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    @property
    def all(self) -> tuple[PlannedRun, ...]:
        """Finished and missing ones."""
        return self.finished + self.missing

    def about_repetitions(self) -> str:
        """One line on the runs that are trained again."""
        count = len(self.recorded)
        runs = "finished run has" if count == 1 else "finished runs have"
        again = "it is" if count == 1 else "they are"
        stays = "its record stays" if count == 1 else "their records stay"
        return f"{count} {runs} no saved weights; {again} trained again to keep them, {stays}"

    def differing(self, layout: ResultsLayout) -> str:
        """One line on repetitions that came to another result than the record; "" for none."""
        found = records.collect(layout, self.recorded) if self.recorded else {}
        weights = saved_weights.headers(layout, found)
        count = sum(not header.belongs_to(found[name]) for name, header in weights.items())
        if not count:
            return ""
        runs = "1 run" if count == 1 else f"{count} runs"
        return (
            f"{runs} came to another result than the record when repeated, as another machine or "
            "torch build may; the records stay, and the weights are noted to be of a repetition"
        )


def look(
    planned: Sequence[PlannedRun], layout: ResultsLayout, *, save_weights: bool = False
) -> Wanted:
    """What is finished and what is missing of ``planned``, in its order and each run once, and what
    the missing ones start from.

    Args:
        save_weights: whether a run is missing, too, while its final weights are not kept.

    Raises:
        UserError: for a damaged record of ``planned``; names it.
    """
    distinct = {item.run.hash: item for item in planned}
    recorded, kept = records.verified(layout, distinct), saved_weights.present(layout)
    finished = recorded & kept if save_weights else recorded
    missing = {name: item for name, item in distinct.items() if name not in finished}
    sources = _sources(missing.values(), distinct, kept)
    if others := sources.keys() - distinct.keys():
        recorded |= records.verified(layout, others)
    finished = finished - sources.keys()
    missing = {**sources, **missing}
    return Wanted(
        finished=tuple(item for name, item in distinct.items() if name in finished),
        missing=tuple(sorted(missing.values(), key=_generation)),
        recorded=frozenset(recorded - finished),
        sources=frozenset(sources),
    )


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


def _generation(item: PlannedRun) -> int:
    """How many runs there are between it and initial weights."""

    def of(run: Run) -> int:
        return max((1 + of(source) for source in run.sources), default=0)

    return of(item.run)
