"""A thresholded network's costs, accuracy and speed beside those of the whole one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from benchmarks.procedures.thresholds import Thresholds
from reproduce.catalogue.tables import Cell
from reproduce.store.paths import default_data

if TYPE_CHECKING:
    from torch import nn

    from analysis.papers.structured_sparsity.networks_document import Network
    from benchmarks.procedures import Shrunk
    from benchmarks.run import Run


def measured(
    cell: Cell,
    run: Run,
    model: nn.Module,
    shrunk: Shrunk,
    tau: str,
    data: Path | None,
    seconds: float,
) -> Network:
    """What a report says of a thresholded network, whose batch-norm statistics this renews where
    the run's own thresholds do.

    Args:
        model: the whole network.
        tau: as it is told.
        data: where data sets live.
        seconds: that a measurement of one network's speed takes, about.
    """
    from analysis.papers.structured_sparsity.networks_document import Network
    from benchmarks.data import info
    from benchmarks.models.describe import network_measures
    from benchmarks.throughput.inference import images_per_second

    side = run.data.side(info(run.data.name).side)
    costs = network_measures(shrunk.model, side)
    speeds = {}
    for batch in (1, 128):
        before, after = images_per_second([model, shrunk.model], side, batch, seconds)
        speeds[batch] = before, after
    first = next(iter(shrunk.sizes))
    return Network(
        cell.name,
        cell.group,
        cell.label,
        run.hash,
        run.seed,
        tau,
        {path: tuple(sizes) for path, sizes in shrunk.sizes.items()},
        shrunk.removed_layers,
        len(shrunk.identity_like),
        costs["parameters"],
        costs["multiply-adds"],
        network_measures(model, side)["multiply-adds"],
        accuracy(run, shrunk.model, data),
        speeds,
        model.get_submodule(first).weight.detach().numpy(),  # type: ignore[operator, union-attr]
    )


def accuracy(run: Run, model: nn.Module, data: Path | None) -> float | None:
    """On the test images where they are at hand; then the network has gathered its batch-norm
    statistics as the run's own thresholded copies have."""
    import torch

    from benchmarks.data import load
    from benchmarks.procedures import gather_anew
    from benchmarks.procedures.batch_norm_statistics import of_training
    from benchmarks.training.batches import evaluation_batch
    from benchmarks.training.context import Context, Resident, no_weights

    try:
        dataset = load(run.data.name, data or default_data(), run.data.fold)
    except UserError:
        return None
    context = Context(run, Resident(dataset, torch.device("cpu"), no_weights))
    if renew := thresholds(run).renew:
        gather_anew(model, of_training(context, run.seed, renew))
    right = 0
    with torch.inference_mode():
        for pixels, labels in context.test.windows(evaluation_batch(context.side)):
            right += int((model(context.normalizer(pixels)).argmax(1) == labels).sum())
    return right / len(context.test)


def thresholds(run: Run) -> Thresholds:
    """The phase of a run that tries thresholds."""
    return next(p for p in run.procedure.phases if isinstance(p, Thresholds))
