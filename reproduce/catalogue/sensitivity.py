"""A table under other readings of what its paper leaves open: which there are, and which of those
that have runs move a verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.catalogue import readings
from reproduce.catalogue.readings import Reading
from reproduce.catalogue.selection import Selection, select
from reproduce.catalogue.table_result import build
from reproduce.catalogue.tables import spelled

if TYPE_CHECKING:
    from analysis.tables.results import MovedVerdicts, TableResult


def alternatives(
    base: Selection, wanted: Collection[str] = ()
) -> Iterator[tuple[Reading, str, Selection]]:
    """The selection under each other value of each reading that makes a difference to it.

    Args:
        wanted: ids or names of readings, all by default.

    Raises:
        UserError: for an unknown reading.
    """
    paper = base.table.paper
    only = {readings.find(name, paper) for name in wanted}
    chosen = {name: spelled(value) for name, value in {**base.chosen, **base.analysis}.items()}
    precision = chosen.pop("precision", None)
    for reading in readings.load(paper):
        if base.table.name not in reading.tables or not reading.option:
            continue
        if only and reading not in only:
            continue
        for value in (reading.default, *reading.alternatives):
            texts = [f"{n}={v}" for n, v in (chosen | {reading.option: value}).items()]
            try:
                other = select(
                    base.table.id,
                    form=base.table.form,
                    precision=precision,
                    readings=texts,
                    results=base.store.base,
                )
            except UserError:
                continue  # of no cell of this form
            if other.variant != base.variant:
                yield reading, value, replace(other, cells=base.cells, seeds=base.seeds)


def moved_verdicts(base: Selection) -> tuple[MovedVerdicts, ...]:
    """The readings whose other values move a verdict of the whole table, by the runs at hand.

    Both sides are judged by as many seeds, those that the alternative has.

    Raises:
        UserError: where a record is damaged.
    """
    from analysis.tables.moved_verdicts import moves
    from analysis.tables.results import MovedVerdicts

    if base.table.is_quick or not _seeds(base, 1):
        return ()
    found = []
    for reading, value, other in alternatives(base):
        seeds = common_seeds(base, other)
        if not seeds:
            continue
        moved, _ = moves(at_seeds(base, seeds), at_seeds(other, seeds))
        if moved:
            texts = tuple(f"{m.what}: {m.before} → {m.after}" for m in moved)
            values = {**base.chosen, **base.analysis}
            default = spelled(values.get(reading.option or "", reading.default))
            found.append(MovedVerdicts(reading.id, reading.name, value, default, seeds, texts))
    return tuple(found)


def common_seeds(base: Selection, other: Selection) -> int:
    """How many of the table's first seeds have runs on both sides."""
    return _seeds(other, _seeds(base, base.table.seeds))


def at_seeds(selection: Selection, seeds: int) -> TableResult:
    """The whole table by its first seeds alone, without what bears on no verdict."""
    table = replace(selection.table, seeds=seeds, further=None)
    return build(replace(selection, table=table, seeds=tuple(range(seeds))), with_stars=False)


def _seeds(selection: Selection, most: int) -> int:
    """How many of the first seeds have a run in some cell of the table."""
    for seed in range(most):
        runs = [cell.run(seed, selection.overrides).hash for cell in selection.table.cells]
        if not selection.store.records.finished(runs):
            return seed
    return most
