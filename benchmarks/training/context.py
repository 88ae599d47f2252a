"""What a run has at hand while it trains: the images on its device, its share of them, and the
weights that it may start from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from benchmarks.errors import UserError
from benchmarks.randomness import permutation
from benchmarks.training.batches import Normalizer
from benchmarks.training.device_services import services
from benchmarks.training.placed_splits import PlacedSplit, placed

if TYPE_CHECKING:
    from benchmarks.data.dataset import Dataset
    from benchmarks.run import Run

# The kept weights of a run that another starts from, by the network's own names.
WeightsOf = Callable[["Run"], dict[str, torch.Tensor]]


def no_weights(run: Run) -> dict[str, torch.Tensor]:
    """Where the caller keeps none.

    Raises:
        UserError: always.
    """
    raise UserError(f"the weights of run {run.hash} are not at hand: train it with --save-weights")


# The tensors of a published weight file, by its name and published sum.
FileOf = Callable[[str, str], dict[str, torch.Tensor]]


def no_file(name: str, checksum: str) -> dict[str, torch.Tensor]:
    """Where the caller has none.

    Raises:
        UserError: always.
    """
    raise UserError(
        f"the weight file {name} is not at hand: train in a command that has its folder"
    )


class Resident:
    """A data set on a device, or as much of it as is needed, shared by all runs of a pack."""

    def __init__(
        self,
        dataset: Dataset,
        device: torch.device,
        weights_of: WeightsOf,
        file_of: FileOf = no_file,
    ) -> None:
        self.dataset, self.device = dataset, device
        self.weights_of, self.file_of = weights_of, file_of
        self.services = services(device)
        self.train = placed(dataset.train, device)
        self.test = placed(dataset.test, device)


class Context:
    """A run's share of what is resident, with the images that it holds out.

    Attributes:
        side: height and width of what the network gets.
        evaluated: the splits on which accuracy is taken, by the word that names the measurement.
        services, stream: how the run's work reaches the device; whatever is made for the run
            after this is made on that stream.

    Raises:
        UserError: where it holds out more than there are.
    """

    def __init__(self, run: Run, resident: Resident) -> None:
        dataset = resident.dataset
        self.device = resident.device
        self.weights_of, self.file_of = resident.weights_of, resident.file_of
        self.services = resident.services
        self.classes = len(dataset.classes)
        self.side = run.data.side(dataset.side)
        self.train: PlacedSplit = resident.train
        self.test: PlacedSplit = resident.test
        self.evaluated = {"test": self.test}
        shuffled = permutation(run.seed, "pixels", 0, self.side**2)
        order = shuffled if run.data.permute_pixels else None
        self.normalizer = Normalizer(
            run.data.normalization, dataset, self.device, order, run.data.window
        )
        size, held = len(self.train), run.data.held_out
        if (used := run.data.trained_on(size)) < size:
            if not used:
                raise UserError(f"held_out is {held} of {size} training images: hold less")
            order = permutation(run.seed, "held out", 0, size)
            if held:
                self.evaluated["validation"] = self.train.only(order[:held])
            self.train = self.train.only(order[held : held + used])
        # From here on, so that everything of the above is there before it reads it.
        self.stream = self.services.stream()
