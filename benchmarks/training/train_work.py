"""Mini-batch descent on one network: the work of :class:`benchmarks.procedures.Train`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from benchmarks.training import checkpoint
from benchmarks.training.device_services import Request
from benchmarks.training.divergence import has_diverged
from benchmarks.training.step import Evaluation, Step

if TYPE_CHECKING:
    from benchmarks.procedures import Train
    from benchmarks.training.member import Member

RATES = "rates"


class TrainWork:
    """See :class:`benchmarks.procedures.phase.Work`; its state may be saved between epochs, and now
    and then within long ones.

    Attributes:
        done: updates of the present epoch.
    """

    def __init__(self, phase: Train, member: Member) -> None:
        self.phase, self.member = phase, member
        self.schedule = phase.schedule or member.run.schedule
        self.step = Step(phase, member)
        self.evaluations = {
            name: Evaluation(member, split, phase.top or 1)
            for name, split in member.context.evaluated.items()
        }
        self.epoch = self.done = 0
        images, batch = len(member.context.train), phase.batch_size
        self.count, length = phase.steps(images), phase.length_in_images(images)
        self.sizes = [min(batch, length - first * batch) for first in range(self.count)]
        # Images are counted over all phases, so that each has its own order and flips.
        earlier = (p for p in member.phases[: member.phase] if isinstance(p, type(phase)))
        self._before = sum(p.length * p.length_in_images(images) for p in earlier)
        self._resumed = 0.0
        self._staging = member.context.services.staging()
        self._ahead: tuple[int, dict[str, torch.Tensor]] | None = None

    @property
    def over(self) -> bool:
        """All epochs done, or diverged at the end of an epoch."""
        return self.member.diverged or self.epoch >= self.phase.epochs

    def steps(self) -> Iterator[bool | Request]:
        """See :meth:`Work.steps`: a request for every update or evaluated batch, and True where an
        epoch is complete or has been long."""
        while not self.over:
            yield from self._train_epoch()

    def _train_epoch(self) -> Iterator[bool | Request]:
        member = self.member
        self._resumed = saved = time.perf_counter()
        drawn = self._drawn(self.epoch)
        self._ahead = None
        rates = drawn[RATES]
        self.step.begin({n: rows for n, rows in drawn.items() if n != RATES}, rates, self.done)
        member.model.train()
        member.steps_per_epoch = self.count
        ahead = self._staging.pinned and self.epoch + 1 < self.phase.epochs
        for size in self.sizes[self.done :]:
            self.step.feed(size)
            yield Request(self.step, size)
            self.done += 1
            member.step_in_epoch = self.done
            member.images_seen += size
            late = time.perf_counter() - saved > checkpoint.SAVE_POINT_SECONDS
            if late:
                self._note_time()
            if late or self.done < self.count:
                yield late
            saved = time.perf_counter() if late else saved
            if self.done == self.count // 2 and ahead:
                # The device has enough to do by now, so that it need not wait for the next draw.
                self._ahead = self.epoch + 1, self._drawn(self.epoch + 1)
        seen = sum(self.sizes)
        fetched = member.context.services.fetch(self.step.loss_sum, self.step.correct)
        loss, correct = (tensor.item() for tensor in fetched())
        yield from self._close_epoch(loss / seen, {"count": int(correct), "of": seen})
        for penalty in self.step.penalties:
            with torch.no_grad():
                member.measurements.update(penalty.measurements())
                for name, value in penalty.points(self.epoch).items():
                    member.curves.setdefault(name, []).append([member.epoch, value])
        self._note_time()
        yield True

    def _note_time(self) -> None:
        now = time.perf_counter()
        self.member.wall_seconds += now - self._resumed
        self._resumed = now

    def _drawn(self, epoch: int) -> dict[str, torch.Tensor]:
        """Everything that an epoch of the phase needs, on the host."""
        if self._ahead and self._ahead[0] == epoch:
            return self._ahead[1]
        rates = [
            float(self.schedule.rate(epoch, step, self.count, epochs=self.phase.epochs))
            for step in range(self.count)
        ]
        drawn = self.step.batches.draw(self._before + epoch * self.step.batches.length)
        kind = np.float32 if self.step.rate_on_device else np.float64
        return self._staging.put({**drawn, RATES: np.array(rates, dtype=kind)})

    def _close_epoch(self, loss: float, accuracy: dict[str, int]) -> Iterator[bool | Request]:
        member = self.member
        diverged = has_diverged(loss)
        epoch = self.epoch + 1
        done = member.epoch + 1
        due = epoch % self.phase.evaluate_every == 0 or diverged or epoch >= self.phase.epochs
        for name, evaluation in self.evaluations.items() if due else ():
            member.model.eval()
            evaluation.begin()
            for size in evaluation.sizes:
                evaluation.feed(size)
                yield Request(evaluation, size)
                yield False
            fetched = member.context.services.fetch(evaluation.correct, evaluation.within)
            count, within = (int(tensor) for tensor in fetched())
            total = len(evaluation.split)
            member.note_accuracy(name, done, count, total)
            if top := self.phase.top:
                member.measurements[f"{name} top-{top} accuracy"] = {"count": within, "of": total}
        member.step_in_epoch, member.diverged = 0, diverged
        self.epoch, self.done, member.epoch = epoch, 0, done
        member.curves.setdefault("training loss", []).append([done, loss])
        member.measurements["training loss"] = loss
        member.measurements["training accuracy"] = accuracy

    def state(self) -> dict[str, Any]:
        """See :meth:`Work.state`. Orders, flips and initial weights derive from seed and epoch, so
        no generator is saved."""
        begun = {"loss_sum": self.step.loss_sum, "correct": self.step.correct} if self.done else {}
        return {"epoch": self.epoch, "done": self.done, **begun, **self.step.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self.epoch, self.done = state["epoch"], state.get("done", 0)
        if self.done:
            self.step.loss_sum.copy_(state["loss_sum"])
            self.step.correct.copy_(state["correct"])
        self.step.restore(state)
