"""Theorem 1 in the terminal: the printed beside the exact values, the checks, the worst masses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.papers.locality import theorem
from analysis.papers.locality.theorem import Limit
from analysis.papers.locality.theorem_claims import Claim, Comparison, compare

TITLE = "Theorem 1 (locality/theorem1)"
CAPTION = "Largest ε with cohesion gaining most at the centre, least at corners; q = 2"
HOW = (
    "Exact: the least over all 512 vertices of the mass box [m', (1 + ε)m']. Checks: linprog finds "
    "the least ε that breaks the inequality; the search draws masses at random and stays at or "
    f"above the limit ({theorem.SEARCH_ROUNDS * theorem.SEARCH_DRAWS:,} draws, seed "
    f"{theorem.SEED}). All 24 pairs of positions, symmetric ones too, have one of these limits. "
    "Positions are row and column from 0."
)
PRINTED = {"=": "{}", "begins": "{}…", "at least": "≥ {}"}
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
        return all(row.is_expected for row in self.comparisons)

    def published(self, inequality: str) -> Comparison | None:
        """The comparison of an inequality's limit, None where the paper prints none."""
        for row in self.comparisons:
            if (row.claim.inequality, row.claim.quantity) == (inequality, "limit"):
                return row
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
    return Checked(found, by_program, by_search)


def render(result: TheoremResult) -> RenderableType:
    """The report for a terminal of 80 columns or more."""
    heading = Text(TITLE, style="bold")
    heading.append(f"\n{CAPTION}", style="not bold")
    return Group(
        heading,
        "",
        _limits_table(result),
        "",
        Text("Worst masses at the limit, in units of m', by row of the filter", style="bold"),
        _masses_table(result),
        "",
        Text("What the proof prints", style="bold"),
        _claims_table(result),
        "",
        Text(summary(result)),
        *(Text(line) for line in notes(result)),
    )


def summary(result: TheoremResult) -> str:
    """How many printed statements agree, in a sentence."""
    good = sum(row.agrees for row in result.comparisons)
    known = sum(not row.agrees and row.is_expected for row in result.comparisons)
    limit = min(c.limit.epsilon for c in result.limits)
    return (
        f"{good} of {len(result.comparisons)} printed statements agree, {known} are known slips. "
        f"The theorem holds exactly for ε up to {limit} = {decimal(limit)}, "
        "the end included, and for no larger ε."
    )


def notes(result: TheoremResult) -> list[str]:
    """How the numbers were found, then readings and deviations, a line each."""
    lines = [HOW]
    lines += [
        f"{r['id']} {r['name']}: {r['value']} ({r['source']})" for r in _of(result, "readings")
    ]
    lines += [f"{d['id']} {d['name']}: {d['text']}" for d in _of(result, "deviations")]
    return lines


def decimal(value: Fraction | float, digits: int = 5) -> str:
    """A number with five decimals, such as "0.72581"."""
    return f"{float(value):.{digits}f}"


def _of(result: TheoremResult, kind: str) -> Sequence[Mapping[str, Any]]:
    return result.context.get(kind, ())


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for index, title in enumerate(columns):
        table.add_column(title, justify="right" if index else "left", overflow="fold")
    return table


def limit_rows(result: TheoremResult) -> list[list[str]]:
    """Inequality, paper, exact, decimal, linprog, search, agrees; the whole theorem last."""
    rows = []
    for checked in result.limits:
        name, exact = checked.limit.inequality.name, checked.limit.epsilon
        numbers = (exact, checked.linear_program, checked.search)
        rows.append([name, *_paper(result, name, exact), *(decimal(n) for n in numbers)])
    least = min(result.limits, key=lambda checked: checked.limit.epsilon)
    exact = least.limit.epsilon
    numbers = (
        exact,
        min(checked.linear_program for checked in result.limits),
        min(checked.search for checked in result.limits),
    )
    rows.append(
        ["theorem: all of them", *_paper(result, "theorem", exact), *(decimal(n) for n in numbers)]
    )
    return [[*row, _word(result, row[0].partition(":")[0])] for row in rows]


def _paper(result: TheoremResult, name: str, exact: Fraction) -> tuple[str, str]:
    row = result.published(name)
    return (printed(row.claim) if row else "–", str(exact))


def _word(result: TheoremResult, name: str) -> str:
    row = result.published(name)
    return "–" if row is None else word(row)


def printed(claim: Claim) -> str:
    """The printed value with its relation: "0.675", "0.725…", "≥ 0.675"."""
    return PRINTED[claim.relation].format(claim.published)


def word(row: Comparison) -> str:
    """ "yes", "NO", or "no, L-29" for a slip that a reading knows."""
    if row.agrees:
        return "yes"
    return f"no, {row.claim.slip}" if row.claim.slip else "NO"


def _limits_table(result: TheoremResult) -> Table:
    table = _table("largest ε", "paper", "exact", "decimal", "linprog", "search", "agrees")
    rows = limit_rows(result)
    for row in rows[:-1]:
        table.add_row(*row)
    table.add_row()
    table.add_row(*rows[-1])
    return table


def _masses_table(result: TheoremResult) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    table.add_column()
    for _ in range(3):
        table.add_column(justify="right")
    for checked in result.limits:
        found = checked.limit
        about = (
            found.inequality.name,
            f"  at {found.inequality.first} and {found.inequality.second}",
            f"  both rates: {theorem.growth(found.inequality.first, found.worst_masses)} m'",
        )
        for index, text in enumerate(about):
            table.add_row(text, *map(str, found.worst_masses[3 * index : 3 * index + 3]))
    return table


def _claims_table(result: TheoremResult) -> Table:
    table = _table("statement", "paper", "exact", "agrees")
    for name, quantity, *values in claim_rows(result):
        if name:
            table.add_row(name)
        table.add_row(f"  {quantity}", *values)
    return table


def claim_rows(result: TheoremResult) -> list[list[str]]:
    """Inequality (once), quantity, paper, exact, agrees."""
    rows, last = [], ""
    for row in result.comparisons:
        name = row.claim.inequality
        shown = "" if name == last else name
        exact = row.computed
        rows.append([shown, row.claim.quantity, printed(row.claim), exact, word(row)])
        last = name
    return rows
