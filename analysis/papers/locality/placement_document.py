"""Figure 2 as a document: what both strategies pick, drawn on the map, and what the text says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    Row,
    columns,
    context_notes,
    row,
)
from analysis.documents.panels import FigureBlock, Map, Outline, Sampled
from analysis.papers.locality.placements import (
    UNIFORM,
    Choice,
    Weighting,
    choose,
    loco,
    loco_root,
    ring_sums,
    scores,
)
from analysis.papers.locality.placements import Grid as Numbers
from analysis.papers.locality.placements import Pair as Placed

# The settings of (γ, η) in Tables III and IV that stress the centre.
SETTINGS = (
    ("1.4", "1.56"),
    ("1.8", "2.13"),
    ("1.6", "1.8"),
    ("1.6", "2.0"),
    ("1.6", "2.2"),
    ("1.6", "2.4"),
)
PICKED = (
    "Picked: the two placements without a common cell whose weighted sums add up to the most. "
    "Weights are centre/neighbour/corner, 9 in all; rows and columns count from 1. "
    "Covered: the plain sum of the values under both."
)
DATA = (
    *("row", "column", "centre_value", "uniform_score", "loco_score", "loco_decimal"),
    *("uniform_picks", "loco_picks"),
)
LOOKS = {"loco": 0, "uniform": 1}


@dataclass(frozen=True)
class PlacementResult:
    """Everything that the report and the figure show.

    Attributes:
        grid: the map of values, row by row.
        loco: what LOCO-Reg's weights of ``gamma`` and ``eta`` pick.
        others: what further weightings pick, for comparison.
        context: readings and deviations, JSON-ready, each with id and name.
    """

    grid: Numbers
    gamma: str
    eta: str
    uniform: Choice
    loco: Choice
    others: tuple[Choice, ...]
    context: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def choices(self) -> tuple[Choice, Choice]:
        """The two strategies of the figure."""
        return self.uniform, self.loco


def analyse(
    grid: Numbers, gamma: str, eta: str, context: Mapping[str, Sequence[Mapping[str, Any]]]
) -> PlacementResult:
    """Place the features by both strategies, and by the weights of :data:`SETTINGS`.

    Args:
        gamma, eta: LOCO-Reg's parameters as decimals.

    Raises:
        ValueError: where a parameter is not positive or the grid is too small.
    """
    weighting = loco(Fraction(gamma), Fraction(eta), name=f"LOCO {gamma}, {eta}")
    others = [
        choose(grid, make(Fraction(g), Fraction(e), name=f"{ratio} {g}, {e}"))
        for ratio, make in (("1/r", loco), ("1/√r", loco_root))
        for g, e in SETTINGS
    ]
    uniform, chosen = choose(grid, UNIFORM), choose(grid, weighting)
    return PlacementResult(grid, gamma, eta, uniform, chosen, tuple(others), context)


def covered(grid: Numbers, pair: Placed) -> int:
    """The sum of the values under two placements."""
    return sum(sum(ring_sums(grid, p.row, p.column)) for p in pair)


def centres(grid: Numbers, pair: Placed) -> tuple[int, int]:
    """The values under the centres of two placements."""
    first, second = (grid[p.row - 1][p.column - 1] for p in pair)
    return first, second


def statements(result: PlacementResult) -> dict[str, bool]:
    """What the text says of the two strategies, and whether it holds of what they pick here.

    Where a strategy has several best pairs, a statement has to hold of each of them.
    """
    grid = result.grid
    largest = tuple(sorted((v for row in grid for v in row), reverse=True)[:2])
    uniform, located = result.uniform.pairs, result.loco.pairs
    highest = max(max(centres(grid, pair)) for pair in uniform)
    return {
        "the two strategies place the features differently": not set(uniform) & set(located),
        "LOCO-Reg's centres lie on larger values than the uniform ones": all(
            min(centres(grid, pair)) > highest for pair in located
        ),
        "LOCO-Reg's centres lie on the two largest values of the map": all(
            tuple(sorted(centres(grid, pair), reverse=True)) == largest for pair in located
        ),
    }


def document(result: PlacementResult) -> Document:
    """Both choices, the text's statements, what other weights would pick, and the map."""
    judged = statements(result)
    claims = [
        Claim(s, "yes" if h else "NO", tone="good" if h else "bad") for s, h in judged.items()
    ]
    others = "What other weights would pick"
    return Document(
        id="locality/figure2",
        title="Figure 2",
        caption="Two 3×3 features on the paper's map, placed by equal and by LOCO-Reg's weights",
        blocks=(
            _choices("strategies", "strategy", result.grid, result.choices, "The two strategies"),
            Claims(tuple(claims), caption="What the text says of the two strategies."),
            _choices("others", "weights of γ, η", result.grid, result.others, others),
            Notes((Note(PICKED), *context_notes(result.context))),
            _figure(result),
            Data(DATA, tuple(_data(result))),
        ),
        facts={
            "gamma": result.gamma,
            "eta": result.eta,
            "grid": result.grid,
            "statements": [{"statement": s, "holds": holds} for s, holds in judged.items()],
            "strategies": [_facts(result.grid, choice) for choice in result.choices],
            "other_weights": [_facts(result.grid, choice) for choice in result.others],
            **result.context,
        },
    )


def _choices(name: str, first: str, grid: Numbers, choices: Sequence[Choice], title: str) -> Grid:
    titles = columns(
        *(first, "weights", "centres (row, column)", "on", "covered", "score"),
        right=("covered", "score"),
    )
    rows = [line for choice in choices for line in _lines(grid, choice)]
    return Grid(name, titles, tuple(rows), title)


def _lines(grid: Numbers, choice: Choice) -> list[Row]:
    """A line for each of the best pairs; those that tie with the first begin with "or"."""
    ring, rows = choice.weighting, []
    for index, pair in enumerate(choice.pairs):
        first = ("  or, as good", "") if index else (ring.name, _weights(ring))
        on, sums = ", ".join(map(str, centres(grid, pair))), covered(grid, pair)
        score = Cell(f"{float(choice.score):.3f}", _exact(ring, choice.score))
        rows.append(row(*first, where(pair), on, Cell(str(sums), sums), score))
    return rows


def _weights(ring: Weighting) -> str:
    """Centre/neighbour/corner with two decimals."""
    return "/".join(f"{float(w):.2f}" for w in (ring.centre, ring.neighbour, ring.corner))


def where(pair: Placed) -> str:
    """Such as "(3, 7) and (3, 12)"."""
    return " and ".join(f"({p.row}, {p.column})" for p in pair)


def _exact(ring: Weighting, value: Fraction) -> str:
    return str(value) if ring.is_exact else f"{float(value):.9f}"


def _facts(grid: Numbers, choice: Choice) -> dict[str, Any]:
    ring = choice.weighting
    return {
        "name": ring.name,
        "weights": {
            name: _exact(ring, getattr(ring, name)) for name in ("centre", "neighbour", "corner")
        },
        "score": _exact(ring, choice.score),
        "pairs": [
            {
                "centres": [[p.row, p.column] for p in pair],
                "centre_values": centres(grid, pair),
                "covered": covered(grid, pair),
            }
            for pair in choice.pairs
        ],
    }


def _data(result: PlacementResult) -> Iterator[tuple[Any, ...]]:
    """Both scores of every placement, in reading order, and how often best pairs hold it: "yes" in
    the first one, "tie" in another one, else empty."""
    uniform, located = (scores(result.grid, choice.weighting) for choice in result.choices)
    for place, score in uniform.items():
        picks = [
            "yes" if place in choice.pair else "tie" if place in sum(choice.pairs, ()) else ""
            for choice in result.choices
        ]
        value, loco_score = result.grid[place.row - 1][place.column - 1], located[place]
        decimal = f"{float(loco_score):.6f}"
        yield (place.row, place.column, value, score, loco_score, decimal, *picks)


def _figure(result: PlacementResult) -> FigureBlock:
    """The map with solid outlines by LOCO-Reg's weights and dashed ones by equal weights."""
    outlines, ties = [], []
    for choice, look in ((result.uniform, LOOKS["uniform"]), (result.loco, LOOKS["loco"])):
        outlines += [Outline(p.row, p.column, look) for p in choice.pair]
        others = {p for pair in choice.pairs[1:] for p in pair} - set(choice.pair)
        ties += [Outline(p.row, p.column, look, is_tie=True) for p in sorted(others)]
    located = f"LOCO-Reg, γ = {result.gamma}, η = {result.eta}, centred at"
    legend = [
        Sampled("level", f"{located} {where(result.loco.pair)}", LOOKS["loco"]),
        Sampled("level", f"uniform, centred at {where(result.uniform.pair)}", LOOKS["uniform"]),
    ]
    if ties:
        legend.append(Sampled("tie", "of another best pair (same score)"))
    values = tuple(map(tuple, result.grid))
    size = (0.6 + 0.42 * len(values[0]), 0.5 + 0.42 * len(values))
    return FigureBlock((Map(values, (*outlines, *ties)),), tuple(legend), "map", size=size)
