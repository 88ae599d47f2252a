"""The runs that checks train: VGG-10 with decay by position on a few hundred images."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from benchmarks.data.dataset import Dataset, Split
from benchmarks.data.images import Images
from benchmarks.device_check.finding import CheckError
from benchmarks.models import VGG10
from benchmarks.objectives import Objective
from benchmarks.penalties import DenseL2, LocoReg
from benchmarks.procedures import Procedure, Train
from benchmarks.run import Run
from benchmarks.schedules import Steps
from benchmarks.training import loop

if TYPE_CHECKING:
    from benchmarks.models.model import Model

Precision = Literal["float32", "bf16"]

# Three whole batches and a smaller one: every shape that an epoch has. A device that records
# updates has replayed each before the last epoch ends.
IMAGES, TEST_IMAGES, BATCH = 112, 50, 32
NOISE = 16  # grey levels, up and down
EPOCHS = 4
# So low that an update moves nothing far: at real rates the few ReLUs and poolings that rounding
# decides in one update decide everything in the next. Decay is so strong that it shows.
CALM, MILESTONES, DECAY = Decimal("0.0001"), (1,), Decimal("0.3")
HERE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Trained:
    """What a run has come to: its state on the CPU by name, and its training loss by epoch."""

    state: dict[str, torch.Tensor]
    losses: tuple[float, ...]

    def same(self, other: Trained) -> bool:
        """Bit for bit."""
        equal = (torch.equal(value, other.state[name]) for name, value in self.state.items())
        return self.losses == other.losses and all(equal)


@dataclass(frozen=True)
class Probe:
    """On which device, which images and how many runs at once.

    Attributes:
        dataset: see :func:`cut`.
        model: the network's settings; a full VGG-10 unless a test is in a hurry.
    """

    device: torch.device
    dataset: Dataset
    members: int
    model: Model = VGG10()

    @property
    def exact(self) -> bool:
        """Whether the same run gives the same bits again on this device."""
        return self.device.type == "cpu"

    def run(
        self,
        seed: int = 0,
        *,
        precision: Precision = "float32",
        epochs: int = EPOCHS,
        learning_rate: Decimal = CALM,
    ) -> Run:
        """A short run with decay by position and a rate that falls."""
        locality = LocoReg(gamma=Decimal("1.6"), eta=Decimal("2.4"), weight_decay=DECAY)
        dense = DenseL2(weight_decay=DECAY)
        train = Train(epochs=epochs, batch_size=BATCH, evaluate_every=epochs)
        return Run(
            seed=seed,
            data=Images(name=self.dataset.name, identity=self.dataset.identity),
            model=self.model,
            objective=Objective(penalties=(locality, dense)),
            schedule=Steps(learning_rate=learning_rate, milestones=MILESTONES),
            procedure=Procedure(phases=(train,)),
            precision=precision,
        )

    def runs(self, **settings: Any) -> list[Run]:
        """One a member, which differ in their seeds."""
        return [self.run(seed, **settings) for seed in range(self.members)]

    def train(
        self,
        runs: Sequence[Run],
        *,
        on: torch.device | None = None,
        dataset: Dataset | None = None,
        **options: Any,
    ) -> list[Trained]:
        """Train runs together to their end.

        Raises:
            CheckError: where one fails or does not end.
        """
        device = on or self.device
        loop.prepare(device)
        return [
            trained(outcome)
            for outcome in loop.train(runs, dataset or self.dataset, device, **options)
        ]

    def moved(self, share: float) -> Dataset:
        """The images, of which every normalised value is moved by that share of the mean."""
        return replace(self.dataset, mean=self.dataset.mean * (1 + share))


Say = Callable[[str], None]


def trained(outcome: loop.Outcome) -> Trained:
    """What a finished run has come to.

    Raises:
        CheckError: where it failed or did not end; names the last of our lines in the traceback.
    """
    if outcome.error is not None:
        raise CheckError(f"{failure(outcome)}")
    if outcome.model is None:
        raise CheckError(f"the run of seed {outcome.run.seed} did not end")
    state = {n: v.detach().cpu().clone() for n, v in outcome.model.state_dict().items()}
    return Trained(state, tuple(value for _, value in outcome.curves["training loss"]))


def failure(outcome: loop.Outcome) -> str:
    """Such as "RuntimeError at benchmarks/training/loop.py line 7: called a synchronizing …"."""
    frames = re.findall(r'File "([^"]+)", line (\d+)', outcome.traceback)
    own = [(Path(f), n) for f, n in frames if Path(f).is_relative_to(HERE) and not _foreign(f)]
    place = f" at {own[-1][0].relative_to(HERE)} line {own[-1][1]}" if own else ""
    text = (str(outcome.error).strip().splitlines() or [""])[0]
    return f"{type(outcome.error).__name__}{place}: {text}"


def _foreign(file: str) -> bool:
    """Installed packages below the checkout, and the checks themselves."""
    return ".venv" in file or Path(file).is_relative_to(Path(__file__).parent)


def cut(dataset: Dataset) -> Dataset:
    """Few images of all classes, with noise on them.

    Flat areas make equal maps, and which of equal values a max-pooling takes is decided by
    rounding; with the noise, rounding stays small.
    """
    random = np.random.default_rng(0)

    def few(split: Split, count: int) -> Split:
        step = max(1, len(split) // count)
        pixels = np.array(split.images[::step][:count])
        noise = random.integers(-NOISE, NOISE + 1, pixels.shape)
        noisy = np.clip(pixels + noise, 0, 255).astype(np.uint8)
        return Split(noisy, np.array(split.labels[::step][:count]))

    train, test = few(dataset.train, IMAGES), few(dataset.test, TEST_IMAGES)
    return replace(dataset, train=train, test=test)
