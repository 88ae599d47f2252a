"""No phase but a function, ``gather_anew``, that gives a changed network batch-norm statistics of
its own: for own code, and for copies that the phase :mod:`.thresholds` tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from benchmarks.errors import UserError

if TYPE_CHECKING:
    import torch
    from torch import nn

    from benchmarks.training.context import Context


def gather_anew(model: nn.Module, batches: Iterable[torch.Tensor]) -> None:
    """Replace the running statistics of a network's batch-norms by means over these batches.

    Running means and variances are exponential averages of training: they lag behind weights that
    a penalty shrinks, and are those of other maps once kernels are removed. Afterwards each is the
    mean of what the batches have, all weighted alike; everything else is as before. Dropout is off
    meanwhile. Networks without running statistics are left alone.

    Args:
        batches: inputs of the network, two images or more in each.

    Raises:
        UserError: where there is no batch; the statistics are as before then.
    """
    import torch

    norms = [m for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    norms = [norm for norm in norms if norm.track_running_stats]
    if not norms:
        return
    batches = iter(batches)
    first = next(batches, None)
    if first is None:
        raise UserError("gathering batch-norm statistics takes a batch of images at least")
    modes = [(module, module.training) for module in model.modules()]
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.train()
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches instead of an exponential average
    try:
        with torch.no_grad():
            for images in chain((first,), batches):
                model(images)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, was_training in modes:
            module.training = was_training


def of_training(context: Context, seed: int, count: int) -> Iterator[torch.Tensor]:
    """``count`` of a run's training images, or all, as images are evaluated: batches of one size
    but for the last.

    Drawn by the seed, since folders hold one class behind the other.
    """
    from benchmarks.randomness import permutation
    from benchmarks.training.batches import evaluation_batch

    places = permutation(seed, "batch-norm statistics", 0, len(context.train))[:count]
    batches = -(-len(places) // evaluation_batch(context.side))
    for pixels, _ in context.train.only(places).windows(-(-len(places) // batches)):
        yield context.normalizer(pixels)
