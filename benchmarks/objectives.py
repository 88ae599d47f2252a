"""What a run minimises: a loss of the network's outputs plus any number of penalties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.parts import Part
from benchmarks.penalties import Term

if TYPE_CHECKING:
    import torch


class Loss(Part, frozen=True):
    """A loss of a batch."""

    def value(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The scalar to minimise, of float32 logits (B, classes) and labels int64 (B,)."""
        raise NotImplementedError


class CrossEntropy(Loss, tag="cross_entropy", frozen=True):
    """The mean cross-entropy of the softmax."""

    def value(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(logits, labels)


class Objective(Part, tag="objective", frozen=True):
    """Loss and penalties. ``training loss`` is the loss alone."""

    loss: Loss = CrossEntropy()
    penalties: tuple[Term, ...] = ()

    def misfit(self, dataset: str) -> str | None:
        """What is wrong where images of that data set train, in one line; None where nothing is."""
        return next(filter(None, (term.misfit(dataset) for term in self.penalties)), None)
