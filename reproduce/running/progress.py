"""What one sees while runs are trained: a live display on a terminal, else now and then a line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reproduce.store.leases import this_host

if TYPE_CHECKING:
    from rich.console import Console

    from reproduce.running.campaign import Survey
    from reproduce.running.standing import Running

FIRST_LINE_SECONDS = 5.0
LINE_SECONDS = 30.0


class Display:
    """Shows surveys on stderr. Enter it before :meth:`update`.

    Args:
        shown: False shows nothing but notes.
        console: for tests; by default stderr.
    """

    def __init__(self, shown: bool = True, console: Console | None = None) -> None:
        from rich.console import Console

        self.console = console or Console(stderr=True, highlight=False)
        self._shown = shown
        self._live: Any = None
        self._next_line = time.monotonic() + FIRST_LINE_SECONDS
        self._last: Survey | None = None
        self._said = ""

    def __enter__(self) -> Display:
        if self._shown and self.console.is_terminal:
            from rich.live import Live

            self._live = Live(console=self.console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        if self._shown and self._last is not None and _is_last(self._last):
            self._line(self._last)

    def update(self, survey: Survey) -> None:
        """Show the state of things."""
        self._last = survey
        if self._live is not None:
            self._live.update(_picture(survey, self.console.height), refresh=True)
        elif self._shown and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_SECONDS
            self._line(survey)

    def note(self, message: str) -> None:
        """One line that stays."""
        self.console.print(message, markup=False, soft_wrap=True)

    def _line(self, survey: Survey) -> None:
        text = headline(survey)
        if text != self._said:
            self._said = text
            self.note(text)


def _is_last(survey: Survey) -> bool:
    return survey.over or survey.interrupted or survey.spent


def headline(survey: Survey) -> str:
    """Such as "7/20 runs, 29/80 epochs, 812 images/s, about 1 min 20 s left"."""
    parts = [f"{survey.done}/{survey.runs} runs"]
    if survey.failed:
        parts.append(f"{survey.failed} failed")
    parts.append(f"{survey.epochs_done:.0f}/{survey.epochs} epochs")
    if survey.interrupted and not survey.over:
        parts.append("interrupted")
    elif survey.spent:
        parts.append("the budget is spent")
    elif not survey.over:
        if survey.images_per_second:
            parts.append(f"{survey.images_per_second:,.0f} images/s")
        parts.append(_left(survey))
    if survey.budget_left and not _is_last(survey):
        parts.append(f"{duration(survey.budget_left)} of the budget")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Such as "45 s", "1 min 20 s", "3 h 05 min" or "12.3 days"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{seconds / 86400:.1f} days"


def _left(survey: Survey) -> str:
    if survey.seconds_left is None:
        return "starting" if survey.running or survey.free else "waiting"
    return f"about {duration(survey.seconds_left)} left"


def _picture(survey: Survey, height: int) -> Any:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    overall = Table.grid()  # a bar alone would not end its line
    overall.add_row(ProgressBar(total=max(1, survey.epochs), completed=survey.epochs_done))
    rows = Table.grid(padding=(0, 2))
    for _ in range(5):
        rows.add_column(no_wrap=True)
    shown = max(1, height - 4)
    for running in survey.running[:shown]:
        rows.add_row(*_cells(running))
    parts: list[Any] = [Text(headline(survey), no_wrap=True, overflow="ellipsis"), overall, rows]
    if (more := len(survey.running) - shown) > 0:
        parts.append(Text(f"and {more} more runs", style="dim"))
    return Group(*parts)


def _cells(running: Running) -> Iterator[Any]:
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    run, done, rate = running.run, running.beat.epochs_done, running.beat.images_per_second
    yield Text(_where(running), style="dim")
    yield Text(f"{running.cell}, seed {run.seed}")
    yield Text(f"epoch {min(int(done) + 1, run.epochs)}/{run.epochs}")
    yield ProgressBar(total=run.epochs, completed=done, width=16)
    yield Text(f"{rate:,.0f} images/s" if rate else "starting", style="dim")


def _where(running: Running) -> str:
    owner, worker = running.owner, running.beat.worker
    if owner.host != this_host():
        return f"{worker or owner.pid} on {owner.host}"
    return worker or f"process {owner.pid}"
