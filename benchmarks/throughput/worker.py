"""A measured process other than plain PyTorch: ``python -m benchmarks.throughput.worker OPTIONS``,
which are JSON. It prints ``ready`` and, after the window, what was measured.

ours
    The training loop as every run uses it: seeded order and flips, LOCO-Reg, progress, curve.
update
    What the regulariser costs: the update with LOCO-Reg, without decay, and torch's own, in turn.
    They are timed inside real training steps of ours, on the gradients and with the caches that a
    step leaves behind, a different one each step. Timing them in a tight loop would flatter all.
bare, compiled, peak
    See the modules of those names.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import torch

from benchmarks.data import store
from benchmarks.data.dataset import Dataset
from benchmarks.data.images import Images
from benchmarks.errors import BAD_INPUT, UserError
from benchmarks.models import VGG10
from benchmarks.objectives import Objective
from benchmarks.optimizers import SGD
from benchmarks.penalties import DenseL2, LocoReg
from benchmarks.penalties.term import coefficients_of
from benchmarks.procedures import Procedure, Train
from benchmarks.run import Run
from benchmarks.schedules import Steps
from benchmarks.throughput.bare import train_bare
from benchmarks.throughput.compiled import train_compiled
from benchmarks.throughput.contenders import Options
from benchmarks.throughput.peak import train_peak
from benchmarks.throughput.window import Window
from benchmarks.training.context import Context, Resident, no_weights
from benchmarks.training.device_path import DevicePath
from benchmarks.training.device_services import Request, on
from benchmarks.training.loop import Progress, prepare, train
from benchmarks.training.member import Member
from benchmarks.training.step import Step
from benchmarks.training.train_work import TrainWork

ENDLESS = 1_000_000
UPDATES = ("locality", "no decay", "torch.optim.SGD")


def run_of(options: Options, digest: str, seed: int) -> Run:
    """A cell of Table III (γ = 1.6, η = 2.4) that does not end by itself."""
    locality = LocoReg(gamma=Decimal("1.6"), eta=Decimal("2.4"))
    return Run(
        seed=seed,
        data=Images(name="cifar10", identity=digest),
        model=VGG10(),
        objective=Objective(penalties=(locality, DenseL2())),
        schedule=Steps(),
        procedure=Procedure(phases=(Train(epochs=ENDLESS),)),
        precision=options.precision,  # type: ignore[arg-type]
    )


def train_ours(options: Options, dataset: Dataset, window: Window) -> None:
    """Train a pack until the window closes."""
    seeds = range(options.seed, options.seed + options.pack)
    runs = [run_of(options, dataset.digest, seed) for seed in seeds]
    seen: dict[str, int] = {}

    def on_progress(progress: Progress) -> None:
        images = progress.images_seen - seen.get(progress.run_hash, 0)
        if images:  # evaluated batches report progress too
            seen[progress.run_hash] = progress.images_seen
            window.tick(images)

    outcomes = train(
        runs,
        dataset,
        torch.device(options.device),
        on_progress=on_progress,
        should_stop=lambda: window.over,
        device_path=DevicePath(options.way) if options.way else None,
    )
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
    if not window.over:
        raise RuntimeError("training ended before the window did: every run has diverged")


class TimedUpdates:
    """Stands in for a run's optimiser and makes each update with the next of several."""

    def __init__(self, updates: dict[str, Callable[[Any], None]], window: Window) -> None:
        self.updates, self.window = updates, window
        self.seconds: dict[str, list[float]] = {name: [] for name in updates}
        self._turn = 0

    def step(self, lr: float | torch.Tensor) -> None:
        """One update, timed once the window is open."""
        name = list(self.updates)[self._turn % len(self.updates)]
        self._turn += 1
        began = self._now()
        self.updates[name](lr)
        if self.window.open:
            self.seconds[name].append(self._now() - began)

    def _now(self) -> float:
        if self.window.options.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()


def updates_of(step: Step) -> dict[str, Callable[[Any], None]]:
    """Three updates of one network: ours with coefficients, ours without, and torch's SGD."""
    model = step.member.model
    sgd = torch.optim.SGD(
        model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.0005, foreach=True
    )

    def torch_step(lr: float | torch.Tensor) -> None:
        sgd.param_groups[0]["lr"] = float(lr)
        sgd.step()
        sgd.zero_grad()

    own = SGD().build(model, coefficients_of(step.penalties)), SGD().build(model, {})
    return dict(zip(UPDATES, (*(update.step for update in own), torch_step), strict=True))


def train_with_updates(
    options: Options, dataset: Dataset, window: Window
) -> dict[str, dict[str, float]]:
    """Train one network until the window closes; the median seconds of each update."""
    # A small rate: three velocities take turns on one network, and none must blow it up.
    asked = run_of(options, dataset.digest, options.seed)
    calm = asked.with_setting("schedule.learning_rate", "0.001")
    resident = Resident(dataset, torch.device(options.device), no_weights)
    context = Context(calm, resident)
    with on(context.stream):
        timed = _train_timed(Member(calm, context), window)
    return {"update_seconds": {n: statistics.median(took) for n, took in timed.seconds.items()}}


def _train_timed(member: Member, window: Window) -> TimedUpdates:
    step = cast(TrainWork, member.work).step
    timed = TimedUpdates(updates_of(step), window)
    step.update = cast(Any, timed)
    seen = 0
    for done in member.steps():
        if isinstance(done, Request):
            done.run()
            continue
        if member.images_seen > seen:
            window.tick(member.images_seen - seen)
            seen = member.images_seen
        if window.over:
            break
    return timed


TRAINERS: dict[str, Callable[[Options, Dataset, Window], dict[str, Any] | None]] = {
    "bare": train_bare,
    "compiled": train_compiled,
    "ours": train_ours,
    "peak": train_peak,
    "update": train_with_updates,
}


def main() -> int:
    """Measure and print; 2 for bad input, in one line."""
    options = Options(**json.loads(sys.argv[1]))
    try:
        if options.device == "cuda" and not torch.cuda.is_available():
            raise UserError("torch sees no CUDA device here: use --device cpu")
        if options.lasting:  # loaded; the device is others' until this one's turn
            sys.stdin.readline()
        prepare(torch.device(options.device))
        dataset = store.read(Path(options.store), "cifar10")
        window = Window(options, len(UPDATES) if options.kind == "update" else options.pack)
        more = TRAINERS[options.kind](options, dataset, window)
    except UserError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    print(json.dumps({**window.answer(), **(more or {})}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
