"""The state of a published network, for runs that start from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.data.fetching import has_checksum
from benchmarks.errors import UserError
from benchmarks.weights import fetching
from benchmarks.weights.catalogue import WEIGHTS

if TYPE_CHECKING:
    import torch


def check_there(name: str, root: Path) -> None:
    """That the file lies in the data folder ``root``, by a look at its name and size.

    Raises:
        UserError: where not; the message names the command that gets it.
    """
    entry = WEIGHTS[name]
    where, detail = fetching.state(entry, root)
    if where != "present":
        raise UserError(
            f"{detail or f'no weights {name} under {root}'}: run `reproduce data get {name}`, or "
            f"fetch {entry.sources[0].url} elsewhere and run `reproduce data import {name} FILE`"
        )


def read(name: str, checksum: str, root: Path) -> dict[str, torch.Tensor]:
    """Tensors by their names in the file, which must have that published sum.

    Raises:
        UserError: where it is missing, damaged or another file.
    """
    from benchmarks.weights.torch_file import read_state

    check_there(name, root)
    path = fetching.path_of(WEIGHTS[name], root)
    if not has_checksum(path, checksum):
        raise UserError(
            f"{path} is not the file with {checksum}, from which the run starts, or damaged: "
            f"remove it and run `reproduce data get {name}`"
        )
    return read_state(path)
