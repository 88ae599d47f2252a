"""The tables that the suite can reproduce, by name."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.errors import UserError

if TYPE_CHECKING:
    from reproduce.tables import Table

DEFAULT_PAPER = "locality"


@dataclass(frozen=True)
class Entry:
    """A table's script, not yet loaded."""

    paper: str
    name: str
    summary: str

    @property
    def id(self) -> str:
        """Such as "locality/table3"."""
        return f"{self.paper}/{self.name}"

    def load(self) -> Table:
        """Import the script and return its table."""
        return importlib.import_module(f"reproduce.{self.paper}.{self.name}").TABLE


ENTRIES = (
    Entry(
        "locality",
        "table3",
        "LOCO-Reg against permuted, plain and anti-locality L2; VGG-10 on CIFAR-10",
    ),
)


def find(name: str) -> Entry:
    """The entry of "table3" (the default paper) or "locality/table3".

    Raises:
        UserError: where there is none.
    """
    full = name if "/" in name else f"{DEFAULT_PAPER}/{name}"
    for entry in ENTRIES:
        if entry.id == full:
            return entry
    raise UserError(
        f"no table {name!r}; `reproduce list` names: {', '.join(e.id for e in ENTRIES)}"
    )
