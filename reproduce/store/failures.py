"""The last error of each run that failed, kept until the run is tried again and succeeds."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.store import atomic
from reproduce.store.provenance import utc_now

if TYPE_CHECKING:
    from reproduce.catalogue.tables import PlannedRun
    from reproduce.store.paths import ResultsLayout


@dataclass(frozen=True)
class Failure:
    """How a run failed.

    Attributes:
        token: of this one failure. A command leaves a run alone that has failed since it began, and
            tells that by the token, not by clocks.
        error: the last line of the error.
        log: where the whole of it is.
        time: UTC.
    """

    token: str
    cell: str
    seed: int
    error: str
    log: str
    time: str


def write(layout: ResultsLayout, planned: PlannedRun, error: str, log: str) -> None:
    """Keep a run's failure, in the place of an earlier one.

    Raises:
        UserError: where the folder cannot be written.
    """
    lines = error.strip().splitlines() or ["unknown error"]
    failure = Failure(
        secrets.token_hex(6), planned.cell, planned.run.seed, lines[-1].strip(), log, utc_now()
    )
    path = _path(layout, planned.run.hash)
    try:
        atomic.replace(path, (json.dumps(asdict(failure), indent=1) + "\n").encode())
    except OSError as problem:
        raise UserError(f"cannot write {path}: {problem.strerror}") from problem


def read(layout: ResultsLayout, hashes: Iterable[str]) -> dict[str, Failure]:
    """The failures among ``hashes``, by hash."""
    try:
        present = {path.stem for path in layout.failures.iterdir() if path.suffix == ".json"}
    except OSError:
        return {}
    found = {name: _read_one(_path(layout, name)) for name in hashes if name in present}
    return {name: failure for name, failure in found.items() if failure}


def clear(layout: ResultsLayout, run_hash: str) -> None:
    """Forget a run's failure; harmless where there is none."""
    with contextlib.suppress(OSError):
        _path(layout, run_hash).unlink()


def _read_one(path: Path) -> Failure | None:
    try:
        values = json.loads(path.read_text())
        return Failure(**{item.name: values[item.name] for item in fields(Failure)})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Failure("", "", 0, f"{path} cannot be read", str(path), "")


def _path(layout: ResultsLayout, run_hash: str) -> Path:
    return layout.failures / f"{run_hash}.json"
