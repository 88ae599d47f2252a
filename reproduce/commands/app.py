"""The command line: every command by its name. What takes time to import is imported where it is
used, so that `--help`, `list` and `status` answer at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from reproduce.catalogue.papers import Entry, papers
from reproduce.commands import (
    check,
    collect,
    doctor,
    overview,
    plan,
    precision,
    publishing,
    readings,
    show,
    table,
)
from reproduce.commands.data import app as data_app
from reproduce.commands.device import app as device_app
from reproduce.commands.options import Launch, Selecting
from reproduce.commands.signatures import as_command
from reproduce.executors.slurm.options import takes_slurm

COMMANDS: dict[str, Callable[..., int | str | None]] = {
    "list": overview.list_tables,
    "plan": plan.plan,
    "status": overview.status,
    "cancel": table.cancel,
    "report": publishing.report,
    "check": check.check,
    "show": show.show,
    "readings": readings.readings,
    "doctor": doctor.doctor,
    "collect": collect.collect,
    "precision": precision.precision,
}
EPILOG = (
    "Start with `reproduce table3 --quick`. Exit codes: 0 done; 1 `check` found a cell not "
    "reproduced or worse than its committed verdict, a computed table differs from the printed "
    "one, or `device check` fails; 2 bad input; 3 incomplete; 70 a crash of ours."
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
app.add_typer(device_app, name="device", help="Check that a GPU, or this CPU, trains as it should.")


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


def _command_of(entry: Entry) -> Callable[..., None]:
    """Trains, or computes at once, and reports."""
    if not entry.trains:
        return as_command(entry.command())

    def command(chosen: Selecting, launch: Launch) -> int | str:
        return table.run_table(chosen.of(entry.id), launch)

    return takes_slurm(as_command(command))


for _paper in papers():
    for _entry in _paper.entries:
        _help = f"{'Run' if _entry.trains else 'Compute'} and report: {_entry.summary}."
        app.command(_entry.id, help=_help, hidden=_paper.is_default)(_command_of(_entry))
        if _paper.is_default:
            app.command(_entry.name, help=_help)(_command_of(_entry))

for _name, _function in COMMANDS.items():
    app.command(_name)(as_command(_function))
