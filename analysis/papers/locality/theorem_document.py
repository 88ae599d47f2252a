"""Theorem 1 as a document: the printed beside the exact values, the checks, the worst masses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Document,
    Grid,
    Note,
    Notes,
    Row,
    columns,
    context_notes,
    row,
)
from analysis.documents.printed import Statement, compare, decimal, facts, tabled, tally
from analysis.papers.locality import theorem
from analysis.papers.locality.theorem import Checked

DRAWS = theorem.SEARCH_ROUNDS * theorem.SEARCH_DRAWS
HOW = (
    "Exact: the least over all 512 vertices of the mass box [m', (1 + ε)m']. Checks: linprog finds "
    "the least ε that breaks the inequality; the search draws masses at random and stays at or "
    f"above the limit ({DRAWS:,} draws, seed {theorem.SEED}). All 24 pairs of positions, symmetric "
    "ones too, have one of these limits. Positions are row and column from 0."
)
NUMBERS = ("paper", "exact", "decimal", "linprog", "search", "agrees")


def document(
    rows: Sequence[Mapping[str, str]], context: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Document:
    """The limits, the masses at which they are reached, and every printed statement.

    Args:
        rows: of the published file, see :mod:`analysis.documents.printed`.
        context: readings and deviations, JSON-ready, each with id and name.

    Raises:
        ValueError: where a row is damaged.
        RuntimeError: where the ways to a limit contradict each other, a defect of ours.
    """
    stated = compare(rows, theorem.exact_values(), "inequality")
    limits = [theorem.checked(found) for found in theorem.limits()]
    if {found.epsilon for found in theorem.all_limits()} != {c.limit.epsilon for c in limits}:
        raise RuntimeError("the four inequalities do not stand for all pairs of positions")
    epsilon = min(checked.limit.epsilon for checked in limits)
    caption = "What the theorem and its proof print, beside the exact values."
    grid, data = tabled(stated, "statements", "What the proof prints", caption, "inequality")
    summary = (
        f"{tally(stated)}. The theorem holds exactly for ε up to {epsilon} = {decimal(epsilon)}, "
        "the end included, and for no larger ε."
    )
    return Document(
        id="locality/theorem1",
        title="Theorem 1",
        caption="Largest ε with cohesion gaining most at the centre, least at corners; q = 2",
        blocks=(
            _limits(limits, stated),
            _masses(limits),
            grid,
            Notes((Note(summary), Note(HOW), *context_notes(context))),
            data,
        ),
        facts={
            "epsilon": epsilon,
            "limits": limits,
            "search": {"seed": theorem.SEED, "draws": DRAWS},
            "statements": facts(stated, "inequality"),
            **context,
        },
        holds=all(found.is_expected for found in stated),
    )


def _limits(limits: Sequence[Checked], stated: Sequence[Statement]) -> Grid:
    published = {found.about: found for found in stated if found.quantity == "limit"}

    def line(name: str, exact: Fraction, program: float, search: float) -> Row:
        found = published.get(name)
        return row(
            "theorem: all of them" if name == "theorem" else name,
            found.printed if found else MISSING,
            Cell(str(exact), exact),
            *(Cell(decimal(value), value) for value in (exact, program, search)),
            found.cell() if found else MISSING,
            total=name == "theorem",
        )

    values = [(c.limit.epsilon, c.linear_program, c.search) for c in limits]
    rows = [line(c.limit.inequality.name, *v) for c, v in zip(limits, values, strict=True)]
    rows.append(line("theorem", *map(min, *values)))
    titles = columns("largest ε", *NUMBERS, right=NUMBERS)
    return Grid("limits", titles, tuple(rows), caption="Largest ε of each inequality.")


def _masses(limits: Sequence[Checked]) -> Grid:
    rows = []
    for found in (checked.limit for checked in limits):
        first, second = found.inequality.first, found.inequality.second
        rates = f"both rates: {theorem.growth(first, found.worst_masses)} m'"
        for index, text in enumerate((f"at {first} and {second}", rates, "")):
            masses = found.worst_masses[3 * index : 3 * index + 3]
            cells = (Cell(str(mass), mass) for mass in masses)
            rows.append(row(text, *cells, group=found.inequality.name))
    title = "Worst masses at the limit, in units of m', by row of the filter"
    titles = columns("", "0", "1", "2", right=("0", "1", "2"))
    return Grid("masses", titles, tuple(rows), title, headed=True)
