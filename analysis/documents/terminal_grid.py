"""A grid in the terminal: blocks of settings by columns, the paper's line above ours."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analysis.documents import wording
from analysis.documents.arrangement import Block, Entry, Line, arrange
from analysis.documents.results import ClaimResult, TableResult


def grid(
    result: TableResult, names: Collection[str], *, with_difference: bool = False
) -> RenderableType:
    """The blocks that hold one of the cells ``names``.

    Behind each of our medians stand its stars, the mark of its verdict and, where seeds are
    missing, n; ``with_difference`` adds its difference from the printed one.
    """
    ours = [b for b in arrange(result, "reproduced") if _holds(b, names)]
    printed = [b for b in arrange(result, "published") if _holds(b, names)]
    columns = tuple(dict.fromkeys(column for block in ours for column in block.columns))
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    table.add_column(Text(result.about.row_title))
    if not result.is_quick:
        table.add_column("")
    for column in columns:
        table.add_column(Text(f"{result.about.column_title}\n{column}"), overflow="fold")
    table.add_column(Text(f"best\n{result.about.column_title}"), overflow="fold")
    for index, (block, other) in enumerate(zip(ours, printed, strict=True)):
        if index:
            table.add_row()
        table.add_row(Text(block.name, style="bold"))
        for line, printed_line in zip(block.lines, other.lines, strict=True):
            if not result.is_quick:
                entries = _entries(other, printed_line, columns, False, False)
                table.add_row(Text(line.label), Text("paper"), *entries)
            entries = _entries(block, line, columns, not result.is_quick, with_difference)
            label = Text(line.label if result.is_quick else "")
            table.add_row(label, *([] if result.is_quick else [Text("ours")]), *entries)
    return Group(table, "", Text(_legend(result)))


def _holds(block: Block, names: Collection[str]) -> bool:
    return any(e.cell.name in names for line in block.lines for e in line.entries if e)


def _entries(
    block: Block, line: Line, columns: Sequence[str], judged: bool, with_difference: bool
) -> list[Text]:
    by_column = dict(zip(block.columns, line.entries, strict=True))
    texts = [_entry(by_column.get(column), judged, with_difference) for column in columns]
    best = _entry(line.best, False, False)
    if line.searched:
        best.append(f" ({line.searched})")
    return [*texts, best]


def _entry(entry: Entry | None, judged: bool, with_difference: bool) -> Text:
    if entry is None or entry.value is None:
        return Text(wording.MISSING)
    text = Text(f"{entry.text}{entry.stars}", style="bold" if entry.bold else "")
    level = entry.cell.level
    if judged and level is not None:
        text.append(f" {wording.MARKS[level.verdict]}", style="not bold")
        if with_difference:
            text.append(f" {wording.points(level.difference)}")
    if entry.count:
        text.append(f" {entry.count}")
    return text


def _legend(result: TableResult) -> str:
    title = result.about.column_title
    best = f"best {title}: chosen on the test set; its stars and n are those of the cell that won."
    if result.is_quick:
        return best[0].upper() + best[1:]
    marks = "  ".join(
        wording.marked(verdict) for verdict in ("reproduced", "not reproduced", "inconclusive")
    )
    return f"{marks}\n{best[0].upper() + best[1:]}"


def claims(found: Sequence[ClaimResult]) -> RenderableType:
    """What the paper's text says of the table: a claim, and below it what speaks for it."""
    lines: list[RenderableType] = [Text("what the text says of the table", style="bold")]
    for claim in found:
        lines.append(Text(f"{claim.text} ({claim.where})"))
        parts = [f"stated {claim.stated}", f"its table {claim.printed}"]
        parts.append(f"ours {claim.ours} {claim.interval}".rstrip() if claim.ours else "ours –")
        parts += [f"by chance {claim.chance}"] if claim.chance else []
        text = Text("; ".join(parts) + ": ")
        text.append(wording.marked(claim.verdict), style="bold")
        lines.append(Padding(text, (0, 0, 0, 2)))
    return Group(*lines)
