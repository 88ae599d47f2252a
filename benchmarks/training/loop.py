"""Trains a pack of runs on one device; a pack of one is the ordinary case.

Runs of a pack advance in turn, an update each. On CUDA each has a stream of its own, so that small
networks overlap on a large device, and what they do together again and again is recorded and
replayed (:mod:`benchmarks.training.graph`). Nothing that a run computes depends on its companions.
"""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.training import checkpoint
from benchmarks.training.context import Context, FileOf, Resident, WeightsOf, no_file, no_weights
from benchmarks.training.device_path import DevicePath
from benchmarks.training.device_services import Request, Stream, on
from benchmarks.training.graph import conductor
from benchmarks.training.host_memory import keep_freed_memory
from benchmarks.training.member import Member
from benchmarks.training.pack import Hooks, Pack

if TYPE_CHECKING:
    from benchmarks.data.dataset import Dataset
    from benchmarks.run import Run


@dataclass(frozen=True)
class Progress:
    """Where a run stands: completed epochs, updates in the current one, images trained so far in
    this sitting."""

    run_hash: str
    epoch: int
    epochs: int
    step: int
    steps_per_epoch: int
    images_seen: int


@dataclass(frozen=True)
class Outcome:
    """What a run has come to.

    Attributes:
        measurements: by name, JSON-ready; a count is {"count": …, "of": …}. "test accuracy", after
            the last epoch, is the headline.
        curves: by name, [epoch, value] pairs.
        error: set where the run failed, and ``traceback`` says where; the pack's other runs go on.
        finished: False too for a run that was stopped early and continues from its checkpoint next
            time.
    """

    run: Run
    finished: bool
    measurements: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, list[list[Any]]] = field(default_factory=dict)
    diverged: bool = False
    wall_seconds: float = 0.0
    sittings: tuple[dict[str, Any], ...] = ()
    error: Exception | None = None
    traceback: str = ""
    model: torch.nn.Module | None = field(default=None, repr=False)


def prepare(device: torch.device) -> None:
    """Set the process up so that a run's numbers do not depend on what runs beside it.

    On a CPU a run computes with one thread: thread counts change the last bits, and runs side by
    side use the cores better. Denormals flush to zero, as weight decay drives dead filters there.
    """
    if device.type == "cpu":
        torch.set_num_threads(1)
        keep_freed_memory()
    torch.set_flush_denormal(True)
    torch.backends.cudnn.benchmark = True


def train(
    runs: Sequence[Run],
    dataset: Dataset,
    device: torch.device,
    *,
    checkpoints: Path | None = None,
    weights_of: WeightsOf = no_weights,
    file_of: FileOf = no_file,
    sitting: dict[str, Any] | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
    should_leave: Callable[[], bool] = lambda: False,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    device_path: DevicePath | None = None,
) -> list[Outcome]:
    """Train ``runs``, which share a data set, and return their outcomes in order.

    Args:
        runs: any number of runs; the device holds all of their states at once.
        dataset: the images, put on the device once.
        device: "cpu" or "cuda"; call :func:`prepare` first.
        checkpoints: folder for ``<hash>.ckpt``; a run that finds its own there continues from it.
        weights_of: gives the kept weights of a run that one of ``runs`` starts from.
        file_of: gives those of a published file, by its name and published sum.
        sitting: what the caller wants to remember of this process (commit, host); kept in the
            checkpoint, so that a run made in several sittings names each.
        on_progress: called after every update and every evaluated batch.
        should_stop: asked as often; when true, training ends at once, and what has been trained
            since the last checkpoint is repeated next time, bit for bit.
        should_leave: asked at the end of each epoch; when true, the run's state is saved and it is
            left there, unfinished, so that nothing of it is repeated.
        on_outcome: called as soon as each run ends, before its companions do. What it raises ends
            the training of all. Not called for runs that were stopped or left.
        device_path: how updates reach a CUDA device; the environment's choice by default.

    Where the device has too little memory for all, half of those at work go on, and the rest is
    trained after them in packs of no more, each run from its checkpoint.

    Raises:
        UserError: where a checkpoint cannot be written (a full or read-only folder). All else that
            goes wrong in a run is that run's ``error``.
    """
    resident = Resident(dataset, device, weights_of, file_of)
    trainings = [Training(run, checkpoints) for run in runs]
    hooks = Hooks(on_progress, should_stop, should_leave, lambda one: on_outcome(one.outcome()))

    def enter(training: Training) -> None:
        with training.charged():
            context = Context(training.run, resident)
            with on(context.stream):
                training.enter(Member(training.run, context), sitting or {})

    try:
        Pack(trainings, enter, conductor(device, device_path), hooks).train()
    finally:
        # What fails here was no run's, or is its error already.
        with contextlib.suppress(RuntimeError):
            resident.services.finish()
        for training in trainings:
            training.settle()
    return [training.outcome() for training in trainings]


class Training:
    """One run's training in this process: its member of the pack, its stream, its checkpoint.

    Attributes:
        request: what is to be put on the device before it can go on.
        left: whether it was asked to leave, and is saved.
        saved, epoch_began: when, on the monotonic clock.
        apart: seconds from one checkpoint to the next, at most.
    """

    def __init__(self, run: Run, checkpoints: Path | None) -> None:
        self.run = run
        self.path = checkpoints / f"{run.hash}.ckpt" if checkpoints else None
        self.saved = self.epoch_began = time.monotonic()
        self.apart = checkpoint.CHECKPOINT_SECONDS
        self.member: Member | None = None
        self.steps: Iterator[bool | Request] = iter(())
        self.request: Request | None = None
        self.stream: Stream = None
        self.settle: Callable[[], None] = lambda: None
        self.sittings: list[dict[str, Any]] = []
        self.left = False
        self.error: Exception | None = None
        self.traceback = ""

    @contextlib.contextmanager
    def charged(self) -> Iterator[None]:
        """One run's failure must not sink its companions, nor its remains take their memory."""
        try:
            yield
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """The run has come to that, and to nothing else."""
        self.traceback = "".join(traceback.format_exception(error))
        self.member, self.request, self.steps, error.__context__ = None, None, iter(()), None
        self.error = error.with_traceback(None)

    @property
    def lacks_memory(self) -> bool:
        """Whether it failed for want of the device's memory alone."""
        return isinstance(self.error, torch.OutOfMemoryError)

    def drive_out(self) -> None:
        """Forget all but what is saved, so that it may enter again."""
        self.settle()
        self.member, self.request, self.steps = None, None, iter(())
        self.error, self.traceback, self.stream = None, "", None

    def enter(self, member: Member, sitting: dict[str, Any]) -> None:
        """Begin, or continue from the checkpoint; call it on the member's stream."""
        self.sittings = []
        self.stream = member.context.stream
        if self.path and (state := checkpoint.load(self.path)):
            member.restore(state)
            self.sittings = list(state["sittings"])
        self.sittings.append({**sitting, "from_epoch": member.epoch})
        self.member, self.steps = member, member.steps()

    def advance(self, hooks: Hooks) -> bool:
        """Go on to the next request; False where there is none: the run has ended, well or badly,
        has been left, or everything is to stop."""
        while True:
            done = self.request = None
            with self.charged(), on(self.stream):
                done = next(self.steps, None)
            member = self.member
            if done is None or member is None:
                return False
            if isinstance(done, Request):
                self.request = done
                return True
            hooks.on_progress(self._progress(member))
            if done:
                self.left = not member.finished and hooks.should_leave()
                self.save_if_due(member)
            if member.finished or self.left:
                self.settle()
                return False
            if hooks.should_stop():
                hooks.stopped = True
                return False

    def _progress(self, member: Member) -> Progress:
        return Progress(
            run_hash=self.run.hash,
            epoch=member.epoch,
            epochs=self.run.epochs,
            step=member.step_in_epoch,
            steps_per_epoch=member.steps_per_epoch,
            images_seen=member.images_seen,
        )

    def save_if_due(self, member: Member) -> None:
        """Save, unless being killed just before the next epoch ends would lose little enough."""
        now = time.monotonic()
        epoch_seconds = now - self.epoch_began
        self.epoch_began = now
        if self.path is None or member.finished:
            return
        if self.left or now - self.saved + checkpoint.EPOCH_MARGIN * epoch_seconds > self.apart:
            self._save(self.path, member)
            self.saved = self.epoch_began = time.monotonic()

    def _save(self, path: Path, member: Member) -> None:
        self.settle()
        with on(self.stream):
            state = member.state()

        def write() -> None:
            size = checkpoint.save(path, {**state(), "sittings": self.sittings})
            self.apart = checkpoint.seconds_between_checkpoints(size)

        self.settle = member.context.services.later(write)

    def outcome(self) -> Outcome:
        """What the run has come to."""
        member = self.member
        if member is None:
            return Outcome(self.run, False, error=self.error, traceback=self.traceback)
        return Outcome(
            run=self.run,
            finished=member.finished,
            measurements=member.measurements,
            curves=member.curves,
            diverged=member.diverged,
            wall_seconds=member.wall_seconds,
            sittings=tuple(self.sittings),
            model=member.model if member.finished else None,
        )
