"""The command line: thin functions that hand over to the modules that do the work.

Whatever takes time to import is imported where it is used, so that `--help`, `list` and `status`
answer at once.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from reproduce.catalogue.papers import Entry, entries, papers, reference
from reproduce.catalogue.selection import Selection
from reproduce.commands import options as opt
from reproduce.commands.data import app as data_app
from reproduce.commands.selecting import takes_selection
from reproduce.executors.slurm.options import SlurmOptions, takes_slurm

EPILOG = (
    "Start with `reproduce table3 --quick`. Exit codes: 0 done; 1 `check` found a cell not "
    "reproduced or worse than its committed verdict, or a computed table differs from the printed "
    "one; 2 bad input; 3 incomplete; 70 a crash of ours."
)

app = typer.Typer(
    name="reproduce",
    help="Reproduce published tables, number by number, with a verdict a cell.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(data_app, name="data", help="Get, import, verify and list data sets and weights.")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("reproduce-structure"))
        raise typer.Exit()


@app.callback(invoke_without_command=False)
def _main(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print it.")
    ] = False,
) -> None:
    pass


def _table_command(entry: Entry, name: str, hidden: bool) -> None:
    @app.command(name, help=f"Run and report: {entry.summary}.", hidden=hidden)
    @takes_selection(entry.id)
    @takes_slurm
    def command(
        selection: Selection,
        slurm: SlurmOptions | None,
        executor: opt.Executor = "local",
        workers: opt.Workers = None,
        device: opt.Device = "auto",
        pack: opt.Pack = None,
        nice: opt.Nice = 0,
        data: opt.Data = None,
        save_weights: opt.SaveWeights = False,
        dry_run: opt.DryRun = False,
        yes: opt.Yes = False,
        as_json: opt.Json = False,
    ) -> None:
        from reproduce.commands.table import Launch, dry_run_text, run_table

        launch = Launch(
            executor,
            workers,
            device,
            data,
            pack,
            yes=yes,
            quiet=as_json,
            save_weights=save_weights,
            nice=nice,
            slurm=slurm,
        )
        if dry_run:
            typer.echo(dry_run_text(selection, launch, as_json=as_json))
            return
        raise typer.Exit(run_table(selection, launch, as_json=as_json))


def _untrained_command(entry: Entry, name: str, hidden: bool) -> None:
    command = entry.command()

    @app.command(name, help=f"Compute and report: {entry.summary}.", hidden=hidden)
    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        raise typer.Exit(command(*arguments, **options))


for _paper in papers():
    for _entry in _paper.entries:
        _add = _table_command if _entry.trains else _untrained_command
        _add(_entry, _entry.id, hidden=_paper.is_default)
        if _paper.is_default:
            _add(_entry, _entry.name, hidden=False)


@app.command("list")
def list_tables(
    paper: Annotated[
        str | None,
        typer.Argument(metavar="[PAPER]", help="One paper alone.", show_default=False),
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """List what can be reproduced."""
    rows = [_summary(entry) for entry in entries(paper)]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    titles = {found.name: f"{found.title} ({found.citation})" for found in papers()}
    shown = ""
    for row in rows:
        of = row["table"].partition("/")[0]
        if of != shown:
            typer.echo(titles[of])
            shown = of
        size = "computed at once"
        if "cells" in row:
            forms = "".join(f", also --{form}" for form in row["forms"])
            size = f"{row['cells']} cells × {row['seeds']} seeds{forms}"
        typer.echo(f"{row['table']}  {size}")
        typer.echo(f"    {row['summary']}")


def _overview(results: Path | None, as_json: bool) -> None:
    from reproduce.commands.overview import overview

    typer.echo(overview(results, as_json=as_json))


def _summary(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"table": entry.id, "summary": entry.summary}
    if entry.trains:
        table = entry.load()
        row |= {"cells": len(table.cells), "seeds": table.seeds}
        row |= {"runs": len(table.cells) * table.seeds, "forms": list(table.forms)}
    return row


@app.command()
@takes_selection(optional=_overview)
def status(selection: Selection, as_json: opt.Json = False) -> None:
    """Tell what is done, running, failed and missing, from the records on disk; without TABLE, one
    line for every table that has any run."""
    from reproduce.running.status import render, status_of

    found = status_of(selection.planned, selection.store)
    typer.echo(render(found, selection, as_json=as_json))


@app.command()
@takes_selection()
def cancel(selection: Selection, as_json: opt.Json = False) -> None:
    """End the SLURM jobs that hold runs of a table; what is done and saved stays."""
    from dataclasses import asdict

    from reproduce.executors.slurm.cancel import cancel as cancel_runs

    ended = cancel_runs([item.run.hash for item in selection.planned], selection.store)
    typer.echo(json.dumps(asdict(ended)) if as_json else ended.text)


@app.command()
@takes_selection()
def report(selection: Selection, as_json: opt.Json = False) -> None:
    """Redraw table and figure from the records; trains nothing."""
    from reproduce.commands.table import report_selection

    raise typer.Exit(report_selection(selection, as_json=as_json))


@app.command()
@takes_selection()
def check(
    selection: Selection,
    accept: Annotated[
        bool, typer.Option("--accept", help="Make the present verdicts the ones to hold.")
    ] = False,
    as_json: opt.Json = False,
) -> None:
    """Exit with 1 where a cell is not reproduced, or worse than its committed verdict."""
    from reproduce.commands.table import check_selection

    raise typer.Exit(check_selection(selection, accept=accept, as_json=as_json))


@app.command()
def show(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="The first digits of a run's hash, as tables print it."),
    ],
    quick: opt.Quick = False,
    reduced: opt.Reduced = False,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> None:
    """Show one run: its measurements, configuration, provenance and curves."""
    from reproduce.commands.show import show_run

    form = opt.form_of(quick=quick, reduced=reduced)
    typer.echo(show_run(run, form=form, results=results, as_json=as_json))


@app.command()
def readings(
    reading: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="One reading in full.", show_default=False),
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """What the papers leave open, how it is read here, and the alternatives."""
    from reproduce.commands.readings import render

    typer.echo(render(reading, as_json=as_json))


@app.command()
def doctor(data: opt.Data = None, results: opt.Results = None, as_json: opt.Json = False) -> None:
    """What this machine has and lacks, and how to get it."""
    from reproduce.commands.doctor import examine

    raise typer.Exit(examine(data, results, as_json=as_json))


@app.command()
@takes_selection()
def collect(selection: Selection, as_json: opt.Json = False) -> None:
    """Write a table's finished runs to results/measured/, ready to be committed."""
    from reproduce.commands.table import collect_selection

    typer.echo(collect_selection(selection, as_json=as_json))


@app.command()
@takes_selection(reference())
def precision(
    selection: Selection,
    workers: opt.Workers = None,
    device: opt.Device = "auto",
    pack: opt.Pack = None,
    data: opt.Data = None,
    report_only: Annotated[
        bool, typer.Option("--report", help="Judge the records that are there; train nothing.")
    ] = False,
    yes: opt.Yes = False,
    as_json: opt.Json = False,
) -> None:
    """Compare bf16 with float32 on a plain cell: may bf16 become the default?"""
    from reproduce.commands.precision import compare_precisions
    from reproduce.commands.table import Launch

    launch = Launch("local", workers, device, data, pack, yes=yes, quiet=as_json)
    raise typer.Exit(
        compare_precisions(selection, launch, report_only=report_only, as_json=as_json)
    )
