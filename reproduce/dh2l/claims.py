"""The DH2L paper's sentences about its tables, by the printed numbers alone, and the sizes that it
prints of its networks: a check that trains nothing. Each table's report judges the same sentences
over our runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.data import info
from benchmarks.models import CifarResNet, Hierarchical, Model, TorchvisionResNet
from reproduce.commands.publishing import computed

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "dh2l/claims"
TABLES = ("table1", "table2", "table3", "table4", "table5", "table6")
LOST = ("table3", "table4", "table5")
BESIDE = {"table6": "table5"}  # Table 6's sentence of birds
HIERARCHIES = ("cifar100", "cub200", "cars")
PRINTED_WIDTHS = (16, 30, 64)  # H-19


def document() -> Document:
    """The report.

    Raises:
        UserError: where the published numbers are damaged.
    """
    from analysis.papers.dh2l import network_sizes, printed_claims
    from reproduce.catalogue.paper_files import made_of, read_rows
    from reproduce.catalogue.readings import context

    paper, _, _ = ID.partition("/")
    printed = [
        {**line, "table": table} for table in TABLES for line in read_rows(paper, f"{table}.csv")
    ]
    lost = {table: read_rows(paper, f"{table}_lost.csv") for table in LOST}
    ratios = {name: len(info(name).superclasses) / len(info(name).classes) for name in HIERARCHIES}
    contrasts = read_rows(paper, "contrasts.csv")
    sizes = made_of(paper, "sizes.csv", lambda rows: network_sizes.sizes(rows, built()))
    return made_of(
        paper,
        "claims.csv",
        lambda stated: printed_claims.document(
            ID, stated, contrasts, printed, lost, BESIDE, ratios, sizes, context(ID)
        ),
    )


def built() -> dict[str, dict[str, int]]:
    """Parameters of each network of the paper, by what it is built with."""
    light: dict[str, dict[str, int]] = {}
    for depth in (20, 110):
        ways = {
            "1×1 shortcuts": CifarResNet(depth=depth),
            "padded shortcuts": CifarResNet(depth=depth, shortcuts="pad"),
            "channels 16, 30, 64": CifarResNet(depth=depth, widths=PRINTED_WIDTHS),
            **_with_vectors(CifarResNet(depth=depth), "cifar100"),
        }
        light[f"resnet-{depth}"] = {how: _parameters(m, "cifar100") for how, m in ways.items()}
    birds, cars = info("cub200"), info("cars")
    heavy = {
        f"ResNet-{depth}": {
            f"{len(entry.classes)} classes": _parameters(TorchvisionResNet(depth=depth), entry.name)
            for entry in (birds, cars)
        }
        for depth in (18, 50)
    }
    hierarchies = {
        f"ResNet-18, hierarchy of {title}": {
            how: _parameters(model, entry.name)
            for how, model in _with_vectors(TorchvisionResNet(), entry.name).items()
        }
        for title, entry in (("CUB-200-2011", birds), ("Stanford Cars", cars))
    }
    return light | heavy | hierarchies


def _with_vectors(model: Model, dataset: str) -> dict[str, Model]:
    """A network with a hierarchy: of the vectors that tables train, and with a class's own."""
    parents = info(dataset).coarse_labels
    return {
        "surface and centre vectors": Hierarchical(model=model, parents=parents),
        "class, surface and centre vectors": Hierarchical(
            model=model, parents=parents, projection="added"
        ),
    }


def _parameters(model: Model, dataset: str) -> int:
    """Counted without memory for the weights."""
    import torch

    with torch.device("meta"):
        return sum(p.numel() for p in model.network(len(info(dataset).classes)).parameters())


command = computed(document)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
