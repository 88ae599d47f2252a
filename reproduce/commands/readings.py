"""`reproduce readings`: what a paper leaves open, as a list or one in full."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from benchmarks.errors import UserError
from reproduce.catalogue.papers import default_paper, papers
from reproduce.catalogue.readings import Reading, find, load
from reproduce.commands import options as opt

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

WIDTH = 80  # of the list, which has a line of its own for each part on a narrower terminal
CHOICES = {"id": 4, "reading": 27, "default": 10, "or": 17, "source": None}
NOTES = {"id": 4, "reading": 27, "is read as": 30, "source": None}


def readings(
    reading: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID|PAPER]",
            help="One reading in full, or those of another paper than the default one.",
            show_default=False,
        ),
    ] = None,
    as_json: opt.Json = False,
) -> str:
    """What the papers leave open, how it is read here, and the alternatives."""
    from rich.console import Console

    is_list = reading is None or reading in {paper.name for paper in papers()}
    chosen = load(reading) if is_list else (_find(reading or ""),)
    if as_json:
        rows = msgspec.to_builtins(chosen)
        return json.dumps(rows if is_list else rows[0], indent=1, ensure_ascii=False)
    console = Console(color_system=None)
    console.width = min(console.width, WIDTH)
    with console.capture() as captured:
        for part in _list(chosen, console) if is_list else [_full(chosen[0])]:
            console.print(part)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _find(name: str) -> Reading:
    """The reading of an id in any paper, or of a setting's name in the default one."""
    id_ = name.upper()
    for paper in papers():
        letters = {reading.id.partition("-")[0] for reading in load(paper.name)}
        if id_.partition("-")[0] in letters:
            return find(id_, paper.name)
    choices = [reading for reading in load(default_paper()) if reading.option]
    if name in {reading.option for reading in choices}:
        return find(name)
    names = ", ".join(paper.name for paper in papers())
    such = f"an id such as {choices[0].id}, a setting such as {choices[0].option}"
    raise UserError(f"no reading or paper {name!r}: give {such}, or a paper: {names}")


def _list(readings: Sequence[Reading], console: Console) -> list[RenderableType]:
    """What can be chosen, then the notes."""
    choices = [
        (r.id, f"{r.name}\n{r.option}", r.default, ", ".join(r.alternatives), r.source)
        for r in readings
        if r.option
    ]
    notes = [(r.id, r.name, r.default, r.source) for r in readings if not r.option]
    return [
        _table("To choose by --reading NAME=VALUE", CHOICES, choices, console),
        _table("\nNotes", NOTES, notes, console),
    ]


def _table(
    title: str, columns: dict[str, int | None], rows: Sequence[Sequence[str]], console: Console
) -> Table:
    if console.width < WIDTH:
        table = _plain(title=title, show_header=False)
        for row in rows:
            parts = zip(list(columns)[2:], row[2:], strict=True)
            table.add_row(row[0], "\n".join([row[1], *(f"{n}: {text}" for n, text in parts)]))
        return table
    table = _plain(title=title)
    for heading, width in columns.items():
        table.add_column(heading, width=width)
    for row in rows:
        table.add_row(*row)
    return table


def _full(reading: Reading) -> Table:
    kind = "a setting" if reading.setting else "a knob of the analysis"
    table = _plain(show_header=False)
    for name in ("id", "name", "question", "default", "source", "evidence"):
        table.add_row(name, getattr(reading, name))
    table.add_row("alternatives", "; ".join(reading.alternatives) or "–")
    table.add_row("changes", f"{kind}: {reading.option}" if reading.option else "nothing: a note")
    table.add_row("touches", ", ".join(reading.tables))
    return table


def _plain(**options: Any) -> Table:
    from rich.table import Table

    return Table(box=None, pad_edge=False, title_justify="left", highlight=False, **options)
