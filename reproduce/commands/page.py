"""`reproduce report --html`: every document of a results folder on one page."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reproduce.catalogue.papers import named, papers
from reproduce.catalogue.tables import REPORTED_FORMS
from reproduce.commands.exit_codes import code_of
from reproduce.commands.publishing import taking
from reproduce.signatures import as_command
from reproduce.store.store import Store

if TYPE_CHECKING:
    from analysis.documents.blocks import Document
    from analysis.rendering.html import Draw, Section
    from analysis.rendering.run_cards import RunCard
    from reproduce.catalogue.papers import Entry
    from reproduce.catalogue.selection import Selection
    from reproduce.store.schema import Record

NAME = "report.html"
TITLE = "Five papers on structure through regularisation, reproduced"
INTRO = (
    "What the papers print beside what this suite has computed and measured. Each entry names the "
    "command that makes its numbers again; a measured number leads to its runs."
)


def page_of(base: Path, names: Sequence[str] = (), draw: Draw | None = None) -> str:
    """The page of a results folder, or of some papers or entries of it.

    Args:
        draw: a figure as an ``<svg>`` element; by default as :mod:`analysis.figures` draws it.

    Raises:
        UserError: for an unknown name, and for damaged records.
    """
    from analysis.figures.drawing import svg
    from analysis.rendering import html

    found: list[Section] = []
    runs: dict[str, RunCard] = {}
    for entry in named(names):
        for section, cards in sections(entry, base):
            found.append(section)
            for card in cards:  # a run of several tables is told by the first
                runs.setdefault(card.hash, card)
    if not names:
        found.append(_audit(base))
    return html.page(TITLE, INTRO, found, list(runs.values()), draw or svg)


@cache
def computed(entry: Entry, base: Path) -> Document | str:
    """The document of what is computed at once, under its default options and without files of the
    data folder, which are this machine's; or why there is none."""
    command = typer.Typer(add_completion=False, rich_markup_mode=None)
    command.command(entry.id)(as_command(entry.command()))
    with tempfile.TemporaryDirectory() as scratch, taking() as found:
        asked = ["--results", str(base)]
        if "data" in inspect.signature(entry.command()).parameters:
            asked += ["--data", str(Path(scratch) / "none")]
        said = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
            code_of(partial(command, args=asked, prog_name="reproduce", standalone_mode=False))
    return found[0] if found else said.getvalue().strip().removeprefix("reproduce: ")


def tabled(selection: Selection) -> Document:
    """The document of a table of runs."""
    from analysis.documents.table_document import table_document
    from reproduce.catalogue.report import reported

    return table_document(reported(selection))


def sections(entry: Entry, base: Path) -> Iterator[tuple[Section, list[RunCard]]]:
    """The entry's documents, each with its runs; one without a document where there is none."""
    from analysis.rendering.html import COMPUTED, Section

    anchor = entry.id.replace("/", "-")
    paper = next(paper.title for paper in papers() if paper.name == entry.paper)
    command = f"reproduce {entry.id}"
    if not entry.trains:
        made = computed(entry, base)
        if isinstance(made, str):
            yield Section(anchor, entry.name, entry.summary, paper, made, command), []
        else:
            section = Section(anchor, made.title, entry.summary, paper, COMPUTED, command, made)
            yield replace(section, varies=entry.varies), []
        return
    table = entry.load()
    any_runs = False
    for form in (form for form in REPORTED_FORMS if form in ("full", *table.forms)):
        for precision in Store(base, form).records.precisions():
            selection, records = _selected(entry, form, precision, base)
            if records:
                any_runs = True
                made = tabled(selection)
                state = f"{len(records)} of {len(selection.planned)} runs"
                own = precision == selection.table.cells[0].template.precision
                option = selection.table.option + ("" if own else f" --precision {precision}")
                name = f"{anchor}-{form}-{precision}"
                section = Section(
                    name, made.title, entry.summary, paper, state, command + option, made
                )
                yield section, [*_cards(selection, records)]
                yield from _under_readings(entry, selection, section)
    if not any_runs:
        yield Section(anchor, table.title, entry.summary, paper, "no run yet", command), []


def _under_readings(
    entry: Entry, selection: Selection, of: Section
) -> Iterator[tuple[Section, list[RunCard]]]:
    """What is reported of a table beside its default readings: it under others, and which of them
    move a verdict."""
    from reproduce.catalogue.selection import select_variant
    from reproduce.commands.sensitivity import document_of, reports

    store, own = selection.store, {*filter(None, selection.variant.split(","))}
    for variant in store.variants(entry.id):
        parts = {*variant.split(",")}
        chosen = sorted(parts - own)
        if not parts > own or any(part.startswith("precision=") for part in chosen):
            continue
        other = select_variant(entry.id, store, variant)
        records = store.records.collect([p.run.hash for p in other.planned])
        command = " ".join([of.command, *(f"--reading {part}" for part in chosen)])
        state = f"{len(records)} of {len(other.planned)} runs"
        section = _beside(of, chosen, tabled(other), state, command)
        yield section, [*_cards(other, records)]
    for _, readings in reports(entry.id, store.report(entry.id, selection.variant).parent):
        made = document_of(selection, readings)
        command = of.command.replace("reproduce ", "reproduce sensitivity ", 1)
        command += "".join(f" --of {reading}" for reading in readings)
        yield _beside(of, ("sensitivity", *readings), made, of.state, command), []


def _beside(
    of: Section, names: Iterable[str], document: Document, state: str, command: str
) -> Section:
    """A section that says more of another's entry, at an anchor of its own."""
    return replace(
        of,
        anchor="-".join([of.anchor, *(re.sub(r"[^\w.]+", "-", name) for name in names)]),
        title=document.title,
        state=state,
        command=command,
        document=document,
        is_beside=True,
    )


def _audit(base: Path) -> Section:
    """What selection alone could explain of the gains of all tables."""
    from analysis.rendering.html import COMPUTED, Section
    from reproduce.commands.audit import document_of

    made = document_of(base)
    summary = "what selection alone could explain of a printed gain"
    command = f"reproduce {made.id}"
    return Section(made.id, made.title, summary, "All papers", COMPUTED, command, made)


def _selected(
    entry: Entry, form: str, precision: str, base: Path
) -> tuple[Selection, dict[str, Record]]:
    from reproduce.catalogue.selection import select

    selection = select(entry.id, form=form, precision=precision, results=base)
    return selection, selection.store.records.collect([p.run.hash for p in selection.planned])


def _cards(selection: Selection, records: dict[str, Record]) -> Iterator[RunCard]:
    """Cell by cell, so that a cell's runs stand together."""
    from analysis.rendering.run_cards import RunCard
    from reproduce.store.provenance import machine_label
    from reproduce.store.schema import told

    places = {cell.name: place for place, cell in enumerate(selection.table.cells)}
    chosen = filter(None, selection.variant.split(","))
    readings = "".join(f", {each}" for each in chosen if not each.startswith("precision="))
    for item in sorted(selection.planned, key=lambda p: (places[p.cell], p.run.seed)):
        if record := records.get(item.run.hash):
            result, origin = record["result"], record["provenance"]
            facts = {name: told(value) for name, value in sorted(result["measurements"].items())}
            facts |= {"machine": machine_label(origin), "commit": str(origin["commit"])}
            if laboratory := origin.get("laboratory"):
                facts["laboratory"] = laboratory
            yield RunCard(
                record["hash"],
                f"{selection.table.title}: {item.cell}, seed {item.run.seed}{readings}",
                facts,
                json.dumps(record["run"], indent=1, ensure_ascii=False),
                result["curves"],
            )


def write(base: Path, names: Sequence[str]) -> Path:
    """Write the page into the results folder: ``report.html``, or ``<name>+<name>.html`` of some.

    Raises:
        UserError: where it cannot be written; see also :func:`page_of`.
    """
    from reproduce.store import atomic

    text = page_of(base, names)
    name = "+".join(names).replace("/", "-") + ".html" if names else NAME
    path = base / name
    with atomic.telling(f"write {path}", "; give another --results DIR"):
        atomic.replace(path, text.encode())
    return path
