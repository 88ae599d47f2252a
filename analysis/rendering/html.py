"""Documents as one HTML page that needs no network: its style, script and figures are in it.

Whatever a colour says a word says as well. Tables sort by the buttons in their heads and filter;
a number that rests on runs leads to them.
"""

from __future__ import annotations

import html
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.documents.blocks import MISSING, Cell, Claims, Column, Document, Grid, Notes, Row
from analysis.documents.panels import FigureBlock
from analysis.rendering import page_tables as tables
from analysis.rendering.figure_values import values
from analysis.rendering.run_cards import RunCard, run_cards

VARIES = ("<!-- varies -->", "<!-- /varies -->")
COMPUTED = "computed"  # the state of what trains nothing
Places = Mapping[str, int]  # of the runs on the page, by name
Draw = Callable[[FigureBlock], str]
escape = html.escape


@dataclass(frozen=True)
class Section:
    """A document on the page, or an entry that has none yet.

    Attributes:
        anchor: of its heading.
        title, summary: of the entry.
        paper: what it belongs to.
        state: such as "30 of 60 runs", or :data:`COMPUTED`.
        command: that makes it again.
    """

    anchor: str
    title: str
    summary: str
    paper: str
    state: str
    command: str
    document: Document | None = None
    varies: bool = False  # whether it comes out otherwise on another machine
    is_beside: bool = False  # whether it says more of an entry that has another section


def page(
    title: str, intro: str, sections: Sequence[Section], runs: Sequence[RunCard], draw: Draw
) -> str:
    """The page, the same for the same contents.

    Args:
        draw: a figure as an ``<svg>`` element.
    """
    here = Path(__file__)
    style = here.with_name("page.css").read_text(encoding="utf-8")
    script = here.with_name("page.js").read_text(encoding="utf-8")
    known = {run.hash: place for place, run in enumerate(runs)}
    names = _names(sections)
    parts = [_glance(sections)]
    for section in sections:
        if section.document:
            shown = _section(section, section.document, names[section.anchor], known, draw)
            parts += [VARIES[0], *shown, VARIES[1]] if section.varies else shown
    parts += run_cards(runs)
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#glance">To the overview</a>\n<main>\n<h1>{escape(title)}</h1>\n'
        f"<p>{escape(intro)}</p>\n{body}\n</main>\n<script>\n{script}</script>\n</body>\n</html>\n"
    )


def comparable(text: str) -> str:
    """The page but for its drawings, which differ between versions of matplotlib and of fonts, and
    for what varies."""
    between = ".*?".join(map(re.escape, VARIES))
    return re.sub(rf"<svg.*?</svg>|{between}", "", text, flags=re.DOTALL)


def _heading(document: Document) -> str:
    return f"{document.title} ({document.id})"


def _names(sections: Sequence[Section]) -> dict[str, str]:
    """What sections are called in the names of their tables, by anchor: as their headings are, and
    by the command where some have the same, such as a table in two precisions."""
    found = {s.anchor: _heading(s.document) for s in sections if s.document}
    times = Counter(found.values())
    commands = {section.anchor: section.command for section in sections}
    return {
        anchor: name if times[name] == 1 else f"{name}, {commands[anchor]}"
        for anchor, name in found.items()
    }


def _glance(sections: Sequence[Section]) -> str:
    bodies = []
    for paper, of_paper in itertools.groupby(sections, key=lambda section: section.paper):
        own = list(of_paper)
        bodies.append([tables.heading(paper, 4, _so_far(own)), *map(_glanced, own)])
    heads = tables.plain_heads(("entry", "state", "found", "command"))
    table = tables.sortable("Overview of all entries", "entries", heads, bodies)
    return f'<h2 id="glance">At a glance</h2>\n{table}'


def _so_far(sections: Sequence[Section]) -> str:
    """How many of a paper's entries are there, such as ": of 11 entries 4 computed"."""
    entries: dict[str, str] = {}
    for section in sections:  # one entry may have several: its forms, its precisions
        if section.is_beside:
            continue
        kind = "with runs" if section.document and section.state != COMPUTED else section.state
        entry = " ".join(section.command.split()[:2])
        entries[entry] = kind if section.document else entries.get(entry, "")
    found = Counter(kind for kind in entries.values() if kind)
    told = ", ".join(f"{found[kind]} {kind}" for kind in (COMPUTED, "with runs") if found[kind])
    return f": of {len(entries)} entries {told or 'none yet'}" if len(entries) > 1 else ""


def _glanced(section: Section) -> str:
    name = escape(section.title)
    linked = f'<a href="#{section.anchor}">{name}</a>' if section.document else name
    lines = section.document.lines if section.document else ()
    found = "<br>".join(map(escape, lines or (section.summary,)))
    texts = (linked, _coded(section.state), found, f"<code>{escape(section.command)}</code>")
    return tables.plain_row(texts)


def _coded(text: str) -> str:
    """A text of the terminal, in which commands stand between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _section(
    section: Section, document: Document, name: str, known: Places, draw: Draw
) -> Iterator[str]:
    yield f'<h2 id="{section.anchor}">{escape(_heading(document))}</h2>'
    yield f"<p>{escape(document.caption)}.</p>"
    yield from (f'<p><span class="label">{escape(label)}</span></p>' for label in document.labels)
    yield from (f"<p>{escape(line)}</p>" for line in document.lines)
    yield f"<p>Again: <code>{escape(section.command)}</code> {tables.TO_OVERVIEW}</p>"
    before = ""
    for number, block in enumerate(document.blocks):
        anchor = f"{section.anchor}-{number}"
        if isinstance(block, Grid) and block.shown != "terminal":
            yield _grid(block, anchor, name, known, before)
            before = block.caption  # which neighbours share now and then
        elif isinstance(block, Notes) and block.shown != "terminal":
            yield _notes(block)
        elif isinstance(block, Claims) and block.items:
            yield _claims(block, anchor, name)
        elif isinstance(block, FigureBlock):
            yield _figure(block, anchor, name, draw)


def _grid(grid: Grid, anchor: str, section: str, known: Places, before: str = "") -> str:
    title = f"<h3>{escape(grid.title)}</h3>\n" if grid.title else ""
    told = grid.caption if grid.caption != grid.title else ""
    caption = f'<p class="soft">{escape(told)}</p>\n' if told and told != before else ""
    return title + caption + tables.grid_table(grid, anchor, section, lambda c: _cell(c, known))


def _cell(cell: Cell, known: Places) -> str:
    text = escape(cell.text) + (f"<sup>{escape(cell.stars)}</sup>" if cell.stars else "")
    text = f"<strong>{text}</strong>" if cell.bold else text
    text = f'<span class="{cell.tone}">{text}</span>' if cell.tone else text
    runs = [run for run in cell.runs if run in known]
    if runs and text and text != MISSING:
        text = f'<a href="#run-{runs[0]}" title="{_told(runs, known)}">{text}</a>'
    more = " ".join(map(escape, filter(None, (cell.mark, cell.aside, cell.detail, cell.count))))
    text += f' <span class="more">{more}</span>' if more else ""
    return text + (f'<br><span class="note">{escape(cell.note)}</span>' if cell.note else "")


def _told(runs: Sequence[str], known: Places) -> str:
    """What a link's runs are and where: it leads to the first, and others may stand elsewhere."""
    places = [known[run] for run in runs]
    begin = [n for n, place in enumerate(places) if n == 0 or place != places[n - 1] + 1]
    parts = [runs[n:end] for n, end in itertools.pairwise([*begin, len(runs)])]
    if len(parts) == 1:
        return "1 run" if len(runs) == 1 else f"{len(runs)} runs, one below the other"
    further = ", ".join(f"{len(part)} from {part[0]}" for part in parts[1:])
    return f"{len(runs)} runs: {len(parts[0])} from here on, {further} on"


def _notes(block: Notes) -> str:
    items = []
    for number, note in enumerate(block.items, start=1):
        topic = f"{number}. {note.topic}" if block.numbered else note.topic
        tone = f' class="{note.tone}"' if note.tone else ""
        items.append(
            f"<dt>{escape(topic)}</dt><dd{tone}>{escape(note.text)}</dd>"
            if topic
            else f"<dd{tone}>{escape(note.text)}</dd>"
        )
    listed = (
        f"<dl>{''.join(items)}</dl>"
        if any(n.topic for n in block.items)
        else "".join(f"<p>{escape(n.text)}</p>" for n in block.items)
    )
    if not block.title:
        return listed
    return f"<details><summary>{escape(block.title)}</summary>{listed}</details>"


def _claims(block: Claims, anchor: str, section: str) -> str:
    names = [name for name, _ in block.items[0].evidence]
    columns = (Column("claim", prose=True), *map(Column, names), Column("verdict"))
    rows = tuple(
        Row((Cell(c.text), *(Cell(text) for _, text in c.evidence), Cell(c.verdict, tone=c.tone)))
        for c in block.items
    )
    grid = Grid("claims", columns, rows, block.title, block.caption)
    return _grid(grid, anchor, section, {})


def _figure(block: FigureBlock, anchor: str, section: str, draw: Draw) -> str:
    name = f"{section}, figure {block.name}"
    told = f"{name}: {' '.join(block.title)}" if block.title else name
    drawn = re.sub(r'(id="|url\(#|href="#)', rf"\1{anchor}-", draw(block))
    named = f'<svg role="img" id="{anchor}" aria-label="{escape(told)}"'
    drawn = drawn.replace("<svg", named, 1)
    names, rows = values(block)
    table = ""
    if rows:
        heads = tables.plain_heads(names)
        lines = [tables.plain_row([*map(escape, row)]) for row in rows]
        inner = tables.sortable(f"{name}: values", f"{anchor}-values", heads, [lines])
        table = f"<details><summary>Its values as a table</summary>{inner}</details>"
    return f"<figure>{tables.wide(drawn, anchor)}{table}</figure>"
