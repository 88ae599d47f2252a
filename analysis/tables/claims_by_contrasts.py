"""What a paper says in sentences about cells of a table, as inequalities between sums of them.

A contrast is written with the cells' names and printed numbers, such as ``a - b > c - 78.62``, or
``a = b`` where the paper says that two cells are alike, within their margin; ``a > b > c`` says
that values fall from cell to cell. A claim is a list of contrasts, all of which hold if it is true.
The printed numbers tell which of them hold in the paper's own table.

Of our runs an inequality surely holds where the difference of its sides is positive by Welch's t
test of means (Satterthwaite's degrees of freedom, for any number of cells), one-sided, with the
error of 5 % shared among the claim's contrasts; it surely fails where the difference is negative by
the same test. An equality surely holds where the difference's interval, of that error, lies within
the cells' margin, or both cells' runs agree seed by seed, and surely fails where it lies outside.
A fall over several cells surely holds, or fails, by the test of Jonckheere and Terpstra. One of
another measure than the table's first is open where a run of its cells diverged.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from analysis.statistics.confidence import ALPHA
from analysis.statistics.power import POWER
from analysis.statistics.trend import trend
from analysis.tables.results import CellResult, ClaimResult, TableResult
from analysis.verdicts.level import SEEDS_NEEDED
from analysis.verdicts.measure import MISSING
from analysis.verdicts.wording import Verdict

EVERY = "all"  # what a claim about every one of its contrasts states


class Outcome(NamedTuple):
    """Of a contrast in our runs: whether it holds in their means, surely holds, surely fails; and
    the true difference that the test would have seen 4 times in 5, of the table's first measure."""

    is_seen: bool
    holds: bool
    fails: bool
    detectable: float | None = None


@dataclass(frozen=True)
class Contrast:
    """The left minus the right side: a weight of each cell, and a constant as printed."""

    text: str
    weights: tuple[tuple[str, int], ...]
    constant: Decimal
    is_equality: bool
    is_fall: bool = False
    measure: str = ""  # a measure's name; the table's first by default

    @property
    def cells(self) -> tuple[str, ...]:
        """The names that it needs."""
        return tuple(name for name, _ in self.weights)

    @property
    def is_level(self) -> bool:
        """Whether it sets a level, not a difference of cells, beside a printed number, in the
        table's first measure."""
        return bool(self.constant and sum(w for _, w in self.weights)) and not self.measure


def parse(text: str, measure: str = "") -> Contrast:
    """A contrast of its text.

    Raises:
        ValueError: where there is no relation, or one too many.
    """
    is_equality = " = " in text
    sides = text.split(" = " if is_equality else " > ")
    if len(sides) > 2 and not is_equality:
        falling = tuple((name.strip(), 1) for name in sides)
        return Contrast(text, falling, Decimal(0), is_equality=False, is_fall=True, measure=measure)
    if len(sides) != 2:
        raise ValueError(f"{text!r} needs one of ' > ' and ' = '")
    weights: dict[str, int] = {}
    constant = Decimal(0)
    for side, factor in zip(sides, (1, -1), strict=True):
        for index, part in enumerate(side.replace(" - ", " + -").split(" + ")):
            name = part.strip()
            weight = -factor if index and name.startswith("-") else factor
            name = name.removeprefix("-") if index else name
            try:
                constant += weight * Decimal(name)
            except InvalidOperation:
                weights[name] = weights.get(name, 0) + weight
    return Contrast(text, tuple(weights.items()), constant, is_equality, measure=measure)


def judge(
    result: TableResult,
    stated: Sequence[Mapping[str, str]],
    contrasts: Sequence[Mapping[str, str]],
    *,
    partial: bool = False,
    elsewhere: Collection[str] = (),
) -> tuple[ClaimResult, ...]:
    """The claims that consist of contrasts.

    Args:
        stated: one row a claim: ``claim``, ``text``, ``stated`` (a count such as "6 of 6", or
            "all") and ``where``.
        contrasts: ``claim`` and ``contrast``, one row each, and ``measure`` where it is not the
            table's first.
        partial: whether the table is a shorter form, whose levels are not the paper's: contrasts
            of cells that it lacks are passed over, those of a level with a printed number, and
            claims that state how many hold where that is not all of them.
        elsewhere: cells of the table's other forms; contrasts of these are passed over, too.

    Raises:
        ValueError: where a contrast is damaged, names a cell or measure that the table lacks, or a
            count is not that of the contrasts.
    """
    tables = {"": result} | {r.about.measure.name: r for r in (result, *result.others)}
    cells = {cell.name for cell in result.cells}
    found = []
    for row in stated:
        own = [
            parse(c["contrast"], c.get("measure") or "")
            for c in contrasts
            if c["claim"] == row["claim"]
        ]
        if unknown := sorted({c.measure for c in own} - tables.keys()):
            raise ValueError(f"{row['claim']!r}: the table has no measure {unknown[0]!r}")
        lacking = {name for c in own for name in c.cells} - cells
        if not partial and (unknown := sorted(lacking - {*elsewhere})):
            raise ValueError(f"{row['claim']!r}: the table has no cell {unknown[0]!r}")
        comparable = [c for c in own if not (partial and c.is_level)]
        if lacking or len(comparable) < len(own):
            own = [_within(c, cells) for c in comparable]
            own = [c for c in own if cells >= set(c.cells) and (not c.is_fall or len(c.cells) > 1)]
            stated_count, _, stated_total = row["stated"].partition(" of ")
            if stated_total and stated_count != stated_total:
                continue
            row = {**row, "stated": EVERY}
        if own:
            found.append(_claim(row, own, tables))
    return tuple(found)


def _within(contrast: Contrast, cells: Collection[str]) -> Contrast:
    """A fall over those cells that there are; another contrast as it is."""
    if not contrast.is_fall:
        return contrast
    return replace(contrast, weights=tuple(w for w in contrast.weights if w[0] in cells))


def _claim(
    row: Mapping[str, str], contrasts: Sequence[Contrast], tables: Mapping[str, TableResult]
) -> ClaimResult:
    total = len(contrasts)
    count = total if row["stated"] == EVERY else int(row["stated"].split()[0])
    if row["stated"] != EVERY and row["stated"] != f"{count} of {total}":
        raise ValueError(f"{row['claim']!r} states {row['stated']!r} of {total} contrasts")
    by_measure = {name: {c.name: c for c in table.cells} for name, table in tables.items()}
    known = [c for c in contrasts if all(by_measure[c.measure][n].n > 1 for n in c.cells)]
    found = [_tested(c, by_measure[c.measure], tables[c.measure], ALPHA / total) for c in known]
    low = sum(outcome.holds for outcome in found)
    high = total - sum(outcome.fails for outcome in found)
    reach = max((o.detectable for o in found if o.detectable is not None), default=None)
    verdict = Verdict.UNDECIDED if len(known) == total else Verdict.NOT_DECIDABLE
    if low >= count or high < count:
        verdict = Verdict.CONFIRMED if low >= count else Verdict.CONTRADICTED
    seen = [_holds_in_print(c, by_measure[c.measure], tables[c.measure]) for c in contrasts]
    printed = [holds for holds in seen if holds is not None]
    return ClaimResult(
        **{name: row[name] for name in ("claim", "text", "where")},
        stated=f"{count} of {total}",
        printed=f"{sum(printed)} of {len(printed)}" if printed else MISSING,
        ours=f"{sum(outcome.is_seen for outcome in found)} of {len(known)}" if known else "",
        interval=f"[{low}, {high}]" if known else "",
        chance=MISSING,
        verdict=verdict,
        detectable="" if reach is None else tables[""].about.measure.difference(reach),
    )


def _holds_in_print(
    contrast: Contrast, cells: Mapping[str, CellResult], result: TableResult
) -> bool | None:
    """Whether it holds between the printed numbers; None where one of them is not printed, or cells
    are to be alike within a margin that nobody has set. A fall does where each of its steps does.
    """
    texts = {name: cells[name].published for name in contrast.cells}
    known = {name: Decimal(text) for name, text in texts.items() if text is not None}
    if len(known) < len(texts):
        return None
    if contrast.is_fall:
        return all(a > b for a, b in pairwise(known.values()))
    total = contrast.constant + sum(weight * known[name] for name, weight in contrast.weights)
    if not contrast.is_equality:
        return total > 0
    delta, measure = _alike_within(contrast, cells, result), result.about.measure
    if delta is None:
        return None
    return abs(total) / measure.scale <= measure.margin(delta, known[contrast.cells[0]])


def _alike_within(
    contrast: Contrast, cells: Mapping[str, CellResult], result: TableResult
) -> Decimal | None:
    """The margin of an equality's cells, in its own unit; None where there is none."""
    margins = result.alike_within
    if isinstance(margins, Mapping):
        return margins.get(cells[contrast.cells[0]].margin)
    return margins


def _tested(
    contrast: Contrast, cells: Mapping[str, CellResult], result: TableResult, error: float
) -> Outcome:
    measure = result.about.measure
    if contrast.measure and any(cells[name].diverged for name in contrast.cells):
        return Outcome(False, False, False)
    if contrast.is_fall:
        found = trend([cells[name].values for name in reversed(contrast.cells)])
        is_seen = found.statistic > found.expected
        return Outcome(is_seen, found.rising <= error, found.falling <= error)
    mean, variance, small = float(contrast.constant) / measure.scale, 0.0, 0.0
    for name, weight in contrast.weights:
        values = np.array([measure.lost() if r.diverged else r.value for r in cells[name].runs])
        share = weight**2 * values.var(ddof=1) / len(values)
        mean += weight * float(values.mean())
        variance += share
        small += share**2 / (len(values) - 1)
    spread, freedom = math.sqrt(variance), variance**2 / small if small else math.inf
    if contrast.is_equality:
        if _same_runs(contrast, cells):
            return Outcome(True, True, False)
        delta = _alike_within(contrast, cells, result)
        if delta is None:
            return Outcome(abs(mean) < spread, False, False)
        margin = float(measure.margin(delta, Decimal(1)))
        reach = spread * _quantile(freedom, error)
        return Outcome(abs(mean) <= margin, abs(mean) + reach <= margin, abs(mean) - reach > margin)
    if not spread:  # few equal runs tell nothing of the spread of others
        is_sure = min(cells[name].n for name in contrast.cells) >= SEEDS_NEEDED
        return Outcome(mean > 0, is_sure and mean > 0, is_sure and mean < 0)
    p = float(stdtr(freedom, mean / spread)) if math.isfinite(freedom) else 0.5
    detectable = None
    if math.isfinite(freedom) and not contrast.measure:
        detectable = spread * float(stdtrit(freedom, 1 - error) + stdtrit(freedom, POWER))
    return Outcome(mean > 0, 1 - p <= error, p <= error, detectable)


def _same_runs(contrast: Contrast, cells: Mapping[str, CellResult]) -> bool:
    """Whether an equality of two cells holds run by run: both have the same seeds, and each seed
    the same value. The difference is 0 without a variance then, however far the seeds lie apart."""
    if contrast.constant or sorted(weight for _, weight in contrast.weights) != [-1, 1]:
        return False
    first, second = (
        {(r.laboratory, r.seed): None if r.diverged else r.value for r in cells[name].runs}
        for name in contrast.cells
    )
    return first == second


def _quantile(freedom: float, error: float) -> float:
    """Half of a two-sided interval's width in standard errors."""
    return float(stdtrit(freedom, 1 - error / 2)) if math.isfinite(freedom) else 0.0
