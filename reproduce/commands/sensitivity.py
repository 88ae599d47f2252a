"""`reproduce sensitivity`: does a verdict hang on how a paper is read?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.catalogue import readings
from reproduce.commands import options as opt
from reproduce.commands.publishing import DONE, publish
from reproduce.commands.table import launch_missing

if TYPE_CHECKING:
    from reproduce.catalogue.readings import Reading
    from reproduce.catalogue.selection import Selection


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
    others = list(_alternatives(base, chosen, of or ()))
    if not others:
        raise UserError(f"no reading of {base.table.title} has an alternative to choose")
    if launch.dry_run:
        return "\n".join(_planned(base, others))
    for selection in (base, *(other for _, _, other in others)) if train else ():
        if launch_missing(selection, launch).interrupted:
            break  # what there is by now is reported
    return _report(base, others, as_json=launch.as_json)


def _alternatives(
    base: Selection, chosen: opt.Selecting, wanted: list[str] | tuple[()]
) -> Iterator[tuple[Reading, str, Selection]]:
    """The table under each other value of each reading that makes a difference to it."""
    paper = base.table.paper
    only = {readings.find(name, paper) for name in wanted}
    for reading in readings.load(paper):
        if base.table.name not in reading.tables or not reading.option:
            continue
        if only and reading not in only:
            continue
        for value in (reading.default, *reading.alternatives):
            text = f"{reading.id}={value}"
            kept = [
                t
                for t in chosen.readings or ()
                if readings.find(t.partition("=")[0], paper) != reading
            ]
            try:
                other = replace(chosen, readings=[*kept, text]).of(base.table.id)
            except UserError:
                continue  # of no cell of this form
            if other.variant != base.variant:
                yield reading, value, other


def _planned(base: Selection, others: list[tuple[Reading, str, Selection]]) -> Iterator[str]:
    for title, selection in [
        (base.table.title, base),
        *((f"{r.id}={value}", other) for r, value, other in others),
    ]:
        hashes = [planned.run.hash for planned in selection.planned]
        done = len(selection.store.records.collect(hashes))
        yield f"{title}: {done} of {len(hashes)} runs"
    yield "Nothing was trained."


def _report(base: Selection, others: list[tuple[Reading, str, Selection]], *, as_json: bool) -> int:
    from analysis.documents.sensitivity_document import Alternative, sensitivity_document
    from reproduce.catalogue.report import build

    own = {planned.run.hash for planned in base.planned}
    found = []
    for reading, value, other in others:
        hashes = {planned.run.hash for planned in other.planned}
        runs = len(other.store.records.collect(hashes))
        retrained, result = hashes != own, build(other)
        found.append(
            Alternative(
                reading.id,
                reading.name,
                value,
                reading.default,
                retrained,
                result,
                runs,
                len(hashes),
            )
        )
    there = len(base.store.records.collect(own)), len(own)
    document = sensitivity_document(build(base), found, there)
    publish(document, base.store.base, variant=base.variant, form=base.store.form, as_json=as_json)
    return DONE
