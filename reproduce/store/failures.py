"""The last error of each run that failed, kept until the run is tried again and succeeds."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from reproduce.store import atomic
from reproduce.store.provenance import utc_now

if TYPE_CHECKING:
    from reproduce.store.planned_run import PlannedRun


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


def _read_one(path: Path) -> Failure | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Failure)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.MsgspecError):
        return Failure("", "", 0, f"{path} cannot be read", str(path), "")


class Failures:
    """The failures of a results folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, planned: PlannedRun, error: str, log: str) -> None:
        """Keep a run's failure, in the place of an earlier one.

        Raises:
            UserError: where the folder cannot be written.
        """
        lines = error.strip().splitlines() or ["unknown error"]
        failure = Failure(
            secrets.token_hex(6), planned.cell, planned.run.seed, lines[-1].strip(), log, utc_now()
        )
        path = self._path(planned.run.hash)
        with atomic.telling(f"write {path}"):
            atomic.replace(path, (json.dumps(asdict(failure), indent=1) + "\n").encode())

    def read(self, hashes: Iterable[str]) -> dict[str, Failure]:
        """The failures among ``hashes``, by hash."""
        try:
            present = {path.stem for path in self.folder.iterdir() if path.suffix == ".json"}
        except OSError:
            return {}
        found = {name: _read_one(self._path(name)) for name in hashes if name in present}
        return {name: failure for name, failure in found.items() if failure}

    def clear(self, run_hash: str) -> None:
        """Forget a run's failure; harmless where there is none."""
        with contextlib.suppress(OSError):
            self._path(run_hash).unlink()

    def _path(self, run_hash: str) -> Path:
        return self.folder / f"{run_hash}.json"
