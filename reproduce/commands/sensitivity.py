"""`reproduce sensitivity`: does a verdict hang on how a paper is read?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.catalogue.sensitivity import alternatives, at_seeds, common_seeds
from reproduce.commands import options as opt
from reproduce.commands.publishing import DONE, publish
from reproduce.commands.table import launch_missing

if TYPE_CHECKING:
    from analysis.documents.results import TableResult
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
    others = list(alternatives(base, of or ()))
    if not others:
        raise UserError(f"no reading of {base.table.title} has an alternative to choose")
    if launch.dry_run:
        return "\n".join(_planned(base, others))
    for selection in (base, *(other for _, _, other in others)) if train else ():
        summary = launch_missing(selection, launch)
        if summary.interrupted or summary.spent:
            break  # what there is by now is reported
    return _report(base, others, as_json=launch.as_json)


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
    known: dict[int, TableResult] = {}
    found = []
    for reading, value, other in others:
        hashes = {planned.run.hash for planned in other.planned}
        # A verdict may change by more seeds alone, so that both sides have as many.
        seeds = common_seeds(base, other) or base.table.seeds
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
    document = sensitivity_document(build(base), found, there)
    publish(document, base.store.base, variant=base.variant, form=base.store.form, as_json=as_json)
    return DONE
