"""Committed runs: ``results/measured/*.csv``, one row a run, with all of a record but its host.

The columns are the run's hash, the name that it had before (if any), the form, its resolved
configuration, measurements and curves as JSON, the provenance and a checksum over all of these, by
which an edited row is told. Rows are sorted by configuration and seed, so
that added runs make small differences.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import UserError
from benchmarks.run import without_seed
from reproduce.store import atomic, schema
from reproduce.store.schema import Record

RESULT = ("diverged", "measurements", "curves")
PACKAGES = ("python", "torch", "torchvision", "numpy")
TEXTS = ("executor", "finished")
NUMBERS = ("wall_seconds", "images_per_second")
COLUMNS = (
    *("hash", "former", "form", "run", *RESULT, "commit", "dirty", *PACKAGES),
    *("device_kind", "device_name", "threads", "executor"),
    *("wall_seconds", "images_per_second", "finished", "sittings", "checksum"),
)
# What of a sitting is committed. Named one by one, so that no host name slips in.
SITTING_KEYS = ("commit", "dirty", "machine", "images", "started", "from_epoch")
_HASH = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Row:
    """A committed run and where it stands, such as "results/measured/table3.csv:7"."""

    record: Record
    source: str


def _add(path: Path, added: Iterable[Record]) -> None:
    rows = read_file(path) if path.exists() else {}
    for record in added:
        row = Row(record, "the new record")
        require_agreement(rows.setdefault(record["hash"], row), row)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in sorted(rows.values(), key=_order):
        writer.writerow(flatten(row.record))
    atomic.replace(path, text.getvalue().encode())


def read_file(path: Path) -> dict[str, Row]:
    """The rows of one CSV by hash.

    Raises:
        UserError: naming file and line of a malformed row.
    """
    rows: dict[str, Row] = {}
    with _open(path) as file:
        reader = csv.DictReader(file, strict=True)
        try:
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise UserError(
                    f"{path}:1: the columns are not {','.join(COLUMNS)}; {_remedy(path)}"
                )
            for values in reader:
                line = reader.line_num
                row = Row(_parse(values, path, line), f"{path}:{line}")
                require_agreement(rows.setdefault(row.record["hash"], row), row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise UserError(
                f"{path}:{reader.line_num}: not a row of CSV ({error}); {_remedy(path)}"
            ) from error
    return rows


def require_agreement(first: Row, second: Row) -> None:
    """Raise UserError naming both places where two rows of one run differ in contents."""
    if schema.contents(first.record) != schema.contents(second.record):
        raise UserError(
            f"run {first.record['hash']} has two contents: {first.source} and {second.source};"
            " remove the wrong one"
        )


def flatten(record: Record) -> dict[str, str]:
    """A record as a row of text; :func:`unflatten` gives it back without its host."""
    result, provenance = record["result"], record["provenance"]
    device, packages = provenance.get("device", {}), provenance.get("packages", {})
    sittings = [
        {key: sitting[key] for key in SITTING_KEYS if key in sitting}
        for sitting in provenance.get("sittings", [])
    ]
    values: dict[str, Any] = {
        "hash": record["hash"],
        "former": record.get("former"),
        "form": record["form"],
        "run": schema.canonical_json(record["run"]),
        **{name: schema.canonical_json(result[name]) for name in RESULT},
        **{name: provenance.get(name) for name in ("commit", "dirty", *TEXTS, *NUMBERS)},
        **{name: packages.get(name) for name in PACKAGES},
        "device_kind": device.get("kind"),
        "device_name": device.get("name"),
        "threads": device.get("threads"),
        "sittings": schema.canonical_json(sittings),
    }
    row = {name: _text(value) for name, value in values.items()}
    return {**row, "checksum": schema.committed_digest(unflatten(row))}


def unflatten(values: Mapping[str, str]) -> Record:
    """The record of a row, sealed anew, with the host None; the row's checksum is not looked at.

    Raises:
        ValueError, KeyError, TypeError: at text that :func:`flatten` does not write.
    """
    device = {"kind": values["device_kind"] or None, "name": values["device_name"] or None}
    return schema.seal(
        {
            "schema": schema.SCHEMA,
            "hash": values["hash"],
            **({"former": values["former"]} if values["former"] else {}),
            "form": values["form"],
            "run": json.loads(values["run"]),
            "result": {name: json.loads(values[name]) for name in RESULT},
            "provenance": {
                "commit": values["commit"] or None,
                "dirty": _json(values["dirty"]),
                "packages": {name: values[name] or None for name in PACKAGES},
                "device": {**device, "threads": _json(values["threads"])},
                "host": None,
                **{name: values[name] or None for name in TEXTS},
                **{name: _json(values[name]) for name in NUMBERS},
                "sittings": [dict(sitting) for sitting in json.loads(values["sittings"])],
            },
        }
    )


def _parse(values: Mapping[str, Any], path: Path, line: int) -> Record:
    source, remedy = f"{path}:{line}", _remedy(path)
    if None in values or None in values.values():
        raise UserError(f"{source}: the row does not have {len(COLUMNS)} columns; {remedy}")
    try:
        record = unflatten(values)
        digest = schema.committed_digest(record)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{source}: malformed row ({error}); {remedy}") from error
    schema.check(record, source, remedy=remedy, just_sealed=True)
    if digest != values["checksum"]:
        raise UserError(f"{source}: the checksum does not fit, so the row was edited; {remedy}")
    return record


def _remedy(path: Path) -> str:
    return f"restore it from git (`git checkout -- {shlex.quote(str(path))}`)"


def _order(row: Row) -> tuple[str, int, str]:
    return (
        schema.canonical_json(without_seed(row.record["run"])),
        row.record["run"]["seed"],
        row.record["hash"],
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, allow_nan=False)


def _json(text: str) -> Any:
    return json.loads(text) if text else None


def _names(path: Path) -> dict[str, str]:
    with _open(path, errors="replace") as file:
        columns = [line.split(",", 2) for line in file]
    return {name: (rest or [""])[0] for name, *rest in columns if _HASH.fullmatch(name)}


def _open(path: Path, errors: str = "strict") -> io.TextIOWrapper:
    try:
        return open(path, encoding="utf-8", errors=errors, newline="")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error


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
            for name, row in read_file(path).items():
                rows.setdefault(name, row)
                require_agreement(rows[name], row)
        return rows if wanted is None else {n: row for n, row in rows.items() if n in wanted}

    def names(self) -> dict[str, str]:
        """Hashes of the committed runs with the names that these had before (or ""); reads no more
        of a row than its first two columns."""
        return {name: former for path in self._files() for name, former in _names(path).items()}

    def _files(self) -> list[Path]:
        if self.form == schema.QUICK:
            return []
        try:
            return sorted(path for path in self.folder.iterdir() if path.suffix == ".csv")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UserError(f"cannot read {self.folder}: {error.strerror or error}") from error

    def write(self, name: str, records: Iterable[Record]) -> Path:
        """Add the records to ``<name>.csv`` and return its path; rows that it has already stay as
        they are, and so do those that another process adds at the same time.

        Raises:
            UserError: where a record contradicts a row of the file, or it cannot be written.
            ValueError: at a record without its curves, or of a quick run.
        """
        added, path = list(records), self.folder / f"{name}.csv"
        for record in added:
            if "curves" not in record["result"]:
                raise ValueError(f"the record {record['hash']} was collected without its curves")
            if record["form"] == schema.QUICK:
                raise ValueError(f"the record {record['hash']} is of a quick run")
        try:
            with atomic.sole_writer(path):
                _add(path, added)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror or error}") from error
        atomic.sweep(path.parent)
        return path
