"""A short measurement of a run's speed.

``python -m reproduce.running.speed_measurement '[{…}, "cpu", 1, 5, 4711]'``, with run, device,
pack, seconds and the process that asks, trains on random images and prints the images per second:
a process of its own, so that the command that asks neither loads torch nor changes its threads.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.data.images import Shape
from benchmarks.errors import UserError
from benchmarks.procedures import Procedure, Train
from benchmarks.run import Run, from_canonical
from reproduce.catalogue.papers import papers
from reproduce.running.decoding import photograph

if TYPE_CHECKING:
    from benchmarks.data.dataset import Dataset, Split
    from benchmarks.training.loop import Progress

WARM_UP_STEPS, BATCHES = 2, 4
# Of an update on a CPU; of large networks it is made of fewer images, whose speed is the same.
MOST_FLOP, LEAST_BATCH = 6e11, 2
# Photographs that are made for a run that decodes its images.
PHOTOGRAPHS = 32
# What images are taken for whose data set is not registered.
UNKNOWN = Shape(classes=10, side=32, train=0, test=0, streamed=False)


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
    batch = longest.batch_size if device.type == "cuda" else _batch(run, longest.batch_size)
    endless = longest.replace(epochs=10**6, evaluate_every=10**6, batch_size=batch)
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

    with tempfile.TemporaryDirectory() as folder:
        dataset = _dataset(run, batch, Path(folder))
        train(runs, dataset, device, on_progress=on_progress, should_stop=should_stop)
        finish()
    return images / (time.perf_counter() - began)


def _batch(run: Run, asked: int) -> int:
    """How many images an update is measured with on a CPU."""
    from reproduce.running.counting import count

    shape = run.data.shape or UNKNOWN
    side = run.data.side(shape.side)
    flop = count(run.model, shape.classes, side).training_flop(1)
    return max(min(asked, LEAST_BATCH), min(asked, int(MOST_FLOP / flop)))


def _dataset(run: Run, batch: int, folder: Path) -> Dataset:
    """Images of noise, or photographs in files where the run's images are decoded."""
    import numpy as np

    from benchmarks.data.dataset import Dataset, Split

    shape = run.data.shape or UNKNOWN
    size = BATCHES * batch + run.data.held_out
    classes = tuple(map(str, range(shape.classes)))
    half = np.full(3, 0.5)
    if shape.streamed:
        train, test = (_files(folder, count, shape) for count in (size, 1))
        return Dataset("random", classes, train, test, half, half, "")
    generator = np.random.default_rng(0)

    def split(size: int) -> Split:
        sides = shape.side, shape.side, 3
        images = generator.integers(0, 256, (size, *sides), dtype=np.uint8)
        return Split(images, np.arange(size) % shape.classes)

    return Dataset("random", classes, split(size), split(1), half, half, "")


def _files(folder: Path, count: int, shape: Shape) -> Split:
    """So many files, most of them several times."""
    import numpy as np

    from benchmarks.data.folders import FileSplit, ImageFiles, file_kind

    table = np.zeros(count, dtype=file_kind(8))
    for place in range(min(count, PHOTOGRAPHS)):
        (folder / f"{place}.jpg").write_bytes(photograph(place))
    for place in range(count):
        table["path"][place] = f"{place % PHOTOGRAPHS}.jpg".encode()
        table["label"][place] = place % shape.classes
    return FileSplit.of(ImageFiles(folder, table, shape.side))


def _end_with(parent: int) -> None:
    """End where the command that asks was killed: a step of a large network takes minutes."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    """Measure what the one argument asks for."""
    run, *how, parent = json.loads(sys.argv[1])
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    papers()  # whose own parts the run may be made of
    print(measure(from_canonical(run), *how))


if __name__ == "__main__":
    main()
