"""Runs whose weights a report needs: what trains and keeps them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from reproduce.store.paths import default_results
from reproduce.store.store import Store

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection


def train(selection: Selection) -> bool:
    """Train the selected runs that have no weights, and keep these: for quick forms, which take
    minutes on embedded data; False where that was interrupted.

    Raises:
        UserError: see :func:`reproduce.commands.table.launch_missing`.
    """
    from reproduce.commands.options import Launch
    from reproduce.commands.table import launch_missing

    return not launch_missing(selection, Launch(save_weights=True)).interrupted


def saving_command(table: str, store: Store, *options: str) -> str:
    """The command that trains a table's runs under that folder and keeps their weights."""
    form = [] if store.form == "full" else [f"--{store.form}"]
    results = [] if store.base == default_results() else ["--results", str(store.base)]
    return f"`{shlex.join(['reproduce', table, *form, *results, '--save-weights', *options])}`"
