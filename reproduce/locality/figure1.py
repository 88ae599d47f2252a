"""Figure 1 of the locality paper: how large the weights at the centre, the left middle and the
upper left of 3×3 filters are, in the first and last three layers of a network. Trains nothing: it
reads a weights file, or what a run has kept with ``--save-weights``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.publishing import publish
from reproduce.store.paths import default_data, default_results, given_path, printable
from reproduce.store.store import Store

if TYPE_CHECKING:
    from analysis.documents.blocks import Document
    from analysis.papers.locality.weight_distributions_document import Source
    from reproduce.locality.weight_sources import WeightSource

ID = "locality/figure1"
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
    base = results or default_results()
    source = _source(weights, run, quick, data or default_data(), base)
    form = source.header.form if source.header else "full"
    return publish(_document(source), base, variant=source.name, form=form, as_json=as_json)


def _source(
    weights: Path | None, run: str | None, quick: bool, data: Path, base: Path
) -> WeightSource:
    from reproduce.catalogue.selection import select
    from reproduce.locality import weight_sources

    form = "quick" if quick else "full"
    if weights is not None and run is not None:
        raise UserError("--weights and --run name two networks: give one of them")
    if weights is not None:
        return weight_sources.of_file(weights)
    if run is not None:
        return weight_sources.of_run(run, base, form=form)
    found = weight_sources.of_table(Store(base, form))
    if quick and not found:
        plain = select("table3", form=form, seeds="1", only=["plain *"], results=base)
        weight_sources.train(plain)
        found = weight_sources.of_table(Store(base, form))
    if found := found or (None if quick else _keras(data)):
        return found
    full, small = (
        f"`{weight_sources.saving_command('table3', Store(base, form))}`"
        for form in ("full", "quick")
    )
    raise UserError(
        f"no weights to draw: {full} trains networks and keeps them, `reproduce data get "
        f"{KERAS_VGG16}` fetches a trained one, --weights FILE names any other; --quick draws "
        f"those of {small}"
    )


def _keras(data: Path) -> WeightSource | None:
    """Keras' VGG16 where it has been fetched."""
    from benchmarks.weights import catalogue as register
    from benchmarks.weights import fetching
    from reproduce.locality.weight_sources import WeightSource

    entry = register.WEIGHTS[KERAS_VGG16]
    path = fetching.path_of(entry, data)
    return WeightSource(path, None, title=entry.title) if path.exists() else None


def _document(source: WeightSource) -> Document:
    from analysis.papers.locality.weight_distributions import distributions
    from analysis.papers.locality.weight_distributions_document import document
    from reproduce.catalogue.readings import context

    layers = [(layer.name, layer.filters) for layer in source.layers() if layer.size == (3, 3)]
    if not layers:
        raise UserError(f"{source.path} holds no layer of 3×3 filters, which Figure 1 is about")
    return document(distributions(layers), _about(source), context(ID))


def _about(source: WeightSource) -> Source:
    """What the report says of where the weights come from."""
    from analysis.documents.results import LABELS
    from analysis.papers.locality.weight_distributions_document import Source
    from reproduce.locality.weight_sources import describe_run

    header = source.header
    if header is None:
        name = printable(source.path.name)
        return Source(source.title or f"Weights of {name}", facts={"file": name})
    accuracy = f"{header.correct:,} of {header.total:,} test images correct"
    facts: dict[str, Any] = {"run": header.run, "correct": header.correct, "total": header.total}
    return Source(
        f"{describe_run(header.configuration, header.form)} (run {header.run}), {accuracy}",
        details=(f"These weights are {header.note}.",) if header.note else (),
        label=LABELS.get(header.form, ""),
        facts={**facts, "configuration": dict(header.configuration)},
    )


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
