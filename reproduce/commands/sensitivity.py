"""`reproduce sensitivity`: does a verdict hang on how a paper is read?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.counted import counted
from benchmarks.errors import UserError
from reproduce.catalogue.sensitivity import alternatives, at_seeds, common_seeds
from reproduce.commands import options as opt
from reproduce.commands.exit_codes import DONE
from reproduce.commands.publishing import publish
from reproduce.commands.table import launch_missing

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.documents.blocks import Document
    from analysis.tables.results import TableResult
    from reproduce.catalogue.readings import Reading
    from reproduce.catalogue.selection import Selection

SUFFIX = "-sensitivity"  # of a report's name behind its table's


def sensitivity(
    table: opt.TableName,
    chosen: opt.Selecting,
    launch: opt.Launch,
    of: Annotated[
        list[str] | None,
        typer.Option(
            "--of",
            metavar="READING",
            help="Only the alternatives of this reading, by id or name; may be repeated.",
            show_default=False,
        ),
    ] = None,
    train: Annotated[
        bool, typer.Option("--train", help="Train what the table and the alternatives lack.")
    ] = False,
) -> int | str:
    """Report which readings of what the paper leaves open move a verdict of a table: each one by
    itself, from the runs there are, or with --train from runs of its own."""
    base = chosen.of(table)
    if base.table.is_quick:
        raise UserError("a quick table has no verdicts; leave out --quick")
    others = list(alternatives(base, of or ()))
    if not others:
        asked = f" among {', '.join(of)}" if of else ""
        raise UserError(
            f"no reading{asked} has an alternative that changes {base.table.title}; `reproduce "
            f"readings {base.table.paper}` says which tables each touches"
        )
    if launch.dry_run:
        planned = list(_planned(base, others))
        return _json(base, planned) if launch.as_json else "\n".join(_lines(base, planned))
    for selection in (base, *(other for _, _, other in others)) if train else ():
        summary = launch_missing(selection, launch)
        if summary.interrupted or summary.spent:
            break  # what there is by now is reported
    made = document_of(base, of or ())
    publish(
        made, base.store.base, variant=base.variant, form=base.store.form, as_json=launch.as_json
    )
    return DONE


def _planned(
    base: Selection, others: list[tuple[Reading, str, Selection]]
) -> Iterator[dict[str, Any]]:
    """The table under its own readings, which have no "reading", then each alternative."""
    own: list[tuple[Reading | None, str | None, Selection]] = [(None, None, base)]
    for reading, value, selection in [*own, *others]:
        hashes = [planned.run.hash for planned in selection.planned]
        done = len(selection.store.records.collect(hashes))
        name = reading.id if reading else None
        yield {"reading": name, "value": value, "done": done, "planned": len(hashes)}


def _lines(base: Selection, planned: list[dict[str, Any]]) -> Iterator[str]:
    for item in planned:
        title = f"{item['reading']}={item['value']}" if item["reading"] else base.table.title
        yield f"{title}: {item['done']} of {counted(item['planned'], 'run')}"
    yield "Nothing was trained."


def _json(base: Selection, planned: list[dict[str, Any]]) -> str:
    values = {"table": base.table.id, "form": base.store.form, "selections": planned}
    return json.dumps(values, indent=1)


def document_of(selection: Selection, of: Sequence[str] = ()) -> Document:
    """The report on the whole table of a selection, by all runs that there are; on some of its
    readings one of its own, so that it replaces none on all.

    Args:
        of: ids or names of readings, all by default.

    Raises:
        UserError: for an unknown reading, and for damaged records.
    """
    from analysis.documents.sensitivity_document import sensitivity_document
    from analysis.tables.moved_verdicts import Alternative
    from reproduce.catalogue.table_result import build

    table = selection.table
    base = replace(selection, cells=table.cells, seeds=tuple(range(table.seeds)))
    own = {planned.run.hash for planned in base.planned}
    known: dict[int, TableResult] = {}
    found = []
    for reading, value, other in alternatives(base, of):
        hashes = {planned.run.hash for planned in other.planned}
        # A verdict may change by more seeds alone, so that both sides have as many.
        seeds = common_seeds(base, other) or table.seeds
        if seeds not in known:
            known[seeds] = at_seeds(base, seeds)
        found.append(
            Alternative(
                reading.id,
                reading.name,
                value,
                reading.default,
                hashes != own,
                known[seeds],
                at_seeds(other, seeds),
                len(other.store.records.collect(hashes)),
                len(hashes),
            )
        )
    there = len(base.store.records.collect(own)), len(own)
    made = sensitivity_document(build(base), found, there)
    asked = list(dict.fromkeys(each.id for each in found)) if of else []
    if not asked:
        return made
    title = f"{made.title} to {', '.join(asked)}"
    return replace(made, id=f"{made.id}-{','.join(asked)}", title=title)


def reports(table_id: str, folder: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Those that lie in a paper's folder of a table, each with the readings that it is on; without
    any where it is on all."""
    stem = f"{table_id.rpartition('/')[2]}{SUFFIX}"
    for path in sorted(folder.glob(f"{stem}*")):
        rest = path.name.removeprefix(stem)
        if path.is_dir() and (not rest or rest.startswith("-")):
            yield path, tuple(rest[1:].split(",")) if rest else ()
