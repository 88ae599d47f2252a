"""`reproduce export`: finished runs into a bundle, for other machines and laboratories."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.counted import are, counted
from benchmarks.errors import UserError
from reproduce.catalogue.papers import Entry, named
from reproduce.commands import options as opt
from reproduce.commands.collect import require_writable
from reproduce.commands.publishing import short
from reproduce.store.paths import default_results, given_path
from reproduce.store.schema import FORMS, HERE
from reproduce.store.store import Store

if TYPE_CHECKING:
    from reproduce.store.bundles import Bundled
    from reproduce.store.schema import Record


def export(
    to: Annotated[
        Path,
        typer.Option("--to", metavar="FILE", parser=given_path, help="The bundle, such as b.zip."),
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PAPER|TABLE…]",
            help="Such as locality or table3; all runs by default, of whatever table.",
            show_default=False,
        ),
    ] = None,
    lab: opt.Laboratory = None,
    quick: opt.Quick = False,
    reduced: opt.Reduced = False,
    all_forms: Annotated[
        bool, typer.Option("--all-forms", help="The full, reduced and quick runs together.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the bundle that lies there.")
    ] = False,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> str:
    """Write finished runs, raw and committed ones, to one file that `reproduce merge FILE` puts
    into another results folder. It holds no host names."""
    from reproduce.store import bundles
    from reproduce.store.provenance import own_laboratory

    if all_forms and (quick or reduced):
        raise UserError("--all-forms has the others in it: leave out --quick and --reduced")
    chosen = FORMS if all_forms else (opt.form_of(quick=quick, reduced=reduced),)
    laboratory, wanted = own_laboratory(lab), _entries(names or ())
    require_writable(to, "--to")
    if not overwrite:
        bundles.require_free(to)
    base = results or default_results()
    found = {form: _records(Store(base, form), wanted) for form in chosen}
    if not any(found.values()):
        raise UserError(_nothing(base, chosen, wanted))
    records = (record for of_form in found.values() for record in of_form.values())
    there: bundles.There = "replace" if overwrite else "refuse"
    written = bundles.write(to, records, laboratory, there)
    if as_json:
        return json.dumps(asdict(written) | {"path": str(to)}, indent=1, ensure_ascii=False)
    return _text(written)


def _entries(names: Iterable[str]) -> list[Entry]:
    """Those that train of papers and entries by their names; none of no names."""
    found: dict[str, Entry] = {}
    for name in names:
        trained = [entry for entry in named([name]) if entry.trains]
        if not trained:
            raise UserError(f"{name} is computed at once and has no runs: nothing to export")
        found |= {entry.id: entry for entry in trained}
    return list(found.values())


def _records(store: Store, wanted: list[Entry]) -> dict[str, Record]:
    """The finished runs of entries, under the default readings and in each variant that has a
    report; all runs where no entry is wanted."""
    if not wanted:
        return store.records.collect()
    return store.records.collect({name for entry in wanted for name in _runs(store, entry)})


def _runs(store: Store, entry: Entry) -> Iterator[str]:
    from reproduce.catalogue.selection import select_variant

    if store.form not in ("full", *entry.load().forms):
        return
    for variant in ("", *store.variants(entry.id)):
        yield from (p.run.hash for p in select_variant(entry.id, store, variant).planned)


def _nothing(base: Path, chosen: Iterable[str], wanted: list[Entry]) -> str:
    """Why nothing is exported, and which forms there would be."""
    of = ", ".join(entry.id for entry in wanted[:3]) + (" …" if len(wanted) > 3 else "")
    text = f"no finished {' or '.join(chosen)} run{f' of {of}' if of else ''} under {base}"
    others = [f for f in FORMS if f not in chosen and _records(Store(base, f), wanted)]
    return f"{text}; there are {' and '.join(others)} ones: --all-forms" if others else text


def _text(written: Bundled) -> str:
    size = max(1, round(written.size / 1000))
    gave = "; ".join(f"{name} {count}" for name, count in written.laboratories.items())
    runs = counted(written.runs, "run")
    line = f"{runs} {are(written.runs)} in {short(written.path)} ({size:,} kB), from {gave}"
    if HERE in written.laboratories:
        line += (
            "\nruns from here name no laboratory, as between machines of one; --lab NAME or "
            "REPRODUCE_LAB names yours"
        )
    return line
