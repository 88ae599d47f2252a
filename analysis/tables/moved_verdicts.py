"""Which verdicts another value of a reading moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.tables.results import TableResult
from analysis.verdicts.wording import Verdict


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
    first, second = dict(verdicts(base)), dict(verdicts(other))
    both = [name for name in first if name in second]
    found = (Move(n, first[n], second[n]) for n in both if first[n] != second[n])
    return tuple(found), len(both)


def verdicts(result: TableResult) -> Iterator[tuple[str, str]]:
    """All by what they are about; none where runs are missing."""
    for table in (result, *result.others):
        of = "" if table is result else f", {table.about.measure.name}"
        for cell in table.cells:
            if cell.level and cell.n and cell.level.verdict != Verdict.MISSING:
                yield f"{cell.name}{of}", cell.level.verdict
        for pair in table.comparisons:
            if pair.effect and pair.shift and pair.effect.verdict != Verdict.MISSING:
                yield f"{pair.first} − {pair.against}{of}", pair.effect.verdict
    for claim in result.claims:
        if claim.verdict != Verdict.NOT_DECIDABLE:
            yield claim.text, claim.verdict
