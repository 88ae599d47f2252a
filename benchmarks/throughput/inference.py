"""How many images a second a network classifies: with one thread on a CPU, as runs compute."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator

import torch
from torch import nn

WARM, PARTS = 3, 5


def images_per_second(model: nn.Module, side: int, batch: int, seconds: float = 1.0) -> float:
    """Of a network in evaluation mode, float32, on its device: the median of five parts of the
    time.

    Args:
        side: height and width of the images.
        seconds: of the whole measurement, about; each part has a batch at least.
    """
    device = next(model.parameters()).device
    images = torch.randn(batch, 3, side, side, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    model = model.eval()
    speeds = []
    with torch.inference_mode(), _one_thread():
        for _ in range(WARM):
            model(images)
        _synchronize(device)
        for _ in range(PARTS):
            count, began = 0, time.perf_counter()
            while not count or time.perf_counter() - began < seconds / PARTS:
                model(images)
                count += batch
                _synchronize(device)
            speeds.append(count / (time.perf_counter() - began))
    return statistics.median(speeds)


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
