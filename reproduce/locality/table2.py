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
from reproduce.store.outputs import write_files
from reproduce.store.paths import PAPER_TABLES, ResultsLayout, default_results

if TYPE_CHECKING:
    from analysis.papers.locality.architecture import Architecture

ID = "locality/table2"
TITLE = "Table II: architectures for images of 32×32"
PUBLISHED = PAPER_TABLES / f"{ID}.csv"
NETWORKS: dict[str, Model] = {"MobileNet": MobileNet(), "VGG10": VGG10()}  # by the paper's names
CLASSES = (10, 100)
NOTE = (
    "Compared",
    "type, stride and filter as printed, batch-norm and ReLU from the caption; the paper prints no "
    "input sizes, so these are what follows from images of 32×32.",
)
DONE, DIFFERS = 0, 1


def command(results: opt.Results = None, as_json: opt.Json = False) -> int:
    """Compare, write the files and print; 1 where a row differs from the printed one.

    Raises:
        UserError: where the files cannot be written.
    """
    from analysis.papers.locality import architecture, architecture_report

    found = architectures()
    notes = _notes()
    contents = {
        "csv": architecture.csv_text(found),
        "tex": architecture_report.document(found, TITLE, notes),
        "json": architecture.json_text(found, TITLE, notes),
    }
    folder = ResultsLayout(results or default_results()).report(ID)
    encoded = {extension: text.encode() for extension, text in contents.items()}
    paths = write_files(folder, "table2", encoded)
    if as_json:
        print(contents["json"], end="")
    else:
        from rich.console import Console

        console = Console()
        console.print(architecture_report.render(found, TITLE, notes), highlight=False)
        print("\nWritten: " + ", ".join(str(path) for path in paths))
    return DONE if architecture.overall(found) == architecture.SAME else DIFFERS


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


def _notes() -> list[tuple[str, str]]:
    """Readings and deviations, as pairs of a topic and its text."""
    from reproduce.catalogue.deviations import table_deviations
    from reproduce.catalogue.readings import table_readings

    readings = [
        (f"{r['id']} {r['name']}", f"{r['value']} ({r['source']})") for r in table_readings(ID)
    ]
    deviations = [
        (f"{d.id} {d.name}", f"{d.here} In the paper: {d.paper} Effect: {d.effect}")
        for d in table_deviations(ID)
    ]
    return [NOTE, *readings, *deviations]


if __name__ == "__main__":
    from reproduce.scripts import run_entry

    run_entry(ID)
