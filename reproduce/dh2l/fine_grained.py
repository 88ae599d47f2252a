"""What Tables 5 and 6 of the DH2L paper share: ResNet-18 and ResNet-50 on photographs."""

from __future__ import annotations

from collections.abc import Iterable

from reproduce.catalogue.tables import Cell, Comparison, Table
from reproduce.dh2l.angles import angle_blocks
from reproduce.dh2l.protocol import MEASURES, PAPER, PARAMETERS, SEEDS, chosen, digits, quick
from reproduce.dh2l.rows import EH, WITH_L2, E, hierarchy_comparisons, two_columns

DEPTHS = (18, 50)
ALONE = ("N-euclidean2", "angular2", "cosine", "D_h^ter", "D_h^bin")
QUICK_METRICS = ("angular2", "D_AM")


def cells(dataset: str, metrics: tuple[str, ...]) -> tuple[Cell, ...]:
    """Both networks' rows."""
    return tuple(made for depth in DEPTHS for made in two_columns(dataset, depth, metrics))


def comparisons(dataset: str, metrics: tuple[str, ...]) -> tuple[Comparison, ...]:
    """See :func:`hierarchy_comparisons`."""
    groups = (f"{dataset} resnet-{depth}" for depth in DEPTHS)
    return tuple(pair for group in groups for pair in hierarchy_comparisons(group, metrics))


def fine_table(
    name: str,
    title: str,
    caption: str,
    dataset: str,
    metrics: tuple[str, ...],
    remark: str,
    others: tuple[Cell, ...] = (),
) -> Table:
    """A table without its quick form.

    Args:
        others: cells of another table, with which its own are compared.
    """
    return Table(
        paper=PAPER,
        name=name,
        title=title,
        caption=caption,
        cells=(*cells(dataset, metrics), *others),
        comparisons=comparisons(dataset, metrics),
        seeds=SEEDS,
        parameters=PARAMETERS,
        layout="grid",
        row_title="metric",
        column_title="penalties",
        measures=MEASURES,
        further=angle_blocks,
        remark=remark,
    )


def quick_form(table: Table, dataset: str) -> Table:
    """resnet-8 from scratch on digits: shows that everything works, but for the weight files."""
    group = f"{dataset} resnet-{DEPTHS[0]}"
    names = [f"{group} {WITH_L2} {E}"]
    names += [f"{group} {metric} {column}" for metric in QUICK_METRICS for column in (E, EH)]
    return table.in_form(
        "quick",
        "Energies (E) and two parents of digits (H) in resnet-8 at half width",
        map(quick, chosen(table.cells, *names)),
        comparisons=_renamed(table.comparisons, names),
        seeds=2,
    )


def _renamed(pairs: Iterable[Comparison], names: Iterable[str]) -> tuple[Comparison, ...]:
    return tuple(
        Comparison(digits(c.name), digits(c.first), digits(c.second))
        for c in pairs
        if {c.first, c.second} <= set(names)
    )
