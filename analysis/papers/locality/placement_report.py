"""Figure 2 as a report: what both strategies pick, in the terminal, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.papers.locality.placements import (
    UNIFORM,
    Choice,
    Grid,
    Pair,
    choose,
    loco,
    loco_root,
    ring_sums,
    scores,
)

TITLE = "Figure 2 (locality/figure2)"
CAPTION = "Two 3×3 features on the paper's map, placed by equal and by LOCO-Reg's weights"
# The settings of (γ, η) in Tables III and IV that stress the centre.
SETTINGS = (
    ("1.4", "1.56"),
    ("1.8", "2.13"),
    ("1.6", "1.8"),
    ("1.6", "2.0"),
    ("1.6", "2.2"),
    ("1.6", "2.4"),
)


@dataclass(frozen=True)
class PlacementResult:
    """Everything that the report and the figure show.

    Attributes:
        grid: the map of values, row by row.
        loco: what LOCO-Reg's weights of ``gamma`` and ``eta`` pick.
        others: what further weightings pick, for comparison.
        context: readings and deviations, JSON-ready, each with id and name.
    """

    grid: Grid
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
    grid: Grid, gamma: str, eta: str, context: Mapping[str, Sequence[Mapping[str, Any]]]
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


def covered(grid: Grid, pair: Pair) -> int:
    """The sum of the values under two placements."""
    return sum(sum(ring_sums(grid, p.row, p.column)) for p in pair)


def centres(grid: Grid, pair: Pair) -> tuple[int, int]:
    """The values under the centres of two placements."""
    first, second = (grid[p.row - 1][p.column - 1] for p in pair)
    return first, second


def statements(result: PlacementResult) -> list[dict[str, Any]]:
    """What the text says of the two strategies, and whether it holds of what they pick here.

    Where a strategy has several best pairs, a statement has to hold of each of them.
    """
    grid = result.grid
    largest = tuple(sorted((v for row in grid for v in row), reverse=True)[:2])
    uniform, located = result.uniform.pairs, result.loco.pairs
    highest = max(max(centres(grid, pair)) for pair in uniform)
    return [
        {
            "statement": "the two strategies place the features differently",
            "holds": not set(uniform) & set(located),
        },
        {
            "statement": "LOCO-Reg's centres lie on larger values than the uniform ones",
            "holds": all(min(centres(grid, pair)) > highest for pair in located),
        },
        {
            "statement": "LOCO-Reg's centres lie on the two largest values of the map",
            "holds": all(
                tuple(sorted(centres(grid, pair), reverse=True)) == largest for pair in located
            ),
        },
    ]


def render(result: PlacementResult) -> RenderableType:
    """The report for a terminal of 80 columns or more."""
    heading = Text(TITLE, style="bold")
    heading.append(f"\n{CAPTION}", style="not bold")
    table = _table(("strategy", "weights", "centres (row, column)", "on", "covered", "score"))
    for choice in result.choices:
        _add(table, result.grid, choice, with_weights=True)
    others = _table(("weights of γ, η", "centres (row, column)", "on", "covered", "score"))
    for choice in result.others:
        _add(others, result.grid, choice, with_weights=False)
    lines = [f"{s['statement']}: {'yes' if s['holds'] else 'NO'}" for s in statements(result)]
    return Group(
        heading,
        "",
        table,
        "",
        *map(Text, lines),
        "",
        Text("What other weights would pick", style="bold"),
        others,
        "",
        *map(Text, notes(result)),
    )


def _table(columns: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for title in columns:
        right = title in ("covered", "score")
        table.add_column(title, justify="right" if right else "left", overflow="fold")
    return table


def _add(table: Table, grid: Grid, choice: Choice, *, with_weights: bool) -> None:
    """A line for each of the best pairs; those that tie with the first begin with "or"."""
    for index, pair in enumerate(choice.pairs):
        name = choice.weighting.name if index == 0 else "  or, as good"
        row = [name, where(pair), ", ".join(map(str, centres(grid, pair)))]
        row += [str(covered(grid, pair)), f"{float(choice.score):.3f}"]
        if with_weights:
            row.insert(1, weights(choice) if index == 0 else "")
        table.add_row(*row)


def weights(choice: Choice) -> str:
    """Centre/neighbour/corner with two decimals."""
    ring = choice.weighting
    return "/".join(f"{float(w):.2f}" for w in (ring.centre, ring.neighbour, ring.corner))


def where(pair: Pair) -> str:
    """Such as "(3, 7) and (3, 12)"."""
    return " and ".join(f"({p.row}, {p.column})" for p in pair)


def notes(result: PlacementResult) -> list[str]:
    """How placements are picked, then readings and deviations, a line each."""
    lines = [
        "Picked: the two placements without a common cell whose weighted sums add up to the most. "
        "Weights are centre/neighbour/corner, 9 in all; rows and columns count from 1. "
        "Covered: the plain sum of the values under both."
    ]
    for kind, text in (("readings", "value"), ("deviations", "text")):
        lines += [f"{e['id']} {e['name']}: {e[text]}" for e in result.context.get(kind, ())]
    return lines


def csv_text(result: PlacementResult) -> str:
    """Both scores of every placement, in reading order, and how often best pairs hold it."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        (
            *("row", "column", "centre_value", "uniform_score", "loco_score", "loco_decimal"),
            *("uniform_picks", "loco_picks"),
        )
    )
    found = [scores(result.grid, choice.weighting) for choice in result.choices]
    for placement in found[0]:
        uniform, located = (score[placement] for score in found)
        picks = [_picks(choice, placement) for choice in result.choices]
        value = result.grid[placement.row - 1][placement.column - 1]
        writer.writerow(
            (
                *(placement.row, placement.column, value),
                *(uniform, located, f"{float(located):.6f}", *picks),
            )
        )
    return stream.getvalue()


def _picks(choice: Choice, placement: Any) -> str:
    """ "yes" in the first best pair, "tie" in another one, else empty."""
    if placement in choice.pair:
        return "yes"
    return "tie" if any(placement in pair for pair in choice.pairs) else ""


def to_json(result: PlacementResult) -> dict[str, Any]:
    """Everything; fractions as text."""
    return {
        "id": "locality/figure2",
        "gamma": result.gamma,
        "eta": result.eta,
        "grid": [list(row) for row in result.grid],
        "strategies": [_choice_json(result.grid, choice) for choice in result.choices],
        "statements": statements(result),
        "other_weights": [_choice_json(result.grid, choice) for choice in result.others],
        "scores": [
            {
                "row": placement.row,
                "column": placement.column,
                "uniform": str(score),
                "loco": str(
                    result.loco.weighting.score(result.grid, placement.row, placement.column)
                ),
            }
            for placement, score in scores(result.grid, UNIFORM).items()
        ],
        **{kind: [dict(entry) for entry in entries] for kind, entries in result.context.items()},
    }


def json_text(result: PlacementResult) -> str:
    """:func:`to_json` as text."""
    return json.dumps(to_json(result), indent=1, ensure_ascii=False) + "\n"


def _choice_json(grid: Grid, choice: Choice) -> dict[str, Any]:
    ring = choice.weighting
    show = str if ring.is_exact else _nine_digits
    return {
        "name": ring.name,
        "weights": {
            "centre": show(ring.centre),
            "neighbour": show(ring.neighbour),
            "corner": show(ring.corner),
        },
        "score": show(choice.score),
        "pairs": [
            {
                "centres": [[p.row, p.column] for p in pair],
                "centre_values": list(centres(grid, pair)),
                "covered": covered(grid, pair),
            }
            for pair in choice.pairs
        ],
    }


def _nine_digits(value: Fraction) -> str:
    return f"{float(value):.9f}"
