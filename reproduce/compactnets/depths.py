"""The networks of section 5.2, which Table 1, Figures 4, 5 and, reduced, 8 look at: three models by
depth, in every form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from benchmarks.models import PyramidNet
from benchmarks.run import Run
from reproduce.catalogue.tables import Cell, Comparison
from reproduce.compactnets.protocol import (
    COMPARED,
    MODELS,
    experiment,
    penalties,
    quick,
    reduced,
    stored_images,
)

DEPTHS, REDUCED_DEPTHS, QUICK_DEPTHS = range(2, 8), (3, 5, 7), (2, 4)
EPOCHS = 90
BETAS = {"SimpleNet": "0", "CompressedNet": "0.1", "CompactNet": "0.01"}


def full(model: str, depth: int) -> Run:
    """256 filters in every layer, 90 epochs on ILSVRC12."""
    terms = penalties(model, beta=BETAS[model])
    return experiment(PyramidNet(depth=depth, filters=256), terms, epochs=EPOCHS)


def cells(make: Callable[[str, int], Run], depths: Iterable[int]) -> tuple[Cell, ...]:
    """Every model at every depth; names are the same in all forms, so that claims are, too."""
    made = [
        Cell(
            name=f"{model} {depth}",
            kind=model,
            template=run,
            column=str(depth),
            label=model,
            untouched=stored_images(run),
        )
        for model in MODELS
        for depth in depths
        for run in (make(model, depth),)
    ]
    return tuple(replace(cell, group=cell.template.data.name) for cell in made)


FULL = cells(full, DEPTHS)
REDUCED = cells(reduced, REDUCED_DEPTHS)
QUICK = cells(quick, QUICK_DEPTHS)


def comparisons(cells: Iterable[Cell]) -> tuple[Comparison, ...]:
    """The models at one depth; each with SimpleNet last, whose stars stand in the layout."""
    found = []
    for cell in cells:
        for first, second in COMPARED:
            if cell.label == first:
                name = f"{cell.group} {first} and {second} {cell.column}"
                found.append(Comparison(name, cell.name, f"{second} {cell.column}"))
    return tuple(found)
