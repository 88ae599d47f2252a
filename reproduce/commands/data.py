"""``reproduce data list|get|import|verify``: data sets, and by their names weight files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from benchmarks.data import DATASETS, DatasetInfo, info, is_folder
from benchmarks.data.description import FOLDER_NAME, FOLDER_STORE
from benchmarks.errors import UserError
from benchmarks.weights.catalogue import WEIGHTS, KnownWeights
from reproduce.commands import options as opt
from reproduce.commands.data_listing import (
    DATASET_COLUMNS,
    WEIGHT_COLUMNS,
    Entry,
    command_that_gets,
    describe,
    print_table,
    state_of,
    tell,
)
from reproduce.commands.progress_bar import progress_bar
from reproduce.store.paths import default_data, given_path

app = typer.Typer(
    help="Data sets and weight files: what there is, and how to get, import and verify it.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help=f"One of {', '.join([*DATASETS, *WEIGHTS])}, or folder:NAME, a folder of images of "
        "your own.",
    ),
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
def list_(data: opt.Data = None, as_json: opt.Json = False) -> None:
    """Show every data set and weight file, whether it is here, and the command that gets it.

    Of a data set with folds, those that are here, or fold 0.
    """
    root = data or default_data()
    rows = [describe(entry, root) for entry in _entries(root, [*DATASETS, *_folders(root)])]
    weights = [describe(entry, root) for entry in WEIGHTS.values()]
    if as_json:
        typer.echo(json.dumps([*rows, *weights], indent=1))
        return
    from rich.console import Console

    console = Console()
    print_table(rows, DATASET_COLUMNS, console)
    console.print()
    print_table(weights, WEIGHT_COLUMNS, console)
    if any(row["state"] == "missing" for row in [*rows, *weights]):
        console.print("\n`reproduce data get NAME` gets what is missing.", highlight=False)


@app.command()
def get(
    name: NameArgument, fold: Fold = 0, data: opt.Data = None, as_json: opt.Json = False
) -> None:
    """Download a data set or weight file, check it and store it.

    Some have to be fetched by hand, such as DeepWeeds and Cars; this says from where, and what to
    type then. Without internet: fetch the official files elsewhere and use `import`.
    """
    root, entry = data or default_data(), _entry(name, fold)
    if not isinstance(entry, DatasetInfo) or not entry.embedded:
        with progress_bar() as on_progress:
            _keeper(entry).download(entry, root, on_progress)
    tell(entry, root, as_json)


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
            "{train,test}/<class>/*.png. Of imagenet and folder:NAME a folder with "
            "{train,val}/<class>/**, whose images stay there.",
        ),
    ],
    fold: Fold = 0,
    skip_corrupt: Annotated[
        int,
        typer.Option(
            "--skip-corrupt",
            min=0,
            metavar="N",
            help="Leave out up to N images of such a folder that cannot be read.",
        ),
    ] = 0,
    data: opt.Data = None,
    as_json: opt.Json = False,
) -> None:
    """Store a data set or weight file from files that are here already.

    Each source of a data set gives the same bytes. The official files are compared with their
    published checksums, the images of cifar10 and cifar100 with a known digest. A folder of images
    is read once and indexed; stopped, it goes on where it was.
    """
    root, entry = data or default_data(), _entry(name, fold)
    settings: dict[str, Any] = {}
    notes: list[str] = []
    if isinstance(entry, DatasetInfo):
        settings = {"skip_corrupt": skip_corrupt, "on_note": notes.append}
    elif skip_corrupt:
        raise UserError(f"--skip-corrupt is of folders of images, which {name} is not")
    with progress_bar() as on_progress:
        _keeper(entry).import_from(entry, path, root, on_progress, **settings)
    tell(entry, root, as_json)
    for note in notes:
        typer.echo(note, err=True)


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
    for entry in _entries(root, names or [*DATASETS, *_folders(root), *WEIGHTS], fold):
        state, found = _verify(entry, root)
        error = None if state == "ok" else found
        if as_json:
            fold_of = {"fold": entry.fold} if isinstance(entry, DatasetInfo) else {}
            typer.echo(json.dumps({"name": entry.name, **fold_of, "state": state, "error": error}))
        else:
            said = {"ok": f"OK, {found}", "damaged": "NOT OK"}
            typer.echo(
                f"{entry.store}: {said.get(state, f'not there ({command_that_gets(entry)})')}"
            )
        if error and (state == "damaged" or names):
            errors.append(error)
    if errors:
        raise UserError("; ".join(errors))


def _entry(name: str, fold: int = 0) -> Entry:
    """A data set's entry, or that of a weight file, which has no folds."""
    if name in WEIGHTS:
        if fold:
            raise UserError(f"{name} is a weight file and has no folds: leave out --fold")
        return WEIGHTS[name]
    if name not in DATASETS and not is_folder(name):
        raise UserError(
            f"no data set {name!r}; known: {', '.join(DATASETS)}, and folder:NAME; weight files: "
            f"{', '.join(WEIGHTS)}"
        )
    return info(name, fold)


def _folders(root: Path) -> list[str]:
    """The names of the user's own folders that are imported."""
    stores = sorted(path.name for path in root.glob(f"{FOLDER_STORE}*") if path.is_dir())
    return [name.replace(FOLDER_STORE, FOLDER_NAME, 1) for name in stores]


def _entries(root: Path, names: Sequence[str], fold: int | None = None) -> list[Entry]:
    """Those named; of folds the given one, or all that are stored, or 0."""
    found: list[Entry] = []
    for name in names:
        entry = _entry(name, fold or 0)
        folds = entry.folds if isinstance(entry, DatasetInfo) and fold is None else ()
        found += [each for each in folds if state_of(each, root)[0] != "missing"] or [entry]
    return found


def _keeper(entry: Entry) -> ModuleType:
    """Downloads and imports entries of this kind."""
    if isinstance(entry, DatasetInfo):
        from benchmarks.data import importing

        return importing
    from benchmarks.weights import fetching

    return fetching


def _verify(entry: Entry, root: Path) -> tuple[str, str]:
    """ "ok" and which digest or sum it has, or "missing" or "damaged" and what is wrong."""
    from benchmarks.data import load, store
    from benchmarks.weights import fetching

    try:
        if isinstance(entry, KnownWeights):
            return "ok", fetching.verify(entry, root)
        digest = load(entry.name, root).digest if entry.embedded else store.verify(entry, root)
        return "ok", f"digest {digest}"
    except UserError as error:
        missing = state_of(entry, root)[0] == "missing"
        return ("missing" if missing else "damaged"), str(error)
