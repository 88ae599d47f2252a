"""What the trained tables have besides their cells: printed values without a label, and rows that
are the same runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from analysis.documents.blocks import MISSING, Block, Cell, Grid, Note, Notes, Tone, columns, row
from analysis.tables.results import CellResult, TableResult
from analysis.verdicts.level import SEEDS_NEEDED, level_verdict

HOLDS = "yes"


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


def same_runs(result: TableResult, pairs: Sequence[tuple[str, str]]) -> list[Block]:
    """Whether the runs of each pair of cells agree, seed by seed."""
    notes = []
    for first, second in pairs:
        one, two = ({r.seed: r.correct for r in result.cell(n).runs} for n in (first, second))
        both = sorted(one.keys() & two.keys())
        same = sum(one[seed] == two[seed] for seed in both)
        text = "no seed has both runs yet"
        if both:
            text = f"{same} of {len(both)} seeds have the same number of correct test images"
        tone: Tone = "" if same == len(both) else "bad"
        notes.append(Note(f"{first} and {second}: {text}.", tone=tone))
    why = Note(
        "A ternary sign is 0 at exact zeros alone while no threshold is set, and trained weights "
        "are none; every step is then that of the binary sign, bit for bit. The printed rows agree "
        "in both columns."
    )
    return [Notes((*notes, why), "Ternary and binary signs")]
