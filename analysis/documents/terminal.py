"""A document in the terminal, at 80 columns or more; nothing in it depends on colour."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analysis.documents.blocks import Cell, Claim, Claims, Document, Grid, Notes, Tone

WIDE = 118  # columns from which a text and its detail share a line
STYLES: dict[Tone, str] = {"": "", "good": "green", "bad": "red", "open": "yellow", "dim": "dim"}


def print_document(document: Document, console: Console) -> None:
    """Print at the console's own width; no colour where it is not a terminal. Below :data:`WIDE`
    columns details take a line of their own."""
    heading = Text(f"{document.title} ({document.id})", style="bold")
    heading.append(f"\n{document.caption}", style="not bold")
    for label in document.labels:
        heading.append(f"\n{label}", style="not bold reverse")
    for line in document.lines:
        heading.append(f"\n{line}", style="not bold")
    parts: list[RenderableType] = [heading]
    for block in document.blocks:
        shown: list[RenderableType] = []
        if isinstance(block, Grid) and block.shown != "latex":
            shown = [_grid(block, is_wide=console.width >= WIDE)]
            shown += ["", Text(block.caption)] if block.captioned else []
        elif isinstance(block, Notes) and block.shown != "latex":
            shown = _notes(block)
        elif isinstance(block, Claims):
            shown = [_claim(claim) for claim in block.items]
        if isinstance(block, Grid | Notes | Claims) and shown:
            parts += ["", *([Text(block.title, style="bold")] if block.title else []), *shown]
    console.print(Group(*parts), highlight=False)


def _grid(grid: Grid, *, is_wide: bool) -> Table:
    """The table without lines; groups begin with their name, or are an empty line apart."""
    table = _table()
    for column in grid.columns:
        heads = [column.over, column.title, f"({column.unit})" if column.unit else ""]
        title = " ".join(filter(None, heads))
        if is_wide:  # details stand behind their texts, and so do their headings
            title = title.replace("\n[", " [")
        table.add_column(Text(title), justify="right" if column.right else "left", overflow="fold")
    alone = len({row.group for row in grid.rows}) == len(grid.rows)
    last = grid.rows[0].group if grid.rows else ""
    for index, row in enumerate(grid.rows):
        is_new = row.group != last or not index
        if row.total or (index and is_new and not alone and not grid.headed):
            table.add_row()
        if grid.headed and is_new and row.group:
            table.add_row(Text(row.group, style="bold"))
        last = row.group
        texts = [_cell(cell, is_wide=is_wide) for cell in row.cells]
        if grid.headed and row.group and texts:
            table.add_row(Padding(texts[0], (0, 0, 0, 2)), *texts[1:])
        else:
            table.add_row(*texts)
    return table


def _table(**options: bool) -> Table:
    return Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold", **options)  # type: ignore[arg-type]


def _cell(cell: Cell, *, is_wide: bool) -> Text:
    style = STYLES[cell.tone]
    text = Text(f"{cell.text}{cell.stars}", style=f"bold {style}".strip() if cell.bold else style)
    below = f"\n{cell.detail}" if cell.detail else ""
    behind = [cell.mark, cell.count, below]
    if is_wide:
        behind = [cell.mark, cell.aside, cell.detail, cell.count]
    for part in filter(None, behind):
        text.append(part if part[0] == "\n" else f" {part}", style="not bold default")
    if cell.note:
        text.append(f"\n{cell.note}", style="not bold italic")
    return text


def _notes(block: Notes) -> list[RenderableType]:
    """Topics of one word beside their texts, longer ones in front of them."""
    if not all(note.topic and len(note.topic) < 12 for note in block.items):
        heads = [f"{note.topic}: " if note.topic else "" for note in block.items]
        notes = zip(heads, block.items, strict=True)
        return [Text(f"{head}{note.text}", style=STYLES[note.tone]) for head, note in notes]
    table = _table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for note in block.items:
        table.add_row(Text(note.topic), Text(note.text, style=STYLES[note.tone]))
    return [table]


def _claim(claim: Claim) -> RenderableType:
    """The claim with its verdict, or below it what speaks for that."""
    verdict = Text(claim.verdict, style=f"bold {STYLES[claim.tone]}".strip())
    if not claim.evidence:
        return Text(f"{claim.text}: ").append_text(verdict)
    known = "; ".join(f"{name} {text}" for name, text in claim.evidence if text)
    return Group(Text(claim.text), Padding(Text(f"{known}: ").append_text(verdict), (0, 0, 0, 2)))
