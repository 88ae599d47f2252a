"""``reproduce data list|get|import|verify``: data sets, and by their names weight files."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.datasets import DATASETS, DatasetInfo, info
from benchmarks.errors import UserError
from benchmarks.weights.register import WEIGHTS
from reproduce import options as opt
from reproduce import weights_command
from reproduce.paths import default_data, given_path

if TYPE_CHECKING:
    from benchmarks.datasets.importing import OnProgress

app = typer.Typer(
    help="Data sets and weight files: what there is, and how to get, import and verify it.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help=f"One of {', '.join([*DATASETS, *WEIGHTS])}.")
]


@app.command("list")
def list_(
    data: opt.Data = None,
    as_json: opt.Json = False,
) -> None:
    """Show every data set and weight file, whether it is here, and the command that gets it."""
    root = data or default_data()
    rows = [_describe(entry, root) for entry in DATASETS.values()]
    if as_json:
        rows += [weights_command.describe(entry, root) for entry in WEIGHTS.values()]
        typer.echo(json.dumps(rows, indent=1))
    else:
        _print_table(rows)
        weights_command.print_table(root)


@app.command()
def get(name: NameArgument, data: opt.Data = None, as_json: opt.Json = False) -> None:
    """Download a data set or weight file, check it and store it.

    Without internet: fetch the official archive elsewhere and use `import`.
    """
    root = data or default_data()
    if name in WEIGHTS:
        with _progress_bar() as on_progress:
            weights_command.get(name, root, on_progress)
        weights_command.report(name, root, as_json)
        return
    entry = _info(name)
    if entry.embedded:
        if as_json:
            typer.echo(json.dumps(_describe(entry, root)))
        else:
            typer.echo(f"{name} comes with an installed package: nothing to get")
        return
    from benchmarks.datasets.importing import download

    with _progress_bar() as on_progress:
        download(entry, root, on_progress)
    _report(entry, root, as_json)


@app.command("import")
def import_(
    name: NameArgument,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            parser=given_path,
            help="A folder with {train,test}/<class>/*.png, the official archive "
            "(cifar-10-python.tar.gz), or the folder extracted from it; the file of a network's "
            "weights.",
        ),
    ],
    data: opt.Data = None,
    as_json: opt.Json = False,
) -> None:
    """Store a data set or weight file from files that are here already.

    Each source of a data set gives the same bytes, and its digest is checked.
    """
    from benchmarks.datasets.importing import import_from

    root = data or default_data()
    if name in WEIGHTS:
        with _progress_bar() as on_progress:
            weights_command.import_(name, path, root, on_progress)
        weights_command.report(name, root, as_json)
        return
    entry = _info(name)
    with _progress_bar() as on_progress:
        import_from(entry, path, root, on_progress)
    _report(entry, root, as_json)


@app.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Which data sets or weights. [default: all]"),
    ] = None,
    data: opt.Data = None,
    as_json: opt.Json = False,
) -> None:
    """Read every byte of what is stored again and compare digests and published sums.

    Exit code 2 where one is damaged, or one that you name is missing.
    """
    root = data or default_data()
    chosen = names or [*DATASETS, *WEIGHTS]
    checks = [_check(name, root) for name in chosen]
    errors = []
    for name, check in zip(chosen, checks, strict=True):
        state, found = check()
        error = None if state == "ok" else found
        said = {"ok": f"OK, {found}", "damaged": "NOT OK"}
        missing = f"not there (reproduce data get {name})"
        if as_json:
            typer.echo(json.dumps({"name": name, "state": state, "error": error}))
        else:
            typer.echo(f"{name}: {said.get(state, missing)}")
        if error and (state == "damaged" or names):
            errors.append(error)
    if errors:
        raise UserError("; ".join(errors))


def _info(name: str) -> DatasetInfo:
    """A data set's entry; the message for an unknown name also lists the weight files."""
    if name not in DATASETS:
        raise UserError(
            f"no data set {name!r}; known: {', '.join(DATASETS)}; weight files: "
            f"{', '.join(WEIGHTS)}"
        )
    return info(name)


def _check(name: str, root: Path) -> Callable[[], tuple[str, str]]:
    """The check of a data set or weight file, whose name is looked up at once."""
    if name in WEIGHTS:
        return partial(weights_command.verify, WEIGHTS[name], root)
    return partial(_verify, _info(name), root)


def _verify(entry: DatasetInfo, root: Path) -> tuple[str, str]:
    """ "ok", "missing" or "damaged", and the digest or what is wrong."""
    from benchmarks.datasets import header, load, store

    try:
        if entry.embedded:
            load(entry.name, root)
        else:
            store.verify(entry, root)
    except UserError as error:
        missing = header.state(entry, root)[0] == "missing"
        return ("missing" if missing else "damaged"), str(error)
    return "ok", f"digest {entry.digest}"


def _describe(entry: DatasetInfo, root: Path) -> dict[str, Any]:
    from benchmarks.datasets.header import state

    where, detail = state(entry, root)
    return {
        "name": entry.name,
        "title": entry.title,
        "images": dict(zip(("train", "test"), entry.counts, strict=True)),
        "classes": len(entry.classes),
        "state": where,
        "detail": detail,
        "path": None if entry.embedded else str(root / entry.name),
        "command": f"reproduce data get {entry.name}" if where == "missing" else None,
        "digest": entry.digest,
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # What one types or compares stays whole on a narrow terminal; the path gives way.
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for title in ("name", "images", "classes", "where", "digest"):
        whole = title in ("name", "digest")
        table.add_column(title, no_wrap=whole, min_width=8 if title == "digest" else None)
    for row in rows:
        images = f"{row['images']['train']:,} + {row['images']['test']:,}"
        cells = (row["name"], images, str(row["classes"]), _where(row), row["digest"][:8])
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    Console().print(table)


def _where(row: dict[str, Any]) -> str:
    if row["state"] == "present":
        return str(row["path"])
    if row["state"] == "embedded":
        return "embedded: comes with an installed package"
    return f"{row['state']}: {row['command'] or row['detail']}"


def _report(entry: DatasetInfo, root: Path, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_describe(entry, root)))
        return
    train, test = entry.counts
    typer.echo(
        f"{entry.name}: {train:,} training and {test:,} test images in {root / entry.name} "
        f"(digest {entry.digest[:12]})"
    )


@contextlib.contextmanager
def _progress_bar() -> Iterator[OnProgress]:
    """A bar on stderr that goes away at the end; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("starting", total=None)

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        yield show
