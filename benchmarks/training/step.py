"""What a network does with a batch on the device, as functions of buffers that keep their
addresses: an update, and an evaluation. Neither reads anything back, so that CUDA can record and
replay them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.penalties.term import Attached, coefficients_of
from benchmarks.training.batches import EpochBatches, evaluation_batch
from benchmarks.training.gradient_scale import GradientScale
from benchmarks.training.placed_splits import PlacedSplit

if TYPE_CHECKING:
    from benchmarks.procedures import Train
    from benchmarks.training.member import Member


class Step:
    """An update of a member's network, and what training has summed up in an epoch.

    Args:
        rate_on_device: whether the rate is read from a tensor, as recorded work has to; by default
            on CUDA alone.

    Attributes:
        loss_sum: of the batches' mean losses, each times its images; float64 ().
        correct: images classified correctly, each before its own update; int64 ().
    """

    def __init__(self, phase: Train, member: Member, rate_on_device: bool | None = None) -> None:
        run, context = member.run, member.context
        device = context.device
        self.member, self.stream = member, context.stream
        objective = phase.objective or run.objective
        self.loss = objective.loss
        self.penalties = [term.attach(member.model) for term in objective.penalties]
        # Most penalties are coefficients of the update: a step then calls none of these.
        self.with_loss = _overriding(self.penalties, "loss")
        self.with_gradients = _overriding(self.penalties, "add_gradients")
        self.with_steps = _overriding(self.penalties, "after_step")
        optimizer = phase.optimizer or run.optimizer
        self.update = optimizer.build(member.model, coefficients_of(self.penalties))
        self.scale = GradientScale(device) if run.precision == "float16" else None
        self.batches = EpochBatches(
            run.seed,
            run.data.augmentation,
            context.train,
            context.normalizer,
            phase.batch_size,
            phase.length_in_images(len(context.train)),
        )
        self.loss_sum = torch.zeros((), dtype=torch.float64, device=device)
        self.correct = torch.zeros((), dtype=torch.int64, device=device)
        self.rate_on_device = device.type != "cpu" if rate_on_device is None else rate_on_device
        self.rates = torch.zeros(phase.steps(len(context.train)), device=device)
        self.number = torch.zeros(1, dtype=torch.int64, device=device)
        self._rates: list[float] = []
        self._next = 0

    def begin(
        self, drawn: Mapping[str, torch.Tensor], rates: torch.Tensor, number: int = 0
    ) -> None:
        """Begin an epoch, or go on in it.

        Args:
            drawn: what :meth:`EpochBatches.draw` gave, as tensors on the host.
            rates: of the epoch's updates, (steps,) on the host: float32 where they go to the
                device, else float64.
            number: of the epoch's updates that have been made.
        """
        self.batches.load(drawn, number * self.batches.largest)
        if self.rate_on_device:
            self.rates.copy_(rates, non_blocking=True)
            self.number.fill_(number)
        else:
            self._rates, self._next = rates.tolist(), number
        if not number:
            self.loss_sum.zero_()
            self.correct.zero_()

    def feed(self, size: int) -> None:
        """The next ``size`` images are about to be needed."""
        self.batches.feed(size)

    def run(self, size: int) -> None:
        """See :meth:`Static.run`: one update by the epoch's next ``size`` images."""
        images, labels = self.batches.next(size)
        with self.member.numerics():
            with self.member.autocast():
                logits = self.member.model(images)
            loss = self.loss.value(logits.float(), labels)
            whole = loss
            for penalty in self.with_loss:
                addend = penalty.loss(labels)
                whole = whole if addend is None else whole + addend
            self._differentiate(whole)
            for penalty in self.with_gradients:
                penalty.add_gradients()
            rate = self._rate()
            self.update.step(rate)
            for penalty in self.with_steps:
                penalty.after_step(rate)
        self.loss_sum += loss.detach().double() * size
        self.correct += (logits.detach().argmax(1) == labels).sum()

    def _differentiate(self, loss: torch.Tensor) -> None:
        if self.scale is None:
            loss.backward()
            return
        self.scale.scaled(loss).backward()
        self.scale.undo(self.member.model.parameters())

    def _rate(self) -> float | torch.Tensor:
        if self.rate_on_device:
            rate = self.rates.index_select(0, self.number).view(())
            self.number.add_(1)
            return rate
        self._next += 1
        return self._rates[self._next - 1]

    def state(self) -> dict[str, Any]:
        """What resuming between epochs needs."""
        scale = {"scale": self.scale.state()} if self.scale else {}
        return {
            "update": self.update.state(),
            "penalties": [penalty.state() for penalty in self.penalties],
            **scale,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a :meth:`state`."""
        self.update.restore(state["update"])
        for penalty, saved in zip(self.penalties, state["penalties"], strict=True):
            penalty.restore(saved)
        if self.scale:
            self.scale.restore(state["scale"])

    def clear(self) -> None:
        """See :meth:`Static.clear`."""
        self.member.model.zero_grad(set_to_none=True)


class Evaluation:
    """How many images of a split the network classifies correctly.

    Args:
        top: how many of the largest outputs count as an answer for ``within``.

    Attributes:
        sizes: of the batches that cover the split.
        correct, within: so far, int64 ().
    """

    def __init__(self, member: Member, split: PlacedSplit, top: int = 1) -> None:
        self.member, self.split, self.stream = member, split, member.context.stream
        largest = min(evaluation_batch(member.context.side), len(split))
        whole, rest = divmod(len(split), largest)
        self.sizes = [largest] * whole + [rest] * bool(rest)
        self.views, self.top = member.run.data.views, top
        self.source = split.source(largest)
        self.span = torch.arange(largest, device=split.device)
        self.first = torch.zeros((), dtype=torch.int64, device=split.device)
        self.correct, self.within = torch.zeros_like(self.first), torch.zeros_like(self.first)

    def begin(self) -> None:
        """Begin with the first image."""
        self.source.begin(torch.arange(len(self.split)), len(self.span))
        self.first.zero_()
        self.correct.zero_()
        self.within.zero_()

    def feed(self, size: int) -> None:
        """The next ``size`` images are about to be needed."""
        self.source.feed(size)

    def run(self, size: int) -> None:
        """See :meth:`Static.run`: the next ``size`` images, by a network in evaluation mode."""
        pixels, labels = self.source.take(self.first + self.span[:size])
        self.first.add_(size)
        answers = self._answers(pixels)
        self.correct += (answers.argmax(1) == labels).sum()
        if self.top > 1:
            chosen = answers.topk(self.top, dim=1).indices
            self.within += (chosen == labels[:, None]).sum()

    def _answers(self, pixels: torch.Tensor) -> torch.Tensor:
        """The outputs for the images, or the mean of the probabilities of several views."""
        member = self.member
        with torch.no_grad(), member.numerics(), member.autocast():
            outputs = [member.model(member.context.normalizer(v)) for v in self.views(pixels)]
        if len(outputs) == 1:
            return outputs[0]
        return torch.stack([output.float().softmax(1) for output in outputs]).mean(0)

    def clear(self) -> None:
        """See :meth:`Static.clear`."""


def _overriding(penalties: list[Attached], method: str) -> list[Attached]:
    return [p for p in penalties if getattr(type(p), method) is not getattr(Attached, method)]
