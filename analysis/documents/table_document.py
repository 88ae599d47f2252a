"""An analysed table as a document: the paper's layout, cells, comparisons, claims and notes."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence

from analysis.documents import table_cells
from analysis.documents.blocks import (
    MISSING,
    Block,
    Cell,
    Column,
    Document,
    Grid,
    Note,
    Notes,
    Row,
    row,
)
from analysis.documents.table_data import facts, runs
from analysis.documents.table_figure import figures
from analysis.documents.table_layout import layout
from analysis.documents.table_notes import claims, labels, statements, summary
from analysis.statistics.stars import STAR_LEGEND
from analysis.tables.results import CellResult, ComparisonResult, TableResult
from analysis.verdicts.measure import ACCURACY, accuracy_beside

DETAILED = 24  # a grid of more cells is shown in the terminal without the intervals of each


def table_document(result: TableResult, asked: Collection[str] | None = None) -> Document:
    """The whole report.

    Args:
        asked: names of the cells that a terminal is to show, all by default. Of a table of rows or
            a grid only the groups that hold one of them stay; pairs share cells and stay together.
            What is written to files is to be built without it.
    """
    about, is_grid = result.about, result.about.layout == "grid"
    everything = asked is None or about.layout == "pairs"
    cells = [
        cell
        for group in result.groups().values()
        if everything or any(one.name in (asked or ()) for one in group)
        for cell in group
    ]
    names = {cell.name for cell in cells}
    lines = [summary(result)] if summary(result) else []
    details = [*_cells_and_pairs(result, names), *_best(cells)]
    if is_grid and len(cells) > DETAILED:
        details = [dataclasses.replace(grid, shown="latex") for grid in details]
    blocks: list[Block] = [*layout(result, names), *details, *_choices(result)]
    for other in result.others:
        blocks += _further(other, names)
    blocks += [*claims(result.claims), *result.further, *statements(result)]
    if is_grid and lines:
        blocks.append(Notes((Note(lines[0]),), shown="terminal"))
    if len(cells) < len(result.cells):
        lines.append(f"Shown: {len(cells)} of {len(result.cells)} cells; the files hold all.")
    return Document(
        id=about.id,
        title=about.title,
        caption=about.caption,
        labels=labels(result),
        lines=tuple(lines),
        blocks=(*blocks, *figures(result), runs(result)),
        facts=facts(result),
    )


def _cells_and_pairs(result: TableResult, names: Collection[str]) -> list[Grid]:
    """The cells, the tests of the pairs, and further effect sizes, for which LaTeX alone has
    room."""
    cells = [cell for group in result.groups().values() for cell in group if cell.name in names]
    pairs = [pair for pair in result.comparisons if pair.first in names]
    more = [_comparisons(result, pairs)] if pairs else []
    if any(pair.test for pair in pairs):
        more.append(_effect_sizes(result, pairs))
    return [_cells(result, cells), *more]


def _further(result: TableResult, names: Collection[str]) -> Iterator[Grid]:
    """The cells and comparisons by another measure than the headline."""
    measure = result.about.measure
    slug = measure.name.replace(" ", "-")
    for grid in _cells_and_pairs(result, names):
        if grid.name != "effect-sizes":
            title = f"{measure.title}: {grid.name}"
            caption = f"{grid.caption} Measure: {measure.title}."
            yield dataclasses.replace(
                grid, name=f"{grid.name}-{slug}", title=title, caption=caption
            )


def _choices(result: TableResult) -> list[Grid]:
    """Each declared choice with what was chosen, on what, and what that comes to."""
    rows = []
    for chosen in result.chosen:
        choice = chosen.choice
        reported, known = Cell(MISSING), {cell.name: cell.hashes for cell in result.cells}
        if chosen.reported:
            reported = table_cells.median_cell(result.cell(chosen.reported))
        text = choice.measure.text(chosen.median)
        rows.append(
            row(
                Cell(choice.name, detail=f"on {choice.on}"),
                Cell(chosen.winner or MISSING, chosen.winner),
                Cell(text, chosen.median, runs=known.get(chosen.winner or "", ())),
                Cell(f"{chosen.searched}/{len(choice.candidates)}", chosen.searched),
                Cell(f"{reported.text} {reported.detail}".rstrip(), runs=reported.runs),
            )
        )
    if not rows:
        return []
    titles = ("choice", "chosen", "median there", "searched", "test median")
    text = "Chosen settings; nothing is chosen before every candidate has all of its runs."
    return [Grid("choices", tuple(map(Column, titles)), tuple(rows), "choices", caption=text)]


def _cells(result: TableResult, cells: Sequence[CellResult]) -> Grid:
    """Published beside reproduced medians with their difference and verdict; plain in quick."""
    text = "Reproduced medians with the interval of each."
    columns = [Column("cell"), Column("median\n[interval]"), Column("n", right=True)]
    if result.has_levels:
        unit = "in points" if result.about.measure.is_share else "in the unit of both"
        text = f"Published beside reproduced. D: reproduced minus published, {unit}. {text}"
        columns.insert(1, Column("paper"))
        columns += [Column("D\n[interval]"), Column("verdict\n(min δ)")]
    if any(cell.diverged for cell in cells):
        text += " div.: runs that diverged, ranked below all others."
    rows = [_cell_row(cell, result.has_levels) for cell in cells]
    return Grid("cells", tuple(columns), tuple(rows), caption=text)


def _cell_row(cell: CellResult, has_levels: bool) -> Row:
    mixes = {"machines": len(cell.machines), "laboratories": len(cell.seeds_by_laboratory)}
    several = ", ".join(f"{count} {name}" for name, count in mixes.items() if count > 1)
    diverged = f"{cell.diverged} div." if cell.diverged else ""
    count = Cell(cell.count, cell.n, bold=cell.n < cell.planned, note=diverged)
    cells = [Cell(cell.name, note=several), table_cells.median_cell(cell), count]
    if has_levels:
        cells.insert(1, Cell(cell.published or MISSING, cell.published_share))
        cells += [table_cells.difference_cell(cell), table_cells.level_cell(cell)]
    return row(*cells, group=cell.group or cell.kind)


def _best(cells: Sequence[CellResult]) -> list[Grid]:
    def shown(cell: CellResult) -> Cell:
        text = accuracy_beside(cell.measure).text(cell.best_median)
        return Cell(text, cell.best_median, runs=cell.hashes)

    rows = [row(cell.name, shown(cell)) for cell in cells if cell.best_median is not None]
    if not rows:
        return []
    title = "best evaluated epoch (chosen on the test images; not the headline, not compared)"
    measure = cells[0].measure
    is_whole = measure.is_share and not measure.is_difference
    is_accuracy = is_whole and ACCURACY.name in measure.sources
    median = Column("median" if is_accuracy else "median accuracy")
    return [Grid("best-epochs", (Column("cell"), median), tuple(rows), title)]


def _comparisons(result: TableResult, pairs: Sequence[ComparisonResult]) -> Grid:
    distribution = "exact distribution" if result.method == "exact" else "normal approximation"
    text = (
        f"Comparisons, first minus second cell. p: {result.sides} rank-sum test, by its "
        f"{distribution}, and Holm-adjusted over {result.declared} comparisons; shift: "
        f"Hodges–Lehmann{', points' * result.about.measure.is_share}; {STAR_LEGEND}."
    )
    titles = ["comparison", "stars", "p\nexact", "p\nHolm", "shift\n[interval]"]
    if not result.is_quick:
        titles.insert(1, "paper")
        titles += ["effect", "agree\n(exp.)"]
        text += (
            " Paper: its stars, and the difference of its numbers. Agree: whether our stars are "
            "the paper's, and the probability to be expected of it."
        )
    rows = tuple(_comparison_row(pair, result) for pair in pairs)
    return Grid("comparisons", tuple(map(Column, titles)), rows, caption=text)


def _comparison_row(pair: ComparisonResult, result: TableResult) -> Row:
    runs = result.runs_of(pair)
    cells = [
        _pair_cell(result, pair),
        Cell(table_cells.stars(pair.stars), pair.stars),
        table_cells.p_cell(pair.test.p_value if pair.test else None, runs),
        table_cells.p_cell(pair.p_holm, runs),
        table_cells.shift_cell(pair, runs),
    ]
    if not result.is_quick:
        cells.insert(1, table_cells.published_cell(pair, result.printed_difference(pair)))
        effect = table_cells.verdict_cell(pair.effect.verdict if pair.effect else None)
        cells += [effect, table_cells.agreement_cell(pair)]
    return row(*cells, group=_group(result, pair))


def _pair_cell(result: TableResult, pair: ComparisonResult) -> Cell:
    """The compared cells by name; of pairs, whose columns the paper counts, their number too."""
    if result.about.layout == "pairs":
        return Cell(f"{pair.name}:", detail=f"{pair.first} − {pair.against}")
    return Cell(pair.first, detail=f"− {result.cell(pair.against).label}")


def _group(result: TableResult, pair: ComparisonResult) -> str:
    return result.cell(pair.first).group or pair.part


def _effect_sizes(result: TableResult, pairs: Sequence[ComparisonResult]) -> Grid:
    rows = []
    for pair in pairs:
        runs, other = result.runs_of(pair), pair.brunner_munzel
        cells = (
            _pair_cell(result, pair),
            table_cells.p_cell(pair.p_normal, runs),
            table_cells.p_cell(other.p_value if other else None, runs),
            Cell(table_cells.probability(pair.superiority), pair.superiority, runs=runs),
        )
        rows.append(row(*cells, group=_group(result, pair)))
    titles = ("comparison", "p, normal approximation", "p, Brunner–Munzel", "A")
    text = "The same comparisons by other tests; A: Vargha–Delaney, the chance that the first wins."
    columns = tuple(map(Column, titles))
    return Grid("effect-sizes", columns, tuple(rows), caption=text, shown="latex")
