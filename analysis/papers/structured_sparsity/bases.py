"""Table 2: the base architectures as they are built, with multiply-adds by eq. 10."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from analysis.documents.blocks import (
    Cell,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    context_notes,
    row,
)
from analysis.documents.printed import compare, facts, tabled, tally
from analysis.papers.structured_sparsity.architectures import Counted

Form = tuple[str, str]  # a line of the table, and the form in which it is built
COLUMNS = ("network", "form", "layers", "depth", "weights", "parameters", "eq10", "counted")
HOW = (
    "Weights are those of the layers' convolutions, which the penalties act on; parameters are all "
    "that are trained, with batch-norm, projections and the classifier. Multiply-adds by eq. 10 "
    "are compared with the products that the built layers make for one image."
)


def document(
    id: str,
    statements: Sequence[Mapping[str, str]],
    counted: Mapping[Form, Counted],
    formula: Mapping[Form, int],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The lines as they are built, beside what is printed of them.

    Args:
        formula: multiply-adds by eq. 10.

    Raises:
        ValueError: where a statement is damaged.
    """
    quantities: dict[Form, str] = {}
    for (name, _), own in reversed(list(counted.items())):  # a line's first form counts
        quantities[name, "depth"] = str(own.depth)
        quantities[name, "layers"] = layers_text(own.layers)
    found = compare(statements, quantities, "network")
    grid, data = tabled(
        found, "statements", "What is printed", "Printed and built layers.", "network"
    )
    same = sum(own.convolution_multiply_adds == formula[form] for form, own in counted.items())
    notes = (
        Note(f"{tally(found)}. Depth counts the classifier. {HOW}"),
        Note(f"Eq. 10 is what the built layers make for {same} of {len(counted)} networks."),
    )
    tidy = tuple(
        (*form, layers_text(own.layers), own.depth, own.weights, own.parameters, formula[form],
         own.convolution_multiply_adds)
        for form, own in counted.items()
    )  # fmt: skip
    named = {", ".join(form): own for form, own in counted.items()}
    return Document(
        id=id,
        title="Table 2",
        caption="Base architectures: layers, weights, parameters, multiply-adds by eq. 10",
        blocks=(
            _grid(counted, formula),
            grid,
            Notes((*notes, *context_notes(context))),
            Data(COLUMNS, tidy),
            Data(data.columns, data.rows, "statements"),
        ),
        facts={"networks": named, "statements": facts(found, "network"), **context},
        holds=all(s.is_expected for s in found) and same == len(counted),
    )


def layers_text(layers: Sequence[tuple[int, int]]) -> str:
    """Such as "(64, 7) (64, 3)×2"."""
    found = []
    for (width, kernel), equal in groupby(layers):
        count = len(list(equal))
        found.append(f"({width}, {kernel})" + (f"×{count}" if count > 1 else ""))
    return " ".join(found)


def _grid(counted: Mapping[Form, Counted], formula: Mapping[Form, int]) -> Grid:
    titles = columns(
        *("form", "layers", "weights", "parameters", "eq. 10", "as built"),
        right=("layers", "weights", "parameters", "eq. 10"),
    )
    rows = []
    for (name, form), own in counted.items():
        product = formula[name, form]
        agrees = own.convolution_multiply_adds == product
        cells = (
            Cell(str(len(own.layers)), len(own.layers)),
            Cell(f"{own.weights:,}", own.weights),
            Cell(f"{own.parameters:,}", own.parameters),
            Cell(f"{product / 1e6:,.2f}M", product),
            Cell("yes" if agrees else "NO", agrees, tone="good" if agrees else "bad"),
        )
        rows.append(row(form, *cells, group=name))
    caption = (
        "The base architectures as they are built, and whether eq. 10 gives the products of their "
        "layers."
    )
    return Grid("bases", titles, tuple(rows), caption=caption, headed=True)
