"""`reproduce report --html`: every document of a results folder on one page."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import re
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reproduce.catalogue.papers import named, papers
from reproduce.catalogue.selection import by_precision, select_variant
from reproduce.catalogue.tables import REPORTED_FORMS
from reproduce.commands import audit, claims
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
        found += [_on_all(claims.document_of(base), "what the papers say in sentences")]
        found += [_on_all(audit.document_of(base), "what selection alone could explain of a gain")]
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
    # Which folder it is about is no part of the page, which says the same of every copy.
    reason = said.getvalue().strip().removeprefix("reproduce: ")
    return found[0] if found else reason.replace(f" {shlex.join(['--results', str(base)])}", "")


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
            state = "; ".join([made, *_reports_by_weights(entry, base)])
            title = re.sub(r"(?<=[a-z])(?=\d)", " ", entry.name).capitalize()  # such as "Figure 1"
            yield Section(anchor, title, entry.summary, paper, state, command), []
        else:
            section = Section(anchor, made.title, entry.summary, paper, COMPUTED, command, made)
            yield replace(section, varies=entry.varies), []
        return
    table, known = entry.load(), False
    for form in (form for form in REPORTED_FORMS if form in ("full", *table.forms)):
        for selection, runs in by_precision(entry.id, form, base):
            if runs:
                precision = selection.table.cells[0].run(0, selection.overrides).precision
                yield _tabled(f"{anchor}-{form}-{precision}", entry, selection, runs, paper)
                known = True
        yield from _under_readings(f"{anchor}-{form}", entry, Store(base, form), paper)
    if not known:
        yield Section(anchor, table.title, entry.summary, paper, "no run yet", command), []


def _reports_by_weights(entry: Entry, base: Path) -> Iterator[str]:
    """What there is of an entry in shorter forms, which kept weights give and no record."""
    for store in (Store(base, form) for form in REPORTED_FORMS if form != "full"):
        if (folder := store.report(entry.id)).is_dir():
            place = folder.relative_to(base)
            yield f"its {store.form} report, by weights that are not committed, is in {place}"


def _tabled(
    anchor: str, entry: Entry, selection: Selection, records: dict[str, Record], paper: str
) -> tuple[Section, list[RunCard]]:
    """A table with its runs."""
    from analysis.rendering.html import Section

    made = _titled(tabled(selection), selection)
    state = f"{len(records)} of {len(selection.planned)} runs"
    command = f"reproduce {entry.id}{selection.options}"
    section = Section(anchor, made.title, entry.summary, paper, state, command, made)
    beside = bool(selection.readings)
    return replace(section, is_beside=beside), [*_cards(selection, records)]


def _under_readings(
    anchor: str, entry: Entry, store: Store, paper: str
) -> Iterator[tuple[Section, list[RunCard]]]:
    """What is reported of a table beside its default readings: it under others, where that has
    runs, and which readings move a verdict."""
    from analysis.rendering.html import COMPUTED, Section
    from reproduce.commands.sensitivity_reports import document_of, reports

    for variant in ("", *store.variants(entry.id)):
        selection = select_variant(entry.id, store, variant)
        own = "-".join([anchor, re.sub(r"[^\w.]+", "-", variant)]) if variant else anchor
        if selection.readings and (runs := selection.records()):
            yield _tabled(own, entry, selection, runs, paper)
        for _, of in reports(entry.id, store.report(entry.id, variant).parent):
            made = _titled(document_of(selection, of), selection)
            command = f"reproduce sensitivity {entry.id}{selection.options}"
            command += "".join(f" --of {reading}" for reading in of)
            place = "-".join([own, "sensitivity", *of])
            about = Section(place, made.title, entry.summary, paper, COMPUTED, command, made)
            yield replace(about, is_beside=True), []


def _titled(document: Document, selection: Selection) -> Document:
    """Its title names the readings that differ from the default."""
    return replace(document, title=", ".join([document.title, *selection.readings]))


def _on_all(made: Document, summary: str) -> Section:
    """A document on all papers."""
    from analysis.rendering.html import COMPUTED, Section

    command = f"reproduce {made.id}"
    return Section(made.id, made.title, summary, "All papers", COMPUTED, command, made)


def _cards(selection: Selection, records: dict[str, Record]) -> Iterator[RunCard]:
    """Cell by cell, so that a cell's runs stand together."""
    from analysis.rendering.run_cards import RunCard
    from reproduce.store.provenance import machine_label
    from reproduce.store.schema import told

    places = {cell.name: place for place, cell in enumerate(selection.table.cells)}
    readings = "".join(f", {reading}" for reading in selection.readings)
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
