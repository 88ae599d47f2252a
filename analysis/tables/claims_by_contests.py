"""What a paper says in sentences about a grid, beside what its printed table and our runs say.

A claim that counts contests ("the better setting beats the baseline in 34 of 36") gets an
interval for the true count: from the contests that are surely won to all but those surely lost. A
contest is surely won where one of its cells is above every cell of the other side by one-sided
exact rank-sum tests, with the error of 5 % shared among all contests and among the cells of a side,
so that the interval holds as a whole with at least 95 %. The stated count is confirmed where the
interval lies at or above it, contradicted where it lies below.

Picking the best of several cells gains by chance alone. So every count stands beside the count to
be expected were all cells of a contest alike, and the gain beside its distribution under
permutations of the settings' runs within each column, which is what decides on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.confidence import ALPHA, TAILS
from analysis.statistics.rank_sum import rank_sum_test
from analysis.tables.results import CellResult, ClaimResult, TableResult
from analysis.verdicts.level import SEEDS_NEEDED
from analysis.verdicts.measure import ACCURACY
from analysis.verdicts.wording import Verdict

DRAWS = 2000
Values = NDArray[np.float64]
Cells = tuple[CellResult, ...]


class Contest(NamedTuple):
    """Won where the best of ``above`` is better than the best of ``below``."""

    above: Cells
    below: Cells

    def columns(self) -> list[Contest]:
        """A contest for each column, in the order of the cells below."""
        names = dict.fromkeys(cell.column for cell in self.below)
        sides = [[tuple(c for c in side if c.column == name) for side in self] for name in names]
        return [Contest(above, below) for above, below in sides]


def judge(result: TableResult, stated: Sequence[Mapping[str, str]]) -> tuple[ClaimResult, ...]:
    """The claims about a grid, judged.

    Args:
        stated: one row a claim: ``claim`` ("same column", "best column", "interior" or "best
            gain"), ``text``, ``stated`` ("34 of 36", or "0.05 to 0.72" points for a gain) and
            ``where``.

    Raises:
        ValueError: where a row is none of these claims, or counts other contests than there are.
    """
    compared = result.tested()
    blocks = [  # a group's compared cells against those of its baseline
        Contest(
            tuple(cell for cell in cells if cell.name in compared),
            tuple(cell for cell in cells if cell.name not in compared),
        )
        for cells in result.groups().values()
    ]
    contests = {
        "same column": [contest for block in blocks for contest in block.columns()],
        "best column": blocks,
        "interior": [Contest(b.below[1:-1], (b.below[0], b.below[-1])) for b in blocks],
    }
    found = []
    for row in stated:
        if row["claim"] not in (*contests, "best gain"):
            raise ValueError(f"unknown claim {row['claim']!r}")
        is_gain = row["claim"] == "best gain"
        judged = _gain(blocks) if is_gain else _count(row, contests[row["claim"]])
        named = {name: row[name] for name in ("claim", "text", "where", "stated")}
        found.append(ClaimResult(**named, **judged))
    return tuple(found)


def _count(row: Mapping[str, str], contests: Sequence[Contest]) -> dict[str, str]:
    stated, _, total = (int(part) if part.isdecimal() else 0 for part in row["stated"].split())
    if total != len(contests):
        raise ValueError(f"{row['claim']!r} counts {total} contests; there are {len(contests)}")
    known = [c for c in contests if all(cell.n for cell in (*c.above, *c.below))]
    ours = sum(_won(contest, lambda cell: cell.median or 0.0) for contest in known)
    low = sum(_surely(c.above, c.below, ALPHA / total) for c in known)
    high = total - sum(_surely(c.below, c.above, ALPHA / total) for c in known)
    verdict = Verdict.UNDECIDED if len(known) == total else Verdict.NOT_DECIDABLE
    if low >= stated or high < stated:
        verdict = Verdict.CONFIRMED if low >= stated else Verdict.CONTRADICTED
    chance = sum(len(c.above) / (len(c.above) + len(c.below)) for c in contests)
    return {
        "printed": f"{sum(_won(contest, _printed) for contest in contests)} of {total}",
        "ours": f"{ours} of {len(known)}" if known else "",
        "interval": f"[{low}, {high}]" if known else "",
        "chance": f"{chance:.1f} of {total}",
        "verdict": verdict,
    }


def _printed(cell: CellResult) -> float:
    return cell.published_share or 0.0


def _won(contest: Contest, value: Callable[[CellResult], Any]) -> bool:
    return max(map(value, contest.above)) > max(map(value, contest.below))


def _surely(above: Cells, below: Cells, error: float) -> bool:
    """Whether one cell of ``above`` is better than all of ``below``, with that error at most."""
    rivals = [_values(cell) for cell in below]
    return any(
        all(_better(_values(cell), rival, error / len(above)) for rival in rivals) for cell in above
    )


def _better(x: Values, y: Values, error: float) -> bool:
    if np.median(x) <= np.median(y):
        return False
    return rank_sum_test(x, y, alternative="greater").p_value <= error


def _values(cell: CellResult) -> Values:
    """Accuracies by seed; a diverged run counts as 0."""
    return np.array([0.0 if run.diverged else run.accuracy for run in cell.runs])


def _gain(blocks: Sequence[Contest]) -> dict[str, str]:
    """The mean over the groups of what the best compared cell gains on the best plain one."""
    printed = [max(map(_printed, b.above)) - max(map(_printed, b.below)) for b in blocks]
    found = dict.fromkeys(("ours", "interval", "chance"), "")
    found |= {"printed": _spread(printed), "verdict": Verdict.NOT_DECIDABLE}
    cells = [cell for block in blocks for cell in (*block.above, *block.below)]
    if all(cell.n >= SEEDS_NEEDED for cell in cells):
        gains = _gains({cell.name: np.array([np.median(_values(cell))]) for cell in cells}, blocks)
        bounds = np.quantile(_gains(_resampled(cells), blocks).mean(axis=0), TAILS)
        nothing = np.quantile(_gains(_permuted(blocks), blocks).mean(axis=0), TAILS)
        mean = float(gains.mean())
        decided = Verdict.CONTRADICTED if mean < nothing[0] else Verdict.UNDECIDED
        found["verdict"] = Verdict.CONFIRMED if mean > nothing[1] else decided
        found["ours"] = _spread(gains[:, 0])
        found["interval"] = ACCURACY.difference_interval(*bounds)
        found["chance"] = ACCURACY.difference_interval(*nothing)
    return found


def _spread(gains: Sequence[float] | Values) -> str:
    low, high, mean = (ACCURACY.difference(float(f(gains))) for f in (np.min, np.max, np.mean))
    return f"mean {mean} ({low} to {high})"


def _gains(medians: Mapping[str, Values], blocks: Sequence[Contest]) -> Values:
    """Gains, shape (groups, draws), from the medians of each cell, shape (draws,)."""
    best = [[np.max([medians[c.name] for c in side], axis=0) for side in b] for b in blocks]
    return np.stack([above - below for above, below in best])


def _resampled(cells: Sequence[CellResult]) -> dict[str, Values]:
    """Medians of the cells' seeds drawn with replacement."""
    generator = np.random.Generator(np.random.Philox(key=4))
    found = {}
    for cell in cells:
        values = _values(cell)
        drawn = generator.integers(len(values), size=(DRAWS, len(values)))
        found[cell.name] = np.median(values[drawn], axis=1)
    return found


def _permuted(blocks: Sequence[Contest]) -> dict[str, Values]:
    """Medians after exchanging the runs of a column's settings at random."""
    generator = np.random.Generator(np.random.Philox(key=5))
    found = {}
    for contest in (contest for block in blocks for contest in block.columns()):
        cells = (*contest.above, *contest.below)
        values = np.concatenate([_values(cell) for cell in cells])
        drawn = generator.permuted(np.tile(values, (DRAWS, 1)), axis=1)
        ends = np.cumsum([cell.n for cell in cells])[:-1]
        for cell, part in zip(cells, np.split(drawn, ends, axis=1), strict=True):
            found[cell.name] = np.median(part, axis=1)
    return found
