"""Which readings of what a paper leaves open move a verdict of a table."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.counted import counted
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
from analysis.tables.moved_verdicts import Alternative, Move, moves, verdicts
from analysis.tables.results import TableResult

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
    unknown = len(compared) - known
    others = f"; {unknown} cannot be judged yet" if unknown else ""
    about, more = base.about, (*columns("value", "needs", "runs"), Column("moves", prose=True))
    return Document(
        id=f"{about.id}-sensitivity",
        title=f"{about.title}: sensitivity",
        caption="Which readings of what the paper leaves open move a verdict",
        lines=(
            f"{moving} of {counted(known, 'alternative')} that can be judged "
            f"{'moves' if known == 1 else 'move'} a verdict" + others,
            f"the table itself: {runs[0]} of {runs[1]} runs, {len(dict(verdicts(base)))} verdicts",
        ),
        blocks=(
            Grid(
                "readings",
                (Column("reading", prose=True), *more),
                tuple(rows),
                caption="Each alternative by itself, all else as in the table.",
            ),
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
