"""The command line: every command by its name. What takes time to import is imported where it is
used, so that `--help`, `list` and `status` answer at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperGroup

from benchmarks.errors import UserError
from reproduce.catalogue.papers import Entry, papers
from reproduce.commands import (
    audit,
    cancel,
    check,
    claims,
    collect,
    doctor,
    exit_codes,
    export,
    list_tables,
    merge,
    overview,
    paper,
    plan,
    precision,
    readings,
    report,
    sensitivity,
    show,
    status,
    table,
    verify,
)
from reproduce.commands.computed_dry_run import taking_dry_run
from reproduce.commands.data import app as data_app
from reproduce.commands.device import app as device_app
from reproduce.commands.options import Launch, Selecting
from reproduce.executors.slurm.options import takes_slurm
from reproduce.signatures import as_command, parameters_of

COMMANDS: dict[str, Callable[..., int | str | None]] = {
    "list": list_tables.list_tables,
    "plan": plan.plan,
    "status": status.status,
    "cancel": cancel.cancel,
    "report": report.report,
    "check": check.check,
    "verify": verify.verify,
    "claims": claims.claims,
    "audit": audit.audit,
    "paper": paper.paper,
    "sensitivity": sensitivity.sensitivity,
    "show": show.show,
    "readings": readings.readings,
    "doctor": doctor.doctor,
    "collect": collect.collect,
    "export": export.export,
    "merge": merge.merge,
    "precision": precision.precision,
}
EPILOG = f"Start with `reproduce table3 --quick`. {exit_codes.TEXT}"


class Commands(TyperGroup):
    """Entries stand here by name and help alone until one is asked for: their options take time to
    make, and there are many entries."""

    later: ClassVar[dict[str, Callable[[], Callable[..., None]]]] = {}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] in self.later:
            alone = typer.Typer(add_completion=False, rich_markup_mode=None)
            stand_in = self.commands[args[0]]
            alone.command(args[0], help=stand_in.help)(self.later[args[0]]())
            self.commands[args[0]] = typer.main.get_command(alone)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="reproduce",
    cls=Commands,
    help="Reproduce published tables, number by number, with a verdict a cell.",
    epilog=EPILOG,
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


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print it.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Without a command: what `status --json` prints.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(overview.overview(None, as_json=as_json))
    elif as_json:
        name = context.invoked_subcommand
        raise UserError(f"--json stands behind the command: `reproduce {name} … --json`")


def _command_of(entry: Entry) -> Callable[..., None]:
    """Trains, or computes at once, and reports."""
    if not entry.trains:
        return as_command(taking_dry_run(entry.id, entry.command()))

    def command(chosen: Selecting, launch: Launch) -> int | str:
        return table.run_table(chosen.of(entry.id), launch)

    return takes_slurm(as_command(command))


def _register(name: str, entry: Entry, *, hidden: bool = False) -> None:
    text = f"{'Run' if entry.trains else 'Compute'} and report: {entry.summary}."
    app.command(name, help=text, hidden=hidden)(lambda: None)
    Commands.later[name] = partial(_command_of, entry)


for _paper in papers():
    for _entry in _paper.entries:
        _register(_entry.id, _entry, hidden=_paper.is_default)
        if _paper.is_default:
            _register(_entry.name, _entry)

for _name, _function in COMMANDS.items():
    _made = as_command(_function)
    _trains = any(p.name == "slurm" for p in parameters_of(_made))
    app.command(_name)(takes_slurm(_made) if _trains else _made)
