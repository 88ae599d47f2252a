"""Whether a contrast holds: between the numbers that a paper prints, and in our runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from analysis.statistics.power import POWER
from analysis.statistics.trend import detectable_step, trend
from analysis.tables.contrasts import Contrast
from analysis.tables.results import CellResult, TableResult
from analysis.verdicts.level import SEEDS_NEEDED


class Outcome(NamedTuple):
    """Of a contrast in our runs.

    Attributes:
        is_seen: whether it holds in their means.
        holds, fails: whether it surely does.
        detectable: the true difference that the test would have seen 4 times in 5, of what the
            contrast is about: an inequality's difference, a fall's from cell to cell, and of an
            equality's cells, which it would have seen not to be alike. None where the runs tell
            nothing of how others scatter.
    """

    is_seen: bool
    holds: bool
    fails: bool
    detectable: float | None = None


def holds_in_print(
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


def tested(
    contrast: Contrast, cells: Mapping[str, CellResult], result: TableResult, error: float
) -> Outcome:
    measure = result.about.measure
    if contrast.measure and any(cells[name].diverged for name in contrast.cells):
        return Outcome(False, False, False)
    if contrast.is_fall:
        samples = [cells[name].values for name in reversed(contrast.cells)]
        found, step = trend(samples), detectable_step(samples, error)
        is_seen = found.statistic > found.expected
        return Outcome(is_seen, found.rising <= error, found.falling <= error, step)
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
        reach, apart = spread * _quantile(freedom, error), abs(mean)
        unlike = margin + reach + spread * _power(freedom) if spread else None
        return Outcome(apart <= margin, apart + reach <= margin, apart - reach > margin, unlike)
    if not spread:  # few equal runs tell nothing of the spread of others
        is_sure = min(cells[name].n for name in contrast.cells) >= SEEDS_NEEDED
        return Outcome(mean > 0, is_sure and mean > 0, is_sure and mean < 0)
    p = float(stdtr(freedom, mean / spread)) if math.isfinite(freedom) else 0.5
    detectable = spread * (float(stdtrit(freedom, 1 - error)) + _power(freedom))
    is_known = math.isfinite(freedom)
    return Outcome(mean > 0, 1 - p <= error, p <= error, detectable if is_known else None)


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


def _power(freedom: float) -> float:
    """What a difference is beyond the test's limit, in standard errors, to be seen 4 times in 5."""
    return float(stdtrit(freedom, POWER)) if math.isfinite(freedom) else 0.0


def _quantile(freedom: float, error: float) -> float:
    """Half of a two-sided interval's width in standard errors."""
    return float(stdtrit(freedom, 1 - error / 2)) if math.isfinite(freedom) else 0.0
