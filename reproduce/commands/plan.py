"""`reproduce plan`: what tables need before anything is started."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.catalogue.papers import entries, find
from reproduce.commands import options as opt
from reproduce.store.paths import default_data

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection
    from reproduce.executors.planning import Plan

Tables = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TABLE]...",
        help="Such as table3 or locality/table3; by default all that train.",
        show_default=False,
    ),
]
PlannedDevice = Annotated[
    list[str] | None,
    typer.Option(
        "--device",
        metavar="auto|cpu|cuda|NAME",
        help="What to plan for: a device of this machine, or a named one, such as H200 or A100, of "
        "whose speed something is assumed. Default: auto.",
        show_default=False,
    ),
]


def plan(
    chosen: opt.Selecting,
    tables: Tables = None,
    budget: opt.Limit = None,
    device: PlannedDevice = None,
    workers: opt.Workers = None,
    pack: opt.Pack = None,
    data: opt.Data = None,
    as_json: opt.Json = False,
) -> str | None:
    """Tell what tables still need: runs, images, operations, memory, time here and on named
    devices, and with --budget which runs fit. Trains nothing; networks of named tables whose speed
    is not known here are measured for some 10 s each."""
    from analysis.documents.plan_document import document
    from analysis.rendering.files import json_text
    from reproduce.executors.planning import plan as planned
    from reproduce.running import devices
    from reproduce.running.launch_options import LaunchOptions

    name, *others = device or ["auto"]
    if others:
        raise UserError("--device is given more than once: plan for one device at a time")
    here = name in opt.DEVICES
    if not here:
        devices.find(name)  # before all that takes time
    selections = _selections(chosen, tables or [])
    options = LaunchOptions(
        workers=workers,
        device=name if here else "auto",
        data=data or default_data(),
        pack=pack,
        budget=budget,
    )
    measure = "each" if tables else "one"
    on = None if here else name
    found = planned(selections, options, device=on, measure=measure, telling=_tell)
    report = document(found.works, found.devices, budget.text if budget else "")
    if as_json:
        return json_text(report).rstrip("\n")
    from rich.console import Console

    from analysis.rendering.terminal import print_document

    print_document(report, Console())
    return None


def _tell(number: int, count: int) -> None:
    """A line on stderr before a network is measured."""
    print(f"measuring network {number} of {count}; large ones take minutes", file=sys.stderr)


def _selections(chosen: opt.Selecting, tables: list[str]) -> list[Selection]:
    """Of the tables named, or of all that have the form and the cells that are asked for.

    Raises:
        UserError: where a table that was named has not, or no table has.
    """
    if tables:
        return [chosen.of(find(name).id) for name in dict.fromkeys(tables)]
    found, fault = [], UserError("no table trains anything")
    for entry in entries():
        if entry.trains:
            try:
                found.append(chosen.of(entry.id))
            except UserError as error:
                fault = error
    if not found:
        raise fault
    return found


def plan_of(selection: Selection, options: opt.Launch) -> Plan:
    """The plan of one table, for its dry run: nothing is measured."""
    from reproduce.executors.planning import plan as planned

    return planned([selection], options.resolved())
