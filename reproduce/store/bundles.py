"""Finished runs as one compressed file, to be carried from one results folder to another.

A bundle is a zip with two members: ``records.csv``, which is what :mod:`reproduce.store.committed`
commits, quick runs included, and ``bundle.json``, its manifest, see :class:`About`. The same runs
make the same file. :mod:`reproduce.store.merging` puts them into another results folder.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import importlib.metadata
import io
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from benchmarks.errors import UserError
from reproduce.store import atomic, schema
from reproduce.store.committed import Row, add, flatten, read_text, unflatten, write_text
from reproduce.store.provenance import from_laboratory, laboratory_of, machine_label
from reproduce.store.schema import Record

RECORDS, ABOUT = "records.csv", "bundle.json"
FORMAT: Literal[2] = 2
MOST_BYTES = 2**31  # of the records, unpacked
MOMENT = (1980, 1, 1, 0, 0, 0)  # the same records make the same file
REMEDY = "have it written and sent again"
NAMED = 4  # damaged runs that a message names
There = Literal["add", "refuse", "replace"]
_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, KeyError, RuntimeError),
    *(NotImplementedError, UnicodeDecodeError, msgspec.MsgspecError),
)


class About(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A bundle's manifest.

    Attributes:
        format: of the bundle; the first one had no more than the next two.
        runs: how many.
        sha256: of ``records.csv``.
        schema: of the records.
        version: of the project that wrote it.
        forms, laboratories, machines: with their number of runs.
        records: the checksum of each run's row, by the run's hash.
    """

    format: Literal[1, 2]
    runs: int
    sha256: str
    schema: int = schema.SCHEMA
    version: str = ""
    forms: dict[str, int] = {}
    laboratories: dict[str, int] = {}
    machines: dict[str, int] = {}
    records: dict[Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")], str] = {}


class _Versions(msgspec.Struct):
    format: int = 0
    schema: int = 0
    version: str = ""


@dataclass(frozen=True)
class Bundled:
    """What writing a bundle has come to: the file, its runs, those that it had before, bytes, and
    its runs by laboratory."""

    path: Path
    runs: int
    before: int
    size: int
    laboratories: Mapping[str, int]


def write(
    path: Path,
    records: Iterable[Record],
    laboratory: str | None = None,
    there: There = "add",
) -> Bundled:
    """Write the records as a bundle, without their hosts; it is whole or as it was.

    Args:
        laboratory: which the records are from that name none.
        there: what is done where there is a bundle: by default the records are added to it.

    Raises:
        UserError: where something else lies there, or anything that is to be refused, a record
            contradicts one of the bundle, or it cannot be written.
    """
    with atomic.telling(f"write {path}"), atomic.sole_writer(path):
        if there == "refuse":
            require_free(path)
        rows = held(path) if path.exists() else {}
        if there == "replace":
            rows = {}
        before = len(rows)
        named = (from_laboratory(record, laboratory) for record in records)
        add(rows, (unflatten(flatten(record)) for record in named))
        about, data = _packed(rows)
        atomic.replace(path, data)
    return Bundled(path, len(rows), before, len(data), about.laboratories)


def require_free(path: Path) -> None:
    """Raise UserError where something lies there."""
    if path.exists():
        raise UserError(f"{path} is there already: give another name, or --overwrite to replace it")


def held(path: Path) -> dict[str, Row]:
    """The runs of what lies where a bundle is to be written.

    Raises:
        UserError: where that is no whole bundle, which is never written over.
    """
    try:
        return read(path)
    except UserError as error:
        why = str(error).removesuffix(f"; {REMEDY}")
        raise UserError(f"{why}; it is not written over: delete it, or give another name") from None


def read(path: Path) -> dict[str, Row]:
    """The runs of a bundle by hash, each checked: its name is its content's, its checksum fits, and
    both are those of the manifest.

    Raises:
        UserError: where it is cut short, edited, no bundle or written by a newer version; names the
            runs that are damaged, where that can be told.
    """
    try:
        with atomic.telling(f"read {path}"), zipfile.ZipFile(path) as file:
            if sum(file.getinfo(name).file_size for name in (ABOUT, RECORDS)) > MOST_BYTES:
                raise UserError(f"{path} is no bundle: it unpacks to more than {MOST_BYTES} bytes")
            about = _manifest(path, file.read(ABOUT))
            data = file.read(RECORDS)
            text = data.decode(errors="replace")
    except _DAMAGES as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} is no whole bundle ({why}); {REMEDY}") from error
    if hashlib.sha256(data).hexdigest() != about.sha256:
        raise UserError(
            f"{path}: its records are not those that were written{_damaged(text, about)}; {REMEDY}"
        )
    rows = read_text(io.StringIO(text, newline=""), f"{path}:{RECORDS}", REMEDY)
    if len(rows) != about.runs:
        raise UserError(f"{path} holds {len(rows)} runs, not {about.runs}; {REMEDY}")
    if about.format > 1:
        _require(about, _about(rows, data, about.version), path)
    return rows


def _manifest(path: Path, data: bytes) -> About:
    versions = msgspec.json.decode(data, type=_Versions)
    if versions.format > FORMAT or versions.schema > schema.SCHEMA:
        raise UserError(
            f"{path}: written by a newer version (bundle format {versions.format}, record schema "
            f"{versions.schema}; this one reads {FORMAT} and {schema.SCHEMA}); update this checkout"
        )
    return msgspec.json.decode(data, type=About)


def _require(stated: About, found: About, path: Path) -> None:
    """Raise UserError where a manifest is not that of its rows."""
    for name in About.__struct_fields__:
        if getattr(stated, name) != getattr(found, name):
            raise UserError(f"{path}: its manifest does not state the {name} of its rows; {REMEDY}")


def _damaged(text: str, about: About) -> str:
    """Which rows are not those of the manifest, as far as that can be told."""
    found: dict[str, str] = {}
    with contextlib.suppress(csv.Error):
        for values in csv.DictReader(io.StringIO(text, newline="")):
            with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
                found[values["hash"]] = schema.committed_digest(_unflattened(values))
    wrong = [name for name, digest in about.records.items() if found.get(name) != digest]
    if not wrong:
        return ""
    names = ", ".join(wrong[:NAMED]) + (" …" if len(wrong) > NAMED else "")
    return f": {len(wrong)} of its {about.runs} runs are damaged or missing ({names})"


def _unflattened(values: Mapping[str, Any]) -> Record:
    if None in values or None in values.values():
        raise ValueError("a row cut short")
    return unflatten(values)


def _about(rows: Mapping[str, Row], data: bytes, version: str) -> About:
    records = {name: rows[name].record for name in sorted(rows)}
    origins = [record["provenance"] for record in records.values()]
    forms = (record["form"] for record in records.values())
    return About(
        format=FORMAT,
        runs=len(rows),
        sha256=hashlib.sha256(data).hexdigest(),
        version=version,
        forms=_counted(forms),
        laboratories=_counted(map(laboratory_of, origins)),
        machines=_counted(map(machine_label, origins)),
        records={name: schema.committed_digest(record) for name, record in records.items()},
    )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _packed(rows: Mapping[str, Row]) -> tuple[About, bytes]:
    records = write_text(rows.values()).encode()
    about = _about(rows, records, importlib.metadata.version("reproduce-structure"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        manifest = msgspec.json.format(msgspec.json.encode(about), indent=1)
        for name, data in ((ABOUT, manifest), (RECORDS, records)):
            file.writestr(zipfile.ZipInfo(name, MOMENT), data, zipfile.ZIP_DEFLATED, 9)
    return about, buffer.getvalue()
