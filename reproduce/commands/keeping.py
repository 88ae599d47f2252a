"""Runs whose weights a report needs: what trains and keeps them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from reproduce.store.paths import default_results
from reproduce.store.store import Store

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection


_asked_only: ContextVar[bool] = ContextVar("_asked_only", default=False)


class WouldTrainError(Exception):
    """Raised in place of training.

    Attributes:
        selection: what would be trained.
    """

    def __init__(self, selection: Selection) -> None:
        super().__init__()
        self.selection = selection


@contextmanager
def asking_only() -> Iterator[None]:
    """Within it, :func:`train` raises :class:`WouldTrainError`."""
    token = _asked_only.set(True)
    try:
        yield
    finally:
        _asked_only.reset(token)


def train(selection: Selection) -> bool:
    """Train the selected runs that have no weights, and keep these: for quick forms, which take
    minutes on embedded data; False where that was interrupted.

    Raises:
        UserError: see :func:`reproduce.commands.table.launch_missing`.
        WouldTrainError: within :func:`asking_only`.
    """
    from reproduce.commands.options import Launch
    from reproduce.commands.table import launch_missing

    if _asked_only.get():
        raise WouldTrainError(selection)
    return not launch_missing(selection, Launch(save_weights=True)).interrupted


def saving_command(table: str, store: Store, *options: str) -> str:
    """The command that trains a table's runs under that folder and keeps their weights."""
    form = [] if store.form == "full" else [f"--{store.form}"]
    results = [] if store.base == default_results() else ["--results", str(store.base)]
    return f"`{shlex.join(['reproduce', table, *form, *results, '--save-weights', *options])}`"
