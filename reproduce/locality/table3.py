"""Table III of the locality paper: LOCO-Reg against permuted, plain and anti-locality L2.

VGG-10 on CIFAR-10, 15 seeds a cell. The upper part exchanges γ and η, which leaves the centre's
factor as it is; the lower part decays the centre more than the rim.
"""

from __future__ import annotations

from dataclasses import replace

from reproduce.catalogue.tables import Cell, Comparison, Table
from reproduce.locality.protocol import ETA, EXPERIMENT, GAMMA, rings, smaller, with_penalty

UPPER = (("1.6", "2.4"), ("1.6", "2.2"), ("1.6", "2.0"), ("1.6", "1.8"))
ANTI = (("0.6", "0.4"), ("0.6", "0.6"), ("0.8", "0.6"), ("0.8", "0.8"))


def _cell(kind: str, gamma: str, eta: str) -> Cell:
    return Cell(f"{kind} {gamma} {eta}", kind, with_penalty(EXPERIMENT, rings(gamma, eta)))


def _quick(cell: Cell) -> Cell:
    """The real network on a small embedded data set, a few epochs."""
    run = smaller(
        cell.template,
        epochs=3,
        milestones=(2,),
        batch_size=64,
        learning_rate="0.01",
        augmentation="none",
    )
    return replace(cell, template=run)


LOCALITY = tuple(_cell("locality", gamma, eta) for gamma, eta in UPPER)
PERMUTED = tuple(_cell("permuted", eta, gamma) for gamma, eta in UPPER)
PLAIN = _cell("plain", "1", "1")
ANTI_LOCALITY = tuple(_cell("anti", gamma, eta) for gamma, eta in ANTI)

COMPARISONS = tuple(
    Comparison(f"upper {column}", first.name, second.name)
    for column, (first, second) in enumerate(zip(LOCALITY, PERMUTED, strict=True), start=1)
) + tuple(
    Comparison(f"lower {column}", PLAIN.name, second.name)
    for column, second in enumerate(ANTI_LOCALITY, start=1)
)

QUICK = Table(
    paper="locality",
    name="table3",
    title="Table III, quick",
    caption="LOCO-Reg and its controls, VGG-10 on digits",
    cells=tuple(_quick(c) for c in (LOCALITY[0], PERMUTED[0], PLAIN, ANTI_LOCALITY[0])),
    comparisons=(COMPARISONS[0], COMPARISONS[4]),
    seeds=5,
    form="quick",
    parameters=(GAMMA, ETA),
)

TABLE = Table(
    paper="locality",
    name="table3",
    title="Table III",
    caption="Accuracy for permuted (γ, η) and for anti-locality, VGG-10 on CIFAR-10",
    cells=(*LOCALITY, *PERMUTED, PLAIN, *ANTI_LOCALITY),
    comparisons=COMPARISONS,
    seeds=15,
    forms={"quick": QUICK},
    parameters=(GAMMA, ETA),
)

if __name__ == "__main__":
    from reproduce.scripts import run_table

    run_table(TABLE)
