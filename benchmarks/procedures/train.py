"""The phase that trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from benchmarks.objectives import Objective
from benchmarks.optimizers import Optimizer
from benchmarks.parts import Count, Whole, kind_of
from benchmarks.penalties.kernel_number_size import KernelTerm
from benchmarks.procedures.phase import Phase, Work
from benchmarks.procedures.prune import Prune
from benchmarks.schedules import Schedule

if TYPE_CHECKING:
    from benchmarks.training.member import Member


class Train(Phase, tag="train", frozen=True):
    """Epochs of mini-batch descent.

    Attributes:
        last_batch: whether an epoch's last, smaller batch is trained on.
        evaluate_every: epochs from one evaluation on the test images to the next; the last epoch is
            evaluated always.
        epoch_images: an epoch is so many images; of all training images by default, and where there
            are fewer. Shorter epochs go on in the pass over the training images where the one
            before has stopped. Folders that are decoded on the fly begin anew with every epoch,
            so that theirs should take minutes.
        top: where given, images whose class is among so many largest outputs are counted as
            well, as "test top-5 accuracy".
        objective, optimizer, schedule: this phase's own; by default the run's.
    """

    introduced: ClassVar[Mapping[str, Any]] = {
        "objective": None,
        "optimizer": None,
        "schedule": None,
        "top": None,
        "epoch_images": 0,
    }

    epochs: Count = 1
    batch_size: Count = 128
    last_batch: Literal["keep", "drop"] = "keep"
    evaluate_every: Count = 10
    objective: Objective | None = None
    optimizer: Optimizer | None = None
    schedule: Schedule | None = None
    top: Count | None = None
    epoch_images: Whole = 0

    @property
    def length(self) -> int:
        return self.epochs

    @property
    def evaluations(self) -> int:
        return -(-self.epochs // self.evaluate_every)

    def length_in_images(self, images: int) -> int:
        """How many of a split's ``images`` an epoch goes over, a dropped batch among them."""
        return min(images, self.epoch_images or images)

    def steps(self, images: int) -> int:
        """Updates in an epoch where a split has so many images."""
        length = self.length_in_images(images)
        return (
            length // self.batch_size
            if self.last_batch == "drop"
            else -(-length // self.batch_size)
        )

    def images_an_epoch(self, images: int) -> int:
        return min(self.length_in_images(images), self.steps(images) * self.batch_size)

    def fault(self) -> str | None:
        if self.last_batch == "drop" and 0 < self.epoch_images < self.batch_size:
            return (
                f"epoch_images is {self.epoch_images} and a batch {self.batch_size}: with "
                "last_batch=drop such an epoch has no update"
            )
        return None

    def misfit(self, objective: Objective, before: Sequence[Phase]) -> str | None:
        halved = any(isinstance(p, Prune) and p.what == "half_rings" for p in before)
        for term in (self.objective or objective).penalties if halved else ():
            if isinstance(term, KernelTerm) and term.scheme != "kernel":
                return (
                    f"{kind_of(type(term))} needs kernels of odd sizes, and half-rings that are "
                    "pruned leave even ones: give the train phase behind prune an objective of its "
                    "own without it"
                )
        return None

    def begin(self, member: Member) -> Work:
        from benchmarks.training.train_work import TrainWork

        return TrainWork(self, member)
