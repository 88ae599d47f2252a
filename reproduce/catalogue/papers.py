"""The tables, figures and theorems that the suite can reproduce, by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from benchmarks.errors import UserError

if TYPE_CHECKING:
    from reproduce.catalogue.tables import Table

DEFAULT_PAPER = "locality"


@dataclass(frozen=True)
class Entry:
    """A script, not yet loaded.

    Attributes:
        trains: whether its numbers come from training runs. Its module then holds a ``TABLE``;
            otherwise it holds a ``command`` with Typer's options, which computes, reports and
            returns the exit code.
    """

    paper: str
    name: str
    summary: str
    trains: bool = True

    @property
    def id(self) -> str:
        """Such as "locality/table3"."""
        return f"{self.paper}/{self.name}"

    def load(self) -> Table:
        """Import the script and return its table.

        Raises:
            UserError: where it trains nothing.
        """
        if not self.trains:
            raise UserError(f"{self.id} has no runs: `reproduce {self.name}` computes it at once")
        return self._module().TABLE

    def command(self) -> Callable[..., int]:
        """Import the script of an entry that trains nothing and return its command."""
        return self._module().command

    def _module(self) -> ModuleType:
        return importlib.import_module(f"reproduce.{self.paper}.{self.name}")


ENTRIES = (
    Entry(
        "locality",
        "table1",
        "where weights of trained networks' 3×3 filters are large, beside the printed shares",
        trains=False,
    ),
    Entry(
        "locality",
        "table2",
        "the layers of MobileNet and VGG-10, observed and counted, beside the printed ones",
        trains=False,
    ),
    Entry(
        "locality",
        "table3",
        "LOCO-Reg against permuted, plain and anti-locality L2; VGG-10 on CIFAR-10",
    ),
    Entry(
        "locality",
        "table4",
        "LOCO-Reg and plain L2 for four λ; three networks on CIFAR-10, CIFAR-100, Fashion-MNIST",
    ),
    Entry(
        "locality",
        "table5",
        "LOCO-Reg with 5×5 and 7×7 filters by eq. 5; VGG-10 on CIFAR-10",
    ),
    Entry(
        "locality",
        "table6",
        "LOCO-Reg on larger images; a deeper VGG-10 on TinyImageNet and DeepWeeds",
    ),
    Entry(
        "locality",
        "table7",
        "STRIP-Reg and ACNet's asymmetric convolutions; RCNet-10 on CIFAR-10",
    ),
    Entry(
        "locality",
        "figure1",
        "how large a network's weights are at the centre, edge and corner of its 3×3 filters",
        trains=False,
    ),
    Entry(
        "locality",
        "magnitudes",
        "does LOCO-Reg change where weights are large? asked of a table's own networks",
        trains=False,
    ),
    Entry(
        "locality",
        "figure2",
        "where two 3×3 features lie on the paper's grid, with LOCO-Reg's and with equal weights",
        trains=False,
    ),
    Entry(
        "locality",
        "theorem1",
        "how unequal a filter's masses may be for its centre to matter most, in exact fractions",
        trains=False,
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
