"""Runs, and what is built from them, by short names of settings instead of composed parts."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from benchmarks.data import info
from benchmarks.models import Block
from benchmarks.parts import made
from benchmarks.run import Run
from reproduce.store.schema1_migration import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import torch
    from torch import nn

    from benchmarks.data.dataset import Dataset
    from benchmarks.models.branches import BranchBlock, Norm
    from benchmarks.training.batches import Normalizer
    from benchmarks.training.loop import Outcome
    from benchmarks.training.member import Member
    from benchmarks.training.placed_splits import ResidentSplit

# VGG-10 on CIFAR-10 with plain L2, as the locality paper's section V trains it.
DEFAULTS: dict[str, Any] = {
    "seed": 0,
    "dataset": "cifar10",
    "data_digest": "",
    "normalization": "channel",
    "augmentation": "flip",
    "model": "vgg10",
    "batch_norm_momentum": "0.1",
    "batch_norm_eps": "0.00001",
    "initialization": "torch",
    "weight_decay": "0.0005",
    "dense_weight_decay": "0.0005",
    "l2_convention": "sum_sq",
    "dense_l2_convention": "same",
    "gamma": "1",
    "eta": "1",
    "epochs": 130,
    "batch_size": 128,
    "last_batch": "keep",
    "learning_rate": "0.1",
    "lr_decay": "0.3",
    "lr_milestones": (50, 85, 110, 120, 127),
    "lr_placement": "outside",
    "momentum": "0.9",
    "evaluate_every": 10,
    "precision": "float32",
}
PROTOCOL = {"data": 1, "loop": 1, "model": 1, "regularizer": 1}
PATHS = {
    "seed": "seed",
    "dataset": "data.name",
    "fold": "data.fold",
    "augmentation": "data.augmentation",
    "normalization": "data.normalization",
    "width_multiplier": "model.width_multiplier",
    "epochs": "procedure.phases.train.epochs",
    "batch_size": "procedure.phases.train.batch_size",
    "last_batch": "procedure.phases.train.last_batch",
    "epoch_images": "procedure.phases.train.epoch_images",
    "evaluate_every": "procedure.phases.train.evaluate_every",
    "learning_rate": "schedule.learning_rate",
    "warmup_epochs": "schedule.warmup_epochs",
    "lr_milestones": "schedule.milestones",
    "gamma": "objective.penalties.loco_reg.gamma",
    "eta": "objective.penalties.loco_reg.eta",
    "weight_decay": "objective.penalties.loco_reg.weight_decay",
    "dense_weight_decay": "objective.penalties.dense_l2.weight_decay",
    "precision": "precision",
}


def make_run(**settings: Any) -> Run:
    """A run that differs from the defaults in these settings, decimals as text."""
    return migrate(flat(**settings))


def flat(**settings: Any) -> dict[str, Any]:
    """The canonical form that such a run had before runs were composed of parts."""
    values = {**DEFAULTS, **{name: _plain(value) for name, value in settings.items()}}
    if not values["data_digest"]:
        values["data_digest"] = info(values["dataset"], int(values.get("fold", 0))).identity
    return {**values, "lr_milestones": list(values["lr_milestones"]), "protocol": PROTOCOL}


def changed(run: Run, **settings: Any) -> Run:
    """The run with other settings."""
    for name, value in settings.items():
        run = run.with_setting(PATHS[name], value)
    return run


def network(run: Run, classes: int, side: int = 32) -> nn.Module:
    """The run's network, its weights without meaning."""
    return run.model.network(classes, side)


def build(run: Run, classes: int, side: int = 32) -> nn.Module:
    """The run's network with its initial weights."""
    return run.model.build(classes, side, seed=run.seed)


def block(
    kind: str,
    channels: int,
    width: int,
    stride: int,
    norm: Norm,
    *,
    shared_norm: bool = False,
) -> BranchBlock:
    """A 3×3 convolution as one of the kinds of blocks."""
    norms = {} if kind == "conv" else {"norms": "shared" if shared_norm else "per_branch"}
    return made(Block, {"kind": kind, **norms}).build(channels, width, stride, norm)


def decay_coefficients(model: nn.Module, run: Run) -> dict[str, torch.Tensor]:
    """What the run's penalties add to each gradient per unit of weight."""
    from benchmarks.penalties.term import coefficients_of

    return coefficients_of(term.attach(model) for term in run.objective.penalties)


def penalty(model: nn.Module, run: Run) -> torch.Tensor:
    """What the run's quadratic penalties add to the loss, which training never computes: half of
    c∘w² is λ r w² under "sum_sq" and half of it under "half_sum_sq"."""
    coefficients = decay_coefficients(model, run)
    weights = {name: weight.double() for name, weight in model.named_parameters()}
    return sum(0.5 * (c * weights[name].square()).sum() for name, c in coefficients.items())  # type: ignore[return-value]


def factors_for(run: Run, kernel: tuple[int, int]) -> np.ndarray:
    """The factors that the run's first penalty has for a kernel."""
    return run.objective.penalties[0].factors(kernel)  # type: ignore[attr-defined]


def normalizer_of(run: Run, dataset: Dataset, device: torch.device) -> Normalizer:
    """How the run turns pixels into numbers."""
    from benchmarks.training.batches import Normalizer

    return Normalizer(run.data.normalization, dataset, device)


def batches_of(
    run: Run, split: ResidentSplit, normalizer: Normalizer, epoch: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The batches of an epoch of the run's one phase."""
    import torch

    from benchmarks.training.batches import EpochBatches

    (phase,) = run.procedure.phases
    size, largest = len(split), phase.batch_size
    length = phase.length_in_images(size)
    batches = EpochBatches(run.seed, run.data.augmentation, split, normalizer, largest, length)
    drawn = batches.draw(epoch * length)
    batches.load({name: torch.from_numpy(rows) for name, rows in drawn.items()})
    for first in range(phase.steps(size)):
        yield batches.next(min(largest, length - first * largest))


def member_of(run: Run, dataset: Dataset, device: torch.device) -> Member:
    """The run at its beginning, on the device."""
    from benchmarks.training.context import Context, Resident, no_weights
    from benchmarks.training.member import Member

    return Member(run, Context(run, Resident(dataset, device, no_weights)))


def losses_of(outcome: Outcome) -> list[float]:
    """The mean training loss of each epoch."""
    return [value for _, value in outcome.curves["training loss"]]


def correct_of(outcome: Outcome) -> int | None:
    """Correct test images after the last epoch; None where it is not finished."""
    return outcome.measurements["test accuracy"]["count"] if outcome.finished else None


def learning_rate(run: Run, epoch: int, step: int = 0, steps: int = 1) -> Decimal:
    """The rate of an update of the run."""
    return run.schedule.rate(epoch, step, steps, epochs=run.epochs)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, Decimal) or (
        isinstance(value, str) and len(value) < 30 and _is_decimal(value)
    ):
        return format(Decimal(value).normalize(), "f")
    return value


def _is_decimal(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
