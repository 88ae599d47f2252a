"""Reports on the readings that move a verdict of a table: what they say, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reproduce.catalogue.sensitivity import alternatives, at_seeds, common_seeds
from reproduce.store.store import SENSITIVITY

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.documents.blocks import Document
    from analysis.tables.results import TableResult
    from reproduce.catalogue.selection import Selection


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
    stem = f"{table_id.rpartition('/')[2]}{SENSITIVITY}"
    for path in sorted(folder.glob(f"{stem}*")):
        rest = path.name.removeprefix(stem)
        if path.is_dir() and (not rest or rest.startswith("-")):
            yield path, tuple(rest[1:].split(",")) if rest else ()
