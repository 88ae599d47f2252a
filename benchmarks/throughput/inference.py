"""How many images a second a network classifies: with one thread on a CPU, as runs compute."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator, Sequence

import torch
from torch import nn

from benchmarks.throughput.warm_up import PASSES

PARTS = 5


def images_per_second(
    models: Sequence[nn.Module], side: int, batch: int, seconds: float = 1.0
) -> list[float]:
    """Of networks in evaluation mode, float32, on their one device: each the median of five parts
    of its time. The parts follow in turn (A B A B …), so that whatever else the machine does hits
    all alike.

    Args:
        side: height and width of the images.
        seconds: of each network's measurement, about; each part has a batch at least.
    """
    device = next(models[0].parameters()).device
    images = torch.randn(batch, 3, side, side, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    ready = [model.eval() for model in models]
    speeds: list[list[float]] = [[] for _ in ready]
    with torch.inference_mode(), _one_thread():
        for model in ready * PASSES:
            model(images)
        _synchronize(device)
        for _ in range(PARTS):
            for model, found in zip(ready, speeds, strict=True):
                count, began = 0, time.perf_counter()
                while not count or time.perf_counter() - began < seconds / PARTS:
                    model(images)
                    count += batch
                    _synchronize(device)
                found.append(count / (time.perf_counter() - began))
    return [statistics.median(found) for found in speeds]


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()
