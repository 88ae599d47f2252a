"""From runs and the published numbers to an analysed table."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from analysis.statistics.effect_size import brunner_munzel, vargha_delaney
from analysis.statistics.median import median_interval
from analysis.statistics.multiple_comparisons import holm
from analysis.statistics.power import detectable_shift
from analysis.statistics.rank_sum import Alternative, Method, rank_sum_test
from analysis.statistics.shift import hodges_lehmann
from analysis.statistics.stars import stars
from analysis.tables.about import About
from analysis.tables.results import CellResult, ComparisonResult, RunRow, TableResult
from analysis.verdicts.effect import effect_verdict
from analysis.verdicts.level import SEEDS_NEEDED, decimals, level_verdict
from analysis.verdicts.star_agreement import MANY, STAR_DRAWS, STAR_DRAWS_OF_MANY, star_agreement


def analyse(
    runs: Mapping[str, Sequence[RunRow]],
    published: Sequence[Mapping[str, str]] | None,
    comparisons: Sequence[Mapping[str, str]],
    *,
    delta: Decimal | Mapping[str, Decimal] | None,
    seeds: int,
    declared: int,
    cells: Sequence[CellResult],
    about: About,
    missing: Sequence[tuple[str, int]] = (),
    alternative: Alternative = "two-sided",
    method: Method = "exact",
    digits: str = "column",
) -> TableResult:
    """Everything that a reader of the table sees.

    Args:
        runs: the finished runs of each cell that has any, in any order.
        published: one row a printed entry, all text (part, column, cell, value, stars, …); None
            for a table without published numbers, which then gets no verdicts.
        comparisons: name ("upper 1": part and column), first and second cell, and "against" where
            the first is tested against another cell than the second.
        delta: equivalence margin in the measure's unit of margins, or one for each cell's
            ``margin``; None without published numbers.
        seeds: runs planned for each cell.
        declared: number of comparisons for Holm's adjustment, whatever is compared here.
        cells: as declared, in the table's order; those without runs come out as missing.
        missing: (cell, seed) of the runs that were asked for and are not there.
        digits: whether a printed number's last digit is that of its "column", the most that any
            number there prints, or its "own".

    Raises:
        ValueError: on a cell without a margin, one that was printed with two different values, and
            on a share outside [0, 1].
    """
    printed: dict[str, str] = {}
    for entry in published or ():
        name, value = entry["cell"], entry["value"]
        if Decimal(printed.setdefault(name, value)) != Decimal(value):
            raise ValueError(f"{name!r} was printed as {printed[name]} and as {value}")
    last = max(map(decimals, printed.values()), default=0) if digits == "column" else 0
    judged = []
    for cell in cells:
        margins = delta if isinstance(delta, Mapping) else {cell.margin: delta}
        if cell.margin not in margins:
            raise ValueError(f"{cell.name!r} needs a margin {cell.margin!r} of {list(margins)}")
        cell = dataclasses.replace(cell, planned=seeds, measure=about.measure)
        if cell.name in printed:
            cell = dataclasses.replace(
                cell, published=printed[cell.name], delta=margins[cell.margin]
            )
        judged.append(_with_runs(cell, runs.get(cell.name, ()), last))
    values = {cell.name: cell.values for cell in judged}
    test: Any = {"alternative": alternative, "method": method}
    draws = STAR_DRAWS if len(comparisons) < MANY else STAR_DRAWS_OF_MANY
    pairs = [_comparison(pair, values, published, printed, test, draws) for pair in comparisons]
    adjusted = holm({p.name: p.test.p_value for p in pairs if p.test is not None}, declared)
    return TableResult(
        about=about,
        cells=tuple(judged),
        comparisons=tuple(
            dataclasses.replace(pair, p_holm=adjusted.get(pair.name), measure=about.measure)
            for pair in pairs
        ),
        seeds=seeds,
        declared=declared,
        delta=delta,
        missing=tuple(missing),
        **test,
    )


def _with_runs(cell: CellResult, runs: Sequence[RunRow], digits: int) -> CellResult:
    """The cell with its runs, and with its verdict where it has a printed value and a margin."""
    cell = dataclasses.replace(cell, runs=tuple(sorted(runs, key=lambda run: run.seed)))
    values, level, measure = cell.values, None, cell.measure
    is_share = measure.is_share and not measure.is_difference
    for run in cell.runs:
        if not run.diverged and not (0 <= run.value <= 1 if is_share else math.isfinite(run.value)):
            raise ValueError(f"value {run.value} of a finished run is not in [0, 1]")
    if cell.published is not None and cell.delta is not None:
        level = level_verdict(
            values, cell.published, cell.delta, measure=cell.measure, digits=digits
        )
    best = [measure.of_count(run.best_correct, run.total) for run in cell.runs]
    return dataclasses.replace(
        cell,
        median=float(np.median(values)) if values else None,
        interval=median_interval(values) if cell.n >= SEEDS_NEEDED else None,
        best_median=float(np.median(best)) if values else None,
        level=level,
        machines=tuple(sorted(Counter(run.machine for run in cell.runs).items())),
    )


def _comparison(
    pair: Mapping[str, str],
    values: Mapping[str, Sequence[float]],
    published: Sequence[Mapping[str, str]] | None,
    printed: Mapping[str, str],
    test: Any,
    draws: int,
) -> ComparisonResult:
    name, first, second = pair["name"], pair["first"], pair["second"]
    against = pair.get("against", second)
    x, y = values[first], values[against]
    part, _, column = name.rpartition(" ")
    sign, found = 0, dict[str, Any]()
    if first in printed and against in printed:
        above, below = Decimal(printed[first]), Decimal(printed[against])
        sign = (above > below) - (above < below)
        found["effect"] = effect_verdict(x, y, sign)
    # What is printed beside the first cell. An entry's part is the comparison's, or its beginning
    # where several settings share a column.
    entry: Mapping[str, str] = next(
        (
            row
            for row in published or ()
            if (row["cell"], row["column"]) == (first, column)
            and f"{part} ".startswith(f"{row['part']} ")
        ),
        {},
    )
    # The printed stars, or those of the printed p-value; None where neither could be printed.
    known = stars(float(entry["p"])) if entry.get("p") else entry.get("stars")
    known = None if "p" in entry and not (entry["p"] or known) else known
    if x and y:
        found |= {
            "test": rank_sum_test(x, y, **test),
            "p_normal": rank_sum_test(x, y, **{**test, "method": "normal"}).p_value,
            "shift": hodges_lehmann(x, y),
            "detectable": detectable_shift(x, y),
            "brunner_munzel": brunner_munzel(x, y),
            "superiority": vargha_delaney(x, y),
        }
        found["stars"] = stars(found["test"].p_value)
        if known is not None:
            how: Any = {"draws": draws, "published_sign": sign, **test}
            found["agreement"] = star_agreement(x, y, known, **how)
    if x and values[second]:
        ours, other = float(np.median(x)), float(np.median(values[second]))
        found["larger"] = "first" if ours > other else "second" if other > ours else ""
    return ComparisonResult(
        name,
        part,
        column,
        first,
        second,
        against,
        n_first=len(x),
        n_against=len(y),
        published_stars=known,
        published_p=entry.get("p") or None,
        **found,
    )
