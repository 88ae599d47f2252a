"""Grids whose winner is chosen: on held-out images, or on the test images where a paper did so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from analysis.verdicts.measure import Measure


@dataclass(frozen=True)
class Choice:
    """What a table declares of a grid before any run."""

    name: str  # what is chosen, such as "λ of the baseline"
    candidates: tuple[str, ...]  # names of the cells to choose from
    measure: Measure  # by which the median over the seeds is compared
    # the cells that train the candidates' settings on everything, in their order; empty where the
    # winner itself is reported
    finals: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.finals and len(self.finals) != len(self.candidates):
            raise ValueError(f"{self.name}: {len(self.finals)} finals of {len(self.candidates)}")

    @property
    def on(self) -> str:
        """What it was chosen on, for labels."""
        tested = self.measure.name.startswith(("test", "best"))
        return "the test images, as in the paper" if tested else self.measure.title


@dataclass(frozen=True)
class Chosen:
    """The winner of a choice and its median, None while a candidate lacks runs; ``reported`` is the
    cell whose test accuracy counts, ``searched`` how many candidates have all their runs."""

    choice: Choice
    winner: str | None
    reported: str | None
    median: float | None
    searched: int


def choose(choice: Choice, values: Mapping[str, Sequence[float]], seeds: int) -> Chosen:
    """The candidate with the best median, the first of equal ones.

    Nothing is chosen while a candidate has fewer than ``seeds`` runs: a winner among those that
    happen to be there would change as others come in.

    Args:
        values: of the choice's measure by cell, one a finished run; diverged runs at their worst.
    """
    complete = [name for name in choice.candidates if len(values.get(name, ())) >= seeds]
    if len(complete) < len(choice.candidates):
        return Chosen(choice, None, None, None, len(complete))
    winner = choice.measure.best(complete, key=lambda name: median(values[name]))
    reported = dict(zip(complete, choice.finals, strict=True))[winner] if choice.finals else winner
    return Chosen(choice, winner, reported, float(median(values[winner])), len(complete))
