"""What an analysed table is: small frozen values that every renderer reads and none computes.

Accuracies are shares in [0, 1]; a median that is not finite is one that falls on diverged runs,
which rank behind every value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from analysis.statistics.confidence import CONFIDENCE
from analysis.tables.about import About
from analysis.verdicts.measure import ACCURACY, Measure

if TYPE_CHECKING:
    from analysis.statistics.effect_size import BrunnerMunzel
    from analysis.statistics.median import MedianInterval
    from analysis.statistics.rank_sum import RankSum
    from analysis.statistics.shift import Shift
    from analysis.verdicts.choosing import Chosen
    from analysis.verdicts.effect import EffectVerdict
    from analysis.verdicts.level import LevelVerdict
    from analysis.verdicts.star_agreement import StarAgreement

OWN = "here"  # the laboratory of runs that name none


@dataclass(frozen=True)
class RunRow:
    """One finished run, as the table's CSV holds it; ``machine`` stays out of the CSV, and so does
    ``laboratory`` where every run is of :data:`OWN`."""

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
    laboratory: str = OWN


@dataclass(frozen=True)
class CellResult:
    """One configuration of the table: as the table declares it, and with its runs once analysed."""

    name: str
    kind: str = ""
    parameters: tuple[tuple[str, str], ...] = ()  # such as (("gamma", "1.6"), ("eta", "2.4"))
    published: str | None = None  # the printed median with its printed digits, if there is one
    planned: int = 0
    runs: tuple[RunRow, ...] = ()  # the finished ones by seed, at most ``planned``
    median: float | None = None  # of the last epoch's accuracies, None without runs
    interval: MedianInterval | None = None  # of the median, None below six runs
    best_median: float | None = None  # of the best evaluated epoch's; never the headline
    level: LevelVerdict | None = None  # None in a quick table
    machines: tuple[tuple[str, int], ...] = ()  # with their number of runs, in order of name
    group: str = ""  # where the cell stands in a table of rows or a grid
    column: str = ""
    title: str = ""  # what the table calls it there; the parameters' values by default
    measure: Measure = ACCURACY  # of ``published``, ``median`` and the runs' values
    margin: str = ""  # which of the table's margins is its own, such as its data set
    delta: Decimal | None = None  # that margin in points, None without a published number

    @property
    def n(self) -> int:
        """Finished runs."""
        return len(self.runs)

    @property
    def hashes(self) -> tuple[str, ...]:
        """The finished runs' names."""
        return tuple(run.run for run in self.runs)

    @property
    def seeds_by_laboratory(self) -> dict[str, tuple[int, ...]]:
        """The seeds of each laboratory's runs, by its name in alphabetic order."""
        names = sorted({run.laboratory for run in self.runs})
        return {
            name: tuple(run.seed for run in self.runs if run.laboratory == name) for name in names
        }

    @property
    def values(self) -> list[float]:
        """What the tests rank, by seed: a diverged run takes the worst rank."""
        return [self.measure.worst if run.diverged else run.value for run in self.runs]

    @property
    def diverged(self) -> int:
        """Finished runs that diverged."""
        return sum(run.diverged for run in self.runs)

    @property
    def count(self) -> str:
        """Finished of planned runs, "12/15"."""
        return f"{self.n}/{self.planned}"

    @property
    def label(self) -> str:
        """The title, or the parameters' values, such as "(1.6, 2.4)", or the name."""
        values = ", ".join(value for _, value in self.parameters)
        return self.title or (f"({values})" if values else self.name)

    @property
    def published_share(self) -> float | None:
        """The published median in the unit of ours."""
        return None if self.published is None else self.measure.share(self.published)


@dataclass(frozen=True)
class ComparisonResult:
    """Two cells that the paper prints as a pair, and the test of the first; what is None lacks runs
    of a cell, or a printed side."""

    name: str
    part: str  # where the pair stands, such as "upper"
    column: str  # and "1"
    first: str
    second: str
    against: str  # what the first is tested against, mostly ``second``, and minus which it is shown
    n_first: int
    n_against: int
    test: RankSum | None = None  # exact, or by the method that was asked for
    p_normal: float | None = None  # the same test by its normal approximation
    p_holm: float | None = None  # the test's p-value, adjusted over all declared comparisons
    shift: Shift | None = None
    brunner_munzel: BrunnerMunzel | None = None
    superiority: float | None = None  # Vargha and Delaney's A, the chance that the first wins
    stars: str | None = None  # ours, by the legend of the paper's captions
    published_stars: str | None = None  # None where the paper prints none for the pair
    published_p: str | None = None  # the p-value that the paper prints, with its digits
    effect: EffectVerdict | None = None
    agreement: StarAgreement | None = None
    larger: str = ""  # "first" or "second", whichever has the larger median; "" in a tie
    detectable: float | None = None  # the true shift these runs would have seen 4 times in 5
    measure: Measure = ACCURACY

    @property
    def winner(self) -> str:
        """ "first" or "second", whichever has the better median; "" in a tie."""
        other = {"first": "second", "second": "first"}
        return other.get(self.larger, "") if self.measure.lower_is_better else self.larger


@dataclass(frozen=True)
class ClaimResult:
    """What the paper says in a sentence, what its own table shows, and what our runs show."""

    claim: str  # in short
    text: str  # in words of ours
    where: str  # the paper makes it
    stated: str
    printed: str  # the same counted in the printed table
    ours: str  # counted in our medians, over what has runs; empty without any
    interval: str  # of the true number; empty where there is none
    chance: str  # what would be expected were the compared settings all alike
    verdict: str  # "not decidable" where runs are missing that could decide
    detectable: str = ""  # the difference that its tests would have seen 4 times in 5, if told


@dataclass(frozen=True)
class MovedVerdicts:
    """Another value of a reading, and the verdicts that it moves: "a − b: confirmed → undecided";
    judged by the first ``seeds`` on both sides."""

    id: str
    name: str
    value: str
    default: str
    seeds: int
    moves: tuple[str, ...]


@dataclass(frozen=True)
class TableResult:
    """A table, analysed."""

    about: About
    cells: tuple[CellResult, ...]
    comparisons: tuple[ComparisonResult, ...]
    seeds: int  # runs planned for each cell
    declared: int  # comparisons that the table declares, which Holm's adjustment counts
    # the equivalence margin in points, by data set where there are several; None in a quick table
    delta: Decimal | Mapping[str, Decimal] | None
    alternative: str = "two-sided"
    method: str = "exact"
    confidence: float = CONFIDENCE
    missing: tuple[tuple[str, int], ...] = ()  # (cell, seed) of runs asked for that are not there
    claims: tuple[ClaimResult, ...] = ()  # what the paper's text says of the table, judged
    has_falls: bool = False  # whether one of them is that cells fall one after another
    # where one of them is that cells are alike: the margin for it, as ``delta``, in every form
    alike_within: Decimal | Mapping[str, Decimal] | None = None
    others: tuple[TableResult, ...] = ()  # the same cells by further measures
    chosen: tuple[Chosen, ...] = ()  # what the table's declared choices have come to
    # by cell the learning curves of its runs, each of [epoch, accuracy] pairs
    curves: Mapping[str, Sequence[Sequence[Sequence[Any]]]] = field(default_factory=dict)
    moved: tuple[MovedVerdicts, ...] = ()  # readings on whose value a verdict hangs
    # blocks that the report of this table alone has besides; what these are, documents know
    further: tuple[Any, ...] = ()

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

    @property
    def laboratories(self) -> dict[str, int]:
        """Laboratories by name with their number of runs; none where all runs are of :data:`OWN`,
        of which nothing need be said."""
        found = Counter(run.laboratory for cell in self.cells for run in cell.runs)
        return dict(sorted(found.items())) if found.keys() - {OWN} else {}

    def cell(self, name: str) -> CellResult:
        """The cell of that name.

        Raises:
            KeyError: where there is none.
        """
        return {cell.name: cell for cell in self.cells}[name]

    def runs_of(self, pair: ComparisonResult) -> tuple[str, ...]:
        """Names of the runs of both compared cells, the first one's before the other's."""
        return (*self.cell(pair.first).hashes, *self.cell(pair.against).hashes)

    def printed_difference(self, pair: ComparisonResult) -> float | None:
        """The first minus the other cell of a pair as the paper prints them, in the unit of values;
        None where one is not printed."""
        first, against = (self.cell(n).published_share for n in (pair.first, pair.against))
        return None if first is None or against is None else first - against

    def groups(self) -> dict[str, list[CellResult]]:
        """Cells by group, both in the table's order."""
        found: dict[str, list[CellResult]] = {}
        for cell in self.cells:
            found.setdefault(cell.group, []).append(cell)
        return found

    def parts(self) -> dict[str, list[ComparisonResult]]:
        """Comparisons by part of the table, both in the table's order."""
        parts: dict[str, list[ComparisonResult]] = {}
        for comparison in self.comparisons:
            parts.setdefault(comparison.part, []).append(comparison)
        return parts

    def tested(self) -> dict[str, ComparisonResult]:
        """The comparison of each tested cell; of several that have runs the one with the largest
        p-value, whose stars the others have at least."""
        found: dict[str, ComparisonResult] = {}
        for pair in self.comparisons:
            others = (found.get(pair.first, pair), pair)
            found[pair.first] = max(others, key=lambda p: p.test.p_value if p.test else -1.0)
        return found

    @property
    def sides(self) -> str:
        """Of the rank-sum test: "two-sided", or "one-sided"."""
        return "two-sided" if self.alternative == "two-sided" else "one-sided"

    @property
    def has_chosen_stars(self) -> bool:
        """Whether a cell stands once for several comparisons; in pairs each has its own line."""
        several = len({pair.first for pair in self.comparisons}) < len(self.comparisons)
        return several and self.about.layout != "pairs"
