"""`reproduce collect`: finished runs into the committed files, into a bundle, or out of one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.counted import are
from benchmarks.errors import UserError
from reproduce.catalogue.papers import entries
from reproduce.commands import options as opt
from reproduce.commands.merge import told
from reproduce.commands.publishing import short
from reproduce.store.paths import default_results, given_path

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection
    from reproduce.store.bundles import Bundled

SUFFIX = ".zip"


def collect(
    table: Annotated[
        str,
        typer.Argument(
            metavar="TABLE|FILE", help="Such as table3 or locality/table3; or a bundle to merge."
        ),
    ],
    chosen: opt.Selecting,
    bundle: opt.BundleFile = None,
    as_json: opt.Json = False,
) -> str:
    """Write a table's finished runs to results/measured/, ready to be committed, or with --bundle
    to one file; of such a FILE the same as `reproduce merge FILE`."""
    if _is_file(table):
        if bundle or replace(chosen, results=None, only=chosen.only or None) != opt.Selecting():
            raise UserError(f"{table} is merged whole: leave out all options but --results, --json")
        from reproduce.store.merging import merge

        base = chosen.results or default_results()
        return told(merge([given_path(table)], base), base, as_json=as_json)
    selection = chosen.of(table)
    if bundle:
        check_bundle(bundle)
        found = bundle_selection(selection, bundle)
        return found.json if as_json else found.text
    return _commit(selection, as_json=as_json)


def _is_file(name: str) -> bool:
    """Whether a bundle is meant: no table has that name, and a file has, or could have."""
    known = {entry.id for entry in entries()} | {entry.name for entry in entries()}
    return name not in known and (name.endswith(SUFFIX) or os.path.exists(name))


def _commit(selection: Selection, *, as_json: bool) -> str:
    if selection.table.is_quick:
        raise UserError("quick runs are not committed; leave out --quick, or give --bundle FILE")
    found = selection.records()
    if not found:
        raise UserError(f"no finished run of {selection.table.id} under {selection.store.root}")
    path = selection.store.committed.write(selection.table.id.replace("/", "-"), found.values())
    planned = len(selection.planned)
    if as_json:
        return json.dumps({"path": str(path), "collected": len(found), "planned": planned})
    return f"{len(found)} of {planned} runs {are(len(found))} in {short(path)}"


@dataclass(frozen=True)
class BundledSelection:
    """What has been written of a selection."""

    bundled: Bundled
    planned: int
    found: int

    @property
    def text(self) -> str:
        """Such as "20 of 20 runs are in b.zip (31 kB)"."""
        more = self.bundled.runs - self.found
        others = f", with {more} that it had before" if more else ""
        size = max(1, round(self.bundled.size / 1000))
        path = short(self.bundled.path)
        runs = f"{self.found} of {self.planned} runs {are(self.found)}"
        return f"{runs} in {path} ({size:,} kB){others}"

    @property
    def json(self) -> str:
        """The same for programs."""
        values = {"path": str(self.bundled.path), "bytes": self.bundled.size}
        return json.dumps(values | {"collected": self.found, "planned": self.planned})


def check_bundle(path: Path) -> None:
    """Whether a bundle can be written there, and REPRODUCE_LAB is a name; before anything is
    trained for it.

    Raises:
        UserError: where it cannot, or something else lies there.
    """
    from reproduce.store import bundles
    from reproduce.store.provenance import own_laboratory

    own_laboratory()
    if path.exists():
        bundles.held(path)
    require_writable(path, "--bundle")


def require_writable(path: Path, option: str) -> None:
    """Raise UserError where no file can be written into its folder."""
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise UserError(f"{option} {path}: {path.parent} is no folder that can be written")


def bundle_selection(selection: Selection, path: Path) -> BundledSelection:
    """Add the finished runs of a selection to a bundle; they are of the laboratory of
    REPRODUCE_LAB, if any.

    Raises:
        UserError: see :func:`reproduce.store.bundles.write`; also for a damaged record.
    """
    from reproduce.store import bundles
    from reproduce.store.provenance import own_laboratory

    planned = {item.run.hash for item in selection.planned}
    found = selection.store.records.collect(planned)
    written = bundles.write(path, found.values(), own_laboratory())
    return BundledSelection(written, len(planned), len(found))
