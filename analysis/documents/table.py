"""From a long-form frame of runs and the published numbers to an analysed table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, get_type_hints

import numpy as np
import pandas as pd

from analysis.documents.results import About, CellResult, ComparisonResult, RunRow, TableResult
from analysis.statistics.effect_size import brunner_munzel, detectable_shift, vargha_delaney
from analysis.statistics.median import median_interval
from analysis.statistics.multiplicity import holm
from analysis.statistics.rank_sum import Alternative, Method, rank_sum_test, stars
from analysis.statistics.shift import hodges_lehmann
from analysis.verdicts.level_and_effect import (
    SEEDS_NEEDED,
    decimals,
    effect_verdict,
    level_verdict,
    star_agreement,
)
from analysis.verdicts.measure import Measure

# Replications that are drawn for a comparison's chance of agreeing stars: fewer, with a Monte Carlo
# error of 2 % instead of 1 %, where a table has many.
DRAWS, DRAWS_OF_MANY, MANY = 2000, 500, 24
FRAME_COLUMNS = ("cell", "kind", *(field.name for field in dataclasses.fields(RunRow)))


def analyse(
    runs: pd.DataFrame,
    published: pd.DataFrame | None,
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
        runs: one row a finished run, with the columns :data:`FRAME_COLUMNS`; accuracies are shares.
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
        ValueError: on a cell with two runs of one seed or more runs than planned, on a comparison
            of an unknown cell, on a cell without a margin, and on a cell that was printed with two
            different values.
    """
    _check(runs, {cell.name for cell in cells}, comparisons, seeds)
    published = None if published is None else published.fillna("")  # no stars read as NaN
    printed = {} if published is None else _printed_values(published)
    last = max(map(decimals, printed.values()), default=0) if digits == "column" else 0
    frames = {cell.name: runs[runs["cell"] == cell.name].sort_values("seed") for cell in cells}
    values = {name: ranking_values(frame, about.measure) for name, frame in frames.items()}
    judged = []
    for cell in cells:
        name, margin = cell.name, _margin(cell, delta)
        cell = dataclasses.replace(cell, planned=seeds, measure=about.measure)
        if name in printed:
            cell = dataclasses.replace(cell, published=printed[name], delta=margin)
        judged.append(_cell(cell, frames[name], values[name], last))
    draws = DRAWS if len(comparisons) < MANY else DRAWS_OF_MANY
    pairs = [
        _comparison(pair, values, published, printed, alternative, method, draws)
        for pair in comparisons
    ]
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
        alternative=alternative,
        method=method,
        missing=tuple(missing),
    )


def ranking_values(runs: pd.DataFrame, measure: Measure) -> np.ndarray:
    """The column ``value`` in the rows' order, with the measure's worst for the runs that
    ``diverged``, so that these take the worst rank; no row is left out.

    Raises:
        ValueError: where ``diverged`` is not true or false, or where the value of a run that did
            not diverge is missing or, of a share, outside [0, 1].
    """
    diverged = runs["diverged"]
    if not diverged.isin([True, False]).all():
        raise ValueError("column 'diverged' must hold true or false in every row")
    is_diverged = diverged.to_numpy(dtype=bool)
    given = runs["value"].to_numpy(dtype=np.float64)
    outside = measure.is_share & ((given < 0) | (given > 1))
    wrong = ~is_diverged & (~np.isfinite(given) | outside)
    if wrong.any():
        raise ValueError(f"value {given[wrong][0]} of a finished run is not in [0, 1]")
    return np.where(is_diverged, measure.worst, given)


def _check(
    runs: pd.DataFrame, names: set[str], comparisons: Sequence[Mapping[str, str]], seeds: int
) -> None:
    if repeated := runs[runs.duplicated(["cell", "seed"])].to_dict("records"):
        raise ValueError(f"two runs of {repeated[0]['cell']!r}, seed {repeated[0]['seed']}")
    if unknown := sorted(set(runs["cell"]) - names):
        raise ValueError(f"runs of cells that the table does not have: {', '.join(unknown)}")
    for comparison in comparisons:
        for side in ("first", "second", "against"):
            if (name := comparison.get(side, comparison["first"])) not in names:
                raise ValueError(f"{comparison['name']} compares unknown {name!r}")
    counts = runs["cell"].value_counts()
    if len(counts) and counts.iloc[0] > seeds:
        raise ValueError(f"{counts.index[0]!r} has {counts.iloc[0]} runs of {seeds} planned")


def _printed_values(published: pd.DataFrame) -> dict[str, str]:
    printed: dict[str, str] = {}
    for name, value in zip(published["cell"], published["value"], strict=True):
        if Decimal(printed.setdefault(name, value)) != Decimal(value):
            raise ValueError(f"{name!r} was printed as {printed[name]} and as {value}")
    return printed


def _margin(cell: CellResult, delta: Decimal | Mapping[str, Decimal] | None) -> Decimal | None:
    if not isinstance(delta, Mapping):
        return delta
    if cell.margin not in delta:
        raise ValueError(f"{cell.name!r} needs a margin {cell.margin!r}; there are {list(delta)}")
    return delta[cell.margin]


def _cell(cell: CellResult, frame: pd.DataFrame, values: np.ndarray, digits: int) -> CellResult:
    """The cell with its runs, and with its verdict where it has a printed value and a margin."""
    rows = [
        RunRow(**{name: kind(record[name]) for name, kind in get_type_hints(RunRow).items()})
        for record in frame.to_dict("records")
    ]
    level = None
    if cell.published is not None and cell.delta is not None:
        level = level_verdict(
            values, cell.published, cell.delta, measure=cell.measure, digits=digits
        )
    machines = frame["machine"].value_counts().sort_index()
    best = [row.best_correct / row.total for row in rows]
    return dataclasses.replace(
        cell,
        runs=tuple(rows),
        median=float(np.median(values)) if rows else None,
        interval=median_interval(values) if len(rows) >= SEEDS_NEEDED else None,
        best_median=float(np.median(best)) if rows else None,
        level=level,
        machines=tuple((str(name), int(n)) for name, n in machines.items()),
    )


def _comparison(
    pair: Mapping[str, str],
    values: Mapping[str, np.ndarray],
    published: pd.DataFrame | None,
    printed: Mapping[str, str],
    alternative: Alternative,
    method: Method,
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
    if published is not None:
        entry = _printed_entry(published, part, column, first)
        found["published_stars"] = _printed_stars(entry)
        found["published_p"] = entry.get("p") or None
    if len(x) and len(y):
        test = rank_sum_test(x, y, alternative=alternative, method=method)
        normal = rank_sum_test(x, y, alternative=alternative, method="normal")
        found |= {
            "test": test,
            "p_normal": normal.p_value,
            "shift": hodges_lehmann(x, y),
            "detectable": detectable_shift(x, y),
            "brunner_munzel": brunner_munzel(x, y),
            "superiority": vargha_delaney(x, y),
            "stars": stars(test.p_value),
        }
        if (printed_stars := found.get("published_stars")) is not None:
            how: Any = {"draws": draws, "alternative": alternative, "method": method}
            found["agreement"] = star_agreement(x, y, printed_stars, published_sign=sign, **how)
    if len(x) and len(values[second]):
        ours, other = float(np.median(x)), float(np.median(values[second]))
        found["larger"] = "first" if ours > other else "second" if other > ours else ""
    return ComparisonResult(
        name, part, column, first, second, against, n_first=len(x), n_against=len(y), **found
    )


def _printed_stars(entry: Mapping[str, str]) -> str | None:
    """The printed stars, or those of the printed p-value; None where neither could be printed."""
    if entry.get("p"):
        return stars(float(entry["p"]))
    return entry.get("stars") or (None if "p" in entry else entry.get("stars"))


def _printed_entry(published: pd.DataFrame, part: str, column: str, cell: str) -> dict[str, str]:
    """What is printed beside a comparison's first cell; empty without such an entry.

    An entry's part is the comparison's, or its beginning where several settings share a column.
    """
    parts = published["part"].map(lambda printed: f"{part} ".startswith(f"{printed} "))
    place = parts & (published["column"].astype(str) == column)
    entries = published[place & (published["cell"] == cell)]
    return {str(k): str(v) for k, v in entries.iloc[0].items()} if len(entries) else {}
