"""What the options of a command select: cells, seeds, readings and the folder they live in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.errors import UserError
from benchmarks.run import CHOICES
from reproduce.catalogue import readings as readings_module
from reproduce.catalogue.papers import find
from reproduce.catalogue.tables import Cell, PlannedRun, Table, parse_seeds, plan, spelled
from reproduce.store.paths import ResultsLayout, default_results


@dataclass(frozen=True)
class Selection:
    """Part of a table under certain readings.

    Attributes:
        overrides: fields of :class:`benchmarks.run.Run` that differ from the default readings.
        analysis: knobs of the analysis that differ from the default readings.
        variant: names overrides and knobs, "" for none; a variant's report has its own folder.
    """

    table: Table
    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    layout: ResultsLayout
    overrides: Mapping[str, Any] = field(default_factory=dict)
    analysis: Mapping[str, str] = field(default_factory=dict)

    @property
    def variant(self) -> str:
        """Such as "l2_convention=half_sum_sq,precision=bf16"; "" under the default readings."""
        chosen = {**self.overrides, **self.analysis}
        # Commas separate the parts, and the name is a folder's.
        texts = {name: spelled(value).replace(",", "-") for name, value in chosen.items()}
        return ",".join(f"{name}={texts[name]}" for name in sorted(texts))

    @property
    def planned(self) -> list[PlannedRun]:
        """The selected runs, seed by seed."""
        return plan(self.cells, self.seeds, self.overrides)


def select(
    name: str,
    *,
    quick: bool = False,
    seeds: str | None = None,
    only: Sequence[str] = (),
    precision: str | None = None,
    readings: Sequence[str] = (),
    results: Path | None = None,
) -> Selection:
    """Resolve the options that all table commands share.

    Raises:
        UserError: for an unknown table, cell, seed, precision or reading, and for a reading that
            changes nothing in the table.
    """
    table = find(name).load()
    if quick:
        if table.quick is None:
            raise UserError(f"{table.id} has no quick form")
        table = table.quick
    overrides, analysis = readings_module.parse_overrides(readings, table.paper, table.name)
    for setting, value in overrides.items():
        if not _changes(table, setting, value):
            raise UserError(
                f"--reading {setting}={spelled(value)} changes nothing in {table.title}"
            )
    if precision is not None:
        if precision not in CHOICES["precision"]:
            allowed = ", ".join(CHOICES["precision"])
            raise UserError(f"--precision {precision!r} is none of {allowed}")
        overrides["precision"] = precision
        if not _changes(table, "precision", precision):
            del overrides["precision"]
    default = table.cells[0].run(0)
    convention = overrides.get("l2_convention", default.l2_convention)
    if overrides.get("dense_l2_convention") == convention:
        del overrides["dense_l2_convention"]  # spelled out, but the same as "same"
    return Selection(
        table=table,
        cells=table.select(only),
        seeds=tuple(parse_seeds(seeds, table.seeds)),
        layout=ResultsLayout(results or default_results(), quick=quick),
        overrides=overrides,
        analysis=analysis,
    )


def _changes(table: Table, setting: str, value: Any) -> bool:
    """Whether a choice makes other runs of any cell."""
    return any(cell.run(0, {setting: value}) != cell.run(0) for cell in table.cells)
