"""Table 2 of the DH2L paper: energies of filters (E) and a hierarchy of classes besides (H) on
CIFAR-100; resnet-20 and resnet-110.
"""

from __future__ import annotations

from reproduce.catalogue.tables import Comparison, Table
from reproduce.dh2l.angles import angle_blocks
from reproduce.dh2l.protocol import (
    MEASURES,
    PAPER,
    PARAMETERS,
    SEEDS,
    Penalties,
    chosen,
    quick,
    reduced,
)
from reproduce.dh2l.rows import EH, WITH_L2, E, cell, hierarchy_comparisons, two_columns

METRICS = (
    *("N-euclidean2", "angular2", "cosine", "D_h^ter", "D_h^bin"),
    *("D_AM", "D_cos(AM)", "D'_cos(AM)", "D'_cos(HM)"),
)
DATASET, DEPTHS = "cifar100", (20, 110)
GROUP = f"{DATASET} resnet-20"
CELLS = tuple(made for depth in DEPTHS for made in two_columns(DATASET, depth, METRICS))

# What the smaller forms train: Table 1's best metric, with and without the hierarchy.
BEST = "D_cos(HM)"
SMALL = (
    *chosen(CELLS, f"{GROUP} {WITH_L2} {E}", f"{GROUP} angular2 {E}"),
    cell(DATASET, 20, BEST, E, Penalties.energy(BEST)),
    cell(DATASET, 20, BEST, EH, Penalties.both(BEST)),
)
SMALL_PAIRS = (
    (f"angular2 {E}", f"{WITH_L2} {E}"),
    (f"{BEST} {E}", f"{WITH_L2} {E}"),
    (f"{BEST} {EH}", f"{WITH_L2} {E}"),
    (f"{BEST} {E}", f"angular2 {E}"),
    (f"{BEST} {EH}", f"{BEST} {E}"),
)


def _small(group: str) -> tuple[Comparison, ...]:
    return tuple(
        Comparison(f"{group} {number}", f"{group} {first}", f"{group} {second}")
        for number, (first, second) in enumerate(SMALL_PAIRS, start=1)
    )


TABLE = Table(
    paper=PAPER,
    name="table2",
    title="Table 2",
    caption="Energies (E) and a hierarchy of classes (H) on CIFAR-100, 300 epochs",
    cells=CELLS,
    comparisons=tuple(
        pair
        for depth in DEPTHS
        for pair in hierarchy_comparisons(f"{DATASET} resnet-{depth}", METRICS)
    ),
    seeds=SEEDS,
    parameters=PARAMETERS,
    layout="grid",
    row_title="metric",
    column_title="penalties",
    measures=MEASURES,
    further=angle_blocks,
)
TABLE = TABLE.with_forms(
    TABLE.in_form(
        "quick",
        "Energies (E) and two parents of digits (H) in resnet-8 at half width",
        map(quick, SMALL),
        comparisons=_small("digits"),
        seeds=2,
    ),
    TABLE.in_form(
        "reduced",
        "Energies (E) and a hierarchy (H) on CIFAR-100, resnet-20 at half width, three epochs",
        map(reduced, SMALL),
        comparisons=_small(GROUP),
    ),
)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
