"""Finished runs with kept weights, made without training: small networks, real files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import record_makers
import torch
from torch import nn

from benchmarks import data as datasets
from reproduce.store import atomic
from reproduce.store import weights as saved_weights
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store

LAYERS = 7


def network(seed: int, centre: float = 1.0, layers: int = LAYERS) -> nn.Sequential:
    """3×3 convolutions of 4 to 4 channels whose centres are ``centre`` times as large."""
    torch.manual_seed(seed)
    model = nn.Sequential(*(nn.Conv2d(4, 4, 3, bias=False) for _ in range(layers)))
    with torch.no_grad():
        for layer in model:
            layer.weight[:, :, 1, 1] *= centre
    return model


def record_of(planned: PlannedRun, *, form: str, diverged: bool = False) -> Any:
    """A record of the run whose numbers are drawn from its seed."""
    total = datasets.info(planned.run.data.name).counts[1]
    return record_makers.make(
        planned.run.seed,
        epochs=1,
        correct=total // 2,
        total=total,
        diverged=diverged,
        form=form,
        run=planned.run,
    )


def keep(store: Store, planned: PlannedRun, model: nn.Module, *, diverged: bool = False) -> Path:
    """Publish a record of the run and the model as its weights; gives the weights' path."""
    record = record_of(planned, form=store.form, diverged=diverged)
    store.records.publish(record)
    path = store.weights.path(planned.run.hash)
    atomic.replace(path, saved_weights.encode(model, record))
    return path
