"""Committed runs: ``results/measured/*.csv``, one row a run, with all of a record but its host.

The columns are the run's hash, the name that it had before (if any), the form, which is that of the
folder, its resolved configuration, measurements and curves as JSON, the provenance, and a checksum
over all but the form, by which an edited row is told; a column of laboratories only where a run
came from another one. Rows are sorted by configuration and seed: added runs make small differences.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.errors import UserError
from benchmarks.run import without_seed
from reproduce.store import atomic, schema
from reproduce.store.schema import Record

PACKAGES = ("python", "torch", "torchvision", "numpy")
# Where a run came from another laboratory; files without such a run have no such column.
LABORATORY = "laboratory"
# Where each column stands in a record, in the file's order.
_PATHS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("hash", "former", "form", "run")},
    **{name: ("result", name) for name in ("diverged", "measurements", "curves")},
    **{name: ("provenance", name) for name in ("commit", "dirty")},
    **{name: ("provenance", "packages", name) for name in PACKAGES},
    **{f"device_{name}": ("provenance", "device", name) for name in ("kind", "name")},
    "threads": ("provenance", "device", "threads"),
    **{
        name: ("provenance", name)
        for name in ("executor", "wall_seconds", "images_per_second", "finished", "sittings")
    },
    LABORATORY: ("provenance", LABORATORY),
}
WITH_LABORATORY = (*_PATHS, "checksum")
COLUMNS = tuple(name for name in WITH_LABORATORY if name != LABORATORY)
# Curves are one field; the module's own limit is 131,072 characters.
csv.field_size_limit(2**31 - 1)
# These are text as they are, the others JSON; an empty one is null.
_TEXTS = {"hash", "former", "form", "commit", *PACKAGES, "device_kind", "device_name"}
_TEXTS |= {"executor", "finished", LABORATORY}
# What of a sitting is committed. Named one by one, so that no host name slips in.
SITTING_KEYS = ("commit", "dirty", "machine", "images", "started", "from_epoch")
_HASH = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Row:
    """A committed run and where it stands, such as "results/measured/table3.csv:7"."""

    record: Record
    source: str


def read_file(path: Path) -> dict[str, Row]:
    """The rows of one CSV by hash; parsed once for as long as the file stays as it is, since a page
    of all reports asks hundreds of times. Nobody changes the records.

    Raises:
        UserError: naming file and line of a malformed row.
    """
    try:
        found = path.stat()
    except OSError:
        return _parsed(path)
    return dict(_parsed_once(path, (found.st_ino, found.st_size, found.st_mtime_ns)))


@lru_cache(maxsize=64)
def _parsed_once(path: Path, state: tuple[int, int, int]) -> dict[str, Row]:
    return _parsed(path)


def _parsed(path: Path) -> dict[str, Row]:
    with _open(path) as file:
        return read_text(file, str(path), _remedy(path))


def _remedy(path: Path) -> str:
    return f"restore it from git (`git checkout -- {shlex.quote(str(path))}`)"


def read_text(file: Iterable[str], place: str, remedy: str) -> dict[str, Row]:
    """The rows of a CSV by hash.

    Args:
        file: its lines.
        place, remedy: for messages: where it comes from, and what to do about a damaged one.

    Raises:
        UserError: naming place and line of a malformed row.
    """
    rows: dict[str, Row] = {}
    reader = csv.DictReader(file, strict=True)
    try:
        if tuple(reader.fieldnames or ()) not in (COLUMNS, WITH_LABORATORY):
            raise UserError(f"{place}:1: the columns are not {','.join(COLUMNS)}; {remedy}")
        for values in reader:
            source = f"{place}:{reader.line_num}"
            row = Row(_parse(values, source, remedy), source)
            if (first := rows.setdefault(row.record["hash"], row)) is not row:
                require_agreement(first, row)
    except (csv.Error, UnicodeDecodeError) as error:
        raise UserError(
            f"{place}:{reader.line_num}: not a row of CSV ({error}); {remedy}"
        ) from error
    return rows


def write_text(rows: Iterable[Row]) -> str:
    """The CSV of rows, sorted by configuration and seed."""
    text = io.StringIO()
    flat = [flatten(row.record) for row in sorted(rows, key=_order)]
    columns = WITH_LABORATORY if any(LABORATORY in values for values in flat) else COLUMNS
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def add(rows: dict[str, Row], records: Iterable[Record]) -> None:
    """Add records to rows; a run that is there already stays as it is.

    Raises:
        UserError: where a record contradicts a row.
    """
    for record in records:
        row = Row(record, "the new record")
        require_agreement(rows.setdefault(record["hash"], row), row)


def require_agreement(first: Row, second: Row) -> None:
    """Raise UserError naming both places where two rows of one run differ in contents."""
    if not schema.agree(first.record, second.record):
        raise UserError(
            f"run {first.record['hash']} has two contents: {first.source} and {second.source};"
            " remove the wrong one"
        )


def flatten(record: Record) -> dict[str, str]:
    """A record as a row of text; :func:`unflatten` gives it back without its host."""
    row = {}
    for name, path in _PATHS.items():
        value: Any = record
        for key in path:
            value = value.get(key, {} if key != path[-1] else None)
        if name == "sittings":
            value = [{k: s[k] for k in SITTING_KEYS if k in s} for s in value or ()]
        text = value if name in _TEXTS else schema.canonical_json(value)
        row[name] = "" if value is None else text
    if not row[LABORATORY]:
        del row[LABORATORY]
    return {**row, "checksum": schema.committed_digest(unflatten(row))}


def unflatten(values: Mapping[str, str]) -> Record:
    """The record of a row, sealed anew, with the host None; the row's checksum is not looked at.

    Raises:
        ValueError, KeyError, TypeError: at text that :func:`flatten` does not write.
    """
    # In the order in which a record is shown.
    names = ("commit", "dirty", "packages", "device", "host", "executor", "finished")
    made_by: dict[str, Any] = {
        name: {} if name in ("packages", "device") else None for name in names
    }
    top = dict.fromkeys(("hash", "former", "form", "run"))
    record: Record = {"schema": schema.SCHEMA, **top, "result": {}, "provenance": made_by}
    for name, path in _PATHS.items():
        inner = record
        for key in path[:-1]:
            inner = inner[key]
        text = values.get(name) if name == LABORATORY else values[name]
        inner[path[-1]] = (text if name in _TEXTS else json.loads(text)) if text else None
    if not record["former"]:
        del record["former"]
    if not made_by[LABORATORY]:
        del made_by[LABORATORY]
    return schema.seal(record)


def _parse(values: Mapping[str, Any], source: str, remedy: str) -> Record:
    if None in values or None in values.values():
        raise UserError(
            f"{source}: the row does not have as many columns as the first line; {remedy}"
        )
    try:
        record = unflatten(values)
        digest = schema.committed_digest(record)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{source}: malformed row ({error}); {remedy}") from error
    schema.check(record, source, remedy=remedy, just_sealed=True)
    if digest != values["checksum"]:
        raise UserError(f"{source}: the checksum does not fit, so the row was edited; {remedy}")
    return record


def _order(row: Row) -> tuple[str, int, str]:
    return (
        schema.canonical_json(without_seed(row.record["run"])),
        row.record["run"]["seed"],
        row.record["hash"],
    )


def _names(path: Path) -> dict[str, str]:
    with _open(path, errors="replace") as file:
        columns = [line.split(",", 2) for line in file]
    return {name: (rest or [""])[0] for name, *rest in columns if _HASH.fullmatch(name)}


def _open(path: Path, errors: str = "strict") -> io.TextIOWrapper:
    with atomic.telling(f"read {path}"):
        return open(path, encoding="utf-8", errors=errors, newline="")


class Committed:
    """The committed runs of a results folder; quick ones, which only show that everything works,
    are never committed."""

    def __init__(self, folder: Path, form: str) -> None:
        self.folder, self.form = folder, form

    def read_all(self) -> dict[str, Record]:
        """The committed runs by hash; none of a quick form. Their provenance has no host.

        Raises:
            UserError: at a malformed row, or where two rows give one run two contents.
        """
        return {name: row.record for name, row in self.read_rows().items()}

    def readable(self) -> dict[str, Record]:
        """As :func:`read_all`, without the files that are damaged."""
        found: dict[str, Record] = {}
        with contextlib.suppress(UserError):
            for path in self._files():
                with contextlib.suppress(UserError):
                    found |= {name: row.record for name, row in self._read(path).items()}
        return found

    def read_rows(self, wanted: Collection[str] | None = None) -> dict[str, Row]:
        """As :func:`read_all`, with each row's place.

        Args:
            wanted: hashes of the runs of interest. A file that holds none of them is not read, so
                that its damage stops nobody but who asks for its runs.
        """
        rows: dict[str, Row] = {}
        for path in self._files():
            if wanted is not None and _names(path).keys().isdisjoint(wanted):
                continue
            for name, row in self._read(path).items():
                if (first := rows.setdefault(name, row)) is not row:
                    require_agreement(first, row)
        return rows if wanted is None else {n: row for n, row in rows.items() if n in wanted}

    def names(self) -> dict[str, str]:
        """Hashes of the committed runs with the names that these had before (or ""); reads no more
        of a row than its first two columns."""
        return {name: former for path in self._files() for name, former in _names(path).items()}

    def _read(self, path: Path) -> dict[str, Row]:
        """The rows of one of the files; raises UserError also at a run of another form."""
        rows = read_file(path)
        for row in rows.values():
            if (form := row.record["form"]) != self.form:
                raise UserError(
                    f"{row.source}: a {form} run among the {self.form} ones; {_remedy(path)}"
                )
        return rows

    def _files(self) -> list[Path]:
        if self.form != schema.QUICK:
            with atomic.telling(f"read {self.folder}"), contextlib.suppress(FileNotFoundError):
                return sorted(path for path in self.folder.iterdir() if path.suffix == ".csv")
        return []

    def write(self, name: str, records: Iterable[Record]) -> Path:
        """Add the records to ``<name>.csv`` and return its path; rows that it has already stay as
        they are, and so do those that another process adds at the same time.

        Raises:
            UserError: where a record contradicts a row of the file, or it cannot be written.
            ValueError: at a record of a quick run, or of another form than the folder's.
        """
        added, path = list(records), self.folder / f"{name}.csv"
        for record in added:
            if record["form"] == schema.QUICK or record["form"] != self.form:
                raise ValueError(f"the record {record['hash']} is of a {record['form']} run")
        with atomic.telling(f"write {path}"), atomic.sole_writer(path):
            rows = self._read(path) if path.exists() else {}
            add(rows, added)
            atomic.replace(path, write_text(rows.values()).encode())
        atomic.sweep(path.parent)
        return path
