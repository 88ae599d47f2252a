"""Ctrl-C and friends: the first asks for a clean end, the second kills at once."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

# Some wrappers pass on a signal that the terminal has sent to us as well.
ECHO_SECONDS = 0.5


class Interrupts:
    """While entered, catches SIGINT, SIGTERM and (unless ignored, as under nohup) SIGHUP.

    Attributes:
        requested: true from the first signal on. A plain value, since the handler may interrupt
            code that holds an Event's lock.
        kill: called at the second one, before this process ends by it.
        grace: seconds that runs get to end their epoch and be saved; by default they stop at once.
    """

    def __init__(self) -> None:
        self.requested = False
        self.grace = 0.0
        self.kill: Callable[[], None] = lambda: None
        self._before: dict[int, object] = {}
        self._first = 0.0

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                before = signal.getsignal(number)
                if number != signal.SIGHUP or before != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]

    def wait(self, seconds: float) -> None:
        """Sleep, but not on after a signal."""
        deadline = time.monotonic() + seconds
        while not self.requested and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.requested:
            self._first = time.monotonic()
            self.requested = True
        elif time.monotonic() - self._first > ECHO_SECONDS:
            self.kill()
            if sys.stderr.isatty():
                sys.stderr.write("\x1b[?25h\n")  # a live display hides the cursor
                sys.stderr.flush()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)


@contextlib.contextmanager
def signals_raise() -> Iterator[None]:
    """SIGTERM and SIGHUP, where they would kill, end this process as Ctrl-C does: by an exception,
    upon which what was begun is undone. A second one does not disturb that."""

    def end(number: int, frame: FrameType | None) -> None:
        for name in mine:
            signal.signal(name, signal.SIG_IGN)
        sys.exit(128 + number)

    mine: list[signal.Signals] = []
    if threading.current_thread() is threading.main_thread():
        signals = (signal.SIGTERM, signal.SIGHUP)
        mine = [name for name in signals if signal.getsignal(name) == signal.SIG_DFL]
    for name in mine:
        signal.signal(name, end)
    try:
        yield
    finally:
        for name in mine:
            signal.signal(name, signal.SIG_DFL)
