"""The networks of section 5.3, which Table 3 and Figures 6 to 9 look at: three models by depth and
regularization strength ρ, 128 to 512 filters, 120 epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from benchmarks.models import Model, PyramidNet, TorchvisionResNet, TorchvisionVGG
from benchmarks.models.pyramid import ALLOCATED_FROM
from benchmarks.run import Run
from reproduce.catalogue.tables import Cell, Comparison
from reproduce.compactnets.protocol import (
    MODELS,
    QUICK_BETAS,
    experiment,
    penalties,
    quick,
    stored_images,
)

EPOCHS = 120
DEPTHS = range(2, 19)
# Of [0, 1]; the text's optimum and the caption's are both there (C-09). ρ = 0 is SimpleNet.
RHOS = ("0.01", "0.025", "0.03", "0.05", "0.1", "0.25", "0.5", "1")
BEST_RHO = "0.025"
QUICK_DEPTHS, QUICK_RHOS = (2, 4), ("0.05", "0.2")


def full(model: str, depth: int, rho: str) -> Run:
    """α = ρ in CompactNet alone; β grows from 0 to ρ."""
    terms = penalties(model, alpha=rho, beta=rho, schedule="linear")
    return experiment(PyramidNet(depth=depth), terms, epochs=EPOCHS)


def small(model: str, depth: int, rho: str) -> Run:
    """Digits: networks of the quick Table 1 with another strength."""
    return quick(model, depth, {**QUICK_BETAS, model: rho})


def cells(
    make: Callable[[str, int, str], Run], depths: Iterable[int], rhos: Iterable[str]
) -> tuple[Cell, ...]:
    """SimpleNet at every depth, and the other two at every depth and ρ."""
    depths, rhos = tuple(depths), tuple(rhos)
    found = []
    for model in MODELS:
        for depth in depths:
            for rho in ("0",) if model == "SimpleNet" else rhos:
                name = f"{model} {depth}" if model == "SimpleNet" else f"{model} {depth} {rho}"
                found.append(_cell(name, model, make(model, depth, rho), str(depth)))
    return tuple(found)


def _cell(name: str, model: str, run: Run, column: str) -> Cell:
    # Other networks than the pyramids, whose column is no depth, have no allocation.
    is_allocated = column.isdecimal() and int(column) >= ALLOCATED_FROM
    untouched = stored_images(run) | (set() if is_allocated else {"model.allocation"})
    return Cell(
        name=name,
        kind=model,
        template=run,
        untouched=frozenset(untouched),
        group=run.data.name,
        column=column,
        label=name,
    )


FULL = cells(full, DEPTHS, RHOS)
QUICK = cells(small, QUICK_DEPTHS, QUICK_RHOS)


def at_best(every: Iterable[Cell], rho: str) -> tuple[Cell, ...]:
    """SimpleNet, and the other two at one ρ, named without it."""
    kept = (c for c in every if c.kind == "SimpleNet" or c.name.endswith(f" {rho}"))
    return tuple(replace(c, name=f"{c.kind} {c.column}", label=c.kind) for c in kept)


def comparisons(every: Iterable[Cell]) -> tuple[Comparison, ...]:
    """Each regularised network with SimpleNet of its depth."""
    return tuple(
        Comparison(f"{c.group} {c.name}", c.name, f"SimpleNet {c.column}")
        for c in every
        if c.kind != "SimpleNet"
    )


def advanced() -> tuple[Cell, ...]:
    """torchvision's networks with plain L2 and with the penalties of section 5.3.4 (C-21)."""
    # VGG11 has no batch-norm: torchvision's own rate (C-34).
    networks: tuple[tuple[str, Model, str], ...] = (
        ("VGG11", TorchvisionVGG(), "0.01"),
        ("ResNet18", TorchvisionResNet(bias=True), "0.1"),
    )
    found = []
    for name, model, rate in networks:
        for suffix, kind in (("", "SimpleNet"), ("_CC", "CompactNet")):
            terms = penalties(kind, alpha=BEST_RHO, beta=BEST_RHO, schedule="linear")
            run = experiment(model, terms, epochs=EPOCHS, rate=rate)
            found.append(_cell(f"{name}{suffix}", f"{name}{suffix}", run, name))
    return tuple(found)
