"""One run in training: its network, optimiser and curve on a device."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from benchmarks.models import build
from benchmarks.optimizers.sgd import PositionalSGD
from benchmarks.penalties.coefficients import decay_coefficients
from benchmarks.schedules.steps import learning_rate
from benchmarks.training.batches import Normalizer, ResidentSplit, epoch_batches, steps_per_epoch

if TYPE_CHECKING:
    from benchmarks.data.store import Dataset
    from benchmarks.run import Run

# Images evaluated at once: 500 of 32×32, and of larger ones so few that they take no more memory.
EVALUATION_BATCH = 500
EVALUATION_PIXELS = EVALUATION_BATCH * 32**2


def evaluation_batch(side: int) -> int:
    """How many images of that height and width are evaluated at once."""
    return max(1, min(EVALUATION_BATCH, EVALUATION_PIXELS // side**2))


@dataclass(frozen=True)
class CurvePoint:
    """After ``epoch`` epochs (1-based): mean training loss (cross-entropy alone), and the count of
    correct test images where the epoch was evaluated."""

    epoch: int
    train_loss: float
    correct: int | None


class Trainee:
    """A run's state. ``steps`` yields after every update or evaluated batch that it has put on the
    device, so that whoever drives it can stop or switch within a second.

    Precision "bf16" is autocast: bfloat16 activations and products, float32 master weights,
    momentum and batch-norm statistics.
    """

    def __init__(
        self,
        run: Run,
        dataset: Dataset,
        train: ResidentSplit,
        test: ResidentSplit,
        device: torch.device,
    ) -> None:
        self.run, self.device = run, device
        self.train, self.test = train, test
        self.normalizer = Normalizer(run, dataset, device)
        model = build(run, len(dataset.classes), side=dataset.train.images.shape[1])
        self.model = model.to(device).to(memory_format=torch.channels_last)
        self.optimizer = PositionalSGD(
            self.model,
            decay_coefficients(self.model, run),
            momentum=float(run.momentum),
            lr_inside=run.lr_placement == "inside",
            bias_lr_factor=float(run.bias_lr_factor),
        )
        self.epoch = 0
        self.step_in_epoch = 0
        self.images_seen = 0
        self.curve: list[CurvePoint] = []
        self.diverged = False
        self.wall_seconds = 0.0

    @property
    def finished(self) -> bool:
        """All epochs done, or diverged at the end of an epoch."""
        return self.diverged or self.epoch >= self.run.epochs

    @property
    def steps_per_epoch(self) -> int:
        """Updates in an epoch."""
        return steps_per_epoch(self.run, len(self.train))

    def steps(self) -> Iterator[bool]:
        """Train to the end; yields True where an epoch has just been completed, else False."""
        while not self.finished:
            yield from self._train_epoch()

    def _train_epoch(self) -> Iterator[bool]:
        started = time.perf_counter()
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        self.model.train()
        batches = epoch_batches(self.run, self.train, self.normalizer, self.epoch)
        images = 0
        for index, (pixels, labels) in enumerate(batches, start=1):
            loss = self._loss(pixels, labels)
            loss.backward()
            rate = learning_rate(self.run, self.epoch, index - 1, self.steps_per_epoch)
            self.optimizer.step(float(rate))
            total += loss.detach().double() * len(labels)
            images += len(labels)
            self.step_in_epoch = index
            self.images_seen += len(labels)
            if index < self.steps_per_epoch:
                yield False
        yield from self._close_epoch(total.item() / images)
        self.wall_seconds += time.perf_counter() - started
        yield True

    def _loss(self, pixels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        with self._autocast():
            logits = self.model(pixels)
        return F.cross_entropy(logits.float(), labels)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.run.precision == "bf16"
        )

    def _close_epoch(self, train_loss: float) -> Iterator[bool]:
        epoch = self.epoch + 1
        diverged = not math.isfinite(train_loss)
        correct = None
        if epoch % self.run.evaluate_every == 0 or diverged or epoch >= self.run.epochs:
            for counted in self._count_correct():
                correct = counted
                yield False
        self.epoch, self.step_in_epoch, self.diverged = epoch, 0, diverged
        self.curve.append(CurvePoint(epoch, train_loss, None if correct is None else int(correct)))

    def evaluate(self) -> int:
        """Number of correctly classified test images."""
        *_, correct = self._count_correct()
        return int(correct)

    def _count_correct(self) -> Iterator[torch.Tensor]:
        """The count so far, int64 on the device, after each batch of the test split."""
        self.model.eval()
        correct = torch.zeros((), dtype=torch.int64, device=self.device)
        batch = evaluation_batch(self.test.pixels.shape[1])
        for start in range(0, len(self.test), batch):
            window = slice(start, start + batch)
            with torch.no_grad(), self._autocast():
                logits = self.model(self.normalizer(self.test.pixels[window]))
            correct += (logits.argmax(1) == self.test.labels[window]).sum()
            yield correct

    def state(self) -> dict[str, Any]:
        """Everything that continuing from the last completed epoch needs, on the CPU.

        Orders, flips and initial weights derive from seed and epoch, so no generator is saved.
        """
        return {
            "run": self.run.canonical(),
            "epoch": self.epoch,
            "model": {k: v.detach().cpu() for k, v in self.model.state_dict().items()},
            "velocities": [v.cpu() for v in self.optimizer.velocities],
            "curve": [asdict(point) for point in self.curve],
            "diverged": self.diverged,
            "wall_seconds": self.wall_seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state`; the weights that follow equal an uninterrupted run's."""
        if state["run"] != self.run.canonical():
            raise ValueError("the checkpoint belongs to another run")
        self.model.load_state_dict(state["model"])
        for velocity, saved in zip(self.optimizer.velocities, state["velocities"], strict=True):
            velocity.copy_(saved)
        self.epoch = state["epoch"]
        self.curve = [CurvePoint(**point) for point in state["curve"]]
        self.diverged = state["diverged"]
        self.wall_seconds = state["wall_seconds"]
