"""Finished runs as one compressed file, to be carried from one results folder to another.

A bundle is a zip with two members: ``records.csv``, which is what :mod:`reproduce.store.committed`
commits, quick runs included, and ``bundle.json``, which says how many rows that has and its
SHA-256.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from benchmarks.data import DATASETS
from benchmarks.errors import UserError
from reproduce.store import atomic, schema
from reproduce.store.committed import Row, add, read_text, write_text
from reproduce.store.schema import Record
from reproduce.store.store import Store

RECORDS, ABOUT = "records.csv", "bundle.json"
MOST_BYTES = 2**31  # of the records, unpacked
MOMENT = (1980, 1, 1, 0, 0, 0)  # the same records make the same file
REMEDY = "have it written and sent again"
_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, KeyError, RuntimeError),
    *(NotImplementedError, UnicodeDecodeError, msgspec.MsgspecError),
)


class _About(msgspec.Struct, forbid_unknown_fields=True):
    format: Literal[1]
    runs: int
    sha256: str


@dataclass(frozen=True)
class Bundled:
    """What writing a bundle has come to: the file, its runs, those that it had before, bytes."""

    path: Path
    runs: int
    before: int
    size: int


@dataclass(frozen=True)
class Merged:
    """What merging a bundle has come to, of one form of tables."""

    form: str
    added: int
    known: int


def write(path: Path, records: Iterable[Record]) -> Bundled:
    """Add the records to the bundle at ``path``, which is made where there is none; it is whole or
    as it was.

    Raises:
        UserError: where something else lies there, a record contradicts one of the bundle, or it
            cannot be written.
    """
    with atomic.telling(f"write {path}"), atomic.sole_writer(path):
        rows = read(path) if path.exists() else {}
        before = len(rows)
        add(rows, records)
        data = _packed(rows.values())
        atomic.replace(path, data)
    return Bundled(path, len(rows), before, len(data))


def read(path: Path) -> dict[str, Row]:
    """The runs of a bundle by hash, each checked: its name is its content's, and its checksum fits.

    Raises:
        UserError: where it is cut short, edited, or no bundle.
    """
    try:
        with atomic.telling(f"read {path}"), zipfile.ZipFile(path) as file:
            about = msgspec.json.decode(file.read(ABOUT), type=_About)
            if file.getinfo(RECORDS).file_size > MOST_BYTES:
                raise UserError(f"{path} is no bundle: it unpacks to more than {MOST_BYTES} bytes")
            data = file.read(RECORDS)
            text = data.decode()
    except _DAMAGES as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} is no whole bundle ({why}); {REMEDY}") from error
    if hashlib.sha256(data).hexdigest() != about.sha256:
        raise UserError(f"{path}: its records are not those that were written; {REMEDY}")
    rows = read_text(io.StringIO(text, newline=""), f"{path}:{RECORDS}", REMEDY)
    if len(rows) != about.runs:
        raise UserError(f"{path} holds {len(rows)} runs, not {about.runs}; {REMEDY}")
    return rows


def merge(path: Path, base: Path) -> list[Merged]:
    """Publish the runs of a bundle in a results folder, those that it has already left as they are.

    Raises:
        UserError: where the bundle is damaged or states a wrong form, or a run is there
            with other contents, naming both places; then nothing is merged. Also where the folder
            cannot be written.
    """
    forms: dict[str, dict[str, Row]] = {}
    for name, row in read(path).items():
        _require_form(row)
        forms.setdefault(row.record["form"], {})[name] = row
    new: dict[str, list[Row]] = {}
    for form, rows in forms.items():
        store = Store(base, form)
        there = store.records.collect(rows)
        for name, record in there.items():
            if not schema.agree(record, rows[name].record):
                raise UserError(
                    f"run {name} has two contents: {_place(store, name)} and {rows[name].source}; "
                    "nothing was merged: move the wrong one away"
                )
        new[form] = [row for name, row in rows.items() if name not in there]
    for form, added in new.items():
        for row in added:
            Store(base, form).records.publish(row.record)
    return [Merged(form, len(new[form]), len(forms[form]) - len(new[form])) for form in forms]


def _require_form(row: Row) -> None:
    """Raise UserError at a run on embedded images, as only quick forms have, of another form."""
    form, data = row.record["form"], row.record["run"]["data"].get("name")
    if form != schema.QUICK and data in DATASETS and DATASETS[data].embedded:
        raise UserError(
            f"{row.source}: a run on {data} is of the quick form, not {form}; nothing was merged: "
            f"{REMEDY}"
        )


def _place(store: Store, name: str) -> str:
    if store.records.path(name).exists():
        return str(store.records.path(name))
    return store.committed.read_rows([name])[name].source


def _packed(rows: Iterable[Row]) -> bytes:
    found = list(rows)
    records = write_text(found).encode()
    about = _About(1, len(found), hashlib.sha256(records).hexdigest())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, data in ((ABOUT, msgspec.json.encode(about)), (RECORDS, records)):
            file.writestr(zipfile.ZipInfo(name, MOMENT), data, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()
