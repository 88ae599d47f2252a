"""Weight files that the user names: how they are called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.errors import reading
from reproduce.store.paths import printable


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
