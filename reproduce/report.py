"""From records to a table's report: CSV, LaTeX, figure, JSON and what the terminal shows.

Nothing is trained here; a report is redrawn from the records at any time, also of none or some of
the runs. The heavy packages load inside the functions.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError
from reproduce import atomic, records
from reproduce.paths import PAPER_TABLES
from reproduce.provenance import machine_label
from reproduce.schema import Record, configuration_hash
from reproduce.tables import plan

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from analysis.results import TableResult
    from analysis.table import CellSpec
    from reproduce.paths import ResultsLayout
    from reproduce.tables import Cell, PlannedRun, Table

PARAMETERS = ("gamma", "eta")  # settings that a reader tells cells apart by


def build(
    table: Table,
    layout: ResultsLayout,
    cells: Iterable[Cell] | None = None,
    seeds: Sequence[int] | None = None,
    overrides: Mapping[str, Any] | None = None,
    variant: str = "",
    readings: Sequence[Mapping[str, Any]] = (),
    *,
    alternative: str = "two-sided",
    method: str = "exact",
) -> TableResult:
    """Analyse the finished runs of a table.

    Args:
        table: full or quick; ``layout`` must be of the same kind.
        cells: whose runs to read, all by default; the others come out as missing. A report that
            is to be written should read all of them, whatever was trained just now.
        seeds: the table's own by default. Fewer than those still count against the table's number.
        overrides: precision and readings that the runs were made with.
        variant: name of the overrides, empty for the defaults.
        readings: id, name, value, default, source, question and changed of each open choice.
        alternative, method: of the rank-sum test.

    Raises:
        UserError: where a record is damaged or a run has two contents.
    """
    from analysis.results import About
    from analysis.table import analyse

    if table.is_quick != layout.quick:
        raise ValueError(f"{table.title} does not belong to the results under {layout.root}")
    seeds = list(range(table.seeds)) if seeds is None else list(seeds)
    planned = plan(table.cells if cells is None else cells, seeds, overrides)
    margin = {} if table.is_quick else _margin(table)
    rows = tuple(_reading(reading) for reading in readings)
    return analyse(
        _frame(table, planned, records.collect(layout, [p.run.hash for p in planned])),
        None if table.is_quick else _published(table),
        [{"name": c.name, "first": c.first, "second": c.second} for c in table.comparisons],
        delta=Decimal(margin["delta"]) if margin else None,
        seeds=max(table.seeds, len(seeds)),
        declared=len(table.comparisons),
        cells=[_spec(cell, overrides) for cell in table.cells],
        about=About(
            id=table.id,
            title=table.title,
            caption=table.caption,
            protocol="quick" if table.is_quick else "full",
            precision=table.cells[0].run(0, overrides).precision,
            variant=variant,
            margin_reason=margin.get("reason", ""),
            readings=rows,
            deviations=_deviations(table, overrides),
        ),
        alternative=alternative,
        method=method,
    )


def write(result: TableResult, folder: Path) -> list[Path]:
    """Write ``<name>.{csv,tex,png,pdf,json}`` into ``folder``, each at once or not at all.

    Raises:
        UserError: where the folder cannot be written.
    """
    from analysis import export, figures, latex

    name = result.about.id.rpartition("/")[2]
    contents = {
        "csv": export.csv_text(result).encode(),
        "tex": latex.document(result).encode(),
        "png": figures.png(result),
        "pdf": figures.pdf(result),
        "json": export.json_text(result).encode(),
    }
    paths = []
    for extension, data in contents.items():
        path = folder / f"{name}.{extension}"
        try:
            atomic.replace(path, data)
        except OSError as error:
            raise UserError(
                f"cannot write {path}: {error.strerror or error}; free the folder or give another"
                " --results DIR"
            ) from error
        paths.append(path)
    atomic.sweep(folder)
    return paths


def render(result: TableResult, console: Console) -> None:
    """Print the table on the console."""
    from analysis.terminal import print_table

    print_table(result, console)


def _frame(
    table: Table, planned: Sequence[PlannedRun], found: Mapping[str, Record]
) -> pd.DataFrame:
    """The long-form frame, one row a finished run."""
    import pandas as pd

    from analysis.table import FRAME_COLUMNS

    rows = [
        {"cell": p.cell, "kind": table.cell(p.cell).kind, **_row(found[p.run.hash])}
        for p in planned
        if p.run.hash in found
    ]
    return pd.DataFrame(rows, columns=list(FRAME_COLUMNS))


def _row(record: Record) -> dict[str, Any]:
    run, result = record["run"], record["result"]
    return {
        "seed": run["seed"],
        "correct": result["correct"],
        "total": result["total"],
        "accuracy": result["correct"] / result["total"],
        "diverged": result["diverged"],
        "best_correct": result["best_correct"],
        "best_epoch": result["best_epoch"],
        "run": record["hash"],
        "configuration": configuration_hash(record),
        "precision": run["precision"],
        "data_digest": run["data_digest"],
        "machine": machine_label(record["provenance"]),
    }


def _spec(cell: Cell, overrides: Mapping[str, Any] | None) -> CellSpec:
    from analysis.table import CellSpec

    resolved = cell.run(0, overrides).canonical()
    # As the table writes them: "2.0" stays "2.0".
    texts = {name: str(cell.settings.get(name, resolved[name])) for name in PARAMETERS}
    parameters = tuple(texts.items())
    return CellSpec(cell.name, cell.kind, parameters)


def _published(table: Table) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(table.published, dtype=str, keep_default_na=False)


def _margin(table: Table) -> dict[str, str]:
    with open(PAPER_TABLES / table.paper / "margins.toml", "rb") as file:
        return tomllib.load(file)[table.name]


def _reading(reading: Mapping[str, Any]) -> Any:
    from analysis.results import Reading

    texts = ("id", "name", "value", "default", "source", "question")
    return Reading(**{t: str(reading[t]) for t in texts}, changed=bool(reading["changed"]))


def _deviations(table: Table, overrides: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What of the overrides departs from the table's own settings, in words."""
    own, chosen = table.cells[0].run(0).canonical(), table.cells[0].run(0, overrides).canonical()
    return tuple(
        f"{name} = {_text(chosen.get(name))} in place of {_text(own.get(name))}"
        for name in dict.fromkeys([*own, *chosen])
        if own.get(name) != chosen.get(name)
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)
