"""Trains a pack of runs on one device; a pack of one is the ordinary case.

Runs of a pack advance in turn, an update each, and on CUDA each has a stream of its own, so that
small networks overlap on a large device. Nothing that a run computes depends on its companions.
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
from benchmarks.training.batches import ResidentSplit
from benchmarks.training.memory import keep_freed_memory
from benchmarks.training.trainee import CurvePoint, Trainee

if TYPE_CHECKING:
    from benchmarks.data.store import Dataset
    from benchmarks.run import Run

# What a run that is killed may lose, with a margin below the promised 60 s (or one epoch).
CHECKPOINT_SECONDS = 55.0
# An epoch may take this many times as long as the one before it, since some end in an evaluation.
EPOCH_MARGIN = 1.25


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

    ``correct`` of ``total`` test images after the last epoch is the headline; ``curve`` keeps the
    rest. ``error`` is set where the run failed, and ``traceback`` says where; the pack's other runs
    go on. A run that was stopped early has ``finished`` False and continues from its checkpoint
    next time.
    """

    run: Run
    finished: bool
    total: int
    curve: tuple[CurvePoint, ...] = ()
    correct: int | None = None
    diverged: bool = False
    wall_seconds: float = 0.0
    sittings: tuple[dict[str, Any], ...] = ()
    error: Exception | None = None
    traceback: str = ""
    model: torch.nn.Module | None = field(default=None, repr=False)


@dataclass
class _Seat:
    run: Run
    path: Path | None
    saved: float
    epoch_began: float
    trainee: Trainee | None = None
    steps: Iterator[bool] = iter(())
    stream: Any = None
    sittings: list[dict[str, Any]] = field(default_factory=list)
    left: bool = False
    error: Exception | None = None
    traceback: str = ""


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
    sitting: dict[str, Any] | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
    should_leave: Callable[[], bool] = lambda: False,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Train ``runs``, which share a data set, and return their outcomes in order.

    Args:
        runs: any number of runs; the device holds all of their states at once.
        dataset: the images, put on the device once.
        device: "cpu" or "cuda"; call :func:`prepare` first.
        checkpoints: folder for ``<hash>.ckpt``; a run that finds its own there continues from it.
        sitting: what the caller wants to remember of this process (commit, host); kept in the
            checkpoint, so that a run made in several sittings names each.
        on_progress: called after every update and every evaluated batch.
        should_stop: asked as often; when true, training ends at once, and what has been trained
            since the last checkpoint is repeated next time, bit for bit.
        should_leave: asked at the end of each epoch; when true, the run's state is saved and it is
            left there, unfinished, so that nothing of it is repeated.
        on_outcome: called as soon as each run ends, before its companions do. What it raises ends
            the training of all. Not called for runs that were stopped or left.

    Raises:
        UserError: where a checkpoint cannot be written (a full or read-only folder). All else that
            goes wrong in a run is that run's ``error``.
    """
    train_split = ResidentSplit(dataset.train, device)
    test_split = ResidentSplit(dataset.test, device)
    seats = []
    for run in runs:
        seat = _seat(run, checkpoints)
        with _charged_to(seat):
            _sit_down(seat, Trainee(run, dataset, train_split, test_split, device), sitting or {})
        seats.append(seat)
    outcomes: dict[int, Outcome] = {}
    while len(outcomes) < len(seats):
        for index, seat in enumerate(seats):
            if index in outcomes:
                continue
            if not _advance(seat, on_progress, should_leave):
                outcomes[index] = _outcome(seat, len(dataset.test))
                if not seat.left:
                    on_outcome(outcomes[index])
            elif should_stop():
                for rest, other in enumerate(seats):
                    outcomes.setdefault(rest, _outcome(other, len(dataset.test)))
                break
    return [outcomes[index] for index in range(len(seats))]


def _seat(run: Run, folder: Path | None) -> _Seat:
    now = time.monotonic()
    return _Seat(run, folder / f"{run.hash}.ckpt" if folder else None, saved=now, epoch_began=now)


@contextlib.contextmanager
def _charged_to(seat: _Seat) -> Iterator[None]:
    """One run's failure must not sink its companions, nor its remains take their memory."""
    try:
        yield
    except Exception as error:
        seat.traceback = traceback.format_exc()
        seat.trainee, seat.steps, error.__context__ = None, iter(()), None
        seat.error = error.with_traceback(None)


def _sit_down(seat: _Seat, trainee: Trainee, sitting: dict[str, Any]) -> None:
    if seat.path and (state := checkpoint.load(seat.path)):
        trainee.restore(state)
        seat.sittings = list(state["sittings"])
    seat.sittings.append({**sitting, "from_epoch": trainee.epoch})
    if trainee.device.type == "cuda":
        seat.stream = torch.cuda.Stream()
        # The run's weights were put there on the default stream.
        seat.stream.wait_stream(torch.cuda.current_stream())
    seat.trainee, seat.steps = trainee, trainee.steps()


def _advance(
    seat: _Seat, on_progress: Callable[[Progress], None], should_leave: Callable[[], bool]
) -> bool:
    """One update; False once the run has ended, well or badly, or has been left."""
    context = torch.cuda.stream(seat.stream) if seat.stream else contextlib.nullcontext()
    epoch_done = None
    with _charged_to(seat), context:
        epoch_done = next(seat.steps, None)
    if epoch_done is None or seat.trainee is None:
        return False
    on_progress(_progress(seat.trainee))
    if epoch_done:
        seat.left = not seat.trainee.finished and should_leave()
        _save_if_due(seat, seat.trainee)
    return not seat.trainee.finished and not seat.left


def _progress(trainee: Trainee) -> Progress:
    return Progress(
        run_hash=trainee.run.hash,
        epoch=trainee.epoch,
        epochs=trainee.run.epochs,
        step=trainee.step_in_epoch,
        steps_per_epoch=trainee.steps_per_epoch,
        images_seen=trainee.images_seen,
    )


def _save_if_due(seat: _Seat, trainee: Trainee) -> None:
    """Save, unless being killed just before the next epoch ends would lose little enough."""
    now = time.monotonic()
    epoch_seconds = now - seat.epoch_began
    seat.epoch_began = now
    if seat.path is None or trainee.finished:
        return
    if seat.left or now - seat.saved + EPOCH_MARGIN * epoch_seconds > CHECKPOINT_SECONDS:
        checkpoint.save(seat.path, {**trainee.state(), "sittings": seat.sittings})
        seat.saved = seat.epoch_began = time.monotonic()


def _outcome(seat: _Seat, total: int) -> Outcome:
    trainee = seat.trainee
    if trainee is None:
        return Outcome(seat.run, False, total, error=seat.error, traceback=seat.traceback)
    finished = trainee.finished
    return Outcome(
        run=seat.run,
        finished=finished,
        total=total,
        curve=tuple(trainee.curve),
        correct=trainee.curve[-1].correct if finished else None,
        diverged=trainee.diverged,
        wall_seconds=trainee.wall_seconds,
        sittings=tuple(seat.sittings),
        model=trainee.model if finished else None,
    )
