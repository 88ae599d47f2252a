"""Table 4 of the CompactNets paper: how many units of the last feature layer detect a concept, and
how special they are. From the printed numbers alone, and for runs that kept their weights by
network dissection over Broden 1.1. Trains nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.publishing import Quick, publish
from reproduce.store.paths import default_data, default_results, given_path

if TYPE_CHECKING:
    import torch
    from torch import nn

    from analysis.papers.compactnets.units_document import Dissected
    from benchmarks.data.broden import Broden, Row
    from benchmarks.dissection import Labelled
    from benchmarks.run import Run

ID = "compactnets/table4"
BATCH = 16

BrodenFolder = Annotated[
    Path | None,
    typer.Option(
        "--broden",
        metavar="FOLDER",
        parser=given_path,
        help="Broden 1.1 as it extracts (broden1_224).",
        show_default=False,
    ),
]
Runs = Annotated[
    list[str],
    typer.Option(
        "--run",
        metavar="RUN",
        help="A run that kept its weights, by the first digits of its hash; may be repeated.",
        show_default=False,
    ),
]


def command(
    broden: BrodenFolder = None,
    run: Runs = [],  # noqa: B006  (typer copies it)
    quick: Quick = False,
    data: opt.Data = None,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Compute, print and write ``table4.{csv,tex,json}``; dissected runs are a variant of it.

    Raises:
        UserError: where Broden or a run's weights are not there, or damaged.
    """
    from analysis.papers.compactnets import units_document
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    if bool(broden) != bool(run):
        raise UserError("--broden and --run go together: the images, and the networks to dissect")
    found: list[Dissected] = []
    if broden:
        from benchmarks.data.broden import Broden

        images = Broden(broden)
        kept = [_kept(prefix, results or default_results()) for prefix in run]
        # Two prefixes may be of one run.
        runs = {one.run.hash: one for one in kept}.values()
        found = [_dissected(images, one, data) for one in runs]
    paper, _, _ = ID.partition("/")
    made = made_of(
        paper, "table4.csv", lambda rows: units_document.document(ID, rows, found, context(ID))
    )
    variant = f"runs={'+'.join(sorted(one.run for one in found))}" if found else ""
    return publish(made, results, variant=variant, as_json=as_json, quick=quick)


class _Kept(NamedTuple):
    """A run, the form of the table that it was trained for, and its weights."""

    run: Run
    form: str
    state: dict[str, torch.Tensor]


def _dissected(images: Broden, kept: _Kept, data: Path | None) -> Dissected:
    """What the last feature layer of a run's network detects."""
    import numpy as np
    import torch

    from analysis.papers.compactnets.units_document import Detector, Dissected
    from benchmarks.dissection import dissect
    from reproduce.commands.progress_bar import progress_bar

    run = kept.run
    shape = run.data.shape
    if shape is None:
        raise UserError(f"run {run.hash} is of data that is not registered: {run.data.name}")
    side = run.data.side(shape.side)
    network = run.model.network(shape.classes, side)
    network.load_state_dict(kept.state)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    answers = _Answers(network.to(device).eval(), run, side, data or default_data())
    categories = sorted({concept.category for concept in images.concepts})
    places = {concept.number: k for k, concept in enumerate(images.concepts, start=1)}
    kinds = np.array([categories.index(concept.category) for concept in images.concepts])
    count = len(images.rows)
    with progress_bar() as show:
        found = dissect(
            lambda: _labelled(images, answers, places),
            count,
            kinds,
            on_image=lambda stage, number: show(f"{run.hash}: {stage}", number, count),
        )
    detectors = [
        Detector(unit, concept.name, concept.category, float(found.iou[unit]))
        for unit in np.flatnonzero(found.interpretable).tolist()
        for concept in (images.concepts[found.best[unit]],)
    ]
    by_category = [category for _, category in {(d.concept, d.category) for d in detectors}]
    return Dissected(
        name=_named(run, kept.form),
        run=run.hash,
        layer=answers.layer,
        units=len(found.iou),
        interpretable=int(found.interpretable.sum()),
        concepts=found.unique_concepts,
        s_hat=found.specialisation,
        by_category={name: by_category.count(name) for name in categories if name in by_category},
        detectors=detectors,
    )


def _named(run: Run, form: str) -> str:
    """A run by the first cell of the paper that has it; one of another reading or another paper by
    its parts."""
    from reproduce.catalogue.papers import entries

    paper, _, _ = ID.partition("/")
    for entry in entries(paper):
        table = entry.load() if entry.trains else None
        if table and form in ("full", *table.forms):
            own = table.of_form(form)
            for cell in own.cells:
                if cell.template.model == run.model and cell.run(run.seed) == run:
                    return f"{cell.name} of {own.title}, seed {run.seed}"
    parts = (run.model, *run.objective.penalties)
    kinds = " and ".join(part.canonical()["kind"] for part in parts)
    return f"{kinds} on {run.data.name}, seed {run.seed}" + f", {form}" * (form != "full")


def _kept(prefix: str, base: Path) -> _Kept:
    """The run whose hash begins so, with its kept weights.

    Raises:
        UserError: where there is none, or several.
    """
    from benchmarks.run import HASH_LENGTH, from_canonical
    from reproduce.store import weights
    from reproduce.store.store import stores

    if not 1 <= len(prefix) <= HASH_LENGTH or set(prefix) - set("0123456789abcdef"):
        raise UserError(f"{prefix!r} is no run: give the first digits of a hash such as 3ef3464e")
    for store in stores(base, "full"):
        names = sorted(name for name in store.weights.present() if name.startswith(prefix))
        if len(names) > 1:
            raise UserError(f"{prefix!r} fits {len(names)} runs: {', '.join(names[:4])} …")
        if names:
            header = weights.header(store.weights.path(names[0]))
            run = from_canonical(dict(header.configuration))
            return _Kept(run, store.form, store.weights.read(run))
    raise UserError(
        f"no run that begins with {prefix!r} has kept weights under {base}: train its table with "
        "--save-weights"
    )


class _Answers:
    """The maps of a network's last feature layer.

    Attributes:
        layer: its name.
    """

    def __init__(self, network: nn.Module, run: Run, side: int, data: Path) -> None:
        from benchmarks.dissection import last_maps
        from benchmarks.training.batches import Normalizer
        from reproduce.running.images import statistics_of

        self.network, self.side = network, side
        self.device = next(network.parameters()).device
        self.layer, self.module = last_maps(network, side)
        mean, std = statistics_of(run, data)
        dataset: Any = SimpleNamespace(mean=mean, std=std)
        self.normalizer = Normalizer(run.data.normalization, dataset, self.device, side=side)
        self.seen: list[torch.Tensor] = []
        self.module.register_forward_hook(lambda _, inputs, output: self.seen.append(output))

    def of(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 (N, units, h, w) of uint8 pixels (N, side, side, 3)."""
        import torch

        self.seen.clear()
        with torch.no_grad():
            self.network(self.normalizer(pixels.to(self.device)))
        return self.seen[-1].float()


def _labelled(images: Broden, answers: _Answers, places: dict[int, int]) -> Iterator[Labelled]:
    """All images with their answers, a few at a time through the network."""
    import numpy as np
    import torch

    from benchmarks.dissection import Labelled

    table = np.zeros(max(places) + 1, dtype=np.int64)
    for number, place in places.items():
        table[number] = place
    for first in range(0, len(images.rows), BATCH):
        rows: Sequence[Row] = images.rows[first : first + BATCH]
        pixels = np.stack([images.pixels(row, answers.side) for row in rows])
        for row, maps in zip(rows, answers.of(torch.from_numpy(pixels)), strict=True):
            segments, whole = images.labels(row)
            unknown = [n for n in (int(segments.max(initial=0)), *whole) if n >= len(table)]
            if unknown:
                raise UserError(f"{row.image} has the label {unknown[0]}, which label.csv lacks")
            yield Labelled(maps, table[segments], table[whole])


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
