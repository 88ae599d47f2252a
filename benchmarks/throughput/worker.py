"""What the measured processes share: their options, the signal to start, the clock, the reply.

A process trains ``warmup`` updates, prints ``ready`` and waits for a line on its standard input, so
that all processes of a contender measure at the same time. It then counts images until the time or
the number of updates is over, and prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from benchmarks.errors import UserError

READY = "ready"


@dataclass(frozen=True)
class Options:
    """How one process trains and for how long.

    Attributes:
        data: folder of the ``cifar10`` store.
        warmup, steps: updates of each network of the pack; ``steps`` 0 leaves the end to time.
        seconds: length of the window.
        pack: networks that this process trains.
        seed: of the first network; the others follow.
    """

    data: Path
    device: torch.device
    precision: str
    warmup: int
    seconds: float
    steps: int
    pack: int
    seed: int


def read_options(description: str | None) -> Options:
    """The options from the command line.

    Raises:
        UserError: where CUDA is asked for and there is none.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--precision", choices=("float32", "bf16"), default="float32")
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--pack", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = Options(**vars(parser.parse_args()))
    if options.device.type == "cuda" and not torch.cuda.is_available():
        raise UserError("torch sees no CUDA device here: use --device cpu")
    return options


@dataclass
class Window:
    """Counts what is trained between the signal to start and the end.

    Call :meth:`tick` after every update; ``over`` says that the window has closed. ``group``
    updates belong together (one of each network of a pack): the window opens and closes between
    groups. On CUDA it waits for the device at both ends, and never in between.
    """

    options: Options
    group: int = 1
    over: bool = False
    images: int = 0
    seconds: float = 0.0
    _updates: int = 0
    _began: float = field(default=0.0, repr=False)

    def tick(self, images: int) -> None:
        """One update has been put on the device; it trained ``images`` images."""
        if self.over:
            return
        self._updates += 1
        measured = self._updates - self.options.warmup * self.group
        if measured == 0:
            _wait_for_start()
            self._began = self._now()
        elif measured > 0:
            self.images += images
            if measured % self.group == 0:
                self._close_if_due(measured // self.group)

    @property
    def open(self) -> bool:
        """Whether what is done now counts."""
        return not self.over and self._updates >= self.options.warmup * self.group

    @property
    def updates(self) -> int:
        """Updates within the window."""
        return max(0, self._updates - self.options.warmup * self.group)

    def _close_if_due(self, steps: int) -> None:
        if steps == self.options.steps or time.monotonic() - self._began >= self.options.seconds:
            self.seconds = self._now() - self._began
            self.over = True

    def _now(self) -> float:
        if self.options.device.type == "cuda":
            torch.cuda.synchronize()
        return time.monotonic()


def _wait_for_start() -> None:
    print(READY, flush=True)
    if not sys.stdin.readline():
        sys.exit("the process that measures has gone")


def reply(window: Window, **more: Any) -> None:
    """Print what was measured. ``peak_rss`` is in the system's own unit."""
    device = window.options.device
    answer = {
        "images": window.images,
        "seconds": window.seconds,
        "threads": torch.get_num_threads(),
        "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        **more,
    }
    if device.type == "cuda":
        answer["device"] = torch.cuda.get_device_name(device)
        answer["peak_device"] = torch.cuda.max_memory_allocated(device)
    print(json.dumps(answer), flush=True)


def run(main: Callable[[], None]) -> None:
    """Call ``main``; a :class:`UserError` becomes one line and exit code 2."""
    try:
        main()
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
