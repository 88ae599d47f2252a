"""What a selection audit finds: of the best epochs, of groups of settings, of declared choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from analysis.verdicts.measure import Measure


@dataclass(frozen=True)
class EpochAudit:
    """What the best evaluated epoch has more than the last one, in shares.

    Attributes:
        runs: that were evaluated at several epochs and did not diverge.
        evaluations: the most that one of them has.
        gain: the mean over the seeds of their means over the cells; None without a run.
        low, high: its 95 % interval by Student's t over the seeds; None below two seeds.
        printed: the mean printed gain of the table's comparisons; None where none is printed.
    """

    table: str
    form: str
    runs: int
    evaluations: int
    gain: float | None
    low: float | None
    high: float | None
    printed: float | None


class Spread(NamedTuple):
    """A standard deviation over seeds in the measure's unit, and what it is of."""

    value: float
    source: str  # "runs", "stars" or "reduced"


@dataclass(frozen=True)
class GroupAudit:
    """A group of settings that are compared with one or more baselines, in print or in runs.

    Attributes:
        source: "printed", or the form whose runs it is of.
        above, below: how many settings there are on either side.
        seeds: that a printed median is of, 1 where the paper does not say, or a mean of runs.
        gain: of the best setting on the best baseline.
        spread: by which chance is reckoned; None where nothing tells it.
        by_chance: the gain to be expected were all settings equal, in standard deviations of one
            seed.
        probability: that equal settings gain as much, or more; None without a spread.
        held_out: the gain of settings that were chosen on all other seeds; None of printed numbers.
    """

    table: str
    group: str
    source: str
    measure: Measure
    above: int
    below: int
    seeds: int
    gain: float
    spread: Spread | None
    by_chance: float
    probability: float | None = None
    held_out: float | None = None

    @property
    def chance(self) -> float | None:
        """The gain to be expected were all settings equal; None without a spread."""
        return self.spread and self.spread.value * self.by_chance

    @property
    def enough(self) -> float | None:
        """The spread of one seed with which chance is expected to give all of the gain; None where
        nothing was gained, or chance favours the baselines."""
        if self.gain <= 0 or self.by_chance <= 0:
            return None
        return self.gain / self.by_chance

    @property
    def share(self) -> float | None:
        """Of the gain, what chance is expected to give; None where nothing was gained."""
        if self.chance is None or self.gain <= 0:
            return None
        return self.chance / self.gain


@dataclass(frozen=True)
class ChoiceAudit:
    """A declared choice: the test accuracy of what was chosen on held-out images, and that of what
    is best on the test images, medians over the seeds."""

    table: str
    name: str
    form: str
    candidates: int
    held_out: float
    on_test: float


@dataclass(frozen=True)
class Audit:
    """Of a table: every part that it has."""

    epochs: tuple[EpochAudit, ...]
    groups: tuple[GroupAudit, ...]
    choices: tuple[ChoiceAudit, ...]
