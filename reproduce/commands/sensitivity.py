"""`reproduce sensitivity`: does a verdict hang on how a paper is read?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.counted import counted
from benchmarks.errors import UserError
from reproduce.catalogue.sensitivity import alternatives
from reproduce.commands import options as opt
from reproduce.commands.exit_codes import DONE
from reproduce.commands.publishing import publish
from reproduce.commands.sensitivity_reports import document_of
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
    if not train and (ignored := [n for n in ("budget", "bundle") if getattr(launch, n)]):
        raise UserError(f"--{ignored[0]} is of training: add --train, or leave it out")
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
