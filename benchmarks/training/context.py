"""What the runs of a pack share: the images on the device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from benchmarks.errors import UserError
from benchmarks.randomness import permutation
from benchmarks.training.batches import Normalizer, ResidentSplit

if TYPE_CHECKING:
    from benchmarks.data.store import Dataset
    from benchmarks.run import Run

# The kept weights of a run that another starts from, by the network's own names.
WeightsOf = Callable[["Run"], dict[str, torch.Tensor]]


def no_weights(run: Run) -> dict[str, torch.Tensor]:
    """Where the caller keeps none.

    Raises:
        UserError: always.
    """
    raise UserError(f"the weights of run {run.hash} are not at hand: train it with --save-weights")


@dataclass(frozen=True)
class Context:
    """A run's images, resident on its device.

    Attributes:
        evaluated: the splits on which accuracy is taken, by the word that names the measurement.
    """

    device: torch.device
    classes: int
    side: int
    train: ResidentSplit
    test: ResidentSplit
    evaluated: dict[str, ResidentSplit]
    normalizer: Normalizer
    weights_of: WeightsOf = no_weights


class Resident:
    """A data set on a device, put there once for all runs of a pack."""

    def __init__(self, dataset: Dataset, device: torch.device, weights_of: WeightsOf) -> None:
        self.dataset, self.device, self.weights_of = dataset, device, weights_of
        self.train = ResidentSplit(dataset.train, device)
        self.test = ResidentSplit(dataset.test, device)

    def context(self, run: Run) -> Context:
        """A run's share of it, with the images that it holds out.

        Raises:
            UserError: where it holds out more than there are.
        """
        train, evaluated = self.train, {"test": self.test}
        if held := run.data.held_out:
            if held >= len(train):
                raise UserError(f"held_out is {held} of {len(train)} training images: hold less")
            order = permutation(run.seed, "held out", 0, len(train))
            evaluated["validation"] = train.only(order[:held])
            train = train.only(order[held:])
        return Context(
            device=self.device,
            classes=len(self.dataset.classes),
            side=self.dataset.train.images.shape[1],
            train=train,
            test=self.test,
            evaluated=evaluated,
            normalizer=Normalizer(run.data.normalization, self.dataset, self.device),
            weights_of=self.weights_of,
        )
