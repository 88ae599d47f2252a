"""When runs end that workers share in their order, each training several at once."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def completion_times(seconds: Sequence[float], workers: int, pack: int) -> list[float]:
    """When each run ends, in seconds from now, if whoever is free takes the next ones.

    The runs of a pack advance together and end together, at the sum of their times; towards the end
    workers share what is left, as :class:`reproduce.running.trainer.Trainer` does.

    Args:
        seconds: that a worker needs for each run, were it alone at the speed of a full pack.
    """
    free = [0.0] * workers
    found: list[float] = []
    while len(found) < len(seconds):
        left = len(seconds) - len(found)
        size = max(1, min(pack, -(-left // workers)))
        end = heapq.heappop(free) + sum(seconds[len(found) : len(found) + size])
        heapq.heappush(free, end)
        found += [end] * min(size, left)
    return found
