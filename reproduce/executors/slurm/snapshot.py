"""A copy of the code as it is at submission, which the jobs run however long they wait."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import UserError
from reproduce.store.paths import ROOT
from reproduce.store.provenance import SNAPSHOT_FILE, code_state, utc_now

PARTS = ("benchmarks", "reproduce", "analysis", "paper_tables", "pyproject.toml")


@dataclass(frozen=True)
class Snapshot:
    """A published copy.

    Attributes:
        commit, dirty: of the checkout that it was taken from; None outside of any.
    """

    folder: Path
    commit: str | None
    dirty: bool | None

    @property
    def warning(self) -> str | None:
        """One line where what runs is in no commit."""
        if not self.dirty:
            return None
        return (
            f"the working tree differs from commit {(self.commit or '')[:12]}: the jobs run a copy "
            "of it as it is now, and their records will say so"
        )


def take(folder: Path, source: Path = ROOT) -> Snapshot:
    """Publish the code under ``folder`` by its content, or find it there.

    Raises:
        UserError: where the folder cannot be written, or what lies there was edited.
    """
    commit, dirty = code_state(source)
    files = _files(source)
    digest = _digest(files, commit, dirty)
    place = folder / digest[:16]
    try:
        if not place.is_dir():
            _publish(place, files, {"commit": commit, "dirty": dirty, "time": utc_now()})
    except OSError as error:
        raise UserError(f"cannot write {place}: {error.strerror}") from error
    if _digest(_files(place), commit, dirty) != digest:
        raise UserError(
            f"{place} was edited: jobs that wait may still run it; move it away once none does"
        )
    return Snapshot(place, commit, dirty)


def _publish(place: Path, files: dict[str, bytes], origin: dict[str, object]) -> None:
    """Written aside, then renamed; of two at once, one publishes."""
    aside = place.with_name(f".{place.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        for name, data in files.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (aside / SNAPSHOT_FILE).write_text(json.dumps(origin, indent=1) + "\n")
        try:
            os.rename(aside, place)
        except OSError:
            if not place.is_dir():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _files(source: Path) -> dict[str, bytes]:
    """The code below a folder, by path in there."""
    found = {}
    for part in PARTS:
        top = source / part
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            parts = path.relative_to(source).parts
            hidden = any(name == "__pycache__" or name.startswith(".") for name in parts)
            if path.is_file() and not hidden and path.suffix != ".pyc":
                found["/".join(parts)] = path.read_bytes()
    return found


def _digest(files: dict[str, bytes], commit: str | None, dirty: bool | None) -> str:
    listed = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    text = json.dumps([commit, dirty, listed], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
