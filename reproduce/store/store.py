"""A results folder of one form, whole: whoever trains, asks or reports begins here.

Importing this module loads neither NumPy, pandas nor torch.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.errors import UserError
from reproduce.store import atomic, leases
from reproduce.store.committed import Committed
from reproduce.store.failures import Failures
from reproduce.store.heartbeat import Heartbeats
from reproduce.store.leases import Leases
from reproduce.store.records import Records
from reproduce.store.schema import FORMS
from reproduce.store.weights import Weights

SENSITIVITY = "-sensitivity"  # behind a table's name, of reports on what its readings move


@dataclass(frozen=True)
class Store:
    """The tree of one results folder; each form of a table but the full one has a tree of its own,
    so that their runs never meet.

    Attributes:
        base: what the user named (``--results``).
        form: "full", "reduced" or "quick", see :mod:`reproduce.store.schema`.
    """

    base: Path
    form: str = "full"

    @property
    def root(self) -> Path:
        """``base``, ``base/reduced`` or ``base/quick``."""
        return self.base if self.form == "full" else self.base / self.form

    @cached_property
    def records(self) -> Records:
        """Finished runs: one JSON a run, in 256 shards, and the committed ones."""
        return Records(self.root / "records", self.form, self.committed)

    @cached_property
    def committed(self) -> Committed:
        """Committed CSVs of measured runs (never quick ones)."""
        return Committed(self.root / "measured", self.form)

    @cached_property
    def weights(self) -> Weights:
        """Final weights of the runs that were asked to keep them, one file a run."""
        return Weights(self.root / "weights", self.records)

    @cached_property
    def failures(self) -> Failures:
        """The last error of each failed run."""
        return Failures(self.root / "failures")

    @cached_property
    def heartbeats(self) -> Heartbeats:
        """How far the leased runs are."""
        return Heartbeats(self.root / leases.FOLDER)

    def leases(self, executor: str = "look") -> Leases:
        """Who is training what; ``executor`` is what those made through this one say of us."""
        return Leases(self.root / leases.FOLDER, executor)

    @property
    def checkpoints(self) -> Path:
        """States of unfinished runs."""
        return self.root / "checkpoints"

    def checkpoint(self, run_hash: str) -> Path:
        """Where that of a run lies, or will."""
        return self.checkpoints / f"{run_hash}.ckpt"

    @property
    def logs(self) -> Path:
        """One log a worker."""
        return self.root / "logs"

    @property
    def slurm(self) -> Path:
        """What was submitted to a queue: manifests, snapshots of the code, jobs and their logs."""
        return self.root / "slurm"

    def make_folders(self, *, with_weights: bool = False) -> None:
        """The folders that training writes to.

        Raises:
            UserError: where they cannot be written.
        """
        folders = [
            self.records.folder,
            self.leases().folder,
            self.checkpoints,
            self.failures.folder,
            self.logs,
        ]
        for folder in [*folders, self.weights.folder] if with_weights else folders:
            with atomic.telling(f"write {folder}"):
                folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise UserError(f"cannot write {folder}: give another folder with --results")

    def report(self, table_id: str, variant: str = "") -> Path:
        """Folder of a table's report; a variant (another precision or reading) has its own."""
        folder = self.root / "variants" / variant if variant else self.root
        return folder / table_id

    def variants(self, table_id: str) -> list[str]:
        """Names of the variants that have a report of the table, or on its sensitivity."""
        names = (folder.name for folder in (self.root / "variants").glob("*"))
        return sorted(name for name in names if self._is_reported(self.report(table_id, name)))

    @staticmethod
    def _is_reported(folder: Path) -> bool:
        return folder.is_dir() or any(folder.parent.glob(f"{folder.name}{SENSITIVITY}*"))


def stores(base: Path, first: str = "full") -> list[Store]:
    """Those of all forms, ``first`` before the others."""
    return [Store(base, form) for form in sorted(FORMS, key=lambda form: form != first)]
