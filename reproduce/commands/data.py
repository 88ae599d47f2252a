"""``reproduce data list|get|import|verify``: data sets, and by their names weight files."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.data import DATASETS, DatasetInfo, info
from benchmarks.errors import UserError
from benchmarks.weights.catalogue import WEIGHTS
from reproduce.commands import options as opt
from reproduce.commands import weights as weights_command
from reproduce.store.paths import default_data, given_path

if TYPE_CHECKING:
    from benchmarks.data.sources import OnProgress

NARROW = 60

app = typer.Typer(
    help="Data sets and weight files: what there is, and how to get, import and verify it.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help=f"One of {', '.join([*DATASETS, *WEIGHTS])}.")
]
Fold = Annotated[
    int,
    typer.Option(
        "--fold",
        metavar="N",
        help="Which fold of a data set that has several (deepweeds: 0 to 4), a store each.",
    ),
]


@app.command("list")
def list_(
    data: opt.Data = None,
    as_json: opt.Json = False,
) -> None:
    """Show every data set and weight file, whether it is here, and the command that gets it.

    Of a data set with folds, those that are here, or fold 0.
    """
    root = data or default_data()
    rows = [_describe(entry, root) for entry in _entries(root)]
    weights = [weights_command.describe(entry, root) for entry in WEIGHTS.values()]
    if as_json:
        typer.echo(json.dumps([*rows, *weights], indent=1))
        return
    _print_table(rows)
    weights_command.print_table(weights)
    if any(row["state"] == "missing" for row in [*rows, *weights]):
        from rich.console import Console

        Console().print("\n`reproduce data get NAME` gets what is missing.", highlight=False)


@app.command()
def get(
    name: NameArgument, fold: Fold = 0, data: opt.Data = None, as_json: opt.Json = False
) -> None:
    """Download a data set or weight file, check it and store it.

    DeepWeeds has to be fetched by hand; this says from where, and what to type then. Without
    internet: fetch the official files elsewhere and use `import`.
    """
    root = data or default_data()
    if name in WEIGHTS:
        _refuse_fold(name, fold)
        with _progress_bar() as on_progress:
            weights_command.get(name, root, on_progress)
        weights_command.report(name, root, as_json)
        return
    entry = _info(name, fold)
    if entry.embedded:
        if as_json:
            typer.echo(json.dumps(_describe(entry, root)))
        else:
            typer.echo(f"{name} comes with an installed package: nothing to get")
        return
    from benchmarks.data.importing import download

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
            help="The official file, such as cifar-100-python.tar.gz, or the folder that holds the "
            "official files; the file of a network's weights. CIFAR also as extracted, or as "
            "{train,test}/<class>/*.png.",
        ),
    ],
    fold: Fold = 0,
    data: opt.Data = None,
    as_json: opt.Json = False,
) -> None:
    """Store a data set or weight file from files that are here already.

    Each source of a data set gives the same bytes. The official files are compared with their
    published checksums, the images of cifar10 and cifar100 with a known digest.
    """
    from benchmarks.data.importing import import_from

    root = data or default_data()
    if name in WEIGHTS:
        _refuse_fold(name, fold)
        with _progress_bar() as on_progress:
            weights_command.import_(name, path, root, on_progress)
        weights_command.report(name, root, as_json)
        return
    entry = _info(name, fold)
    with _progress_bar() as on_progress:
        import_from(entry, path, root, on_progress)
    _report(entry, root, as_json)


@app.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Which data sets or weights. [default: all]"),
    ] = None,
    fold: Annotated[
        int | None,
        typer.Option(
            "--fold",
            metavar="N",
            help="Which fold of the named data set. Default: all that are here.",
        ),
    ] = None,
    data: opt.Data = None,
    as_json: opt.Json = False,
) -> None:
    """Read every byte of what is stored again and compare digests and published sums.

    Exit code 2 where one is damaged, or one that you name is missing.
    """
    root = data or default_data()
    if fold is not None and not names:
        raise UserError("--fold needs a data set: reproduce data verify NAME --fold N")
    errors = []
    for check in _checks(root, names, fold):
        state, found = check.perform()
        error = None if state == "ok" else found
        if as_json:
            typer.echo(json.dumps({**check.names, "state": state, "error": error}))
        else:
            said = {"ok": f"OK, {found}", "damaged": "NOT OK"}
            typer.echo(f"{check.label}: {said.get(state, f'not there ({check.getting})')}")
        if error and (state == "damaged" or names):
            errors.append(error)
    if errors:
        raise UserError("; ".join(errors))


def _info(name: str, fold: int = 0) -> DatasetInfo:
    """A data set's entry; the message for an unknown name also lists the weight files."""
    if name not in DATASETS:
        raise UserError(
            f"no data set {name!r}; known: {', '.join(DATASETS)}; weight files: "
            f"{', '.join(WEIGHTS)}"
        )
    return info(name, fold)


def _refuse_fold(name: str, fold: int | None) -> None:
    if fold:
        raise UserError(f"{name} is a weight file and has no folds: leave out --fold")


def _entries(
    root: Path, names: list[str] | None = None, fold: int | None = None
) -> list[DatasetInfo]:
    """The named data sets, all by default; of folds the given one, or all that are stored, or 0."""
    from benchmarks.data.header import state

    found = []
    for name in names or DATASETS:
        entry = _info(name, fold or 0)
        present = [each for each in entry.folds if state(each, root)[0] != "missing"]
        found += [entry] if fold is not None or not present else present
    return found


@dataclass(frozen=True)
class _Check:
    """What `verify` does for one data set, fold or weight file, and how it is named."""

    label: str
    names: dict[str, Any]
    getting: str
    perform: Callable[[], tuple[str, str]]


def _checks(root: Path, names: list[str] | None, fold: int | None) -> list[_Check]:
    """In the order of ``names``, whose spelling is judged before any is performed."""
    found = []
    for name in names or [*DATASETS, *WEIGHTS]:
        if name in WEIGHTS:
            _refuse_fold(name, fold)
            perform = partial(weights_command.verify, WEIGHTS[name], root)
            found.append(_Check(name, {"name": name}, f"reproduce data get {name}", perform))
            continue
        for entry in _entries(root, [name], fold):
            labels = {"name": entry.name, "fold": entry.fold}
            perform = partial(_verify, entry, root)
            found.append(_Check(entry.store, labels, _getting(entry), perform))
    return found


def _verify(entry: DatasetInfo, root: Path) -> tuple[str, str]:
    """ "ok" and which digest it has, or "missing" or "damaged" and what is wrong."""
    from benchmarks.data import header, load, store

    try:
        if entry.embedded:
            return "ok", f"digest {load(entry.name, root).digest}"
        return "ok", f"digest {store.verify(entry, root)}"
    except UserError as error:
        missing = header.state(entry, root)[0] == "missing"
        return ("missing" if missing else "damaged"), str(error)


def _describe(entry: DatasetInfo, root: Path) -> dict[str, Any]:
    from benchmarks.data.header import read_header, state

    where, detail = state(entry, root)
    digest = read_header(root, entry.store).digest if where == "present" else entry.digest
    return {
        "name": entry.name,
        "fold": entry.fold,
        "title": entry.title,
        "images": dict(zip(("train", "test"), entry.counts, strict=True)),
        "classes": len(entry.classes),
        "side": entry.side,
        "state": where,
        "detail": detail,
        "path": None if entry.embedded else str(root / entry.store),
        "command": _getting(entry) if where == "missing" else None,
        "digest": digest,
        "identity": entry.identity,
    }


def _getting(entry: DatasetInfo) -> str:
    return f"reproduce data get {entry.arguments}"


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # What one types or compares stays whole on a narrow terminal; the rest gives way.
    console = Console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    titles = ["name", "images", "size", "classes", "where", "digest"]
    if console.width < NARROW:
        titles.remove("size")
    for title in titles:
        whole = title in ("name", "digest")
        table.add_column(title, no_wrap=whole, min_width=8 if title == "digest" else None)
    for row in rows:
        images = f"{row['images']['train']:,} + {row['images']['test']:,}"
        digest = (row["digest"] or "–")[:8]
        cells = {
            "name": _named(row),
            "images": images,
            "size": f"{row['side']}²",
            "classes": str(row["classes"]),
            "where": _where(row),
            "digest": digest,
        }
        table.add_row(*(Text(cells[title], overflow="fold") for title in titles))
    console.print(table)


def _named(row: dict[str, Any]) -> str:
    return row["name"] if row["fold"] is None else f"{row['name']} {row['fold']}"


def _where(row: dict[str, Any]) -> str:
    if row["state"] == "present":
        return str(row["path"])
    if row["state"] == "embedded":
        return "comes with a package"
    return f"{row['state']}: {row['detail']}" if row["detail"] else str(row["state"])


def _report(entry: DatasetInfo, root: Path, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_describe(entry, root)))
        return
    from benchmarks.data.header import read_header

    train, test = entry.counts
    digest = read_header(root, entry.store).digest
    typer.echo(
        f"{entry.store}: {train:,} training and {test:,} test images in {root / entry.store} "
        f"(digest {digest[:12]})"
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
