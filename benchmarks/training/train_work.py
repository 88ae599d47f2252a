"""Mini-batch descent on one network: the work of :class:`benchmarks.procedures.Train`."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.penalties.term import Attached, coefficients_of
from benchmarks.training.batches import epoch_batches

if TYPE_CHECKING:
    from benchmarks.procedures import Train
    from benchmarks.training.member import Member


class TrainWork:
    """See :class:`benchmarks.procedures.phase.Work`; between epochs its state may be saved."""

    def __init__(self, phase: Train, member: Member) -> None:
        run = member.run
        self.phase, self.member = phase, member
        objective = phase.objective or run.objective
        self.loss = objective.loss
        self.schedule = phase.schedule or run.schedule
        self.penalties = [term.attach(member.model) for term in objective.penalties]
        # Most penalties are coefficients of the update: a step then calls none of these.
        self.with_loss = _overriding(self.penalties, "loss")
        self.with_gradients = _overriding(self.penalties, "add_gradients")
        self.with_steps = _overriding(self.penalties, "after_step")
        optimizer = phase.optimizer or run.optimizer
        self.update = optimizer.build(member.model, coefficients_of(self.penalties))
        self.epoch = 0
        self.count = phase.steps(len(member.context.train))

    @property
    def over(self) -> bool:
        """All epochs done, or diverged at the end of an epoch."""
        return self.member.diverged or self.epoch >= self.phase.epochs

    def steps(self) -> Iterator[bool]:
        """Yields after every update or evaluated batch that it has put on the device, so that
        whoever drives it can stop or switch within a second; True where an epoch is complete."""
        while not self.over:
            yield from self._train_epoch()

    def _train_epoch(self) -> Iterator[bool]:
        member, context = self.member, self.member.context
        started = time.perf_counter()
        total = torch.zeros((), dtype=torch.float64, device=context.device)
        correct = torch.zeros((), dtype=torch.int64, device=context.device)
        member.model.train()
        member.steps_per_epoch = self.count
        seen = 0
        for index, (pixels, labels) in enumerate(self._batches(), start=1):
            loss, logits = self._step(pixels, labels, index - 1)
            total += loss.double() * len(labels)
            correct += (logits.argmax(1) == labels).sum()
            seen += len(labels)
            member.step_in_epoch = index
            member.images_seen += len(labels)
            if index < self.count:
                yield False
        yield from self._close_epoch(total.item() / seen, {"count": int(correct), "of": seen})
        for penalty in self.penalties:
            with torch.no_grad():
                member.measurements.update(penalty.measurements())
                for name, value in penalty.points(self.epoch).items():
                    member.curves.setdefault(name, []).append([member.epoch, value])
        member.wall_seconds += time.perf_counter() - started
        yield True

    def _batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        run, context = self.member.run, self.member.context
        # Epochs are counted over all phases, so that each has its own order and flips.
        return epoch_batches(
            run.seed,
            run.data.augmentation,
            context.train,
            context.normalizer,
            self.member.epoch,
            self.phase.batch_size,
            self.count,
        )

    def _step(
        self, pixels: torch.Tensor, labels: torch.Tensor, step: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One update; the loss without penalties, and the logits."""
        with self.member.autocast():
            logits = self.member.model(pixels)
        loss = self.loss.value(logits.float(), labels)
        whole = loss
        for penalty in self.with_loss:
            addend = penalty.loss(labels)
            whole = whole if addend is None else whole + addend
        whole.backward()
        for penalty in self.with_gradients:
            penalty.add_gradients()
        rate = self.schedule.rate(self.epoch, step, self.count, epochs=self.phase.epochs)
        self.update.step(float(rate))
        for penalty in self.with_steps:
            penalty.after_step(float(rate))
        return loss.detach(), logits.detach()

    def _close_epoch(self, loss: float, accuracy: dict[str, int]) -> Iterator[bool]:
        member = self.member
        diverged = not math.isfinite(loss)
        epoch = self.epoch + 1
        done = member.epoch + 1
        due = epoch % self.phase.evaluate_every == 0 or diverged or epoch >= self.phase.epochs
        for name, split in member.context.evaluated.items() if due else ():
            count = torch.zeros((), dtype=torch.int64)
            for so_far in member.count_correct(split):
                count = so_far
                yield False
            member.note_accuracy(name, done, int(count), len(split))
        member.step_in_epoch, member.diverged = 0, diverged
        self.epoch, member.epoch = epoch, done
        member.curves.setdefault("training loss", []).append([done, loss])
        member.measurements["training loss"] = loss
        member.measurements["training accuracy"] = accuracy

    def state(self) -> dict[str, Any]:
        """See :meth:`Work.state`. Orders, flips and initial weights derive from seed and epoch, so
        no generator is saved."""
        return {
            "epoch": self.epoch,
            "update": self.update.state(),
            "penalties": [penalty.state() for penalty in self.penalties],
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.epoch = state["epoch"]
        self.update.restore(state["update"])
        for penalty, saved in zip(self.penalties, state["penalties"], strict=True):
            penalty.restore(saved)


def _overriding(penalties: list[Attached], method: str) -> list[Attached]:
    return [p for p in penalties if getattr(type(p), method) is not getattr(Attached, method)]
