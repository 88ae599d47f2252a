"""What the options of a command select: cells, seeds, readings and the folder they live in."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_type_hints
from urllib.parse import quote, unquote

from benchmarks.errors import UserError
from benchmarks.run import Run
from reproduce.catalogue import readings as readings_module
from reproduce.catalogue.papers import find
from reproduce.catalogue.seeds import parse_seeds
from reproduce.catalogue.tables import Cell, Table, plan, spelled
from reproduce.store.paths import default_results
from reproduce.store.planned_run import PlannedRun
from reproduce.store.schema import Record
from reproduce.store.store import Store


@dataclass(frozen=True)
class Selection:
    """Part of a table under certain readings.

    Attributes:
        chosen: settings that differ from the default readings, by name.
        overrides: the same by the paths of the settings in a run.
        analysis: knobs of the analysis that differ from the default readings.
        variant: names settings and knobs, "" for none; a variant's report has its own folder.
    """

    table: Table
    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    store: Store
    chosen: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    analysis: Mapping[str, str] = field(default_factory=dict)

    @property
    def variant(self) -> str:
        """Such as "l2_convention=half_sum_sq,precision=bf16"; "" under the default readings.

        It is a folder's name, in which commas separate the parts: those of values, and slashes, are
        written as in an address ("widths=16%2C30%2C64").
        """
        return ",".join(
            f"{name}={quote(value, safe=' ')}" for name, value in self.differing.items()
        )

    @property
    def differing(self) -> dict[str, str]:
        """What differs from the default readings, by name, as a reader writes it."""
        chosen = {**self.chosen, **self.analysis}
        return {name: spelled(chosen[name]) for name in sorted(chosen)}

    @property
    def readings(self) -> list[str]:
        """The readings that differ from the default, each as its id and value."""
        known = ((name, value) for name, value in self.differing.items() if name != "precision")
        paper = self.table.paper
        return [f"{readings_module.find(name, paper).id}={value}" for name, value in known]

    @property
    def options(self) -> str:
        """Those of a command that select it again, each behind a space."""
        precision = self.differing.get("precision")
        chosen = [f" --precision {precision}"] if precision else []
        chosen += [f" --reading {shlex.quote(reading)}" for reading in self.readings]
        return self.table.option + "".join(chosen)

    @property
    def planned(self) -> list[PlannedRun]:
        """The selected runs, seed by seed."""
        return plan(self.cells, self.seeds, self.overrides)

    def records(self) -> dict[str, Record]:
        """Those of the selected runs that have finished, by hash.

        Raises:
            UserError: where one is damaged.
        """
        return self.store.records.collect([planned.run.hash for planned in self.planned])

    @property
    def in_training_order(self) -> list[PlannedRun]:
        """The selected runs, seed by seed, and of a seed those of a comparison together: wherever
        training is stopped, as many comparisons as can be have as many seeds as can be."""
        return plan(self.table.most_telling_first(self.cells), self.seeds, self.overrides)


def select(
    name: str,
    *,
    form: str = "full",
    seeds: str | None = None,
    only: Sequence[str] = (),
    precision: str | None = None,
    readings: Sequence[str] = (),
    results: Path | None = None,
) -> Selection:
    """Resolve the options that all table commands share.

    Raises:
        UserError: for an unknown table, form, cell, seed, precision or reading, and for a reading
            that concerns no cell of the table.
    """
    table = find(name).load().of_form(form)
    chosen, analysis = readings_module.parse_overrides(readings, table.paper, table.name)
    if precision is not None:
        known = get_args(get_type_hints(Run)["precision"])
        if precision not in known:
            raise UserError(f"--precision {precision!r} is none of {', '.join(known)}")
        chosen["precision"] = precision
    for setting, value in chosen.items():
        paths = readings_module.paths_of(setting, table.paper)
        if not any(cell.takes(path) for cell in table.cells for path in paths):
            raise UserError(
                f"--reading {setting}={spelled(value)} changes nothing in {table.title}"
            )
    chosen = _effective(table, chosen)
    return Selection(
        table=table,
        cells=table.select(only),
        seeds=tuple(parse_seeds(seeds, table.seeds)),
        store=Store(results or default_results(), form=form),
        chosen=chosen,
        overrides=_by_path(table, chosen),
        analysis=analysis,
    )


def select_variant(name: str, store: Store, variant: str) -> Selection:
    """All of a table under the settings that a variant's name, :attr:`Selection.variant`, states.

    Raises:
        UserError: as :func:`select`.
    """
    chosen = dict(part.partition("=")[::2] for part in variant.split(",") if part)
    precision = chosen.pop("precision", None)
    readings = [f"{setting}={unquote(value)}" for setting, value in chosen.items()]
    try:
        return select(
            name, form=store.form, precision=precision, readings=readings, results=store.base
        )
    except UserError as error:
        folder = store.report(name, variant)
        raise UserError(
            f"{folder} is of readings that there are not ({error}): delete it, or move it away"
        ) from None


def by_precision(
    name: str, form: str, results: Path
) -> Iterator[tuple[Selection, dict[str, Record]]]:
    """A table of that form under its own precision, and under others that runs have, each with its
    runs by hash.

    Raises:
        UserError: where a record is damaged.
    """
    own = select(name, form=form, results=results)
    there = own.store.records.precisions()
    others = (select(name, form=form, precision=p, results=results) for p in there)
    for selection in (own, *(other for other in others if other.variant)):
        yield selection, selection.records() if there else {}


def _by_path(table: Table, chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {
        path: value
        for setting, value in chosen.items()
        for path in readings_module.paths_of(setting, table.paper)
    }


def _effective(table: Table, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The choices without those that leave every run as it is without them: one experiment, one
    name."""
    kept = dict(chosen)
    for setting in chosen:
        rest = {name: value for name, value in kept.items() if name != setting}
        with_it, without = _by_path(table, kept), _by_path(table, rest)
        if all(cell.run(0, with_it) == cell.run(0, without) for cell in table.cells):
            kept = rest
    return kept
