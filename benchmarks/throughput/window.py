"""What a measured process is told, and the window in which it counts.

A process trains ``warmup`` updates, prints ``ready`` and waits for a line on its standard input, so
that all processes of a contender measure at the same time. It then counts images until the time or
the number of updates is over.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """What all processes share.

    Attributes:
        store, torchvision: folders of the same images in our format and in torchvision's.
        warmup, steps: updates of each network; ``steps`` 0 leaves the end to time.
        seconds: length of the window.
    """

    store: str
    torchvision: str
    device: str
    warmup: int
    seconds: float
    steps: int


@dataclass(frozen=True)
class Options(Settings):
    """How one process trains: ``pack`` networks, the first of which has that seed."""

    kind: str
    precision: str
    pack: int
    seed: int


class Window:
    """Counts what is trained between the signal to start and the end.

    Call :meth:`tick` after every update; ``over`` says that the window has closed. ``group``
    updates belong together (one of each network of a pack): the window opens and closes between
    groups. On CUDA it waits for the device at both ends, and never in between.
    """

    def __init__(self, options: Options, group: int) -> None:
        self.options, self.group = options, group
        self.over, self.images, self.seconds = False, 0, 0.0
        # Updates in the window so far; negative before it opens.
        self._updates = -options.warmup * group
        self._began = 0.0

    @property
    def open(self) -> bool:
        """Whether what is done now counts."""
        return not self.over and self._updates >= 0

    def tick(self, images: int) -> None:
        """One update has been put on the device; it trained ``images`` images."""
        if self.over:
            return
        self._updates += 1
        if self._updates == 0:
            print("ready", flush=True)
            if not sys.stdin.readline():
                sys.exit("the process that measures has gone")
            self._began = self._now()
        elif self._updates > 0:
            self.images += images
            if self._updates % self.group == 0:
                self._close_if_due(self._updates // self.group)

    def _close_if_due(self, steps: int) -> None:
        if steps == self.options.steps or time.monotonic() - self._began >= self.options.seconds:
            self.seconds = self._now() - self._began
            self.over = True

    def _now(self) -> float:
        if self.options.device == "cuda":
            import torch

            torch.cuda.synchronize()
        return time.monotonic()

    def answer(self) -> dict[str, Any]:
        """What was measured, JSON-ready; ``peak_rss`` is in the system's own unit."""
        import torch

        found: dict[str, Any] = {
            "images": self.images,
            "seconds": self.seconds,
            "threads": torch.get_num_threads(),
            "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }
        if self.options.device == "cuda":
            found["device"] = torch.cuda.get_device_name()
            found["peak_device"] = torch.cuda.max_memory_allocated()
        return found
