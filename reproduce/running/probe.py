"""A short measurement of a run's speed.

``python -m reproduce.running.probe '[{…}, "cpu", 1, 5]'``, with run, device, pack and seconds,
trains on random images and prints the images per second: a process of its own, so that the command
that asks neither loads torch nor changes its threads.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from benchmarks import data as datasets
from benchmarks.errors import UserError
from benchmarks.procedures import Procedure, Train
from benchmarks.run import Run, from_canonical
from reproduce.catalogue.papers import papers

if TYPE_CHECKING:
    from benchmarks.data.store import Dataset
    from benchmarks.training.loop import Progress

WARM_UP_STEPS, BATCHES = 2, 4


def measure(run: Run, device_name: str, pack: int, seconds: float) -> float:
    """Images per second of training ``pack`` runs like ``run`` at once, without evaluation."""
    import torch

    from benchmarks.training.loop import prepare, train

    device = torch.device(device_name)
    prepare(device)
    # The phase that trains longest stands for all.
    longest = max(run.procedure.phases, key=lambda phase: phase.length)
    if not isinstance(longest, Train):
        raise UserError(f"run {run.hash} trains nothing whose speed could be measured")
    endless = longest.replace(epochs=10**6, evaluate_every=10**6)
    runs = [run.replace(seed=k, procedure=Procedure(phases=(endless,))) for k in range(pack)]
    began, images, steps = 0.0, 0, 0

    def finish() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    def on_progress(progress: Progress) -> None:
        nonlocal began, images, steps
        steps += 1
        if steps == WARM_UP_STEPS * pack:
            finish()
            began = time.perf_counter()
        elif steps > WARM_UP_STEPS * pack:
            images += endless.batch_size

    def should_stop() -> bool:
        return images > 0 and time.perf_counter() - began > seconds

    train(
        runs,
        _random_images(run, endless.batch_size),
        device,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    finish()
    return images / (time.perf_counter() - began)


def _random_images(run: Run, batch: int) -> Dataset:
    import numpy as np

    from benchmarks.data.store import Dataset, Split

    known = datasets.DATASETS.get(run.data.name)
    classes, side = (known.classes, known.side) if known else (tuple("0123456789"), 32)
    generator = np.random.default_rng(0)

    def split(size: int) -> Split:
        images = generator.integers(0, 256, (size, side, side, 3), dtype=np.uint8)
        return Split(images, np.arange(size) % len(classes))

    half = np.full(3, 0.5)
    return Dataset(
        "random", classes, split(BATCHES * batch + run.data.held_out), split(1), half, half, ""
    )


def main() -> None:
    """Measure what the one argument asks for."""
    run, *how = json.loads(sys.argv[1])
    papers()  # whose own parts the run may be made of
    print(measure(from_canonical(run), *how))


if __name__ == "__main__":
    main()
