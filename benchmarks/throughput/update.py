"""What the regulariser costs: the update with LOCO-Reg, without decay, and torch's own, in turn.

The updates are timed inside real training steps of ours, on the gradients and with the caches that
a step leaves behind, a different one each step. Timing them in a tight loop would flatter all.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import cast

import torch

from benchmarks.data import store
from benchmarks.optimizers import SGD
from benchmarks.optimizers.sgd import SGDUpdate
from benchmarks.penalties.term import coefficients_of
from benchmarks.throughput.ours import run_of
from benchmarks.throughput.worker import Window, read_options, reply, run
from benchmarks.training.context import Resident, no_weights
from benchmarks.training.loop import prepare
from benchmarks.training.member import Member
from benchmarks.training.train_work import TrainWork


class TimedUpdates:
    """Stands in for a run's optimiser and makes each update with the next of several."""

    def __init__(
        self, updates: dict[str, Callable[[float], None]], window: Window, device: torch.device
    ) -> None:
        self.updates, self.window, self.device = updates, window, device
        self.seconds: dict[str, list[float]] = {name: [] for name in updates}
        self._turn = 0

    def step(self, lr: float) -> None:
        """One update, timed once the window is open."""
        name = list(self.updates)[self._turn % len(self.updates)]
        self._turn += 1
        began = self._now()
        self.updates[name](lr)
        if self.window.open:
            self.seconds[name].append(self._now() - began)

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()


def updates_of(work: TrainWork) -> dict[str, Callable[[float], None]]:
    """Three updates of one network: ours with coefficients, ours without, and torch's SGD."""
    model = work.member.model
    coefficients = coefficients_of(work.penalties)
    sgd = torch.optim.SGD(
        model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.0005, foreach=True
    )

    def torch_step(lr: float) -> None:
        sgd.param_groups[0]["lr"] = lr
        sgd.step()
        sgd.zero_grad()

    return {
        "locality": SGD().build(model, coefficients).step,
        "no decay": SGD().build(model, {}).step,
        "torch.optim.SGD": torch_step,
    }


def main() -> None:
    """Train one network until the window closes; reply with the median time of each update."""
    options = read_options(__doc__)
    prepare(options.device)
    dataset = store.read(options.data, "cifar10")
    # A small rate: three velocities take turns on one network, and none must blow it up.
    asked = run_of(options, dataset.digest, options.seed)
    calm = asked.with_setting("schedule.learning_rate", "0.001")
    resident = Resident(dataset, options.device, no_weights)
    member = Member(calm, resident.context(calm))
    work = cast(TrainWork, member.work)
    updates = updates_of(work)
    window = Window(options, group=len(updates))
    timed = TimedUpdates(updates, window, options.device)
    work.update = cast(SGDUpdate, timed)
    seen = 0
    for _ in member.steps():
        if member.images_seen > seen:
            window.tick(member.images_seen - seen)
            seen = member.images_seen
        if window.over:
            break
    medians = {name: statistics.median(seconds) for name, seconds in timed.seconds.items()}
    reply(window, update_seconds=medians)


if __name__ == "__main__":
    run(main)
