"""A document in the terminal, at 80 columns or more; nothing in it depends on colour."""

from __future__ import annotations

from dataclasses import replace

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Claim,
    Claims,
    Column,
    Document,
    Grid,
    Notes,
    Row,
    Tone,
)

WIDE = 118  # columns from which a text and its detail share a line
SENTENCE = 40  # columns that a row's sentence needs beside its entries to read well
LABEL = 8  # columns that any row's name needs
NAME = 28  # up to this long a word of a group's name over its rows stays whole
INDENT = 2
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
            shown = _shown(block, console.width)
            shown += ["", Text(block.caption)] if block.captioned else []
        elif isinstance(block, Notes) and block.shown != "latex":
            shown = _notes(block)
        elif isinstance(block, Claims):
            shown = [_claim(claim) for claim in block.items]
        if isinstance(block, Grid | Notes | Claims) and shown:
            parts += ["", *([Text(block.title, style="bold")] if block.title else []), *shown]
    console.print(Group(*parts), highlight=False)


def _shown(grid: Grid, width: int) -> list[RenderableType]:
    """As a table, or row by row where too little is left of the width for what its rows begin with:
    for sentences, or for anything at all beside numbers, which would be cut then."""
    is_wide = width >= WIDE
    if grid.columns[0].prose:
        label, *others = _widths(grid, "\n", is_wide=is_wide)
        if width - sum(others) - len(others) < min(label, SENTENCE):
            return _stack(grid, width)
    label, *others = _widths(grid, None, is_wide=is_wide)
    left = width - sum(others) - len(others)
    if left < min(label, LABEL):
        return _stack(grid, width)
    return [
        _grid(grid, _fitted(grid, [min(label, left), *others], width, is_wide=is_wide), is_wide)
    ]


def _fitted(grid: Grid, least: list[int], width: int, *, is_wide: bool) -> list[int]:
    """Widths of the columns: their own where all fit, else the least ones and what is left over
    for the narrowest first. Nothing is left to the console, which cuts what does not fit."""
    whole = _widths(grid, "\n", is_wide=is_wide)
    groups = [row.group for row in grid.rows if grid.headed]
    words = max((cell_len(word) for group in groups for word in group.split()), default=0)
    whole[0] = max(whole[0] + INDENT * bool(groups), *map(cell_len, groups), 0, 0)
    left = width - sum(least[1:]) - len(least) + 1
    least = [max(least[0], min(NAME, left, words)), *least[1:]]
    spare = width - sum(least) - len(least) + 1
    found = list(least)
    for place in sorted(range(len(found)), key=lambda k: whole[k] - least[k]):
        more = min(spare, max(0, whole[place] - least[place]))
        found[place] += more
        spare -= more
    return found


def _widths(grid: Grid, breaks: str | None, *, is_wide: bool) -> list[int]:
    """Of the columns where texts are broken at ``breaks``, at every space where that is None."""
    texts = [[_cell(cell, is_wide=is_wide).plain for cell in row.cells] for row in grid.rows]
    texts.append([_title(column, is_wide=is_wide) for column in grid.columns])
    return [
        max((cell_len(part) for text in column for part in text.split(breaks)), default=0)
        for column in zip(*texts, strict=True)
    ]


def _stack(grid: Grid, width: int) -> list[RenderableType]:
    """Row by row: the group's name where it begins, the sentence in lines of its own, and below it
    what the other columns say."""
    found: list[RenderableType] = []
    group = ""
    for row in grid.rows:
        found += [""] if found else []
        if row.group != group:
            group = row.group
            found += [Text(group, style="bold"), ""] if group else []
        found.append(Padding(_cell(row.cells[0], is_wide=True), (0, 0, 0, INDENT), expand=False))
        found.append(
            Padding(_entries(grid, row, width - 2 * INDENT), (0, 0, 0, 2 * INDENT), expand=False)
        )
    return found


def _entries(grid: Grid, row: Row, width: int) -> Text:
    """What a row has under the other columns, each behind its title; dashes are left out, and a
    line breaks between two entries where they fit into lines at all."""
    text, used = Text(), 0
    for column, cell in zip(grid.columns[1:], row.cells[1:], strict=True):
        if cell.text in ("", MISSING) and not (cell.detail or cell.note):
            continue
        entry = Text(f"{_title(column, is_wide=True)}: ", style="dim")
        known = [_cell(replace(cell, note=""), is_wide=True)] if cell.text != MISSING else []
        known += [Text(cell.note)] if cell.note else []
        entry.append_text(Text(", ", style="not dim").join(known))
        size = cell_len(entry.plain)
        if used and used + 3 + size > width:
            text.append("\n")
            used = 0
        elif used:
            text.append(" · ", style="dim")
            used += 3
        text.append_text(entry)
        used += size
    return text


def _title(column: Column, *, is_wide: bool) -> str:
    heads = [column.over, column.title, f"({column.unit})" if column.unit else ""]
    title = " ".join(filter(None, heads))
    # Details stand behind their texts where there is room, and so do their headings.
    return title.replace("\n[", " [") if is_wide else title


def _grid(grid: Grid, widths: list[int], is_wide: bool) -> Table:
    """The table without lines; groups begin with their name, or are an empty line apart."""
    table = _table()
    for column, width in zip(grid.columns, widths, strict=True):
        table.add_column(
            Text(_title(column, is_wide=is_wide)),
            justify="right" if column.right else "left",
            overflow="fold",
            width=width,
        )
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
