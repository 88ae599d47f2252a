"""Which runs of a command are still to be trained, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproduce.store import records
from reproduce.store import weights as saved_weights

if TYPE_CHECKING:
    from reproduce.catalogue.tables import PlannedRun
    from reproduce.store.paths import ResultsLayout


@dataclass(frozen=True)
class Wanted:
    """The distinct runs of a command.

    Attributes:
        finished: nothing is left to do for these.
        missing: to be trained.
        recorded: hashes of the missing ones that have a record and only lack their weights.
    """

    finished: tuple[PlannedRun, ...]
    missing: tuple[PlannedRun, ...]
    recorded: frozenset[str] = frozenset()

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
    """What is finished and what is missing of ``planned``, in its order and each run once.

    Args:
        save_weights: whether a run is missing, too, while its final weights are not kept.

    Raises:
        UserError: for a damaged record of ``planned``; names it.
    """
    distinct = {item.run.hash: item for item in planned}
    recorded = records.verified(layout, distinct)
    finished = recorded & saved_weights.present(layout) if save_weights else recorded
    return Wanted(
        finished=tuple(item for name, item in distinct.items() if name in finished),
        missing=tuple(item for name, item in distinct.items() if name not in finished),
        recorded=frozenset(recorded - finished),
    )
