"""What ``reproduce data`` tells of a data set or weight file: as values, a line, or a row of a
table."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from benchmarks.data import DatasetInfo, header
from benchmarks.weights.catalogue import KnownWeights

if TYPE_CHECKING:
    from rich.console import Console

NARROW = 60
UNPUBLISHED = "no published sum; its layers agree"
Entry = DatasetInfo | KnownWeights
Row = dict[str, Any]
Columns = dict[str, Callable[[Row], str]]


def state_of(entry: Entry, root: Path) -> tuple[str, str]:
    """How it is stored: "present", "missing", "damaged" or "embedded", and what there is to say."""
    if isinstance(entry, DatasetInfo):
        return header.state(entry, root)
    from benchmarks.weights import fetching

    return fetching.state(entry, root)


def command_that_gets(entry: Entry) -> str:
    """What to type for an entry that is missing."""
    if isinstance(entry, DatasetInfo) and entry.indexed:
        return f"reproduce data import {header.arguments(entry.store, ' PATH')}"
    return f"reproduce data get {header.arguments(entry.store)}"


def describe(entry: Entry, root: Path) -> Row:
    """One entry of ``reproduce data list --json``; reads no image and no weights."""
    from benchmarks.weights.fetching import path_of

    where, detail = state_of(entry, root)
    here: Row = {"state": where, "detail": detail, "path": None}
    known: Row = {"command": command_that_gets(entry) if where == "missing" else None}
    if isinstance(entry, KnownWeights):
        about: Row = {"name": entry.name, "title": entry.title, "kind": "weights"}
        about |= {"layers": entry.layers, "filters": entry.filters}
        about |= {"network": entry.network or None}
        here["path"] = str(path_of(entry, root))
        known |= {"hash": entry.sources[0].checksum or None, "url": entry.sources[0].url}
    else:
        stored = header.read_header(root, entry.store) if where == "present" else None
        counts = stored.source_counts if stored else entry.counts
        classes = stored.classes if stored else entry.classes
        about = {"name": entry.name, "fold": entry.fold, "title": entry.title}
        about |= {"images": dict(zip(("train", "test"), counts, strict=True))}
        about |= {"classes": len(classes), "side": entry.side}
        here["path"] = None if entry.embedded else str(root / entry.store)
        if stored and stored.folder:
            here |= {"folder": stored.folder, "skipped": stored.skipped.train + stored.skipped.test}
        known |= {"digest": (stored or entry).digest}
        known |= {"identity": stored.identity if stored else entry.identity}
    return {**about, **here, **known}


def tell(entry: Entry, root: Path, as_json: bool) -> None:
    """Print what is there now."""
    row = describe(entry, root)
    if as_json:
        typer.echo(json.dumps(row))
    elif isinstance(entry, KnownWeights):
        checked = "its published sum agrees" if row["hash"] else UNPUBLISHED
        typer.echo(
            f"{entry.name}: {entry.filters:,} spatial filters in {entry.layers} 3×3 layers in "
            f"{row['path']} ({checked})"
        )
    elif entry.embedded:
        typer.echo(f"{entry.name} comes with an installed package: nothing to get")
    else:
        train, test = row["images"].values()
        where = row.get("folder") or row["path"]
        skipped = f", {row['skipped']:,} of them left out" if row.get("skipped") else ""
        typer.echo(
            f"{entry.store}: {train:,} training and {test:,} test images in {where}{skipped} "
            f"(digest {row['digest'][:12]})"
        )


def _where(row: Row) -> str:
    places = {"embedded": "comes with a package", "present": str(row["path"])}
    detail = f": {row['detail']}" if row["detail"] else ""
    return places.get(row["state"], f"{row['state']}{detail}")


def _images(row: Row) -> str:
    train, test = row["images"].values()
    left_out = f", {row['skipped']:,} left out" if row.get("skipped") else ""
    return f"{train:,} + {test:,}{left_out}"


DATASET_COLUMNS: Columns = {
    "name": lambda row: row["name"] if row["fold"] is None else f"{row['name']} {row['fold']}",
    "images": _images,
    "size": lambda row: f"{row['side']}²",
    "classes": lambda row: str(row["classes"]),
    "where": _where,
    "digest": lambda row: (row["digest"] or "–")[:8],
}
WEIGHT_COLUMNS: Columns = {
    "weights": lambda row: row["name"],
    "3×3 filters": lambda row: f"{row['filters']:,}",
    "layers": lambda row: str(row["layers"]),
    "where": _where,
}


def print_table(rows: list[Row], columns: Columns, console: Console) -> None:
    """What one types or compares stays whole on a narrow terminal; the rest gives way."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    columns = {t: cell for t, cell in columns.items() if t != "size" or console.width >= NARROW}
    for title in columns:
        whole = title in ("name", "weights", "digest")
        table.add_column(title, no_wrap=whole, min_width=8 if title == "digest" else None)
    for row in rows:
        table.add_row(*(Text(cell(row), overflow="fold") for cell in columns.values()))
    console.print(table)
