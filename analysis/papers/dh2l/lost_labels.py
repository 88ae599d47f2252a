"""What the trained tables have besides their cells: printed values without a label, and rows that
are the same runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from analysis.documents.blocks import MISSING, Block, Cell, Grid, Note, Notes, Tone, columns, row
from analysis.tables.results import CellResult, TableResult
from analysis.verdicts.level import SEEDS_NEEDED, level_verdict

HOLDS = "yes"
TERNARY, BINARY = "D_h^ter", "D_h^bin"
WHY = (
    "A ternary sign is 0 at exact zeros alone while no threshold is set, and trained weights are "
    "none; every step is then that of the binary sign, bit for bit."
)
APART = (
    "Without a threshold, one seed gives both the same: where they differ in print, a threshold, "
    "another seed or what a device rounds differently has entered."
)


def candidates(
    result: TableResult,
    printed: Sequence[Mapping[str, str]],
    labels: Mapping[str, Sequence[str]],
    group: str,
    column: str,
) -> Grid:
    """Each printed value whose label is lost, beside the cells that could have made it.

    A candidate holds a value where the interval of the difference of its median from it, which
    lends the printed run our spread, has 0 in it.

    Args:
        printed: ``row`` and ``value``.
        labels: the candidates of each row, by the cells' labels.
        group, column: of those cells.
    """
    known = {c.title: c for c in result.cells if (c.group, c.column) == (group, column)}
    lines = []
    for line in printed:
        cells = [known[label] for label in labels[line["row"]]]
        for number, cell in enumerate(cells):
            first = (line["row"], line["value"]) if not number else ("", "")
            lines.append(row(*first, *_candidate(cell, line["value"], result)))
    titles = columns(
        *("row", "printed", "candidate", "ours", "difference", "interval", "holds it"),
        right=("row", "printed", "ours", "difference"),
    )
    caption = (
        "Printed values whose labels are lost, and for each the settings that it may stand for; "
        "several may hold one value, and none is chosen by that."
    )
    return Grid("lost", titles, tuple(lines), caption, caption)


def _candidate(cell: CellResult, value: str, result: TableResult) -> tuple[str | Cell, ...]:
    if cell.n < SEEDS_NEEDED or isinstance(result.delta, Mapping):
        median = Cell(cell.measure.text(cell.median), cell.median)
        return cell.label, median, MISSING, MISSING, MISSING
    delta = result.delta or Decimal(1)
    found = level_verdict(cell.values, value, delta, measure=cell.measure)
    holds = found.low <= 0 <= found.high
    measure = cell.measure
    return (
        cell.label,
        Cell(measure.text(cell.median), cell.median),
        Cell(measure.difference(found.difference), found.difference),
        measure.difference_interval(found.low, found.high),
        Cell(HOLDS if holds else "no", holds),
    )


def same_runs(result: TableResult) -> list[Block]:
    """Whether the runs of ternary signs and of binary ones agree, seed by seed, and whether the
    paper's do; nothing where a table has not both (H-13)."""
    by_name = {cell.name: cell for cell in result.cells}
    pairs = [
        (cell, by_name[other])
        for name, cell in by_name.items()
        if TERNARY in name and (other := name.replace(TERNARY, BINARY)) in by_name
    ]
    if not pairs:
        return []
    notes = []
    for first, second in pairs:
        one, two = ({r.seed: r.correct for r in cell.runs} for cell in (first, second))
        both = sorted(one.keys() & two.keys())
        same = sum(one[seed] == two[seed] for seed in both)
        text = "no seed has both runs yet"
        if both:
            text = f"{same} of {len(both)} seeds have the same number of correct test images"
        tone: Tone = "" if same == len(both) else "bad"
        notes.append(Note(f"{first.name} and {second.name}: {text}.", tone=tone))
    notes.append(Note(WHY))
    printed = [(a.published, b.published) for a, b in pairs if a.published and b.published]
    if printed:
        alike = sum(a == b for a, b in printed)
        text = f"The paper prints the same number of both in {alike} of {len(printed)} places."
        notes.append(Note(text if alike == len(printed) else f"{text} {APART}"))
    return [Notes(tuple(notes), "Ternary and binary signs")]
