"""The probe's training written out plainly, one run on one CPU: what the training loop has to agree
with. Nothing of :mod:`benchmarks.training` is used, so that a fault there cannot hide here too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from benchmarks.data.dataset import Dataset
from benchmarks.device_check.probe_runs import Trained
from benchmarks.optimizers import SGD
from benchmarks.penalties.term import coefficients_of
from benchmarks.procedures import Train
from benchmarks.randomness import coin_flips, permutation
from benchmarks.run import Run


def train_plainly(run: Run, dataset: Dataset, dtype: torch.dtype) -> Trained:
    """Train a run of :class:`~benchmarks.device_check.probe_runs.Probe` in float64 or float32; a
    run in bf16 has autocast in the latter.

    The objective is L + ½ c∘w² with the penalties' coefficients c, the update is
    v ← μ·v + ∇L + c∘w, w ← w − lr·v.
    """
    (phase,), size = run.procedure.phases, len(dataset.train)
    assert isinstance(phase, Train)
    assert not phase.epoch_images
    assert isinstance(run.optimizer, SGD)
    side = dataset.train.images.shape[1]
    model = run.model.build(len(dataset.classes), side, seed=run.seed).to(dtype).train()
    penalties = coefficients_of(term.attach(model) for term in run.objective.penalties)
    named = dict(model.named_parameters())
    velocities = {name: torch.zeros_like(weight) for name, weight in named.items()}
    momentum, steps = float(run.optimizer.momentum), -(-size // phase.batch_size)
    lower = run.precision == "bf16" and dtype == torch.float32
    losses = []
    for epoch in range(phase.epochs):
        order = permutation(run.seed, "order", epoch, size)
        mirrored = coin_flips(run.seed, "flip", epoch, size)
        total = 0.0
        for step in range(steps):
            places = order[step * phase.batch_size : (step + 1) * phase.batch_size]
            pixels, labels = _batch(dataset, places, mirrored[places])
            with torch.autocast("cpu", torch.bfloat16, enabled=lower):
                logits = model(pixels.to(dtype))
            loss = cross_entropy(logits.to(dtype), labels)
            gradients = torch.autograd.grad(loss, list(named.values()))
            rate = float(run.schedule.rate(epoch, step, steps, epochs=phase.epochs))
            with torch.no_grad():
                for (name, weight), gradient in zip(named.items(), gradients, strict=True):
                    if name in penalties:
                        gradient = gradient + penalties[name].to(weight) * weight
                    velocities[name].mul_(momentum).add_(gradient)
                    weight.sub_(rate * velocities[name])
            total += loss.item() * len(places)
        losses.append(total / size)
    return Trained({n: v.detach() for n, v in model.state_dict().items()}, tuple(losses))


def _batch(dataset: Dataset, places: np.ndarray, mirrored: np.ndarray) -> tuple[Any, Any]:
    """Normalised images float64 (B, 3, H, W) and labels int64 (B,)."""
    images = np.array(dataset.train.images)[places].astype(np.float64)
    images[mirrored] = images[mirrored][:, :, ::-1]
    images = (images / 255 - dataset.mean) / dataset.std
    labels = np.array(dataset.train.labels)[places].astype(np.int64)
    return torch.from_numpy(images.transpose(0, 3, 1, 2).copy()), torch.from_numpy(labels)


def initial_state(run: Run, dataset: Dataset) -> dict[str, torch.Tensor]:
    """The state that a run begins with."""
    side = dataset.train.images.shape[1]
    return run.model.build(len(dataset.classes), side, seed=run.seed).state_dict()
