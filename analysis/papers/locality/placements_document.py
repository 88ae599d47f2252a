"""Figure 2 as a document: both choices, what the text says of them, other weights, and the map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from analysis.documents.blocks import (
    Cell,
    Claim,
    Claims,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    context_notes,
    row,
)
from analysis.documents.panels import FigureBlock, Map, Outline, Sampled
from analysis.papers.locality.placements import (
    RINGS,
    UNIFORM,
    Choice,
    Pair,
    Values,
    Weighting,
    centres,
    choose,
    covered,
    loco,
    scores,
    statements,
)

# The settings of (γ, η) in Tables III and IV that stress the centre.
SETTINGS = [("1.4", "1.56"), ("1.8", "2.13")]
SETTINGS += [("1.6", eta) for eta in ("1.8", "2.0", "2.2", "2.4")]
PICKED = (
    "Picked: the two placements without a common cell whose weighted sums add up to the most. "
    "Weights are centre/neighbour/corner, 9 in all; rows and columns count from 1. "
    "Covered: the plain sum of the values under both."
)
DATA = (
    *("row", "column", "centre_value", "uniform_score", "loco_score", "loco_decimal"),
    *("uniform_picks", "loco_picks"),
)


def document(
    grid: Values, gamma: str, eta: str, context: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Document:
    """Both choices, the text's statements, what the weights of :data:`SETTINGS` pick, and the map.

    Args:
        grid: the map of values, row by row.
        gamma, eta: LOCO-Reg's parameters as decimals.
        context: readings and deviations, JSON-ready, each with id and name.

    Raises:
        ValueError: where a parameter is not positive or the grid is too small.
    """
    located = loco(Fraction(gamma), Fraction(eta), name=f"LOCO {gamma}, {eta}")
    choices = choose(grid, UNIFORM), choose(grid, located)
    others = [
        choose(grid, loco(Fraction(g), Fraction(e), root=root, name=f"{ratio} {g}, {e}"))
        for ratio, root in (("1/r", False), ("1/√r", True))
        for g, e in SETTINGS
    ]
    judged = statements(grid, *choices)
    claims = [
        Claim(s, "yes" if h else "NO", tone="good" if h else "bad") for s, h in judged.items()
    ]
    title = "What other weights would pick"
    return Document(
        id="locality/figure2",
        title="Figure 2",
        caption="Two 3×3 features on the paper's map, placed by equal and by LOCO-Reg's weights",
        blocks=(
            _choices("strategies", "strategy", grid, choices, "The two strategies"),
            Claims(tuple(claims), caption="What the text says of the two strategies."),
            _choices("others", "weights of γ, η", grid, others, title),
            Notes((Note(PICKED), *context_notes(context))),
            _figure(grid, choices, f"LOCO-Reg, γ = {gamma}, η = {eta}"),
            Data(DATA, tuple(_data(grid, choices))),
        ),
        facts={
            "gamma": gamma,
            "eta": eta,
            "grid": grid,
            "statements": [{"statement": s, "holds": holds} for s, holds in judged.items()],
            "strategies": [_facts(grid, choice) for choice in choices],
            "other_weights": [_facts(grid, choice) for choice in others],
            **context,
        },
    )


def _choices(name: str, first: str, grid: Values, choices: Sequence[Choice], title: str) -> Grid:
    titles = columns(
        *(first, "weights", "centres (row, column)", "on", "covered", "score"),
        right=("covered", "score"),
    )
    rows = []
    for choice in choices:
        ring = choice.weighting
        score = Cell(f"{float(choice.score):.3f}", _exact(ring, choice.score))
        weights = "/".join(f"{float(getattr(ring, name)):.2f}" for name in RINGS)
        start = (ring.name, weights)
        for pair in choice.pairs:
            on, sums = ", ".join(map(str, centres(grid, pair))), covered(grid, pair)
            rows.append(row(*start, _where(pair), on, Cell(str(sums), sums), score))
            start = ("  or, as good", "")
    return Grid(name, titles, tuple(rows), title)


def _where(pair: Pair) -> str:
    return " and ".join(f"({p.row}, {p.column})" for p in pair)


def _exact(ring: Weighting, value: Fraction) -> str:
    return str(value) if ring.is_exact else f"{float(value):.9f}"


def _facts(grid: Values, choice: Choice) -> dict[str, Any]:
    ring = choice.weighting
    return {
        "name": ring.name,
        "weights": {name: _exact(ring, getattr(ring, name)) for name in RINGS},
        "score": _exact(ring, choice.score),
        "pairs": [
            {
                "centres": list(map(list, pair)),
                "centre_values": centres(grid, pair),
                "covered": covered(grid, pair),
            }
            for pair in choice.pairs
        ],
    }


def _data(grid: Values, choices: Sequence[Choice]) -> Iterator[tuple[Any, ...]]:
    """Both scores of every placement, in reading order, and how often best pairs hold it: "yes" in
    the first one, "tie" in another one, else empty."""
    uniform, located = (scores(grid, choice.weighting) for choice in choices)
    for place, score in uniform.items():
        picks = [
            "yes" if place in choice.pair else "tie" if place in sum(choice.pairs, ()) else ""
            for choice in choices
        ]
        value, decimal = grid[place.row - 1][place.column - 1], f"{float(located[place]):.6f}"
        yield (*place, value, score, located[place], decimal, *picks)


def _figure(grid: Values, choices: Sequence[Choice], located: str) -> FigureBlock:
    """The map with solid outlines by LOCO-Reg's weights and dashed ones by equal weights."""
    outlines, ties = [], []
    legend: list[Sampled] = []
    for choice, look, name in zip(choices, (1, 0), ("uniform", located), strict=True):
        outlines += [Outline(*place, look) for place in choice.pair]
        others = {place for pair in choice.pairs[1:] for place in pair} - set(choice.pair)
        ties += [Outline(*place, look, is_tie=True) for place in sorted(others)]
        legend.insert(0, Sampled("level", f"{name}, centred at {_where(choice.pair)}", look))
    if ties:
        legend.append(Sampled("tie", "of another best pair (same score)"))
    values = tuple(map(tuple, grid))
    size = (0.6 + 0.42 * len(values[0]), 0.5 + 0.42 * len(values))
    return FigureBlock((Map(values, (*outlines, *ties)),), tuple(legend), "map", size=size)
