"""What a run asks of a machine: how many images, and what runs of equal speed have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import data as datasets
from reproduce.running import images

if TYPE_CHECKING:
    from benchmarks.run import Run

# To evaluate an image is to run its network forward, to train on it is that and twice as much back.
EVALUATION_COST = 1 / 3


def trained_images(run: Run, data: Path) -> int:
    """How many images all of the run's epochs train on; 0 where its data set cannot be told."""
    train = run.data.trained_on(images.train_images(run, data))
    return sum(p.length * p.images_an_epoch(train) for p in run.procedure.phases)


def evaluated_images(run: Run) -> int:
    """How many images the run is evaluated on."""
    test = run.data.shape.test if run.data.shape else 0
    return sum(p.evaluations for p in run.procedure.phases) * (test + run.data.held_out)


def forward_images(run: Run) -> int:
    """How many images the run's phases take through the network for other ends than these; 0 where
    its data set is not registered."""
    if run.data.shape is None:
        return 0
    train, test = run.data.trained_on(run.data.shape.train), run.data.shape.test
    views = run.data.view_count
    return sum(p.forward_images(train, test, views) for p in run.procedure.phases)


def work(run: Run, data: Path, epochs_done: float = 0.0) -> float:
    """What is left of the run, in images to train on; evaluated ones with their share of the
    cost."""
    forward = evaluated_images(run) + forward_images(run)
    whole = trained_images(run, data) + forward * EVALUATION_COST
    return whole * (1 - min(1.0, epochs_done / run.epochs if run.epochs else 0.0))


def workload(resolved: Mapping[str, Any]) -> str:
    """What runs of equal speed have in common: images of one size, streamed or not, through one
    network, so many at once."""
    name = str(resolved["data"].get("name"))
    known = datasets.DATASETS.get(name)
    sides: Any = [known.side, known.indexed] if known else name
    window = resolved["data"].get("window")
    batches = [phase.get("batch_size") for phase in resolved["procedure"]["phases"]]
    return json.dumps(
        [sides, window, resolved["model"], resolved["precision"], batches], sort_keys=True
    )
