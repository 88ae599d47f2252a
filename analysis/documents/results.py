"""What an analysed table is: small frozen values that every renderer reads and none computes.

Accuracies are shares in [0, 1]; a median that is not finite is one that falls on diverged runs,
which rank behind every value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from analysis.verdicts.measure import ACCURACY, Measure

if TYPE_CHECKING:
    from analysis.statistics.effect_size import BrunnerMunzel
    from analysis.statistics.median import MedianInterval
    from analysis.statistics.rank_sum import RankSum
    from analysis.statistics.shift import Shift
    from analysis.verdicts.choosing import Chosen
    from analysis.verdicts.level_and_effect import EffectVerdict, LevelVerdict, StarAgreement

QUICK_LABEL = "QUICK: not comparable with the published numbers"
REDUCED_LABEL = (
    "REDUCED: trained less than the paper; its comparisons are judged, its levels are not"
)
LABELS = {"quick": QUICK_LABEL, "reduced": REDUCED_LABEL}


@dataclass(frozen=True)
class Reading:
    """One choice that the paper leaves open; ``changed`` where it is not the default."""

    id: str
    name: str
    value: str
    default: str
    source: str
    question: str
    changed: bool


@dataclass(frozen=True)
class Deviation:
    """Where this suite departs from the paper on purpose, by a short name and in full."""

    id: str
    name: str
    text: str


@dataclass(frozen=True)
class About:
    """What a table says of itself, apart from its numbers.

    Attributes:
        id: such as "locality/table3".
        protocol: "full", "reduced" or "quick"; a quick table has no published side and no
            verdicts, a reduced one none on levels.
        variant: name of the alternative settings, empty for the defaults.
        layout: how the cells are arranged: "pairs" (two cells a comparison), "rows"
            (groups of cells, each tested against its group's baseline) or "grid"
            (groups of settings against columns).
        row_title, column_title: what the cells' labels and columns are, such as "(γ, η)" and "λ".
        measure: what the table shows.
        remark: what a reader of this table alone has to know.
        margin_reason: why the equivalence margin is what it is.
        readings, deviations: what the paper leaves open, and where it is departed from.
    """

    id: str
    title: str
    caption: str
    protocol: str = "full"
    precision: str = "float32"
    variant: str = ""
    layout: str = "pairs"
    row_title: str = ""
    column_title: str = ""
    measure: Measure = ACCURACY
    remark: str = ""
    margin_reason: str = ""
    readings: tuple[Reading, ...] = ()
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True)
class RunRow:
    """One finished run, as the table's CSV holds it; ``machine`` stays out of the CSV."""

    seed: int
    correct: int
    total: int
    accuracy: float
    value: float
    diverged: bool
    best_correct: int
    best_epoch: int
    run: str
    configuration: str
    precision: str
    data_digest: str
    machine: str


@dataclass(frozen=True)
class CellResult:
    """One configuration of the table.

    Attributes:
        parameters: what distinguishes the cell, such as (("gamma", "1.6"), ("eta", "2.4")).
        published: the printed median with its printed digits, None where there is none.
        runs: the finished runs by seed, at most ``planned``.
        median: of the last epoch's accuracies, None without runs.
        interval: of the median, None below six runs.
        best_median: of the best evaluated epoch's accuracies; never the headline.
        level: the verdict, None in a quick table.
        machines: (machine, number of runs) in order of name.
        group, column: where the cell stands in a table of rows or a grid.
        title: what the table calls it there; the parameters' values by default.
        measure: of ``published``, ``median`` and the runs' values.
        margin: which of the table's margins is its own, such as its data set.
        delta: that margin in points, None without a published number.
    """

    name: str
    kind: str
    parameters: tuple[tuple[str, str], ...]
    published: str | None
    planned: int
    runs: tuple[RunRow, ...]
    median: float | None
    interval: MedianInterval | None
    best_median: float | None
    level: LevelVerdict | None
    machines: tuple[tuple[str, int], ...]
    group: str = ""
    column: str = ""
    title: str = ""
    measure: Measure = ACCURACY
    margin: str = ""
    delta: Decimal | None = None

    @property
    def n(self) -> int:
        """Finished runs."""
        return len(self.runs)

    @property
    def diverged(self) -> int:
        """Finished runs that diverged."""
        return sum(run.diverged for run in self.runs)

    @property
    def label(self) -> str:
        """The title, or the parameters' values, such as "(1.6, 2.4)", or the name."""
        values = ", ".join(value for _, value in self.parameters)
        return self.title or (f"({values})" if values else self.name)

    @property
    def published_share(self) -> float | None:
        """The published median in the unit of ours."""
        if self.published is None:
            return None
        return self.measure.share(self.published)


@dataclass(frozen=True)
class ComparisonResult:
    """Two cells that the paper prints as a pair, and the test of the first.

    Attributes:
        part, column: where the pair stands, such as "upper" and "1".
        against: the cell that the first is tested against, mostly ``second``; differences are
            first minus this one.
        test: the exact rank-sum test, None where a cell has no run; so are all that follow.
        p_normal: the same test by its normal approximation.
        p_holm: the exact p-value, Holm-adjusted over all declared comparisons.
        superiority: Vargha and Delaney's A, the chance that the first beats the other.
        stars: ours, by the legend of the paper's captions.
        published_stars: the paper's, None where it prints none for the pair.
        published_p: the p-value that the paper prints, with its digits.
        larger: "first" or "second", whichever of the pair has the larger median; "" in a tie.
        detectable: the true shift that these runs would have seen four times in five.
    """

    name: str
    part: str
    column: str
    first: str
    second: str
    against: str
    n_first: int
    n_against: int
    test: RankSum | None = None
    p_normal: float | None = None
    p_holm: float | None = None
    shift: Shift | None = None
    brunner_munzel: BrunnerMunzel | None = None
    superiority: float | None = None
    stars: str | None = None
    published_stars: str | None = None
    published_p: str | None = None
    effect: EffectVerdict | None = None
    agreement: StarAgreement | None = None
    larger: str = ""
    detectable: float | None = None
    measure: Measure = ACCURACY

    @property
    def winner(self) -> str:
        """ "first" or "second", whichever has the better median; "" in a tie."""
        other = {"first": "second", "second": "first"}
        return other.get(self.larger, "") if self.measure.lower_is_better else self.larger


@dataclass(frozen=True)
class ClaimResult:
    """What the paper says in a sentence, what its own table shows, and what our runs show.

    Attributes:
        claim, text, where: the claim in short, in words of ours, and where the paper makes it.
        stated: the stated number; printed: the same counted in the printed table.
        ours: counted in our medians, over what has runs; empty without any.
        interval: of the true number; empty where there is none.
        chance: what would be expected were the compared settings all alike.
        verdict: "confirmed", "contradicted", "undecided", or "not decidable" where runs are missing
            that could decide.
    """

    claim: str
    text: str
    where: str
    stated: str
    printed: str
    ours: str
    interval: str
    chance: str
    verdict: str


@dataclass(frozen=True)
class TableResult:
    """A table, analysed.

    Attributes:
        seeds: runs planned for each cell.
        declared: comparisons that the table declares, which Holm's adjustment counts.
        delta: the equivalence margin in accuracy points (percent), None in a quick table; by data
            set or other label where the table has several.
        missing: (cell, seed) of the runs that were asked for and are not there.
        claims: what the paper's text says of the table, judged.
        others: the same cells by further measures.
        chosen: what the table's declared choices have come to.
    """

    about: About
    cells: tuple[CellResult, ...]
    comparisons: tuple[ComparisonResult, ...]
    seeds: int
    declared: int
    delta: Decimal | Mapping[str, Decimal] | None
    alternative: str = "two-sided"
    method: str = "exact"
    confidence: float = 0.95
    missing: tuple[tuple[str, int], ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    others: tuple[TableResult, ...] = ()
    chosen: tuple[Chosen, ...] = ()

    @property
    def is_quick(self) -> bool:
        """Whether this is the quick experiment, which is not comparable with the paper."""
        return self.about.protocol == "quick"

    @property
    def has_levels(self) -> bool:
        """Whether its medians are to be those that the paper prints."""
        return self.about.protocol == "full"

    @property
    def runs_present(self) -> int:
        """Finished runs of all cells."""
        return sum(cell.n for cell in self.cells)

    @property
    def runs_planned(self) -> int:
        """Planned runs of all cells."""
        return sum(cell.planned for cell in self.cells)

    @property
    def is_whole(self) -> bool:
        """Whether every planned run of every cell is in."""
        return self.runs_present == self.runs_planned

    @property
    def complete(self) -> bool:
        """Whether every run that was asked for is in; some of the table may still be missing."""
        return not self.missing

    @property
    def mixed_cells(self) -> tuple[CellResult, ...]:
        """Cells whose runs come from several machines, torch builds or devices."""
        return tuple(cell for cell in self.cells if len(cell.machines) > 1)

    def cell(self, name: str) -> CellResult:
        """The cell of that name.

        Raises:
            KeyError: where there is none.
        """
        for cell in self.cells:
            if cell.name == name:
                return cell
        raise KeyError(name)

    def parts(self) -> dict[str, list[ComparisonResult]]:
        """Comparisons by part of the table, both in the table's order."""
        parts: dict[str, list[ComparisonResult]] = {}
        for comparison in self.comparisons:
            parts.setdefault(comparison.part, []).append(comparison)
        return parts
