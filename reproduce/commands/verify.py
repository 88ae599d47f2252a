"""Whether every report of a results folder is what its records and the code of today give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.counted import counted
from benchmarks.errors import UserError
from reproduce.catalogue.papers import default_paper, entries, find, papers
from reproduce.commands import options as opt
from reproduce.commands import page
from reproduce.commands.exit_codes import DIFFERS, DONE
from reproduce.store.paths import default_results
from reproduce.store.store import Store, stores

if TYPE_CHECKING:
    from analysis.documents.blocks import Document
    from reproduce.catalogue.papers import Entry
    from reproduce.catalogue.selection import Selection
    from reproduce.store.schema import Record

SEARCHED = "was found by a search that ends elsewhere on another machine: not compared"
NEEDS_WEIGHTS = "rests on kept weights, which are not committed: not compared"

# How a figure's file begins, and what it ends with.
FIGURES = {".png": (b"\x89PNG\r\n\x1a\n", b"IEND"), ".pdf": (b"%PDF-", b"%%EOF")}


@dataclass(frozen=True)
class Finding:
    """A report, or one that should be there.

    Attributes:
        report: such as "reduced/locality/table3", its folder below the results.
        runs: that it rests on; None where nothing is trained.
        wrong: what is not as it should be; nothing where the report holds.
        notes: what a reader should know of its runs, by cell.
    """

    report: str
    runs: int | None
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def verify(
    tables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TABLE…]", help="Such as table3; all by default.", show_default=False
        ),
    ] = None,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Compare every written report with what its records and this code give; exit with 1 where one
    was edited, is stale, or lacks."""
    base = results or default_results()
    if not base.is_dir():
        raise UserError(f"there is no folder {base}")
    wanted = [find(name) for name in tables] if tables else list(entries())
    found = [f for store in stores(base) for entry in wanted for f in _of(entry, store)]
    if not tables:
        found += [*_audits(base), *_pages(base)]
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
    from analysis.rendering.report_differences import place_in_page
    from analysis.rendering.text_differences import layout_differences, without_layout

    data = path.read_bytes()
    text = page.page_of(path.parent, names, draw=lambda _: "<svg></svg>")
    yield from layout_differences(data, text.encode())
    stands = comparable(without_layout(data, text.encode()).decode(errors="replace"))
    should = comparable(text)
    if stands != should:
        yield f"{place_in_page(stands, should)} is not as it should be"


def _audits(base: Path) -> Iterator[Finding]:
    """Of all tables, and of some papers and entries."""
    for path in sorted(base.glob("audit*/")):
        names = () if path.name == "audit" else _names(path.name.removeprefix("audit-"))
        if names is not None:
            yield _finding(path.name, partial(_audit, path, names))


def _audit(path: Path, names: tuple[str, ...]) -> Iterator[str]:
    from reproduce.commands.audit import document_of

    return _compared(path, document_of(path.parent, names))


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
        return Finding(report, None, (_told(error),))


def _told(error: UserError | OSError) -> str:
    if isinstance(error, OSError):
        return f"cannot read {error.filename}: {error.strerror}"
    return str(error)


def _lines(found: Finding) -> Iterator[str]:
    rests = "computed" if found.runs is None else counted(found.runs, "run")
    yield f"{found.report} ({rests}): {'differs' if found.wrong else 'holds'}"
    yield from (f"  {text}" for text in (*found.wrong, *found.notes))


def _sum(found: Sequence[Finding]) -> str:
    if not found:
        return "no report has been written yet: `reproduce table3 --quick` writes one"
    wrong = sum(bool(f.wrong) for f in found)
    if not wrong:
        return f"all {len(found)} reports hold"
    return (
        f"{wrong} of {len(found)} reports differ: `reproduce report TABLE` writes a table's again, "
        "`reproduce report --html` the page, and any other's own command that"
    )


def _of(entry: Entry, store: Store) -> Iterator[Finding]:
    """Of an entry's reports in a form: under the default readings and in each variant."""
    if not entry.trains:
        if not store.report(entry.id).is_dir():
            return
        if entry.varies:
            yield Finding(_name(store, entry), None, (), (SEARCHED,))
        elif store.form == "full":
            yield _computed(entry, store)
        else:
            yield Finding(_name(store, entry), None, (), (NEEDS_WEIGHTS,))
        return
    if store.form not in ("full", *entry.load().forms):
        return
    for variant in ("", *store.variants(entry.id)):
        try:
            found = _trained(entry, store, variant)
        except (UserError, OSError) as error:
            found = Finding(_name(store, entry, variant), 0, (_told(error),))
        if found:
            yield found
        yield from _sensitivities(entry, store, variant)


def _sensitivities(entry: Entry, store: Store, variant: str) -> Iterator[Finding]:
    """Which readings move a verdict of the entry, as far as that was reported."""
    from reproduce.catalogue.selection import select_variant
    from reproduce.commands.sensitivity import document_of, reports

    def wrong(folder: Path, of: tuple[str, ...]) -> Iterator[str]:
        return _compared(folder, document_of(select_variant(entry.id, store, variant), of))

    for folder, of in reports(entry.id, store.report(entry.id, variant).parent):
        yield _finding(str(folder.relative_to(store.base)), partial(wrong, folder, of))


def _name(store: Store, entry: Entry, variant: str = "") -> str:
    return str(store.report(entry.id, variant).relative_to(store.base))


def _computed(entry: Entry, store: Store) -> Finding:
    made = page.computed(entry, store.base)
    if isinstance(made, str):
        return Finding(entry.id, None, (), (f"cannot be computed here: {made}",))
    return _finding(entry.id, partial(_compared, store.report(entry.id), made))


def _trained(entry: Entry, store: Store, variant: str) -> Finding | None:
    """None where there are neither runs nor a report."""
    from reproduce.catalogue.selection import select_variant

    selection = select_variant(entry.id, store, variant)
    records = selection.store.records.collect([p.run.hash for p in selection.planned])
    folder, name = store.report(entry.id, variant), _name(store, entry, variant)
    if not folder.is_dir():
        missing = f"{counted(len(records), 'run')} without a report"
        return Finding(name, len(records), (missing,)) if records else None
    wrong = tuple(_compared(folder, page.tabled(selection)))
    return Finding(name, len(records), wrong, tuple(_mixed(selection, records)))


def _compared(folder: Path, document: Document) -> Iterator[str]:
    """What of a report's folder is not as it should be; of figures only whether they are there and
    whole, since their bytes differ between versions of matplotlib and of its fonts."""
    from analysis.rendering.files import figure_names, texts

    contents: dict[str, bytes | None] = dict.fromkeys(figure_names(document))
    contents |= texts(document)
    should = {f"{document.name}.{kind}": text for kind, text in contents.items()}
    stands = {path.name: path for path in folder.iterdir()}
    for file in sorted(should.keys() & stands.keys()):
        if should[file] is None and (damage := _figure_damage(stands[file])):
            yield f"{file} {damage}"
    for lacking in sorted(should.keys() - stands.keys()):
        yield f"{lacking} is missing"
    for extra in sorted(stands.keys() - should.keys()):
        yield f"{extra} belongs to no report of this code: delete it"
    yield from _changed(
        document.name,
        {
            file: (stands[file].read_bytes(), text)
            for file, text in should.items()
            if text is not None and file in stands
        },
    )


def _changed(name: str, texts: Mapping[str, tuple[bytes, bytes]]) -> Iterator[str]:
    """What of a report's texts is not as it should be. The JSON has all that the others show, so
    that of these no more than where they begin to differ is told where it differs too.

    Args:
        texts: each file as it stands and as it should be.
    """
    from analysis.rendering.report_differences import differences
    from analysis.rendering.text_differences import shortened, text_differences

    changed = {file: both for file, both in texts.items() if both[0] != both[1]}
    main = changed.pop(f"{name}.json", None)
    if main:
        yield from shortened(differences(*main))
    briefly = []
    for file, both in sorted(changed.items()):
        is_csv = file.endswith(".csv")
        found = text_differences(*both, is_csv=is_csv)
        if main and not is_csv:
            briefly.append(f"{file} ({found[0].partition(': ')[0]})")
        else:
            yield from (f"{file}: {text}" for text in (found[:1] if main else shortened(found)))
    if briefly:
        yield f"these differ too: {', '.join(briefly)}"


def _figure_damage(path: Path) -> str:
    """What a figure's first and last bytes tell of it, if anything."""
    data = path.read_bytes()
    begins, ends = FIGURES[path.suffix]
    whole = data.startswith(begins) and ends in data[-32:]
    return "" if whole else "is no whole figure"


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
