"""What a selection audit finds: of the best epochs, of groups of settings, of declared choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from analysis.statistics.selection_gain import chance_gain
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
    """A group of settings that are compared with one or more baselines.

    Attributes:
        above, below: how many settings there are on either side.
        seeds: that a printed median is of; 1 where the paper does not say.
        printed: the printed gain of the best setting on the best baseline; None where it is not
            printed.
        spread: by which chance is reckoned; None where nothing tells it.
        chance: the gain to be expected were all settings equal.
        probability: that equal settings gain as much as is printed, or more.
        ours: the same gain of means in our runs, seeds that all cells have; None below two.
        held_out: of settings that were chosen on all other seeds.
        form, runs: of ours.
    """

    table: str
    group: str
    measure: Measure
    above: int
    below: int
    seeds: int
    printed: float | None
    spread: Spread | None
    chance: float | None = None
    probability: float | None = None
    ours: float | None = None
    held_out: float | None = None
    form: str = ""
    runs: int = 0

    @property
    def enough(self) -> float | None:
        """The spread of one seed with which chance is expected to give all of the printed gain;
        None where nothing was gained, or chance favours the baselines."""
        gain = chance_gain(self.above, self.below, self.seeds)
        if self.printed is None or self.printed <= 0 or gain <= 0:
            return None
        return self.printed / gain

    @property
    def share(self) -> float | None:
        """Of the printed gain, what chance is expected to give; None where nothing was gained."""
        if self.printed is None or self.chance is None or self.printed <= 0:
            return None
        return self.chance / self.printed


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
