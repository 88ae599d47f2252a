"""Figures 1 to 4, drawn from computed vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

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
from analysis.documents.panels import FigureBlock, Plane, Ring, Sampled, Spot, Stroke
from analysis.documents.printed import compare, facts, tabled, tally
from analysis.papers.dh2l import geometry
from analysis.papers.dh2l.geometry import Hierarchy
from analysis.papers.dh2l.metrics import Array, cosine, printed, sign_product, unit

FIRST, RATIO, LEVELS, CHILDREN = 1.0, 0.44, 6, 3
GLUED = 0.45
METRIC = "D_AM"
PANEL = (2.3, 2.3)
CENTRE, BARE = 2, 4  # looks of centres and of vectors alone; children have those of their parents


def document(
    id: str,
    statements: Sequence[Mapping[str, str]],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The four figures and their numbers.

    Raises:
        ValueError: where a statement is damaged.
    """
    example = geometry.example()
    fan = geometry.fan()
    stated = compare(statements, _quantities(example, fan), "figure")
    grid, data = tabled(stated, "statements", "What is printed", "Printed and computed.", "figure")
    return Document(
        id=id,
        title="Figures 1 to 4",
        caption="What the paper illustrates, computed and drawn",
        blocks=(
            _pairs(example),
            _fan_grid(fan),
            grid,
            Notes((Note(f"{tally(stated)}."), Note(_terms(example)), *context_notes(context))),
            _figure1(example),
            _figure2(),
            _figure3(fan),
            _figure4(example),
            _tidy(example, fan),
            Data(data.columns, data.rows, "statements"),
        ),
        facts={
            "radii": {"first": FIRST, "ratio": RATIO, "limit": geometry.limit(FIRST, RATIO)},
            "statements": facts(stated, "figure"),
            **context,
        },
        holds=all(found.is_expected for found in stated),
    )


def _quantities(example: Hierarchy, fan: Array) -> dict[tuple[str, str], str]:
    radii = geometry.series(FIRST, RATIO, 60)
    circles = geometry.packed(RATIO, 4, CHILDREN)
    beyond = any(np.hypot(*c.centre) + c.radius > 1 + 1e-9 for c in circles)
    first, second = (geometry.compare(fan[i], fan[i + 1]) for i in range(2))
    apart = [1 for i, j in example.sibling_pairs() if example.parents[i] != example.parents[j]]
    centres = example.centres[list(example.parents)]
    stretched = Hierarchy(centres + 1.7 * example.projections, example.centres, example.parents)
    same = np.allclose(example.glued(GLUED).surface, stretched.glued(GLUED).surface)
    told = {True: "yes", False: "no"}
    pairs = ((first.angle, second.angle), (first.product, second.product))
    equal = [np.isclose(*pair) for pair in pairs]
    return {
        ("Figure 1", "points of one direction from a centre are one"): told[same],
        ("Figure 2", "sum of the radii over r0/(1 − δ)"): (
            f"{radii.sum() / geometry.limit(FIRST, RATIO):.6f}"
        ),
        ("Figure 2", "packed spheres reach beyond the first"): told[beyond],
        ("Figure 3", "angles of both pairs are equal"): told[bool(equal[0])],
        ("Figure 3", "D_h of both pairs are equal"): told[bool(equal[1])],
        ("Figure 4", "pairs of siblings of different parents"): str(len(apart)),
    }


def _point(vector: Array) -> tuple[float, float]:
    return (float(vector[0]), float(vector[1]))


def _spots(example: Hierarchy, labels: bool = False) -> tuple[Spot, ...]:
    return tuple(
        Spot(*_point(place), LOOKS[parent], f"w{i + 1}" if labels else "", f"w{i + 1}")
        for i, (place, parent) in enumerate(zip(example.surface, example.parents, strict=True))
    )


LOOKS = (0, 3, 5)  # of the parents: filled ones


def _centres(example: Hierarchy, labels: bool = False) -> tuple[Spot, ...]:
    return tuple(
        Spot(*_point(place), CENTRE, f"c{parent + 1}" if labels else "", f"c{parent + 1}")
        for parent, place in enumerate(example.centres)
    )


def _rays(example: Hierarchy) -> tuple[Stroke, ...]:
    pairs = zip(example.surface, example.parents, strict=True)
    return tuple(
        Stroke(_point(example.centres[p]), _point(s), LOOKS[p], arrow=True) for s, p in pairs
    )


def _circles(example: Hierarchy, radius: float) -> tuple[Ring, ...]:
    return tuple(
        Ring(*_point(place), radius, LOOKS[parent], shaded=True)
        for parent, place in enumerate(example.centres)
    )


def _figure1(example: Hierarchy) -> FigureBlock:
    glued = example.glued(GLUED)
    whole = (Ring(0, 0, 1, CENTRE), *_circles(glued, GLUED))
    bare = tuple(replace(spot, look=BARE) for spot in _spots(example))
    panels = (
        Plane((), (), bare, "(a) one space"),
        Plane((), _rays(example), (*_spots(example), *_centres(example)), "(b) seen from centres"),
        Plane(
            _circles(glued, GLUED), (), (*_spots(glued), *_centres(glued)), "(c) glued by direction"
        ),
        Plane(whole, _rays(glued), (*_spots(glued), *_centres(glued)), "(d) hierarchy"),
    )
    legend = (
        Sampled("points", "vectors of one space", BARE),
        *_parents_legend(),
        Sampled("points", "centres w_c", CENTRE),
    )
    told = "Figure 1: points of one direction from their centre become one point of its sphere"
    return FigureBlock(panels, legend, "figure1", 4, PANEL, (told,))


def _parents_legend() -> tuple[Sampled, ...]:
    return tuple(Sampled("points", f"children of c{p + 1}", look) for p, look in enumerate(LOOKS))


def _figure2() -> FigureBlock:
    radii = geometry.series(FIRST, RATIO, LEVELS)
    reach = geometry.limit(FIRST, RATIO)
    chain = tuple(
        Ring(*_point(place), float(radius), level, name=f"level {level}")
        for level, (place, radius) in enumerate(zip(geometry.chain(radii), radii, strict=True))
    )
    limit = f"r₀/(1 − δ) = {reach:.3f}"
    marks = (Stroke((0, 0), (reach, 0), CENTRE, label=limit, name="sum of the radii"),)
    packed = geometry.packed(RATIO, 4, CHILDREN)
    rings = tuple(Ring(*c.centre, c.radius, c.level, c.level == 0) for c in packed)
    panels = (
        Plane(chain, marks, (Spot(reach, 0, CENTRE),), "(a) centres on the sphere before"),
        Plane(rings, (), (), "(b) packed: bounded by r₀"),
        _sphere(),
    )
    legend = tuple(Sampled("line", f"level {level}", level) for level in range(LEVELS))
    told = f"Figure 2: radii r₀·δ^l with r₀ = {FIRST:g}, δ = {RATIO:g}"
    return FigureBlock(panels, legend, "figure2", 3, (2.9, 2.6), (told,))


def _sphere() -> Plane:
    """Two levels of 2-spheres: outlines of spheres that touch the first from inside at the corners
    of a tetrahedron, which is turned; the near ones are shaded."""
    corners = unit(np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]))
    a, b = 0.5, 0.35
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    tilt = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    centres = (1 - RATIO) * corners @ turn.T @ tilt.T
    rings = [Ring(0, 0, 1, 0, True)]
    spots, strokes = [], []
    for x, y, depth in sorted(centres.tolist(), key=lambda place: place[2]):
        rings.append(Ring(x, y, RATIO, 1, depth > 0))
        spots.append(Spot(x, y, CENTRE))
        strokes.append(Stroke((0, 0), (x, y), CENTRE, arrow=True))
    return Plane(tuple(rings), tuple(strokes), tuple(spots), "(c) 2-spheres in a 2-sphere")


def _figure3(fan: Array) -> FigureBlock:
    origin = (0.0, 0.0)
    arrows = tuple(Stroke(origin, _point(w), 0, arrow=True) for w in fan)
    axes = (Stroke((-1.05, 0), (1.05, 0), CENTRE), Stroke((0, -0.15), (0, 1.05), CENTRE))
    tips = tuple(Spot(*_point(w), 0, f"w{i + 1}") for i, w in enumerate(fan))
    signs = tuple(Spot(*_point(np.sign(w)), 1, name=f"sign of w{i + 1}") for i, w in enumerate(fan))
    links = []
    for i in range(2):
        pair = geometry.compare(fan[i], fan[i + 1])
        label = f"{pair.angle:.0f}°, D_h = {pair.product:g}"
        both, name = (_point(fan[i]), _point(fan[i + 1])), f"w{i + 1} and w{i + 2}"
        links.append(Stroke(*both, 3, label=label, name=name))
    panel = Plane((Ring(0, 0, 1, 2),), (*axes, *links, *arrows), (*signs, *tips))
    legend = (
        Sampled("points", "vectors", 0),
        Sampled("points", "their signs", 1),
        Sampled("line", "pairs", 3),
    )
    told = "Figure 3: equal angles, different products of signs"
    return FigureBlock((panel,), legend, "figure3", 1, (5.5, 3.6), (told,))


def _distance(first: Array, second: Array) -> float:
    return float(printed(METRIC, cosine(first, second), sign_product(first, second)))


def _figure4(example: Hierarchy) -> FigureBlock:
    glued = example.glued(GLUED)
    w, places = glued.projections, glued.surface

    def pair(at: Array, vectors: Array, name: str, i: int, j: int, look: int) -> Stroke:
        label = f"{_distance(vectors[i], vectors[j]):.2f}"
        named = f"{name}{i + 1} and {name}{j + 1}"
        return Stroke(_point(at[i]), _point(at[j]), look, label=label, name=named)

    looks = [LOOKS[parent] for parent in glued.parents]
    inner = tuple(pair(places, w, "w", i, j, looks[i]) for i, j in glued.sibling_pairs())
    c = glued.centres
    outer = tuple(pair(c, c, "c", g, h, CENTRE) for g, h in glued.centre_pairs())
    rings = _circles(glued, GLUED)
    around = (Ring(0, 0, 1, CENTRE), *rings)
    dots = _spots(glued, True)
    panels = (
        Plane(rings, inner, (*dots, *_centres(glued)), f"siblings, eq. 5: {METRIC}"),
        Plane(around, outer, (*dots, *_centres(glued, True)), f"centres, eq. 6: {METRIC}"),
    )
    legend = (*_parents_legend(), Sampled("points", "centres w_c", CENTRE))
    told = "Figure 4: pairs that the hierarchical penalty sums over, with their distances"
    return FigureBlock(panels, legend, "figure4", 2, (3.6, 3.6), (told,))


def _pairs(example: Hierarchy) -> Grid:
    """Means of eqs. 5 and 6, with the example's vectors."""
    w, c = example.projections, example.centres
    rows = []
    for parent in range(len(c)):
        pairs = [(i, j) for i, j in example.sibling_pairs() if example.parents[i] == parent]
        mean = float(np.mean([_distance(w[i], w[j]) for i, j in pairs]))
        radius = example.radius(parent)
        cells = (Cell(str(len(pairs)), len(pairs)), Cell(f"{radius:.3f}", radius))
        rows.append(row(f"children of c{parent + 1}", *cells, Cell(f"{mean:.4f}", mean)))
    pairs = example.centre_pairs()
    mean = float(np.mean([_distance(c[g], c[h]) for g, h in pairs]))
    rows.append(
        row("centres", Cell(str(len(pairs)), len(pairs)), "1.000", Cell(f"{mean:.4f}", mean))
    )
    titles = columns("", "pairs", "radius", "mean", right=("pairs", "radius", "mean"))
    caption = f"Mean {METRIC} over the pairs of Figure 4, and how long the vectors are on average."
    return Grid("pairs", titles, tuple(rows), "Pairs of Figure 4", caption)


def _fan_grid(fan: Array) -> Grid:
    rows = []
    for i in range(2):
        pair = geometry.compare(fan[i], fan[i + 1])
        values = (pair.product, pair.apart, pair.theta, pair.mean)
        cells = (Cell(f"{value:.4f}", value) for value in values)
        rows.append(row(f"w{i + 1}, w{i + 2}", Cell(f"{pair.angle:.1f}°", pair.angle), *cells))
    names = ("angle", "D_h", "D_h01", "θ", "D_AM")
    titles = columns("pair", *names, right=names)
    return Grid("signs", titles, tuple(rows), "Pairs of Figure 3", "The pairs of Figure 3.")


def _terms(example: Hierarchy) -> str:
    siblings, centres = len(example.sibling_pairs()), len(example.centre_pairs())
    return (
        f"Eq. 5 sums over {siblings} pairs of siblings and eq. 6 over {centres} of centres; "
        f"without groups there would be {len(example.parents) * (len(example.parents) - 1) // 2} "
        "pairs."
    )


def _tidy(example: Hierarchy, fan: Array) -> Data:
    rows: list[tuple[Any, ...]] = []
    for parent, place in enumerate(example.centres):
        rows.append(("centre", f"c{parent + 1}", "", *(f"{v:.9f}" for v in place)))
    for i, (place, parent) in enumerate(zip(example.surface, example.parents, strict=True)):
        rows.append(("child", f"w{i + 1}", f"c{parent + 1}", *(f"{v:.9f}" for v in place)))
    for i, place in enumerate(fan):
        rows.append(("of Figure 3", f"w{i + 1}", "", *(f"{v:.9f}" for v in place)))
    return Data(("kind", "name", "parent", "x", "y"), tuple(rows))
