"""Where things lie: the checkout, the data and the results."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAPER_TABLES = ROOT / "paper_tables"


def extra_papers() -> list[Path]:
    """The folders of REPRODUCE_PAPERS, which hold other people's papers."""
    named = os.environ.get("REPRODUCE_PAPERS", "").split(os.pathsep)
    return [Path(folder).expanduser().absolute() for folder in named if folder]


def paper_folder(paper: str, base: Path = PAPER_TABLES) -> Path:
    """The folder of a paper's published numbers, readings, margins, claims and deviations."""
    for folder in extra_papers():
        own = folder / paper.replace("-", "_") / "paper_tables"
        if own.is_dir():
            return own
    return base / paper


def default_data() -> Path:
    """REPRODUCE_DATA, or ``data/`` in the checkout."""
    return Path(os.environ.get("REPRODUCE_DATA") or ROOT / "data").absolute()


def default_results() -> Path:
    """REPRODUCE_RESULTS, or ``results/`` in the checkout."""
    return Path(os.environ.get("REPRODUCE_RESULTS") or ROOT / "results").absolute()


def given_path(text: str | Path) -> Path:
    """An absolute path of what the user typed: workers run elsewhere than the command.

    Raises:
        UserError: for nothing at all, as an unset variable leaves it.
    """
    # Here, since origin.py must be able to say that `benchmarks` is someone else's.
    from benchmarks.errors import UserError

    if not str(text).strip():
        raise UserError("an empty path was given: is a variable unset?")
    return Path(text).expanduser().absolute()


def printable(name: str) -> str:
    """A file's name for reports: bytes that are no UTF-8 as escapes such as ``\\xff``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class ResultsLayout:
    """The folders of one results directory; each form of a table but the full one has a tree of its
    own, so that their runs never meet.

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

    @property
    def is_committed(self) -> bool:
        """Whether runs of this form are committed: quick ones show only that everything works."""
        return self.form != "quick"

    @property
    def records(self) -> Path:
        """Finished runs, one JSON a run, in 256 shards."""
        return self.root / "records"

    @property
    def claims(self) -> Path:
        """Who is training what, with heartbeats."""
        return self.root / "claims"

    @property
    def checkpoints(self) -> Path:
        """States of unfinished runs."""
        return self.root / "checkpoints"

    @property
    def failures(self) -> Path:
        """The last error of each failed run."""
        return self.root / "failures"

    @property
    def logs(self) -> Path:
        """One log a worker."""
        return self.root / "logs"

    @property
    def weights(self) -> Path:
        """Final weights of the runs that were asked to keep them, one file a run."""
        return self.root / "weights"

    @property
    def slurm(self) -> Path:
        """What was submitted to a queue: manifests, snapshots of the code, jobs and their logs."""
        return self.root / "slurm"

    @property
    def measured(self) -> Path:
        """Committed CSVs of measured runs (never quick ones)."""
        return self.root / "measured"

    def report(self, table_id: str, variant: str = "") -> Path:
        """Folder of a table's report; a variant (another precision or reading) has its own."""
        folder = self.root / "variants" / variant if variant else self.root
        return folder / table_id


def layouts(base: Path, first: str = "full") -> list[ResultsLayout]:
    """The trees of all forms, ``first`` before the others."""
    from reproduce.store.schema import FORMS

    return [ResultsLayout(base, form) for form in sorted(FORMS, key=lambda form: form != first)]
