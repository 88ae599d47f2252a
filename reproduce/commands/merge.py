"""`reproduce merge`: the runs of bundles into the results folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.counted import counted
from reproduce.commands import options as opt
from reproduce.commands.exit_codes import DIFFERS, DONE
from reproduce.commands.publishing import short
from reproduce.store.paths import default_results, given_path
from reproduce.store.schema import HERE

if TYPE_CHECKING:
    from reproduce.store.merging import Outcome


def merge(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", parser=given_path, help="Bundles of `reproduce export`."),
    ],
    lab: Annotated[
        str | None,
        typer.Option(
            "--lab",
            metavar="NAME",
            help="The laboratory of the runs that name none; by default they count as this one's.",
            show_default=False,
        ),
    ] = None,
    keep_ours: Annotated[
        bool,
        typer.Option(
            "--keep-ours",
            help="Where a run is here, or in an earlier FILE, with other contents, pass it over "
            "and merge the rest; without it nothing is merged then.",
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Tell what would be merged, and every run in the way."),
    ] = False,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Put the runs of bundles into the results folder: each is checked, known ones are recognised,
    and where one has other contents than here nothing is merged."""
    from reproduce.store.merging import merge as merge_bundles
    from reproduce.store.provenance import own_laboratory

    base = results or default_results()
    name = None if lab is None else own_laboratory(lab)
    found = merge_bundles(files, base, keep_ours=keep_ours, laboratory=name, dry_run=dry_run)
    refused = dry_run and bool(found.conflicts) and not keep_ours
    typer.echo(told(found, base, dry_run=dry_run, refused=refused, as_json=as_json))
    return DIFFERS if refused else DONE


def told(
    found: Outcome, base: Path, *, dry_run: bool = False, refused: bool = False, as_json: bool
) -> str:
    """What a merge has come to or, of a dry run, would; ``refused`` where that is nothing."""
    if as_json:
        values = {"results": str(base), "merged": not dry_run, "refused": refused}
        return json.dumps({**values, **asdict(found)}, indent=1, ensure_ascii=False)
    return "\n".join(_lines(found, base, dry_run=dry_run, refused=refused))


def _lines(found: Outcome, base: Path, *, dry_run: bool, refused: bool) -> Iterator[str]:
    for item in found.forms:
        kept = f", {item.kept} with other contents stay as they are" if item.kept else ""
        line = f"{item.form}: {counted(item.added, 'run')} added, {item.known} known before{kept}"
        line += f", {item.repeated} of these in several bundles" if item.repeated else ""
        gave = [f"{name} {count}" for name, count in sorted(item.laboratories.items())]
        named = item.laboratories.keys() - {HERE}
        yield f"{line}; from {'; '.join(gave)}" if named else line
    if not found.forms:
        yield "the bundle is empty"
    for conflict in found.conflicts:
        yield f"two contents: {conflict}"
    if refused:
        yield "this would be refused, and nothing merged; --keep-ours would merge the rest"
    elif dry_run:
        yield "nothing was written"
    else:
        where = "" if base == default_results() else f" --results {short(base)}"
        yield f"`reproduce status{where}` tells which tables they are of"
