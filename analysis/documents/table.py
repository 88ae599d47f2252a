"""From a long-form frame of runs and the published numbers to an analysed table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from analysis.documents.results import About, CellResult, ComparisonResult, RunRow, TableResult
from analysis.statistics.effect_size import brunner_munzel, detectable_shift, vargha_delaney
from analysis.statistics.frame import ranking_values
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


@dataclass(frozen=True)
class CellSpec:
    """A cell that the table declares, whether it has runs or not.

    Attributes:
        title, group, column: what it is called and where it stands, see
            :class:`analysis.documents.results.CellResult`.
        margin: which of several margins is its own, such as its data set.
    """

    name: str
    kind: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    title: str = ""
    group: str = ""
    column: str = ""
    margin: str = ""


def analyse(
    runs: pd.DataFrame,
    published: pd.DataFrame | None,
    comparisons: Sequence[Mapping[str, str]],
    *,
    delta: Decimal | Mapping[str, Decimal] | None,
    seeds: int,
    declared: int,
    cells: Sequence[CellSpec] = (),
    about: About | None = None,
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
        delta: equivalence margin in the measure's unit of margins, or one for each
            :attr:`CellSpec.margin`; None without published numbers.
        seeds: runs planned for each cell.
        declared: number of comparisons for Holm's adjustment, whatever is compared here.
        cells: the table's cells in its order; those without runs come out as missing. By default
            the cells of comparisons and frame, in the order of their first appearance.
        missing: (cell, seed) of the runs that were asked for and are not there.
        digits: whether a printed number's last digit is that of its "column", the most that any
            number there prints, or its "own".

    Raises:
        ValueError: on a cell with two runs of one seed or more runs than planned, on a comparison
            of an unknown cell, on a cell without a margin, and on a cell that was printed with two
            different values.
    """
    about = about or About(id="", title="", caption="")
    specs = _specs(cells, comparisons, runs)
    _check(runs, [spec.name for spec in specs], comparisons, seeds)
    by_cell = {spec.name: runs[runs["cell"] == spec.name].sort_values("seed") for spec in specs}
    published = None if published is None else published.fillna("")  # no stars read as NaN
    printed = {} if published is None else _printed_values(published)
    cell_results = tuple(
        _cell(
            spec,
            by_cell[spec.name],
            printed.get(spec.name),
            seeds,
            _margin(spec, delta),
            about.measure,
            max(map(decimals, printed.values()), default=0) if digits == "column" else 0,
        )
        for spec in specs
    )
    values = {name: _values(frame, about.measure) for name, frame in by_cell.items()}
    draws = DRAWS if len(comparisons) < MANY else DRAWS_OF_MANY
    rows = [
        dataclasses.replace(row, measure=about.measure)
        for row in (
            _comparison(c, values, published, printed, alternative, method, draws)
            for c in comparisons
        )
    ]
    p_values = {row.name: row.test.p_value for row in rows if row.test is not None}
    adjusted = holm(p_values, declared)
    return TableResult(
        about=about,
        cells=cell_results,
        comparisons=tuple(dataclasses.replace(row, p_holm=adjusted.get(row.name)) for row in rows),
        seeds=seeds,
        declared=declared,
        delta=delta,
        alternative=alternative,
        method=method,
        missing=tuple(missing),
    )


def _specs(
    cells: Sequence[CellSpec], comparisons: Sequence[Mapping[str, str]], runs: pd.DataFrame
) -> tuple[CellSpec, ...]:
    if cells:
        return tuple(cells)
    kinds = dict(zip(runs["cell"], runs["kind"], strict=True))
    compared = [c[side] for side in ("first", "second") for c in comparisons]
    return tuple(CellSpec(name, kinds.get(name, "")) for name in dict.fromkeys([*compared, *kinds]))


def _check(
    runs: pd.DataFrame, names: list[str], comparisons: Sequence[Mapping[str, str]], seeds: int
) -> None:
    if repeated := runs[runs.duplicated(["cell", "seed"])].to_dict("records"):
        raise ValueError(f"two runs of {repeated[0]['cell']!r}, seed {repeated[0]['seed']}")
    if unknown := sorted(set(runs["cell"]) - set(names)):
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


def _margin(spec: CellSpec, delta: Decimal | Mapping[str, Decimal] | None) -> Decimal | None:
    if not isinstance(delta, Mapping):
        return delta
    if spec.margin not in delta:
        raise ValueError(f"{spec.name!r} needs a margin {spec.margin!r}; there are {list(delta)}")
    return delta[spec.margin]


def _cell(
    spec: CellSpec,
    frame: pd.DataFrame,
    printed: str | None,
    planned: int,
    delta: Decimal | None,
    measure: Measure,
    digits: int,
) -> CellResult:
    values = _values(frame, measure)
    rows = tuple(_run_row(record) for record in frame.to_dict("records"))
    machines = frame["machine"].value_counts().sort_index()
    level = None
    if printed is not None and delta is not None:
        level = level_verdict(values, printed, delta, measure=measure, digits=digits)
    return CellResult(
        name=spec.name,
        kind=spec.kind,
        parameters=spec.parameters,
        published=printed,
        planned=planned,
        runs=rows,
        median=float(np.median(values)) if len(values) else None,
        interval=median_interval(values) if len(values) >= SEEDS_NEEDED else None,
        best_median=_best_median(rows),
        level=level,
        machines=tuple((str(name), int(n)) for name, n in machines.items()),
        group=spec.group,
        column=spec.column,
        title=spec.title,
        measure=measure,
        margin=spec.margin,
        delta=delta if printed is not None else None,
    )


def _values(frame: pd.DataFrame, measure: Measure) -> np.ndarray:
    return ranking_values(frame, measure.worst, share=measure.is_share)


def _run_row(record: Mapping[Any, Any]) -> RunRow:
    kinds = {"int": int, "float": float, "bool": bool, "str": str}
    return RunRow(
        **{f.name: kinds[str(f.type)](record[f.name]) for f in dataclasses.fields(RunRow)}
    )


def _best_median(rows: tuple[RunRow, ...]) -> float | None:
    if not rows:
        return None
    return float(np.median([row.best_correct / row.total for row in rows]))


def _comparison(
    comparison: Mapping[str, str],
    values: Mapping[str, np.ndarray],
    published: pd.DataFrame | None,
    printed: Mapping[str, str],
    alternative: Alternative,
    method: Method,
    draws: int,
) -> ComparisonResult:
    first, second = comparison["first"], comparison["second"]
    against = comparison.get("against", second)
    x, y = values[first], values[against]
    part, _, column = comparison["name"].rpartition(" ")
    row = ComparisonResult(
        name=comparison["name"],
        part=part,
        column=column,
        first=first,
        second=second,
        against=against,
        n_first=len(x),
        n_against=len(y),
        larger=_larger(x, values[second]),
    )
    sign = 0
    if first in printed and against in printed:
        above, below = Decimal(printed[first]), Decimal(printed[against])
        sign = (above > below) - (above < below)
        row = dataclasses.replace(row, effect=effect_verdict(x, y, sign))
    if published is not None:
        entry = _printed_entry(published, row)
        row = dataclasses.replace(
            row, published_stars=_printed_stars(entry), published_p=entry.get("p") or None
        )
    if not len(x) or not len(y):
        return row
    return _tested(row, x, y, sign, alternative, method, draws)


def _tested(
    row: ComparisonResult,
    x: np.ndarray,
    y: np.ndarray,
    published_sign: int,
    alternative: Alternative,
    method: Method,
    draws: int,
) -> ComparisonResult:
    test = rank_sum_test(x, y, alternative=alternative, method=method)
    agreement = None
    if row.published_stars is not None:
        agreement = star_agreement(
            x,
            y,
            row.published_stars,
            published_sign=published_sign,
            draws=draws,
            alternative=alternative,
            method=method,
        )
    return dataclasses.replace(
        row,
        test=test,
        p_normal=rank_sum_test(x, y, alternative=alternative, method="normal").p_value,
        shift=hodges_lehmann(x, y),
        detectable=detectable_shift(x, y),
        brunner_munzel=brunner_munzel(x, y),
        superiority=vargha_delaney(x, y),
        stars=stars(test.p_value),
        agreement=agreement,
    )


def _larger(x: np.ndarray, y: np.ndarray) -> str:
    if not len(x) or not len(y):
        return ""
    first, second = float(np.median(x)), float(np.median(y))
    return "first" if first > second else "second" if second > first else ""


def _printed_stars(entry: Mapping[str, str]) -> str | None:
    """The printed stars, or those of the printed p-value; None where neither could be printed."""
    if entry.get("p"):
        return stars(float(entry["p"]))
    return entry.get("stars") or (None if "p" in entry else entry.get("stars"))


def _printed_entry(published: pd.DataFrame, row: ComparisonResult) -> dict[str, str]:
    """What is printed beside the comparison's first cell; empty without such an entry.

    An entry's part is the comparison's, or its beginning where several settings share a column.
    """
    parts = published["part"].map(lambda part: f"{row.part} ".startswith(f"{part} "))
    place = parts & (published["column"].astype(str) == row.column)
    entries = published[place & (published["cell"] == row.first)]
    return {str(k): str(v) for k, v in entries.iloc[0].items()} if len(entries) else {}
