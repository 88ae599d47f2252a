"""Weight files: how those that the user names are called, and what makes those of a table."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import reading
from reproduce.store.paths import default_results, printable
from reproduce.store.store import Store

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection


def folder_name(names: Sequence[str], digests: Sequence[str]) -> str:
    """The variant of reports about files that the user names, told by name and by content.

    Args:
        names: of the files, with their suffixes; where two are alike, with their folders.
        digests: SHA-256 of their contents, in the same order.
    """
    plain = (str(Path(printable(name)).with_suffix("")) for name in names)
    stems = "+".join(re.sub(r"[^\w.-]", "-", name) for name in plain)
    content = digests[0]
    if len(digests) > 1:
        content = hashlib.sha256("".join(digests).encode()).hexdigest()
    return f"weights={stems[:40]}-{content[:8]}"


def digest(path: Path) -> str:
    """SHA-256 of a file's content.

    Raises:
        UserError: where it cannot be read.
    """
    with reading(path), open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def train(selection: Selection) -> bool:
    """Train the selected runs that have no weights, and keep these: for quick forms, which take
    minutes on embedded data; False where that was interrupted.

    Raises:
        UserError: see :func:`reproduce.commands.table.launch_missing`.
    """
    from reproduce.commands.options import Launch
    from reproduce.commands.table import launch_missing

    # as_json: without progress
    return not launch_missing(selection, Launch(save_weights=True, as_json=True)).interrupted


def saving_command(table: str, store: Store, *options: str) -> str:
    """The command that trains a table's runs under that folder and keeps their weights."""
    form = [] if store.form == "full" else [f"--{store.form}"]
    results = [] if store.base == default_results() else ["--results", str(store.base)]
    return f"`{shlex.join(['reproduce', table, *form, *results, '--save-weights', *options])}`"
