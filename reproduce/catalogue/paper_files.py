"""The files of ``paper_tables/<paper>``, each checked as it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from benchmarks.errors import UserError
from reproduce.store.paths import PAPER_TABLES, extra_papers, paper_folder

T = TypeVar("T")


def read_rows(paper: str, file: str, *, optional: bool = False) -> list[dict[str, str]]:
    """The rows of a CSV, every value as printed; none where an ``optional`` one is missing.

    Raises:
        UserError: where the file is missing, empty or no CSV.
    """
    path = paper_folder(paper, PAPER_TABLES) / file
    if optional and not path.exists():
        return []
    try:
        text = io.StringIO(_content(paper, file).decode(), newline="")
        rows = list(csv.DictReader(text, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    if not rows or any(None in row or None in row.values() for row in rows):
        raise UserError(f"{path} is damaged: restore it with `git checkout -- {path}`")
    return rows


def made_of(paper: str, file: str, make: Callable[[Sequence[dict[str, str]]], T]) -> T:
    """What ``make`` makes of a CSV's rows.

    Raises:
        UserError: where the file is missing or damaged, or ``make`` raises ValueError.
    """
    rows = read_rows(paper, file)
    try:
        return make(rows)
    except ValueError as error:
        raise UserError(f"paper_tables/{paper}/{file}: {error}; restore it with git") from None


def decode(paper: str, file: str, kind: type[T]) -> T:
    """A TOML file as a ``kind``, such as a struct that checks itself.

    Of papers from elsewhere a missing file is an empty one.

    Raises:
        UserError: where the file is missing, no TOML or no ``kind``.
    """
    path = paper_folder(paper, PAPER_TABLES) / file
    text = b"" if extra_papers() and not path.exists() else _content(paper, file)
    try:
        return msgspec.toml.decode(text, type=kind)
    except ValueError as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def _content(paper: str, file: str) -> bytes:
    path = paper_folder(paper, PAPER_TABLES) / file
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} is missing: restore it with `git checkout -- {path}`") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error}") from error
