"""The measured part of a process's training."""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.throughput.warm_up import UPDATES_AGAIN

if TYPE_CHECKING:
    from benchmarks.throughput.contenders import Options


class Window:
    """Counts what is trained between the signal to start and the end.

    Call :meth:`tick` after every update; ``over`` says that the window has closed. ``group``
    updates belong together (one of each network of a pack): the window opens and closes between
    groups. On CUDA it waits for the device at both ends, and never in between.

    A ``lasting`` process has a window after another, each after a line on its standard input and
    at most :data:`~benchmarks.throughput.warm_up.UPDATES_AGAIN` updates to warm up again, and
    writes an answer after each, until that input ends.
    """

    def __init__(self, options: Options, group: int) -> None:
        self.options, self.group = options, group
        self.over, self.images, self.seconds = False, 0, 0.0
        # Updates in the window so far; negative before it opens.
        self._updates = -options.warmup * group
        self._began, self._told = 0.0, False

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
            if not self._told:
                print("ready", flush=True)
                if not sys.stdin.readline():
                    sys.exit("the process that measures has gone")
                self._told = True
                if self.options.lasting:  # others have measured meanwhile
                    self._updates = self._cold()
                    return
            self._began = self._now()
        elif self._updates > 0:
            self.images += images
            if self._updates % self.group == 0:
                self._close_if_due(self._updates // self.group)

    def _close_if_due(self, steps: int) -> None:
        if steps == self.options.steps or time.monotonic() - self._began >= self.options.seconds:
            self.seconds = self._now() - self._began
            if self.options.lasting:
                self._again()
            else:
                self.over = True

    def _again(self) -> None:
        print(json.dumps(self.answer()), flush=True)
        self.over = not sys.stdin.readline()
        self.images, self._updates = 0, self._cold()

    def _cold(self) -> int:
        return -min(UPDATES_AGAIN, self.options.warmup) * self.group

    def _now(self) -> float:
        if self.options.device == "cuda":
            import torch

            torch.cuda.synchronize()
        return time.monotonic()

    def answer(self) -> dict[str, Any]:
        """What was measured, JSON-ready; ``peak_rss`` is in the system's own unit, ``peak_device``
        in bytes."""
        import torch

        found: dict[str, Any] = {
            "images": self.images,
            "seconds": self.seconds,
            "threads": torch.get_num_threads(),
            "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }
        if self.options.device == "cuda":
            found["device"] = torch.cuda.get_device_name()
            found["peak_device"] = torch.cuda.max_memory_reserved()
        return found
