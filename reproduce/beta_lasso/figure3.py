"""Figure 3 of the β-LASSO paper: how many weights of S-FC's three layers are not 0, epoch by epoch,
under β-LASSO, beside SGD and beside all weights of S-CONV and S-LOCAL.

The network is the figure's own, with α = 230 and 25α dense units (B-06).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from analysis.verdicts.measure import Measure
from benchmarks.models import Shallow
from reproduce.beta_lasso.networks import network, weights
from reproduce.beta_lasso.protocol import (
    BETA,
    DATASET,
    DATASETS,
    FILTER_LOCALITY,
    LAM_CONV,
    LAM_FC,
    LONG,
    MOMENTUM,
    OPTIMIZER,
    PAPER,
    PERCENT,
    REDUCED_ALPHA,
    SEEDS,
    experiment,
    lasso,
    of_cifar10,
    quick,
    reduced,
    renamed,
)
from reproduce.catalogue.tables import Cell, Comparison, Table

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record

LAYERS = ("features.conv1", "features.fc1", "classifier")
WIDE = Shallow(connectivity="fc", alpha=230, dense_width=25)
QUICK_MODEL = Shallow(connectivity="fc", alpha=2, dense_width=25)
LEFT = tuple(
    Measure(
        f"non-zero weights of {layer}",
        f"weights of layer {number} that are not 0",
        "number",
        lower_is_better=True,
        relative=True,
        of=("non-zero weights by layer",),
        item=number - 1,
    )
    for number, layer in enumerate(LAYERS, start=1)
)


def _cells(dataset: str) -> Iterator[Cell]:
    for name, label, optimizer in (
        ("SGD", "SGD", MOMENTUM),
        ("beta 50", "β = 50", lasso(50)),
    ):
        yield Cell(
            name=f"{dataset} {name}",
            kind="sgd" if name == "SGD" else "lasso",
            template=experiment(dataset, WIDE, optimizer, epochs=LONG),
            group=dataset,
            label=label,
        )


def _comparison(dataset: str) -> Comparison:
    return Comparison(f"{dataset} 1", f"{dataset} beta 50", f"{dataset} SGD")


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """The curves, and how the last counts compare with S-CONV and S-LOCAL."""
    from analysis.papers.beta_lasso import sparsity
    from reproduce.catalogue.paper_files import read_rows

    curves = {
        cell: {
            layer: [r["result"]["curves"].get(f"non-zero weights of {layer}", []) for r in found]
            for layer in LAYERS
        }
        for cell, found in records.items()
    }
    printed = read_rows(PAPER, "figure3_curves.csv") if result.has_levels else []
    return sparsity.blocks(_by_layer(result), curves, _others(table), printed)


def _by_layer(result: TableResult) -> tuple[TableResult, ...]:
    return (result, *result.others)[: len(LAYERS)]


def _others(table: Table) -> dict[tuple[str, str], list[int]]:
    """The weights of each layer of S-CONV and S-LOCAL, by data set and network."""
    model = table.cells[0].template.model
    assert isinstance(model, Shallow)
    return {
        (dataset, name): list(
            weights(
                model.replace(connectivity=kind), 100 if dataset == "cifar100" else 10, 32
            ).values()
        )
        for dataset in dict.fromkeys(cell.group for cell in table.cells)
        for name, kind in (("S-CONV", "conv"), ("S-LOCAL", "local"))
    }


def _judged(
    claim: str, table: Table, result: TableResult, _: Mapping[str, Sequence[Record]]
) -> dict[str, str]:
    from analysis.papers.beta_lasso import sparsity

    return sparsity.judged(claim, _by_layer(result), _others(table))


JUDGED = (
    "Sentences on weights that are left are judged by a sign test over a data set's runs: whether "
    "more than half of all seeds would bear them out."
)
# What no inequality of cells says: counts beside those of other networks, which follow the form.
CLAIMS = ("few", "slightly more", "sparse", "dense last")
CELLS = tuple(cell for dataset in DATASETS for cell in _cells(dataset))

TABLE = Table(
    paper=PAPER,
    name="figure3",
    title="Figure 3",
    caption="Weights of S-FC's layers that are not 0, under β-LASSO and SGD, 4,000 epochs",
    cells=CELLS,
    comparisons=tuple(map(_comparison, DATASETS)),
    seeds=SEEDS,
    parameters=(DATASET, OPTIMIZER, BETA, LAM_CONV, LAM_FC),
    layout="rows",
    row_title="training",
    measures=(*LEFT, PERCENT, FILTER_LOCALITY),
    further=further,
    judges={claim: partial(_judged, claim) for claim in CLAIMS},
    remark=(
        f"{JUDGED} The published S-LOCAL line leaves out the three colour channels: it stands at "
        "4.8 million where that layer has 14.3 million weights (B-06)."
    ),
)
QUICK = TABLE.in_form(
    "quick",
    "Weights of S-FC's layers that are not 0, α = 2, on digits",
    (quick(cell, QUICK_MODEL, lam="0.0002") for cell in of_cifar10(CELLS)),
    comparisons=tuple(
        replace(c, name=renamed(c.name), first=renamed(c.first), second=renamed(c.second))
        for c in (_comparison("cifar10"),)
    ),
    seeds=3,
)
REDUCED = TABLE.in_form(
    "reduced",
    "Weights of S-FC's layers that are not 0, α = 8, 16 epochs on CIFAR-10",
    (reduced(cell, network("S-FC", REDUCED_ALPHA)) for cell in of_cifar10(CELLS)),
    remark=f"{JUDGED} Its runs are Table 2's, with 24α dense units; λ as there.",
)
TABLE = TABLE.with_forms(QUICK, REDUCED)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
