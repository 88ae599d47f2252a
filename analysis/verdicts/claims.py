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
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.documents.arrangement import groups
from analysis.documents.results import CellResult, ClaimResult, TableResult
from analysis.documents.wording import difference_interval
from analysis.statistics.rank_sum import rank_sum_test
from analysis.verdicts.level_and_effect import SEEDS_NEEDED
from analysis.verdicts.measure import ACCURACY

ALPHA = 0.05
DRAWS = 2000
Verdict = Literal["confirmed", "contradicted", "undecided", "not decidable"]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Contest:
    """Won where the best of ``above`` is better than the best of ``below``."""

    above: tuple[CellResult, ...]
    below: tuple[CellResult, ...]


@dataclass(frozen=True)
class _Block:
    """A group of the grid: its baseline's cells and the compared ones, by column."""

    plain: tuple[CellResult, ...]
    compared: tuple[CellResult, ...]

    def column(self, name: str) -> Contest:
        return Contest(
            tuple(cell for cell in self.compared if cell.column == name),
            tuple(cell for cell in self.plain if cell.column == name),
        )


def judge(result: TableResult, stated: Sequence[Mapping[str, str]]) -> tuple[ClaimResult, ...]:
    """The claims about a grid, judged.

    Args:
        stated: one row a claim: ``claim`` ("same column", "best column", "interior" or "best
            gain"), ``text``, ``stated`` ("34 of 36", or "0.05 to 0.72" points for a gain) and
            ``where``.

    Raises:
        ValueError: where a row is none of these claims, or counts other contests than there are.
    """
    blocks = _blocks(result)
    contests: dict[str, Callable[[], list[Contest]]] = {
        "same column": lambda: [
            block.column(name)
            for block in blocks
            for name in dict.fromkeys(cell.column for cell in block.plain)
        ],
        "best column": lambda: [Contest(block.compared, block.plain) for block in blocks],
        "interior": lambda: [
            Contest(block.plain[1:-1], (block.plain[0], block.plain[-1])) for block in blocks
        ],
    }
    found = []
    for row in stated:
        if row["claim"] == "best gain":
            found.append(_gain(row, blocks))
        elif row["claim"] in contests:
            found.append(_count(row, contests[row["claim"]]()))
        else:
            raise ValueError(f"unknown claim {row['claim']!r}")
    return tuple(found)


def _blocks(result: TableResult) -> list[_Block]:
    compared = {row.first for row in result.comparisons}
    return [
        _Block(
            tuple(cell for cell in cells if cell.name not in compared),
            tuple(cell for cell in cells if cell.name in compared),
        )
        for cells in groups(result).values()
    ]


def _count(row: Mapping[str, str], contests: Sequence[Contest]) -> ClaimResult:
    stated, _, total = (int(part) if part.isdecimal() else 0 for part in row["stated"].split())
    if total != len(contests):
        raise ValueError(f"{row['claim']!r} counts {total} contests; there are {len(contests)}")
    printed = sum(_won(contest, _printed) for contest in contests)
    open_to_us = [c for c in contests if all(cell.n for cell in (*c.above, *c.below))]
    ours = sum(_won(contest, lambda cell: cell.median or 0.0) for contest in open_to_us)
    error = ALPHA / total
    low = sum(_surely(c.above, c.below, error) for c in open_to_us)
    high = total - sum(_surely(c.below, c.above, error) for c in open_to_us)
    verdict: Verdict = "undecided" if len(open_to_us) == total else "not decidable"
    if low >= stated:
        verdict = "confirmed"
    elif high < stated:
        verdict = "contradicted"
    chance = sum(len(c.above) / (len(c.above) + len(c.below)) for c in contests)
    return ClaimResult(
        claim=row["claim"],
        text=row["text"],
        where=row["where"],
        stated=row["stated"],
        printed=f"{printed} of {total}",
        ours=f"{ours} of {len(open_to_us)}" if open_to_us else "",
        interval=f"[{low}, {high}]" if open_to_us else "",
        chance=f"{chance:.1f} of {total}",
        verdict=verdict,
    )


def _printed(cell: CellResult) -> float:
    return cell.published_share or 0.0


def _won(contest: Contest, value: Callable[[CellResult], float]) -> bool:
    return max(map(value, contest.above)) > max(map(value, contest.below))


def _surely(above: Sequence[CellResult], below: Sequence[CellResult], error: float) -> bool:
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


def _gain(row: Mapping[str, str], blocks: Sequence[_Block]) -> ClaimResult:
    """The mean over the groups of what the best compared cell gains on the best plain one."""
    printed = [
        max(map(_printed, block.compared)) - max(map(_printed, block.plain)) for block in blocks
    ]
    ours, interval, chance, verdict = "", "", "", "not decidable"
    cells = [cell for block in blocks for cell in (*block.compared, *block.plain)]
    if all(cell.n >= SEEDS_NEEDED for cell in cells):
        gains = _gains({cell.name: np.array([np.median(_values(cell))]) for cell in cells}, blocks)
        bounds = np.quantile(_gains(_resampled(cells), blocks).mean(axis=0), (0.025, 0.975))
        nothing = np.quantile(_gains(_permuted(blocks), blocks).mean(axis=0), (0.025, 0.975))
        mean = float(gains.mean())
        verdict = "undecided"
        if mean > nothing[1]:
            verdict = "confirmed"
        elif mean < nothing[0]:
            verdict = "contradicted"
        ours = _spread(gains[:, 0])
        interval = difference_interval(bounds[0], bounds[1], ACCURACY)
        chance = difference_interval(nothing[0], nothing[1], ACCURACY)
    return ClaimResult(
        claim=row["claim"],
        text=row["text"],
        where=row["where"],
        stated=row["stated"],
        printed=_spread(printed),
        ours=ours,
        interval=interval,
        chance=chance,
        verdict=verdict,
    )


def _spread(gains: Sequence[float] | Values) -> str:
    low, high, mean = (ACCURACY.difference(float(f(gains))) for f in (np.min, np.max, np.mean))
    return f"mean {mean} ({low} to {high})"


def _gains(medians: Mapping[str, Values], blocks: Sequence[_Block]) -> Values:
    """Gains, shape (groups, draws), from the medians of each cell, shape (draws,)."""
    return np.stack(
        [
            np.max([medians[cell.name] for cell in block.compared], axis=0)
            - np.max([medians[cell.name] for cell in block.plain], axis=0)
            for block in blocks
        ]
    )


def _resampled(cells: Sequence[CellResult]) -> dict[str, Values]:
    """Medians of the cells' seeds drawn with replacement."""
    generator = np.random.Generator(np.random.Philox(key=4))
    found = {}
    for cell in cells:
        values = _values(cell)
        drawn = generator.integers(len(values), size=(DRAWS, len(values)))
        found[cell.name] = np.median(values[drawn], axis=1)
    return found


def _permuted(blocks: Sequence[_Block]) -> dict[str, Values]:
    """Medians after exchanging the runs of a column's settings at random."""
    generator = np.random.Generator(np.random.Philox(key=5))
    found = {}
    for block in blocks:
        for column in dict.fromkeys(cell.column for cell in block.plain):
            contest = block.column(column)
            cells = (*contest.above, *contest.below)
            values = np.concatenate([_values(cell) for cell in cells])
            drawn = generator.permuted(np.tile(values, (DRAWS, 1)), axis=1)
            ends = np.cumsum([cell.n for cell in cells])[:-1]
            for cell, part in zip(cells, np.split(drawn, ends, axis=1), strict=True):
                found[cell.name] = np.median(part, axis=1)
    return found
