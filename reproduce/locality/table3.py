"""Table III of the locality paper: LOCO-Reg against permuted, plain and anti-locality L2.

VGG-10 on CIFAR-10, 15 seeds a cell. The upper part exchanges γ and η, which leaves the centre's
factor as it is; the lower part decays the centre more than the rim.
"""

from __future__ import annotations

from reproduce.catalogue.tables import Cell, Comparison, Table
from reproduce.locality.protocol import (
    ETA,
    EXPERIMENT,
    GAMMA,
    reduced,
    rings,
    smaller,
    with_penalty,
)

UPPER = (("1.6", "2.4"), ("1.6", "2.2"), ("1.6", "2.0"), ("1.6", "1.8"))
ANTI = (("0.6", "0.4"), ("0.6", "0.6"), ("0.8", "0.6"), ("0.8", "0.8"))


def _cell(kind: str, gamma: str, eta: str) -> Cell:
    return Cell(f"{kind} {gamma} {eta}", kind, with_penalty(EXPERIMENT, rings(gamma, eta)))


def _reduced(cell: Cell) -> Cell:
    """A quarter of the width for 24 epochs, the rate falling at the same fractions of training.

    Of four settings that fit two to three hours of two cores the one whose plain cell scattered
    least. Correct test images of the plain cell, seeds 1000 on: half the width for 8 epochs 7761,
    7839, 7792, 7799, 7893, 7568; width 0.375 for 13 epochs 8139, 8171, 8180, 7968; a quarter for 24
    epochs 8051, 8093, 7940, 8094, 8113, 8079; a quarter for 16 epochs 8013, 7930. No other cell was
    looked at.
    """
    return reduced(cell, epochs=24, milestones=(9, 16, 20, 22, 23), width="0.25")


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

SELECTED = (LOCALITY[0], PERMUTED[0], PLAIN, ANTI_LOCALITY[0])

TABLE = Table(
    paper="locality",
    name="table3",
    title="Table III",
    caption="Accuracy for permuted (γ, η) and for anti-locality, VGG-10 on CIFAR-10",
    cells=(*LOCALITY, *PERMUTED, PLAIN, *ANTI_LOCALITY),
    comparisons=COMPARISONS,
    parameters=(GAMMA, ETA),
)
REDUCED = TABLE.in_form(
    "reduced",
    "LOCO-Reg and its controls, VGG-10 at a quarter of its width, 24 epochs on CIFAR-10",
    map(_reduced, SELECTED),
)
QUICK = TABLE.in_form(
    "quick",
    "LOCO-Reg and its controls, VGG-10 on digits",
    (smaller(cell, augmentation="none") for cell in SELECTED),
)
TABLE = TABLE.with_forms(QUICK, REDUCED)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
