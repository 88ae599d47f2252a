"""From records to an analysed table, at any time, also of none or some of the runs. The heavy
packages load inside the functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError
from reproduce.catalogue.claims import with_claims
from reproduce.catalogue.margins import Margin, margin_of
from reproduce.catalogue.printed_numbers import printed_of
from reproduce.catalogue.readings import table_deviations, table_readings
from reproduce.catalogue.tables import plan, spelled
from reproduce.store.provenance import laboratory_of, origin_label
from reproduce.store.schema import BEST, CORRECT, Record, configuration_hash, headline

if TYPE_CHECKING:
    from analysis.tables.about import About
    from analysis.tables.results import CellResult, RunRow, TableResult
    from analysis.verdicts.choosing import Chosen
    from analysis.verdicts.measure import Measure
    from reproduce.catalogue.selection import Selection
    from reproduce.catalogue.tables import Cell, Table
    from reproduce.store.planned_run import PlannedRun

# What the analysis leaves to choose, with its defaults: the rank-sum test's alternative and
# distribution, what the first cell of a pair is tested against, and which digit of a printed number
# is its last.
KNOBS = MappingProxyType(
    {
        "alternative": "two-sided",
        "rank_sum": "exact",
        "stars_compare": "column",
        "digits": "column",
    }
)


def build(selection: Selection, *, with_stars: bool = True) -> TableResult:
    """Analyse the finished runs of a table.

    The report always covers the whole table: every finished run of its cells and seeds, whatever
    was selected, so that one written after a partial run hides and overwrites nothing. The
    selection decides what counts as missing
    (:attr:`analysis.tables.results.TableResult.complete`), and seeds beyond the table's own are
    added to them.

    Args:
        with_stars: whether printed stars are looked at; their chance of agreeing takes longest.

    Raises:
        UserError: where a record is damaged, a run has two contents, or a table has no margin.
    """
    from analysis.tables.analyse import analyse

    table, overrides = selection.table, selection.overrides
    if table.form != selection.store.form:
        raise ValueError(f"{table.title} does not belong under {selection.store.root}")
    knobs: dict[str, Any] = {**KNOBS, **selection.analysis}
    seeds = sorted({*range(table.seeds), *selection.seeds})
    planned = plan(table.cells, seeds, overrides)
    found = selection.store.records.collect([p.run.hash for p in planned])
    names = {cell.name for cell in selection.cells}
    # A reduced table trains less than the paper, so that its levels are not the paper's.
    margin = margin_of(table) if table.form == "full" else Margin()
    about = _about(selection, margin.reason)
    headline = table.measures[0]
    results = [
        analyse(
            _rows(planned, found, measure),
            printed_of(table, measure, with_stars=with_stars)
            if table.is_printed and not table.is_quick
            else None,
            _comparisons(table, knobs["stars_compare"]),
            delta=margin.delta if measure == headline else margin.measures.get(measure.name),
            seeds=len(seeds),
            declared=len(table.comparisons),
            cells=[_spec(cell, table.parameters, overrides) for cell in table.cells],
            about=dataclasses.replace(about, measure=measure),
            missing=[
                (p.cell, p.run.seed)
                for p in planned
                if p.cell in names and p.run.seed in selection.seeds and p.run.hash not in found
            ],
            alternative=knobs["alternative"],
            method=knobs["rank_sum"],
            digits=knobs["digits"],
        )
        for measure in table.measures
    ]
    by_cell: dict[str, list[Record]] = {}
    for item in planned:
        if item.run.hash in found:
            by_cell.setdefault(item.cell, []).append(found[item.run.hash])
    result = dataclasses.replace(
        with_claims(dataclasses.replace(results[0], others=tuple(results[1:])), table, by_cell),
        chosen=_chosen(table, planned, found, len(seeds)),
        curves=_curves(planned, found),
    )
    if not table.further:
        return result
    return dataclasses.replace(result, further=tuple(table.further(table, result, by_cell)))


def _curves(
    planned: Sequence[PlannedRun], found: Mapping[str, Record]
) -> dict[str, list[list[list[Any]]]]:
    """The test accuracies of each cell's runs by evaluated epoch."""
    curves: dict[str, list[list[list[Any]]]] = {}
    for item in planned:
        if record := found.get(item.run.hash):
            points, (_, total) = record["result"]["curves"].get(CORRECT, []), headline(record)
            known = [[epoch, count / total] for epoch, count in points if count is not None]
            curves.setdefault(item.cell, []).append(known)
    return curves


def _chosen(
    table: Table, planned: Sequence[PlannedRun], found: Mapping[str, Record], seeds: int
) -> tuple[Chosen, ...]:
    from analysis.verdicts.choosing import choose

    outcomes = []
    for choice in table.choices:
        values: dict[str, list[float]] = {}
        for item in planned:
            if item.cell in choice.candidates and item.run.hash in found:
                record, measure = found[item.run.hash], choice.measure
                worst = measure.worst if record["result"]["diverged"] else None
                values.setdefault(item.cell, []).append(worst or _value(record, measure))
        outcomes.append(choose(choice, values, seeds))
    return tuple(outcomes)


def _rows(
    planned: Sequence[PlannedRun], found: Mapping[str, Record], measure: Measure
) -> dict[str, list[RunRow]]:
    """The finished runs by cell."""
    rows: dict[str, list[RunRow]] = {}
    for item in planned:
        if item.run.hash in found:
            rows.setdefault(item.cell, []).append(_row(found[item.run.hash], measure))
    return rows


def _value(record: Record, measure: Measure) -> float:
    known = record["result"]["measurements"]
    if record["result"]["diverged"] and not known.keys() >= set(measure.sources):
        return measure.worst  # it has not come to the phase that measures
    if lacking := [name for name in measure.sources if name not in known]:
        raise UserError(
            f"run {record['hash']} has no measurement {lacking[0]!r}, which its table asks for; "
            f"it has {', '.join(known)}"
        )
    return measure.made_of(known)


def _row(record: Record, measure: Measure) -> RunRow:
    from analysis.tables.results import RunRow

    run, result = record["run"], record["result"]
    correct, total = headline(record)
    best = result["measurements"].get(BEST, {"count": correct, "epoch": 0})
    return RunRow(
        seed=run["seed"],
        correct=correct,
        total=total,
        accuracy=correct / total,
        value=_value(record, measure),
        diverged=result["diverged"],
        best_correct=best["count"],
        best_epoch=best["epoch"],
        run=record["hash"],
        configuration=configuration_hash(record),
        precision=run["precision"],
        data_digest=run["data"]["identity"],
        machine=origin_label(record["provenance"]),
        laboratory=laboratory_of(record["provenance"]),
    )


def _spec(
    cell: Cell, parameters: Sequence[tuple[str, str]], overrides: Mapping[str, Any] | None
) -> CellResult:
    from analysis.tables.results import CellResult

    run = cell.run(0, overrides)
    texts = [
        (name, spelled(run.setting(path)) if run.has_setting(path) else "–")
        for name, path in parameters
    ]
    return CellResult(
        name=cell.name,
        kind=cell.kind,
        parameters=tuple(texts),
        title=cell.label,
        group=cell.group,
        column=cell.column,
        margin=run.data.name,
    )


def _comparisons(table: Table, stars_compare: str) -> list[dict[str, str]]:
    """The table's pairs; "plain" tests each first cell against plain L2 where it is not that."""
    plain = next((cell.name for cell in table.cells if cell.kind == "plain"), None)
    rows = []
    for pair in table.comparisons:
        row = {"name": pair.name, "first": pair.first, "second": pair.second}
        if stars_compare == "plain" and plain is not None and pair.first != plain:
            row["against"] = plain
        rows.append(row)
    return rows


def _about(selection: Selection, margin_reason: str) -> About:
    from analysis.tables.about import About, Deviation

    table = selection.table
    return About(
        id=table.id,
        title=table.title,
        caption=table.caption,
        protocol=table.form,
        precision=table.cells[0].run(0, selection.overrides).precision,
        variant=", ".join(f"{name}={value}" for name, value in selection.differing.items()),
        layout=table.layout,
        row_title=table.row_title,
        column_title=table.column_title,
        remark=table.remark,
        margin_reason=margin_reason,
        readings=table_readings(table.id, {**selection.chosen, **selection.analysis}),
        deviations=tuple(
            Deviation(d.id, d.name, f"{d.here} In the paper: {d.paper} Effect: {d.effect}")
            for d in ([] if table.is_quick else table_deviations(table.id))
        ),
    )
