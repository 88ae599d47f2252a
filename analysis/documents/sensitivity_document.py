"""Which readings of what a paper leaves open move a verdict of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Column,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    row,
)
from analysis.documents.results import TableResult

RULES = (
    Note(
        "each reading by itself takes one of its other values, all others stay; a verdict moves "
        "where both tables have one, by as many seeds, and they differ; the table's report tells "
        "of it.",
        "Rule",
    ),
    Note(
        "levels, effects of comparisons, and claims about the table, of all of its measures.",
        "Verdicts",
    ),
)


@dataclass(frozen=True)
class Alternative:
    """The table under one other reading.

    Attributes:
        id, name, value, default: of the reading.
        retrained: whether it needs runs of its own.
        base: the table as it is read, by as many seeds as the alternative has.
        result: the table by the alternative's runs.
        runs, planned: how many there are, and would be.
    """

    id: str
    name: str
    value: str
    default: str
    retrained: bool
    base: TableResult
    result: TableResult
    runs: int
    planned: int


@dataclass(frozen=True)
class Move:
    """A verdict that is another one under the alternative."""

    what: str
    before: str
    after: str


def moves(base: TableResult, other: TableResult) -> tuple[tuple[Move, ...], int]:
    """What moves from one table to the other, and how many verdicts both have."""
    first, second = dict(_verdicts(base)), dict(_verdicts(other))
    both = [name for name in first if name in second]
    found = (Move(n, first[n], second[n]) for n in both if first[n] != second[n])
    return tuple(found), len(both)


def sensitivity_document(
    base: TableResult, alternatives: Sequence[Alternative], runs: tuple[int, int]
) -> Document:
    """A row an alternative: what it moves, or why that is not known.

    Args:
        runs: of the table itself, that are there and planned.
    """
    compared = [(each, *moves(each.base, each.result)) for each in alternatives]
    rows = [
        row(
            Cell(f"{each.id} {each.name}"),
            Cell(f"{each.value} for {each.default}"),
            Cell("other runs" if each.retrained else "the same runs"),
            Cell(f"{each.runs} of {each.planned}"),
            _outcome(moved, known),
        )
        for each, moved, known in compared
    ]
    tidy = [
        (each.id, each.value, each.runs, each.planned, known, move.what, move.before, move.after)
        for each, moved, known in compared
        for move in moved or (Move("", "", ""),)
    ]
    names = ("reading", "value", "runs", "planned", "verdicts", "moved", "before", "after")
    moving = sum(bool(moved) for _, moved, _ in compared)
    known = sum(bool(shared) for _, _, shared in compared)
    about, others = base.about, columns("value", "needs", "runs", "moves")
    return Document(
        id=f"{about.id}-sensitivity",
        title=f"{about.title}: sensitivity",
        caption="Which readings of what the paper leaves open move a verdict",
        lines=(
            f"{moving} of {known} readings that can be judged move a verdict; "
            f"{len(compared) - known} cannot yet",
            f"the table itself: {runs[0]} of {runs[1]} runs, {len(dict(_verdicts(base)))} verdicts",
        ),
        blocks=(
            Grid("readings", (Column("reading", prose=True), *others), tuple(rows)),
            Notes(RULES),
            Data(names, tuple(tidy)),
        ),
        labels=tuple(filter(None, [about.protocol.upper() if not base.has_levels else ""])),
    )


def _outcome(moved: Sequence[Move], known: int) -> Cell:
    if not known:
        return Cell(MISSING, note="no verdict in common yet", tone="dim")
    if not moved:
        return Cell(f"none of {known}", tone="good")
    told = "; ".join(f"{m.what}: {m.before} → {m.after}" for m in moved)
    return Cell(f"{len(moved)} of {known}", note=told, tone="bad")


def _verdicts(result: TableResult) -> Iterator[tuple[str, str]]:
    """All by what they are about; none where runs are missing."""
    for table in (result, *result.others):
        of = "" if table is result else f", {table.about.measure.name}"
        for cell in table.cells:
            if cell.level and cell.n and cell.level.verdict != "missing":
                yield f"{cell.name}{of}", cell.level.verdict
        for pair in table.comparisons:
            if pair.effect and pair.shift and pair.effect.verdict != "missing":
                yield f"{pair.first} − {pair.against}{of}", pair.effect.verdict
    for claim in result.claims:
        if claim.verdict != "not decidable":
            yield claim.text, claim.verdict
