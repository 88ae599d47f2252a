"""Tables 3 and 4: printed formulas beside the layers of the networks that are built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    Row,
    columns,
    context_notes,
    row,
)
from analysis.documents.printed import compare, facts, tabled, tally
from analysis.papers.beta_lasso.counts import TOTAL, Formula, Size, fitting_alpha

BUDGET = 256_000_000  # the weights for which the paper says that it chose α
Layers = Mapping[str, int]  # weights of a built network by layer
HOW = (
    "Built: weights of the modules that are trained, counted without memory for them. Batch-norm "
    "and the last layer's biases, which the formulas leave out, are not counted."
)
DATA = ("network", "layer", "description", "printed", "printed_weights", "built", "built_weights")


@dataclass(frozen=True)
class Compared:
    """A printed formula beside what is built.

    Attributes:
        elsewhere: how many further sizes it was compared at, and at how many of these it agreed.
    """

    formula: Formula
    size: Size
    built: int
    elsewhere: tuple[int, int]

    @property
    def agrees(self) -> bool:
        """Whether the formula gives the built weights, wherever it was compared."""
        return self.formula.value(self.size) == self.built and len(set(self.elsewhere)) == 1

    @property
    def is_expected(self) -> bool:
        """Whether it agrees, or is known not to."""
        return self.agrees or bool(self.formula.slip)

    @property
    def built_text(self) -> str:
        """The formula of what is built; of a whole network nothing."""
        if self.formula.layer == TOTAL:
            return MISSING
        return self.formula.built(self.built, self.size)

    def verdict(self) -> Cell:
        """ "yes", "NO", or "no" with the reading that knows of it."""
        if self.agrees:
            return Cell("yes", True, tone="good")
        if self.formula.slip:
            return Cell(f"no, {self.formula.slip}", False, tone="open")
        return Cell("NO", False, tone="bad")


def beside(
    formulas: Sequence[Formula], built: Mapping[tuple[str, Size], Layers], size: Size
) -> list[Compared]:
    """Every formula beside the built networks.

    Args:
        built: weights by layer, by network and size; of each network at ``size`` and others.

    Raises:
        ValueError: where a printed layer is not built.
    """

    def weights(formula: Formula, at: Size) -> int:
        layers = built[formula.network, at]
        if formula.layer == TOTAL:
            return sum(layers.values())
        if formula.layer not in layers:
            raise ValueError(f"{formula.network} has no layer {formula.layer!r}")
        return layers[formula.layer]

    found = []
    for formula in formulas:
        others = [at for network, at in built if network == formula.network and at != size]
        same = sum(formula.value(at) == weights(formula, at) for at in others)
        found.append(Compared(formula, size, weights(formula, size), (same, len(others))))
    return found


def document(
    id: str,
    title: str,
    caption: str,
    compared: Sequence[Compared],
    printed: Sequence[Mapping[str, str]],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The formulas layer by layer, and the sizes that Table 1 prints.

    Args:
        printed: statements about sizes, see :mod:`analysis.documents.printed`.

    Raises:
        ValueError: where a statement is damaged.
    """
    formulas = [found.formula for found in compared]
    totals = {found.formula.network: found for found in compared if found.formula.layer == TOTAL}
    size = compared[0].size
    mine = sorted(
        (r for r in printed if r["network"] in totals),
        key=lambda r: list(totals).index(r["network"]),
    )
    stated = compare(mine, _sizes(totals), "network")
    grid, data = tabled(
        stated,
        "sizes",
        "Sizes that Table 1 prints",
        "Sizes in Table 1 beside built ones.",
        "network",
    )
    agreeing = sum(found.agrees for found in compared)
    known = sum(found.is_expected for found in compared) - agreeing
    notes = [
        Note(
            f"{agreeing} of {len(compared)} printed formulas give the built weights at every "
            f"size, {known} are known not to. {tally(stated)}."
        ),
        Note(f"{_budget(formulas)} {HOW}"),
        *(Note(found.formula.text, f"{name} in all, as printed") for name, found in totals.items()),
    ]
    return Document(
        id=id,
        title=title,
        caption=f"{caption}; α = {size.alpha}, {size.side}×{size.side} images, "
        f"{size.classes} classes",
        blocks=(
            _layers(compared),
            grid,
            Notes((*notes, *context_notes(context))),
            Data(DATA, tuple(map(_line, compared))),
            Data(data.columns, data.rows, "sizes"),
        ),
        facts={"size": size, "statements": facts(stated, "network"), **context},
        holds=all(f.is_expected for f in compared) and all(s.is_expected for s in stated),
    )


def _sizes(totals: Mapping[str, Compared]) -> dict[tuple[str, str], str]:
    """What Table 1 may state, by network and quantity, in millions."""
    dense = next(f.built for name, f in totals.items() if name.endswith("-FC"))
    values = {}
    for name, found in totals.items():
        values[name, "weights, in millions"] = _millions(found.built)
        values[name, "weights of the dense counterpart, in millions"] = _millions(dense)
    return values


def _millions(weights: int) -> str:
    return str(Decimal(weights) / 10**6)


def _budget(formulas: Sequence[Formula]) -> str:
    dense = next(f.network for f in formulas if f.network.endswith("-FC"))
    alpha = fitting_alpha(formulas, dense, BUDGET)
    return f"{dense} has {BUDGET:,} weights at α = {alpha:.2f}."


def _layers(compared: Sequence[Compared]) -> Grid:
    def line(found: Compared) -> Row:
        formula, weights = found.formula, found.formula.value(found.size)
        exact = f"{int(weights):,}" if weights.denominator == 1 else f"{float(weights):,.1f}"
        return row(
            formula.layer,
            formula.description.removeprefix("conv"),
            MISSING if formula.layer == TOTAL else formula.text,
            Cell(exact, weights),
            found.built_text,
            Cell(f"{found.built:,}", found.built),
            found.verdict(),
            group=formula.network,
            total=formula.layer == TOTAL,
        )

    titles = columns(
        *("layer", "description", "printed", "weights", "built", "weights", "agrees"),
        right=("weights",),
    )
    caption = "Printed formulas and what they give, beside the built layers."
    names = list(dict.fromkeys(found.formula.network for found in compared))
    ordered = sorted(compared, key=lambda found: names.index(found.formula.network))
    return Grid("formulas", titles, tuple(map(line, ordered)), caption=caption, headed=True)


def _line(found: Compared) -> tuple[Any, ...]:
    formula = found.formula
    of = (formula.network, formula.layer, formula.description, formula.text)
    weights = formula.value(found.size)
    return (*of, str(weights), "" if formula.layer == TOTAL else found.built_text, found.built)
