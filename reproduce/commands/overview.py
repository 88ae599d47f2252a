"""What has finished of all tables, and what to type next: `reproduce status`, and `reproduce`
alone."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.counted import counted
from benchmarks.errors import UserError
from benchmarks.parts import kind_of
from reproduce.catalogue.papers import default_paper, entries, papers
from reproduce.catalogue.selection import select_variant
from reproduce.catalogue.tables import Table
from reproduce.store.paths import default_results
from reproduce.store.schema import FORMS, configuration_hash
from reproduce.store.store import Store, stores

if TYPE_CHECKING:
    from reproduce.store.schema import Record

TOGETHER = "\N{NO-BREAK SPACE}"  # between words that stay in one line
START = "start with `reproduce table3 --quick`"
ALL_DONE = "every table that was begun has all of its runs, and a report of them"
HELP = (
    "`reproduce list` tells what each is, `reproduce report --html` shows what came out, "
    "`reproduce --help` teaches all commands"
)


def overview(results: Path | None, *, as_json: bool) -> str:
    """What there is of each paper, what has run, by table, form, precision and readings, and what
    to type next; fits 80 columns."""
    base = results or default_results()
    rows = _finished(base)
    if as_json:
        return json.dumps(rows, indent=1)
    done: dict[str, list[str]] = {}
    for row in rows:
        if row["table"]:
            done.setdefault(row["table"], []).append(_told(row))
    lines = []
    for paper in papers():
        lines.append(_filled(f"{paper.title} ({paper.name})", ""))
        width = max(map(len, [e.name for e in paper.entries if e.id in done]), default=0)
        lines += [
            _filled(f"{e.name:<{width}}  {' · '.join(done[e.id])}")
            for e in paper.entries
            if e.id in done
        ]
        others = [e for e in paper.entries if e.id not in done]
        for kind, trains in (("no run yet", True), ("computed at once", False)):
            if names := [e.name for e in others if e.trains == trains]:
                lines.append(_filled(f"{kind}: {', '.join(names)}"))
    lines += [_filled(_beside(row), "") for row in rows if not row["table"]]
    running = sum(len(store.leases().owners()) for store in stores(base))
    lines += ["", f"{counted(running, 'run')} claimed now"] if running else [""]
    if following := [f"  {row['next']}" for row in _open(rows)[:2]]:
        lines += ["next:", *following]  # commands stay whole, to be copied
    else:
        lines.append(_filled(ALL_DONE if any(row["table"] for row in rows) else START, ""))
    lines.append(_filled(HELP, ""))
    return "\n".join(lines)


def _open(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tables that are whole and whose report lacks runs, then those that lack runs, of which the
    nearest to its end comes first; those under other readings after all others."""
    tables = [row for row in rows if row["table"]]
    share = {id(row): row["done"] / row["planned"] for row in tables}
    found = [row for row in tables if share[id(row)] < 1 or row["reported"] < row["done"]]
    return sorted(found, key=lambda row: (bool(row["readings"]), -share[id(row)]))


def _filled(text: str, indent: str = "  ") -> str:
    width = min(100, shutil.get_terminal_size().columns)
    more = f"{indent}  "
    filled = textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=more,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(TOGETHER, " ")


def _finished(base: Path) -> list[dict[str, Any]]:
    """Of each form, table and precision that has runs; a run of several tables counts for each."""
    rows: list[dict[str, Any]] = []
    for store in stores(base, FORMS[0]):
        records, damage = _readable(store)
        if damage:
            rows.append({"table": None, "form": store.form, "done": 0, "damage": damage})
        found: dict[str, list[int]] = {}
        for record in records:
            found.setdefault(configuration_hash(record), []).append(record["run"]["seed"])
        precisions = sorted({record["run"]["precision"] for record in records}, reverse=True)
        kinds = {(r["run"]["data"]["name"], r["run"]["model"]["kind"]) for r in records}
        told: set[str] = set()
        for entry in entries() if found else ():
            whole = entry.load() if entry.trains else None
            if whole is not None and store.form in (whole.form, *whole.forms):
                rows += _rows(whole.of_form(store.form), store, found, precisions, kinds, told)
        if others := sum(len(seeds) for name, seeds in found.items() if name not in told):
            rows.append({"table": None, "form": store.form, "done": others})
    return rows


def _readable(store: Store) -> tuple[list[Record], str]:
    """The records, and what is wrong with those that are damaged, which are left out."""
    try:
        return list(store.records.collect().values()), ""
    except UserError as error:
        return list(store.records.readable()), str(error)


def _rows(
    table: Table,
    store: Store,
    found: Mapping[str, Collection[int]],
    precisions: Iterable[str],
    kinds: Container[tuple[str, str]],
    told: set[str],
) -> Iterator[dict[str, Any]]:
    """Of each precision that has runs; ``told`` learns their configurations.

    Hashing thousands of configurations takes seconds: only those are whose data and kind of model
    some record has.
    """
    for precision in precisions:
        runs = (
            cell.run(0, {"precision": precision})
            for cell in table.cells
            if (cell.template.data.name, kind_of(type(cell.template.model))) in kinds
        )
        names = {run.configuration_hash for run in runs} & found.keys()
        told |= names
        own = precision == table.cells[0].template.precision
        variant = "" if own else f"precision={precision}"
        options = table.option + ("" if own else f" --precision {precision}")
        done = _seeds(table, names, found)
        yield from _row(table, precision, [], done, store.report(table.id, variant), options)
    for variant in store.variants(table.id):
        selection = select_variant(table.id, store, variant)
        if selection.readings:  # other precisions are above
            made = [cell.run(0, selection.overrides) for cell in table.cells]
            names = {run.configuration_hash for run in made} & found.keys()
            told |= names
            how = made[0].precision, selection.readings, _seeds(table, names, found)
            yield from _row(table, *how, store.report(table.id, variant), selection.options)


def _seeds(table: Table, names: Iterable[str], found: Mapping[str, Collection[int]]) -> int:
    """How many runs of these configurations the table has."""
    return sum(seed < table.seeds for name in names for seed in found[name])


def _row(
    table: Table, precision: str, readings: list[str], done: int, report: Path, options: str
) -> Iterator[dict[str, Any]]:
    """What there is, if there is anything."""
    planned = len(table.cells) * table.seeds
    name = table.name if table.paper == default_paper() else table.id
    if done:
        yield {
            "table": table.id,
            "form": table.form,
            "precision": precision,
            "readings": readings,
            "done": done,
            "planned": planned,
            "reported": _reported(report),
            "next": f"reproduce {'report' if done >= planned else 'status'} {name}{options}",
        }


def _reported(folder: Path) -> int:
    """How many runs a written report is of; none where there is no report that can be read."""
    try:
        return int(json.loads((folder / f"{folder.name}.json").read_bytes())["runs"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _told(row: dict[str, Any]) -> str:
    """Such as "30/60 reduced bf16"; breaks at no space."""
    form = [] if row["form"] == "full" else [row["form"]]
    parts = (f"{row['done']}/{row['planned']}", *form, row["precision"], *row["readings"])
    return TOGETHER.join(parts)


def _beside(row: dict[str, Any]) -> str:
    """What belongs to no table's line."""
    if "damage" in row:
        return f"{row['form']}: {row['damage']}; what is damaged is not counted"
    runs = counted(row["done"], "run")
    return f"{row['form']}: {runs} more, under readings without a report or of no table"
