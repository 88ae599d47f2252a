"""The weight files' part of ``reproduce data``; data_command.py hands over by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from benchmarks.errors import UserError
from benchmarks.weights.catalogue import WEIGHTS, KnownWeights

if TYPE_CHECKING:
    from benchmarks.weights.fetching import OnProgress


def get(name: str, root: Path, on_progress: OnProgress) -> None:
    """Download a known weight file, check it and store it.

    Raises:
        UserError: see :func:`benchmarks.weights.fetching.download`.
    """
    from benchmarks.weights.fetching import download

    download(WEIGHTS[name], root, on_progress)


def import_(name: str, path: Path, root: Path, on_progress: OnProgress) -> None:
    """Check a file that is here already and store a copy.

    Raises:
        UserError: see :func:`benchmarks.weights.fetching.import_from`.
    """
    from benchmarks.weights.fetching import import_from

    import_from(WEIGHTS[name], path, root, on_progress)


def report(name: str, root: Path, as_json: bool) -> None:
    """Print what is there now."""
    entry = WEIGHTS[name]
    row = describe(entry, root)
    if as_json:
        typer.echo(json.dumps(row))
        return
    checked = "its published sum agrees" if row["hash"] else "no published sum; its layers agree"
    typer.echo(
        f"{name}: {entry.filters:,} spatial filters in {entry.layers} 3×3 layers in {row['path']} "
        f"({checked})"
    )


def verify(entry: KnownWeights, root: Path) -> tuple[str, str]:
    """ "ok", "missing" or "damaged", and what was found or is wrong."""
    from benchmarks.weights import fetching

    try:
        return "ok", fetching.verify(entry, root)
    except UserError as error:
        missing = fetching.state(entry, root)[0] == "missing"
        return ("missing" if missing else "damaged"), str(error)


def describe(entry: KnownWeights, root: Path) -> dict[str, Any]:
    """One row of ``reproduce data list --json``; reads no weights."""
    from benchmarks.weights.fetching import path_of, state

    where, detail = state(entry, root)
    return {
        "name": entry.name,
        "title": entry.title,
        "kind": "weights",
        "layers": entry.layers,
        "filters": entry.filters,
        "network": entry.network or None,
        "state": where,
        "detail": detail,
        "path": str(path_of(entry, root)),
        "command": f"reproduce data get {entry.name}" if where == "missing" else None,
        "hash": entry.sources[0].hash or None,
        "url": entry.sources[0].url,
    }


def print_table(rows: list[dict[str, Any]]) -> None:
    """The weight files as the second section of ``reproduce data list``."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for title in ("weights", "3×3 filters", "layers", "where"):
        table.add_column(title, no_wrap=title == "weights")
    for row in rows:
        where = row["path"] if row["state"] == "present" else f"{row['state']} {row['detail']}"
        cells = (row["name"], f"{row['filters']:,}", str(row["layers"]), where)
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    console = Console()
    console.print()
    console.print(table)
