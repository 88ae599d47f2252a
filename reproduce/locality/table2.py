"""Table II of the locality paper: both architectures, observed from the modules that are trained.

Every layer's type, stride, filter, input and successors are compared with the printed rows; the
counts of parameters and multiply-adds are added.
"""

from __future__ import annotations

import csv
import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.models import VGG10, MobileNet, Model
from reproduce.commands import options as opt
from reproduce.commands.publishing import Quick, publish
from reproduce.store.paths import PAPER_TABLES, default_results
from reproduce.store.store import Store

if TYPE_CHECKING:
    from analysis.documents.blocks import Note
    from analysis.papers.locality.architecture import Architecture

ID = "locality/table2"
PUBLISHED = PAPER_TABLES / f"{ID}.csv"
NETWORKS: dict[str, Model] = {"MobileNet": MobileNet(), "VGG10": VGG10()}  # by the paper's names
CLASSES = (10, 100)
COMPARED = (
    "type, stride and filter as printed, batch-norm and ReLU from the caption; the paper prints no "
    "input sizes, so these are what follows from images of 32×32."
)
DONE, DIFFERS = 0, 1


def command(quick: Quick = False, results: opt.Results = None, as_json: opt.Json = False) -> int:
    """Compare, write the files and print; 1 where a row differs from the printed one.

    Raises:
        UserError: where the files cannot be written.
    """
    from analysis.papers.locality.architecture import SAME, overall
    from analysis.papers.locality.architecture_document import document

    found = architectures()
    folder = Store(results or default_results()).report(ID)
    publish(document(found, _notes()), folder, as_json=as_json, quick=quick)
    return DONE if overall(found) == SAME else DIFFERS


def architectures() -> list[Architecture]:
    """Both networks beside their printed rows."""
    from analysis.papers.locality.architecture import compare

    with PUBLISHED.open(encoding="utf-8") as file:
        printed = list(csv.DictReader(file))
    return [
        compare(net, {classes: _layers(model, classes) for classes in CLASSES}, printed)
        for net, model in NETWORKS.items()
    ]


def _layers(model: Model, classes: int) -> list[dict[str, Any]]:
    from benchmarks.models.describe import describe

    layers = describe(partial(model.network, classes))
    return [dataclasses.asdict(layer) for layer in layers]


def _notes() -> list[Note]:
    """What is compared, then readings and deviations."""
    from analysis.documents.blocks import Note
    from reproduce.catalogue.readings import table_deviations, table_readings

    readings = [Note(f"{r.value} ({r.source})", f"{r.id} {r.name}") for r in table_readings(ID)]
    deviations = [
        Note(f"{d.here} In the paper: {d.paper} Effect: {d.effect}", f"{d.id} {d.name}")
        for d in table_deviations(ID)
    ]
    return [Note(COMPARED, "Compared"), *readings, *deviations]


if __name__ == "__main__":
    from reproduce.scripts import run_entry

    run_entry(ID)
