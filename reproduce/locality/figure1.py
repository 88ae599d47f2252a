"""Figure 1 of the locality paper: how large the weights at the centre, the left middle and the
upper left of 3×3 filters are, in the first and last three layers of a network. Trains nothing: it
reads a weights file, or what a run has kept with ``--save-weights``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.errors import UserError
from benchmarks.run import HASH_LENGTH
from reproduce.commands import options as opt
from reproduce.commands.keeping import saving_command, train
from reproduce.commands.publishing import publish
from reproduce.locality.weight_sources import digest, folder_name
from reproduce.store import weights as saved_weights
from reproduce.store.paths import default_data, default_results, given_path, printable
from reproduce.store.store import Store, stores

if TYPE_CHECKING:
    from analysis.documents.blocks import Document
    from reproduce.catalogue.tables import Cell, Table

ID = "locality/figure1"
TABLE = "table3"  # whose networks are looked at unless others are named
KERAS_VGG16 = "keras-vgg16"

Weights = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        metavar="FILE",
        parser=given_path,
        help="A network's weights: .h5 (Keras), .pt, .pth or .safetensors.",
        show_default=False,
    ),
]
RunHash = Annotated[
    str | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help="A run that kept its weights, by the first digits of its hash.",
        show_default=False,
    ),
]


def command(
    weights: Weights = None,
    run: RunHash = None,
    quick: opt.Quick = False,
    data: opt.Data = None,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Count, draw, print and write ``figure1.{csv,tex,json}`` and ``figure1.weights.{png,pdf}``.

    Without --weights and --run: the plain cell of Table III, or Keras' VGG16 where that has been
    fetched; with --quick, its quick network, which is trained where there is none. Another
    network's figure has a folder of its own.

    Raises:
        UserError: where there are no weights to look at, a file is damaged or has no 3×3 filters,
            or the folder cannot be written.
    """
    from benchmarks.weights.reading import check_readable

    base = results or default_results()
    header, variant, title = None, "", ""
    if weights is not None and run is not None:
        raise UserError("--weights and --run name two networks: give one of them")
    if weights is not None:
        path = weights
        check_readable(path)
        variant = folder_name([path.name], [digest(path)])
        title = f"Weights of {printable(path.name)}"
        if path.suffix.lower() == saved_weights.SUFFIX:
            # Another program's has none; a damaged file is told by its reader.
            with contextlib.suppress(UserError):
                header = saved_weights.header(path)
    elif run is not None:
        path = _of_run(run, base, "quick" if quick else "full")
        header, variant = saved_weights.header(path), f"run={path.stem}"
    elif kept := _of_table(Store(base, "quick" if quick else "full")):
        path, header = kept, saved_weights.header(kept)
    else:
        path, title = _keras(data or default_data(), base, quick=quick)
    found = _document(path, header, title)
    form = header.form if header else "full"
    return publish(found, base, variant=variant, form=form, as_json=as_json)


def _of_run(prefix: str, base: Path, form: str) -> Path:
    """The kept weights of the one run whose hash begins so, among those of ``form`` first."""
    from reproduce.commands.show import matching

    if not 1 <= len(prefix) <= HASH_LENGTH or set(prefix) - set("0123456789abcdef"):
        raise UserError(f"{prefix!r} is no run: give the first digits of a hash such as 3ef3464e")
    for store in stores(base, form):
        names = sorted(n for n in store.weights.present() if n.startswith(prefix))
        if len(names) > 1:
            raise UserError(f"{prefix!r} fits {len(names)} runs: {', '.join(names[:4])} …")
        if names:
            return store.weights.path(names[0])
    for store in stores(base, form):
        for name, record in matching(store, prefix).items():
            command = _saving_run(record["run"], store)
            raise UserError(
                f"run {name} did not keep its weights: {command} trains it again and keeps them"
            )
    raise UserError(
        f"no run begins with {prefix!r} under {base}; `reproduce status table3` tells what is"
    )


def _of_table(store: Store) -> Path | None:
    """Kept weights of Table III: the plain cell's first seed, else the first that there are. In the
    quick form a network is trained where there is none."""
    from reproduce.catalogue.selection import select

    found = select(TABLE, form=store.form, results=store.base)
    cells = sorted(found.table.cells, key=lambda cell: cell.kind != "plain")
    runs = [cell.run(seed).hash for cell in cells for seed in range(found.table.seeds)]
    there = store.weights.present()
    name = next((name for name in runs if name in there), None)
    if name is None and store.form == "quick":
        train(select(TABLE, form="quick", seeds="1", only=["plain *"], results=store.base))
        there = store.weights.present()
        name = next((name for name in runs if name in there), None)
    return store.weights.path(name) if name else None


def _keras(data: Path, base: Path, *, quick: bool) -> tuple[Path, str]:
    """Keras' VGG16, which is no quick network, and its title.

    Raises:
        UserError: where it has not been fetched, with what there could be drawn.
    """
    from benchmarks.weights.catalogue import WEIGHTS
    from benchmarks.weights.fetching import path_of

    entry = WEIGHTS[KERAS_VGG16]
    path = path_of(entry, data)
    if path.exists() and not quick:
        return path, entry.title
    full, small = (saving_command(TABLE, Store(base, form)) for form in ("full", "quick"))
    raise UserError(
        f"no weights to draw: {full} trains networks and keeps them, `reproduce data get "
        f"{KERAS_VGG16}` fetches a trained one, --weights FILE names any other; --quick draws "
        f"those of {small}"
    )


def _document(path: Path, header: saved_weights.Header | None, title: str) -> Document:
    from analysis.papers.locality.weight_distributions import document
    from analysis.tables.about import LABELS
    from benchmarks.weights import read
    from reproduce.catalogue.readings import context

    layers = [(layer.name, layer.filters) for layer in read(path) if layer.size == (3, 3)]
    if not layers:
        raise UserError(f"{path} holds no layer of 3×3 filters, which Figure 1 is about")
    if header is None:
        return document(layers, title, context(ID), facts={"file": printable(path.name)})
    counts = {"run": header.run, "correct": header.correct, "total": header.total}
    return document(
        layers,
        f"{_title(header.configuration, header.form)} (run {header.run}), "
        f"{header.correct:,} of {header.total:,} test images correct",
        context(ID),
        details=(f"These weights are {header.note}.",) if header.note else (),
        label=LABELS.get(header.form, ""),
        facts={**counts, "configuration": dict(header.configuration)},
    )


def _title(run: Mapping[str, Any], form: str) -> str:
    """What a run is, such as "plain 1 1 of Table III, seed 0", or its settings in a few words."""
    if place := _place(run, form):
        table, cell = place
        return f"{cell.name} of {table.title}, seed {run['seed']}"
    penalties = ", ".join(term["kind"] for term in run["objective"]["penalties"])
    return f"{run['model']['kind']} on {run['data']['name']} with {penalties}, seed {run['seed']}"


def _saving_run(run: Mapping[str, Any], store: Store) -> str:
    """What trains a run and keeps its weights, as far as can be told."""
    place = _place(run, store.form)
    if place is None:
        return "its table's command with --save-weights"
    table, cell = place
    usual = run["precision"] == cell.run(0).precision
    precision = [] if usual else ["--precision", run["precision"]]
    seeds = f"{run['seed']}-{run['seed']}"
    return saving_command(table.name, store, *precision, "--only", cell.name, "--seeds", seeds)


def _place(run: Mapping[str, Any], form: str) -> tuple[Table, Cell] | None:
    """The table and cell that a run is of, under the default readings and any precision."""
    from reproduce.catalogue.papers import entries

    for table in (entry.load() for entry in entries() if entry.trains):
        if form not in ("full", *table.forms):
            continue
        table = table.of_form(form)
        for cell in table.cells:
            with contextlib.suppress(UserError):
                if (
                    cell.run(run["seed"], {"precision": run.get("precision", "")}).canonical()
                    == run
                ):
                    return table, cell
    return None


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
