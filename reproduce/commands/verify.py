"""Whether every report of a results folder is what its records and the code of today give."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.counted import are, counted
from benchmarks.errors import UserError
from reproduce.catalogue.papers import default_paper, entries, named, papers
from reproduce.commands import options as opt
from reproduce.commands import page
from reproduce.commands.exit_codes import DIFFERS, DONE
from reproduce.commands.report_comparison import compared
from reproduce.store.paths import default_results
from reproduce.store.provenance import deleted
from reproduce.store.store import SENSITIVITY, Store, stores

if TYPE_CHECKING:
    from reproduce.catalogue.papers import Entry
    from reproduce.catalogue.selection import Selection
    from reproduce.store.schema import Record

SEARCHED = "was found by a search that ends elsewhere on another machine"
NEEDS_WEIGHTS = "rests on kept weights, which are not committed"


@dataclass(frozen=True)
class Finding:
    """A report, or one that should be there.

    Attributes:
        report: such as "reduced/locality/table3", its folder below the results.
        runs: that it rests on; None where nothing is trained, or where they cannot be read.
        wrong: what is not as it should be; nothing where the report holds.
        notes: what a reader should know of its runs, by cell.
        read: whether what it rests on could be read.
        compared: whether it was looked at; a note says why not.
    """

    report: str
    runs: int | None
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    read: bool = True
    compared: bool = True


def verify(
    tables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PAPER|TABLE…]",
            help="Such as dh2l or table3; all by default, and the pages and audits of all.",
            show_default=False,
        ),
    ] = None,
    draw: Annotated[
        bool,
        typer.Option(
            "--figures",
            help="Draw every figure anew and compare the pixels, which are the same under the same "
            "versions of matplotlib and FreeType alone.",
        ),
    ] = False,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Compare every written report with what its records and this code give; exit with 1 where one
    was edited, is stale, or lacks."""
    base = results or default_results()
    if not base.is_dir():
        raise UserError(f"there is no folder {base}")
    wanted = named(tables or ())
    found = [f for store in stores(base) for entry in wanted for f in _of(entry, store, draw)]
    if not tables:
        found += [*_audits(base, draw), *_pages(base)]
    found += _deleted(base, found, {entry.id for entry in wanted} if tables else None)
    if as_json:
        print(json.dumps([asdict(f) for f in found], indent=1, ensure_ascii=False))
    else:
        print("\n".join([line for f in found for line in _lines(f)] + [_sum(found)]))
    return DIFFERS if any(f.wrong for f in found) else DONE


def _pages(base: Path) -> Iterator[Finding]:
    """The page of all, and those of some papers and entries."""
    for path in sorted(base.glob("*.html")):
        names = () if path.name == page.NAME else _names(path.stem)
        if names is not None:
            yield _finding(path.name, partial(_page, path, names))


def _page(path: Path, names: tuple[str, ...]) -> Iterator[str]:
    """What of a page is not as it should be, but for its drawings."""
    from analysis.rendering.html import comparable
    from analysis.rendering.report_differences import places_in_page
    from analysis.rendering.text_differences import layout_differences, without_layout

    data = path.read_bytes()
    text = page.page_of(path.parent, names, draw=lambda _: "<svg></svg>")
    yield from layout_differences(data, text.encode())
    stands = comparable(without_layout(data, text.encode()).decode(errors="replace"))
    should = comparable(text)
    if stands != should:
        yield from (f"{place} is not as it should be" for place in places_in_page(stands, should))


def _deleted(base: Path, found: Iterable[Finding], named: set[str] | None) -> Iterator[Finding]:
    """What git has and the folder has not, and of which nothing wrong was told yet: reports, pages
    and files of runs; of entries by their ids where any are ``named``."""
    gone: dict[str, list[str]] = {}
    for file in map(Path, deleted(base)):
        alone = len(file.parts) == 1 or file.parent.name == "measured"
        gone.setdefault(str(file if alone else file.parent), []).append(file.name)
    told = {f.report for f in found if f.wrong}
    for report, files in gone.items():
        if (named is None or any(_is_of(report, name) for name in named)) and report not in told:
            count = len(files)
            wrong = f"{counted(count, 'file')} that git has {are(count)} missing"
            remedy = f"`git checkout -- {shlex.quote(str(base / report))}`"
            yield Finding(report, None, (f"{wrong}: {remedy} restores what was there",))


def _is_of(path: str, name: str) -> bool:
    """Whether a report, or a file of runs, is of the entry of that id."""
    folder, runs = rf"(.+/)?{re.escape(name)}({SENSITIVITY}.*)?", name.replace("/", "-")
    return bool(re.fullmatch(folder, path)) or path.endswith(f"measured/{runs}.csv")


def _audits(base: Path, draw: bool) -> Iterator[Finding]:
    """Of all tables, and of some papers and entries."""
    for path in sorted(base.glob("audit*/")):
        names = () if path.name == "audit" else _names(path.name.removeprefix("audit-"))
        if names is not None:
            yield _finding(path.name, partial(_audit, path, names, draw))


def _audit(path: Path, names: tuple[str, ...], draw: bool) -> Iterator[str]:
    from reproduce.commands.audit import document_of

    return compared(path, document_of(path.parent, names), draw=draw)


def _names(text: str) -> tuple[str, ...] | None:
    """Of papers and entries as a file's or folder's name spells them; None for other files."""
    known = [paper.name for paper in papers()]
    known += [entry.id for entry in entries()]
    known += [entry.name for entry in entries(default_paper())]
    spelled = {name.replace("/", "-"): name for name in known}
    parts = text.split("+")
    return tuple(spelled[part] for part in parts) if spelled.keys() >= {*parts} else None


def _finding(report: str, wrong: Callable[[], Iterable[str]]) -> Finding:
    """Of what rests on the runs of many tables; a damaged one of theirs is what is wrong."""
    try:
        return Finding(report, None, tuple(wrong()))
    except (UserError, OSError) as error:
        return Finding(report, None, (_told(error),), read=False)


def _told(error: UserError | OSError) -> str:
    if isinstance(error, OSError):
        return f"cannot read {error.filename}: {error.strerror}"
    return str(error)


def _lines(found: Finding) -> Iterator[str]:
    rests = "computed" if found.runs is None else counted(found.runs, "run")
    rests = rests if found.read else "not read"
    came_out = "holds" if found.compared else "was not compared"
    yield f"{found.report} ({rests}): {'differs' if found.wrong else came_out}"
    yield from (f"  {text}" for text in (*found.wrong, *found.notes))


def _sum(found: Sequence[Finding]) -> str:
    if not found:
        return "no report has been written yet: `reproduce table3 --quick` writes one"
    wrong, number = sum(bool(f.wrong) for f in found), sum(f.compared for f in found)
    others = f"; {len(found) - number} could not be compared" if number < len(found) else ""
    if not wrong:
        hold = f"all {number} reports hold" if number > 1 else f"{counted(number, 'report')} holds"
        return f"{hold}{others}" if number else others.removeprefix("; ")
    return (
        f"{wrong} of {counted(number, 'report')} differ{others}: `reproduce report TABLE` writes a "
        "table's again, with the options that made it, `reproduce report --html` the page, and any "
        "other's own command that"
    )


def _of(entry: Entry, store: Store, draw: bool) -> Iterator[Finding]:
    """Of an entry's reports in a form: under the default readings and in each variant."""
    if not entry.trains:
        if not store.report(entry.id).is_dir():
            return
        if entry.varies:
            yield Finding(_name(store, entry), None, (), (SEARCHED,), compared=False)
        elif store.form == "full":
            yield _computed(entry, store, draw)
        else:
            yield Finding(_name(store, entry), None, (), (NEEDS_WEIGHTS,), compared=False)
        return
    if store.form not in ("full", *entry.load().forms):
        return
    for variant in ("", *store.variants(entry.id)):
        try:
            found = _trained(entry, store, variant, draw)
        except (UserError, OSError) as error:
            found = Finding(_name(store, entry, variant), None, (_told(error),), read=False)
        if found:
            yield found
        yield from _sensitivities(entry, store, variant, draw)


def _sensitivities(entry: Entry, store: Store, variant: str, draw: bool) -> Iterator[Finding]:
    """Which readings move a verdict of the entry, as far as that was reported."""
    from reproduce.catalogue.selection import select_variant
    from reproduce.commands.sensitivity_reports import document_of, reports

    def wrong(folder: Path, of: tuple[str, ...]) -> Iterator[str]:
        document = document_of(select_variant(entry.id, store, variant), of)
        return compared(folder, document, draw=draw)

    for folder, of in reports(entry.id, store.report(entry.id, variant).parent):
        yield _finding(str(folder.relative_to(store.base)), partial(wrong, folder, of))


def _name(store: Store, entry: Entry, variant: str = "") -> str:
    return str(store.report(entry.id, variant).relative_to(store.base))


def _computed(entry: Entry, store: Store, draw: bool) -> Finding:
    made = page.computed(entry, store.base)
    if isinstance(made, str):
        note = f"cannot be computed here: {made}"
        return Finding(entry.id, None, (), (note,), compared=False)
    return _finding(entry.id, partial(compared, store.report(entry.id), made, draw=draw))


def _trained(entry: Entry, store: Store, variant: str, draw: bool) -> Finding | None:
    """None where there are neither runs nor a report."""
    from reproduce.catalogue.selection import select_variant

    selection = select_variant(entry.id, store, variant)
    records = selection.records()
    folder, name = store.report(entry.id, variant), _name(store, entry, variant)
    if not folder.is_dir():
        missing = f"{counted(len(records), 'run')} without a report"
        return Finding(name, len(records), (missing,)) if records and not variant else None
    wrong = tuple(compared(folder, page.tabled(selection), draw=draw))
    return Finding(name, len(records), wrong, tuple(_mixed(selection, records)))


def _mixed(selection: Selection, records: Mapping[str, Record]) -> Iterator[str]:
    """What runs of a cell do not have in common, nor cells of the table, and what was trained by a
    changed checkout."""
    from reproduce.store.mixing import mixed, mixed_between

    by_cell: dict[str, list[dict[str, Any]]] = {}
    for item in selection.planned:
        if record := records.get(item.run.hash):
            by_cell.setdefault(item.cell, []).append(record["provenance"])
    for cell, origins in by_cell.items():
        if told := ", ".join(mixed(origins)):
            yield f"{cell}: {told}"
    yield from (f"between cells, {told}" for told in mixed_between(by_cell))
