"""Table II of the locality paper: both architectures, observed from the modules that are trained.

Every layer's type, stride, filter, input and successors are compared with the printed rows; the
counts of parameters and multiply-adds are added.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.models import VGG10, MobileNet, Model
from reproduce.commands.publishing import computed

if TYPE_CHECKING:
    from analysis.documents.blocks import Document
    from analysis.papers.locality.architecture import Architecture

ID = "locality/table2"
NETWORKS: dict[str, Model] = {"MobileNet": MobileNet(), "VGG10": VGG10()}  # by the paper's names
CLASSES = (10, 100)
COMPARED = (
    "type, stride and filter as printed, batch-norm and ReLU from the caption; the paper prints no "
    "input sizes, so these are what follows from images of 32×32."
)


def document() -> Document:
    """The report, with what is compared, readings and deviations as notes.

    Raises:
        UserError: where the published rows are damaged.
    """
    from analysis.documents.blocks import Note, context_notes
    from analysis.papers.locality import architecture
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    found = made_of("locality", "table2.csv", architectures)
    notes = context_notes(context(ID, effects=True))
    return architecture.document(found, [Note(COMPARED, "Compared"), *notes])


def architectures(printed: Sequence[Mapping[str, str]]) -> list[Architecture]:
    """Both networks beside their printed rows."""
    from analysis.papers.locality.architecture import compare
    from benchmarks.models.describe import describe

    def layers(model: Model, classes: int) -> list[dict[str, Any]]:
        return list(map(dataclasses.asdict, describe(partial(model.network, classes))))

    return [
        compare(net, {classes: layers(model, classes) for classes in CLASSES}, printed)
        for net, model in NETWORKS.items()
    ]


command = computed(document)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
