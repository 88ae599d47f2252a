"""What the draft's figures of trained networks share: a table in its three forms, and its notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from analysis.papers.structured_sparsity.measurement_names import RELATIVE, TAU
from reproduce.catalogue.tables import Cell, Table
from reproduce.structured_sparsity.drawing import above_hand_made, frontier
from reproduce.structured_sparsity.protocol import (
    ALPHA,
    EPOCHS,
    FORMS,
    FULL,
    LEFT,
    LEFT_RELATIVE,
    MULTIPLIER,
    PAPER,
    PERCENT,
    SEEDS,
    Form,
    against_base,
)

TOLD = {
    "reduced": "eleven layers, one pass over CIFAR-10 in four epochs of 12,500 images",
    "quick": "six layers on digits",
}
NAMES = "Cells are named by the decimal logarithm of α."
LEARNED: dict[str, Any] = {
    "layout": "rows",
    "row_title": "α",
    "measures": (PERCENT, *LEFT, *LEFT_RELATIVE),
    "is_printed": False,
}
# Of tables that set accuracy against multiply-adds, of learned and of hand-made networks.
AGAINST_COST: dict[str, Any] = {
    "parameters": (ALPHA, MULTIPLIER),
    "layout": "rows",
    "row_title": "network",
    "measures": (PERCENT, *LEFT[:3], *LEFT_RELATIVE[:3]),
    "references": ("* shallow *", "* narrow *"),
    "is_printed": False,
    "further": frontier,
    "judges": {
        "above hand-made": partial(above_hand_made, TAU),
        "above hand-made by layer": partial(above_hand_made, RELATIVE),
    },
}


def figure(
    number: int, caption: str, cells: Callable[[Form], Iterable[Cell]], **settings: Any
) -> Table:
    """A figure's table with its reduced and its quick form, compared with the base network where
    its cells have one.

    Args:
        caption: what stands in front of how long a form trains.
        cells: of a form.
        settings: of :class:`reproduce.catalogue.tables.Table`, for every form.
    """
    whole = tuple(cells(FULL))
    table = Table(
        paper=PAPER,
        name=f"figure{number}",
        title=f"Figure {number}",
        caption=f"{caption}, {EPOCHS} epochs",
        cells=whole,
        comparisons=against_base(whole),
        seeds=SEEDS,
        remark=NAMES,
        **settings,
    )
    shorter = []
    for form, told in TOLD.items():
        own = tuple(cells(FORMS[form]))
        changes: dict[str, Any] = {"seeds": 2} if form == "quick" else {}
        shorter.append(
            table.in_form(
                form,
                f"{caption}, {told}",
                own,
                comparisons=against_base(own),
                remark=renamed(FORMS[form].alphas),
                **changes,
            )
        )
    return table.with_forms(*shorter)


def renamed(alphas: Mapping[str, str]) -> str:
    """What names of the full form's cells stand for in a shorter one."""
    stand = ", ".join(f"{name} is α = {alpha}" for name, alpha in alphas.items())
    return (
        f"Cells have the full form's names, the logarithms of its α; here {stand}, since in fewer "
        "steps a penalty shrinks kernels as far only with a larger α."
    )
