"""Theorem 2 as a document: the gap for growing networks, and for those that the paper trains."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from analysis.documents.blocks import (
    Cell,
    Column,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    context_notes,
    row,
)
from analysis.documents.panels import Curves, FigureBlock, Sampled, Series
from analysis.papers.beta_lasso.description_length import Bound, dense_gap, largest, least_images

# How the theorem is read: what a weight costs, and the base of the code's logarithms (B-23).
READINGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("log₂ kn", {"code": "kn", "base": "bits"}),
    ("log₂ n", {"code": "n", "base": "bits"}),
    ("ln kn", {"code": "kn", "base": "nats"}),
    ("ln n", {"code": "n", "base": "nats"}),
)
HOW = (
    "Gap: the bound on test minus training error. A dagger marks a vacuous one, from 1 on. Each "
    "parameter has one weight and all other weights are 0, as in a sparse network without shared "
    "weights. The columns read the theorem's logarithms in four ways (B-23): a weight costs "
    "log(kn), as it states, or log n, as its proof says first, in bits or in nats; the term with δ "
    "is natural. The first is the default."
)


def document(
    bound: Bound,
    parameters: Sequence[int],
    networks: Mapping[str, tuple[int, int]],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The bound by number of parameters, its limits, and of known networks.

    Args:
        bound: bits, images, weights and δ.
        parameters: the numbers k to evaluate.
        networks: by name, weights and those that are not 0.
    """
    gaps = _gaps(bound, parameters)
    limits = {name: largest(replace(bound, **reading)) for name, reading in READINGS}
    dense = dense_gap(bound.bits, bound.images, bound.weights, bound.delta)
    told = (
        f"Vacuous beyond {limits[READINGS[0][0]]:,} parameters; read otherwise, beyond "
        f"{', '.join(f'{n:,} ({name})' for name, n in list(limits.items())[1:])}. With every one "
        f"of the {bound.weights:,} weights in {bound.bits} bits, Theorem 1 gives {dense:,.1f}."
    )
    tidy = [
        (k, name, replace(bound.of(k), **reading).gap)
        for k in parameters
        for name, reading in READINGS
    ]
    return Document(
        id="beta-lasso/theorem2",
        title="Theorem 2",
        caption=(
            f"Generalization gap by description length; b = {bound.bits}, m = {bound.images:,}, "
            f"n = {bound.weights:,}, δ = {bound.delta:g}"
        ),
        blocks=(
            gaps,
            _networks(bound, networks),
            Notes((Note(told), Note(HOW), *context_notes(context))),
            _figure(bound),
            Data(("parameters", "reading", "gap"), tuple(tidy)),
        ),
        facts={"bound": bound, "limits": limits, "dense_gap": dense, **context},
    )


def _gap(found: Bound) -> Cell:
    text = f"{found.gap:,.3f}" if found.gap < 10 else f"{found.gap:,.1f}"
    return Cell(text, found.gap, mark="†" if found.is_vacuous else "")


def _gaps(bound: Bound, parameters: Sequence[int]) -> Grid:
    heads = [Column("parameters k", right=True)]
    heads += [Column(name, "gap", right=True) for name, _ in READINGS]
    rows = [
        row(Cell(f"{k:,}", k), *(_gap(replace(bound.of(k), **r)) for _, r in READINGS))
        for k in parameters
    ]
    caption = "The bound by the number of parameters, with the logarithms read in four ways."
    return Grid("gaps", tuple(heads), tuple(rows), caption=caption)


def _networks(bound: Bound, networks: Mapping[str, tuple[int, int]]) -> Grid:
    rows = []
    for name, (weights, non_zero) in networks.items():
        found = replace(bound, weights=weights).of(non_zero)
        share = f"{100 * non_zero / weights:.1f} %"
        count = Cell(f"{non_zero:,}", non_zero, detail=share if non_zero < weights else "")
        rows.append(row(name, count, _gap(found), f"{least_images(found):,}"))
    titles = columns(
        *("network", "not 0", "gap", "images for a gap below 1"),
        right=("not 0", "gap", "images for a gap below 1"),
    )
    title = "Networks of the paper, by the numbers that it prints or draws"
    return Grid("networks", titles, tuple(rows), title)


def _figure(bound: Bound) -> FigureBlock:
    """Gap against parameters, on logarithmic axes."""
    exponents = [e / 4 for e in range(8, 4 * math.floor(math.log10(bound.weights)) + 1)]
    parameters = [round(10**e) for e in exponents]
    counts = tuple(f"{k:,}" for k in parameters)
    series, legend = [], []
    for look, (name, reading) in enumerate(READINGS):
        gaps = [replace(bound.of(k), **reading).gap for k in parameters]
        told = f"a weight costs {name}"
        series.append(
            Series(tuple(exponents), tuple(gaps), look, points=False, name=told, at=counts)
        )
        legend.append(Sampled("line", told, look))
    ticks = tuple((float(e), f"{10**e:,}") for e in range(2, math.floor(exponents[-1]) + 1, 2))
    panel = Curves(
        tuple(series),
        x_title="parameters, one weight each",
        y_title="bound on the gap",
        ticks=tuple((place, _power(place)) for place, _ in ticks),
        reference=1.0,
        whole=False,
        log=True,
    )
    title = ("Theorem 2: above the grey line the bound says nothing",)
    return FigureBlock((panel,), tuple(legend), "gap", size=(5.5, 3.2), title=title)


def _power(exponent: float) -> str:
    return "10" + str(int(exponent)).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
