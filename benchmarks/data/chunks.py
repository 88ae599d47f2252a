"""What readers hand over: a few images at a time, so that no data set has to fit into memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np

CHUNK = 256

OnCount = Callable[[int, int], None]
"""Told how many are read, and of how many."""

Job = TypeVar("Job")


class Chunk(NamedTuple):
    """Images uint8 (N, H, W, 3) and labels int64 (N,) of the split of that name, in any order."""

    split: str
    images: np.ndarray
    labels: np.ndarray


def nobody(done: int, total: int) -> None:
    """Where nobody wants to know."""


def in_threads(decode: Callable[[Job], np.ndarray], jobs: Iterable[Job]) -> Iterator[np.ndarray]:
    """What ``decode`` makes of the jobs, in their order, stacked by up to 256.

    Threads hide the latency of slow file systems, and decoding runs on all cores. The jobs are
    taken as they are needed.
    """
    remaining = iter(jobs)
    executor = ThreadPoolExecutor(max_workers=min(8, (os.cpu_count() or 1) + 2))
    try:
        pending: list[Future[np.ndarray]] = []
        while pending or (pending := _submit(executor, decode, remaining)):
            following = _submit(executor, decode, remaining)
            yield np.stack([future.result() for future in pending])
            pending = following
    finally:
        executor.shutdown(cancel_futures=True)


def _submit(
    executor: ThreadPoolExecutor, decode: Callable[[Job], np.ndarray], jobs: Iterator[Job]
) -> list[Future[np.ndarray]]:
    return [executor.submit(decode, job) for job in islice(jobs, CHUNK)]
