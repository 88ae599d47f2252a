"""Which λ the DH2L paper's tables should have: its two sets on held-out images (H-18).

5,000 training images are held out by seed, and the best validation accuracy of a row's grid is
chosen; the tables train on all images. What they train with is declared in ``protocol.py`` and
changes only in a commit of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from analysis.verdicts.choosing import Choice
from reproduce.catalogue.tables import Cell, Table
from reproduce.dh2l import table1, table2, table3, table4
from reproduce.dh2l.protocol import (
    L2,
    LAMBDA_E,
    LAMBDA_E_PATH,
    LAMBDA_L,
    LAMBDA_L_PATH,
    PAPER,
    PARAMETERS,
    PERCENT,
    VALIDATION_PERCENT,
    Penalties,
    digits,
    quick,
)
from reproduce.dh2l.rows import EH, E, cell

HELD_OUT, QUICK_HELD_OUT = 5000, 200
QUICK = "cifar100 resnet-20 D_cos(AM) E+H"


def _grid(
    dataset: str, depth: int, label: str, column: str, penalties: Penalties
) -> Iterator[Cell]:
    """A row's λ: of E, and of H where it has one."""
    hierarchical = bool(penalties.hierarchy)
    for lambda_e, lambda_l in product(LAMBDA_E, LAMBDA_L if hierarchical else LAMBDA_L[:1]):
        tried = replace(penalties, lambda_e=lambda_e, lambda_l=lambda_l)
        made = cell(dataset, depth, label, column, tried)
        strengths = f"λ_e {lambda_e}" + (f", λ_l {lambda_l}" if hierarchical else "")
        name = f"{made.name} {lambda_e}" + (f" {lambda_l}" if hierarchical else "")
        found = replace(made, name=name, group=made.name, column="", label=strengths)
        yield found.changed(data__held_out=HELD_OUT)


def _rows() -> Iterator[tuple[str, int, str, str, Penalties]]:
    """Every row of Tables 1 to 4 that has a λ: data set, depth, label, column and penalties."""
    for metric, column in product(table1.METRICS, (E, table1.L2)):
        penalties = replace(Penalties.energy(metric), decay=column == table1.L2)
        yield "cifar10", 20, metric, column, penalties
    for depth, metric in product(table2.DEPTHS, table2.METRICS):
        yield table2.DATASET, depth, metric, E, Penalties.energy(metric)
        yield table2.DATASET, depth, metric, EH, Penalties.both(metric)
    for metric in table3.METRICS:
        yield "cifar100", 20, metric, EH, Penalties.both(metric)
    for pair in table4.PAIRS:
        if pair != (L2, L2):
            yield "cifar100", 20, table4.label(*pair), EH, table4.penalties(*pair)


def _cells() -> Iterator[Cell]:
    """Rows that two tables have stand once."""
    for row in dict.fromkeys(_rows()):
        yield from _grid(*row)


def _choices(cells: tuple[Cell, ...]) -> tuple[Choice, ...]:
    groups: dict[str, list[str]] = {}
    for made in cells:
        groups.setdefault(made.group, []).append(made.name)
    return tuple(
        Choice(f"λ of {group}", tuple(names), VALIDATION_PERCENT) for group, names in groups.items()
    )


def _quick() -> Iterator[Cell]:
    for made in CELLS:
        if made.group == QUICK:
            found = replace(quick(made), group=digits(made.group))
            yield found.changed(data__held_out=QUICK_HELD_OUT)


CELLS = tuple(_cells())
SMALL = tuple(_quick())
TABLE = Table(
    paper=PAPER,
    name="selection",
    title="Selection",
    caption="λ by validation accuracy on 5,000 held-out training images",
    cells=CELLS,
    comparisons=(),
    seeds=1,
    parameters=(*PARAMETERS, LAMBDA_E_PATH, LAMBDA_L_PATH),
    layout="rows",
    row_title="λ",
    measures=(PERCENT, VALIDATION_PERCENT),
    choices=_choices(CELLS),
    is_printed=False,
)
TABLE = TABLE.with_forms(
    TABLE.in_form(
        "quick",
        "λ of energy and hierarchy in resnet-8 at half width on digits, on held-out images",
        SMALL,
        choices=_choices(SMALL),
        seeds=2,
    )
)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
