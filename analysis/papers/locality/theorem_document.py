"""Theorem 1 as a document: the printed beside the exact values, the checks, the worst masses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
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
from analysis.papers.locality import theorem
from analysis.papers.locality.theorem import Limit
from analysis.papers.locality.theorem_claims import Claim, Comparison, compare

DRAWS = theorem.SEARCH_ROUNDS * theorem.SEARCH_DRAWS
HOW = (
    "Exact: the least over all 512 vertices of the mass box [m', (1 + ε)m']. Checks: linprog finds "
    "the least ε that breaks the inequality; the search draws masses at random and stays at or "
    f"above the limit ({DRAWS:,} draws, seed {theorem.SEED}). All 24 pairs of positions, symmetric "
    "ones too, have one of these limits. Positions are row and column from 0."
)
PRINTED = {"=": "{}", "begins": "{}…", "at least": "≥ {}"}
NUMBERS = ("paper", "exact", "decimal", "linprog", "search", "agrees")
DATA = ("inequality", "quantity", "relation", "published", "computed", "decimal", "agrees", "slip")
SLACK = 1e-9  # of floating-point checks


@dataclass(frozen=True)
class Checked:
    """A limit with what the linear program and the random search find for it."""

    limit: Limit
    linear_program: float
    search: float


@dataclass(frozen=True)
class TheoremResult:
    """Everything that the report shows.

    Attributes:
        limits: of the proof's four inequalities, in its order.
        comparisons: every printed statement beside its exact value.
        context: readings and deviations, JSON-ready, each with id and name.
    """

    limits: tuple[Checked, ...]
    comparisons: tuple[Comparison, ...]
    context: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def is_expected(self) -> bool:
        """Whether every printed statement agrees or is a known slip."""
        return all(found.is_expected for found in self.comparisons)

    @property
    def epsilon(self) -> Fraction:
        """The largest ε for which all inequalities hold."""
        return min(checked.limit.epsilon for checked in self.limits)

    def published(self, inequality: str) -> Comparison | None:
        """The comparison of an inequality's limit, None where the paper prints none."""
        for found in self.comparisons:
            if (found.claim.inequality, found.claim.quantity) == (inequality, "limit"):
                return found
        return None


def analyse(
    claims: Sequence[Claim], context: Mapping[str, Sequence[Mapping[str, Any]]]
) -> TheoremResult:
    """Compute the limits, check them in two other ways and set the claims beside them.

    Raises:
        RuntimeError: where the ways contradict each other, which would be a defect of ours.
    """
    limits = theorem.limits()
    of_all = {found.epsilon for found in theorem.all_limits()}
    if of_all != {found.epsilon for found in limits}:
        raise RuntimeError("the four inequalities do not stand for all pairs of positions")
    checked = tuple(_check(found) for found in limits)
    return TheoremResult(checked, tuple(compare(claims, limits)), context)


def _check(found: Limit) -> Checked:
    by_program, _ = theorem.limit_by_linear_program(found.inequality)
    by_search = theorem.limit_by_search(found.inequality)
    exact = float(found.epsilon)
    if abs(by_program - exact) > SLACK or by_search < exact - SLACK:
        raise RuntimeError(
            f"{found.inequality.name}: exact {exact}, linprog {by_program}, search {by_search}"
        )
    return Checked(found, round(by_program, 9), round(by_search, 9))


def document(result: TheoremResult) -> Document:
    """The limits, the masses at which they are reached, and every printed statement."""
    return Document(
        id="locality/theorem1",
        title="Theorem 1",
        caption="Largest ε with cohesion gaining most at the centre, least at corners; q = 2",
        blocks=(
            _limits(result),
            _masses(result),
            _statements(result),
            Notes((Note(summary(result)), Note(HOW), *context_notes(result.context))),
            Data(DATA, tuple(map(_data, result.comparisons))),
        ),
        facts={
            "epsilon": result.epsilon,
            "limits": result.limits,
            "search": {"seed": theorem.SEED, "draws": DRAWS},
            "statements": result.comparisons,
            **result.context,
        },
    )


def summary(result: TheoremResult) -> str:
    """How many printed statements agree, in a sentence."""
    good = sum(row.agrees for row in result.comparisons)
    known = sum(not row.agrees and row.is_expected for row in result.comparisons)
    return (
        f"{good} of {len(result.comparisons)} printed statements agree, {known} are known slips. "
        f"The theorem holds exactly for ε up to {result.epsilon} = {decimal(result.epsilon)}, "
        "the end included, and for no larger ε."
    )


def decimal(value: Fraction | float, digits: int = 5) -> str:
    """A number with five decimals, such as "0.72581"."""
    return f"{float(value):.{digits}f}"


def _limits(result: TheoremResult) -> Grid:
    rows = [
        _limit_row(result, c.limit.inequality.name, c.limit.epsilon, c.linear_program, c.search)
        for c in result.limits
    ]
    program = min(checked.linear_program for checked in result.limits)
    search = min(checked.search for checked in result.limits)
    rows.append(_limit_row(result, "theorem", result.epsilon, program, search))
    titles = columns("largest ε", *NUMBERS, right=NUMBERS)
    return Grid("limits", titles, tuple(rows), caption="Largest ε of each inequality.")


def _limit_row(
    result: TheoremResult, name: str, exact: Fraction, program: float, search: float
) -> Row:
    found = result.published(name)
    is_whole = name == "theorem"
    return row(
        "theorem: all of them" if is_whole else name,
        printed(found.claim) if found else MISSING,
        Cell(str(exact), exact),
        *(Cell(decimal(value), value) for value in (exact, program, search)),
        _agrees(found),
        total=is_whole,
    )


def printed(claim: Claim) -> str:
    """The printed value with its relation: "0.675", "0.725…", "≥ 0.675"."""
    return PRINTED[claim.relation].format(claim.published)


def _agrees(found: Comparison | None) -> Cell:
    """ "yes", "NO", or "no, L-29" for a slip that a reading knows."""
    if found is None:
        return Cell(MISSING)
    if found.agrees:
        return Cell("yes", True)
    slip = found.claim.slip
    return Cell(f"no, {slip}" if slip else "NO", False, tone="open" if slip else "bad")


def _masses(result: TheoremResult) -> Grid:
    rows = []
    for checked in result.limits:
        found, masses = checked.limit, checked.limit.worst_masses
        first, second = found.inequality.first, found.inequality.second
        about = (
            f"at {first} and {second}",
            f"both rates: {theorem.growth(first, masses)} m'",
            "",
        )
        for index, text in enumerate(about):
            cells = (Cell(str(mass), mass) for mass in masses[3 * index : 3 * index + 3])
            rows.append(row(text, *cells, group=found.inequality.name))
    title = "Worst masses at the limit, in units of m', by row of the filter"
    titles = columns("", "0", "1", "2", right=("0", "1", "2"))
    return Grid("masses", titles, tuple(rows), title, headed=True)


def _statements(result: TheoremResult) -> Grid:
    rows = [
        row(
            found.claim.quantity,
            printed(found.claim),
            found.computed,
            _agrees(found),
            group=found.claim.inequality,
        )
        for found in result.comparisons
    ]
    titles = columns("statement", "paper", "exact", "agrees", right=NUMBERS)
    caption = "What the theorem and its proof print, beside the exact values."
    return Grid("statements", titles, tuple(rows), "What the proof prints", caption, headed=True)


def _data(found: Comparison) -> tuple[str, ...]:
    claim = found.claim
    try:
        as_decimal = decimal(Fraction(found.computed), 9)
    except ValueError:
        as_decimal = ""
    start = (claim.inequality, claim.quantity, claim.relation, claim.published, found.computed)
    return (*start, as_decimal, "yes" if found.agrees else "no", claim.slip)
