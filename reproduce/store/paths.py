"""Where things lie: the checkout, the data and the results."""

from __future__ import annotations

import os
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
    return base / paper.replace("-", "_")


def default_data() -> Path:
    """REPRODUCE_DATA, or ``data/`` in the checkout."""
    return Path(os.environ.get("REPRODUCE_DATA") or ROOT / "data").absolute()


def default_results() -> Path:
    """REPRODUCE_RESULTS, or ``results/`` in the checkout.

    Raises:
        UserError: where that is no folder.
    """
    path = Path(os.environ.get("REPRODUCE_RESULTS") or ROOT / "results").absolute()
    return _no_file(path, "REPRODUCE_RESULTS")


def given_path(text: str | Path) -> Path:
    """An absolute path of what the user typed: workers run elsewhere than the command.

    Raises:
        UserError: for nothing at all, as an unset variable leaves it.
    """
    # Here, since own_packages.py must be able to say that `benchmarks` is someone else's.
    from benchmarks.errors import UserError

    if not str(text).strip():
        raise UserError("an empty path was given: is a variable unset?")
    return Path(text).expanduser().absolute()


def given_results(text: str | Path) -> Path:
    """A results folder that the user typed, which need not be there yet.

    Raises:
        UserError: where it is no folder; also for nothing at all.
    """
    return _no_file(given_path(text), "--results")


def _no_file(path: Path, told: str) -> Path:
    from benchmarks.errors import UserError

    if os.path.exists(path) and not os.path.isdir(path):  # also of a name that is too long
        raise UserError(f"{told} {path} is a file, not a folder")
    return path


def printable(name: str) -> str:
    """A file's name for reports: bytes that are no UTF-8 as escapes such as ``\\xff``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
