"""A bar for what takes its time in this process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.data.fetching import OnProgress


@contextlib.contextmanager
def progress_bar() -> Iterator[OnProgress]:
    """A bar on stderr that goes away at the end; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    counted = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    columns, silent = (TextColumn("{task.description}"), *counted), not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=silent) as bar:
        task = bar.add_task("starting", total=None)

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        yield show
