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
from benchmarks.training.context import Resident, WeightsOf, no_weights
from benchmarks.training.member import Member
from benchmarks.training.memory import keep_freed_memory

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


@dataclass
class _Place:
    run: Run
    path: Path | None
    saved: float
    epoch_began: float
    member: Member | None = None
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
    weights_of: WeightsOf = no_weights,
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
        weights_of: gives the kept weights of a run that one of ``runs`` starts from.
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
    resident = Resident(dataset, device, weights_of)
    places = []
    for run in runs:
        place = _place(run, checkpoints)
        with _charged_to(place):
            _enter(place, Member(run, resident.context(run)), sitting or {})
        places.append(place)
    outcomes: dict[int, Outcome] = {}
    while len(outcomes) < len(places):
        for index, place in enumerate(places):
            if index in outcomes:
                continue
            if not _advance(place, on_progress, should_leave):
                outcomes[index] = _outcome(place)
                if not place.left:
                    on_outcome(outcomes[index])
            elif should_stop():
                for rest, other in enumerate(places):
                    outcomes.setdefault(rest, _outcome(other))
                break
    return [outcomes[index] for index in range(len(places))]


def _place(run: Run, folder: Path | None) -> _Place:
    now = time.monotonic()
    return _Place(run, folder / f"{run.hash}.ckpt" if folder else None, saved=now, epoch_began=now)


@contextlib.contextmanager
def _charged_to(place: _Place) -> Iterator[None]:
    """One run's failure must not sink its companions, nor its remains take their memory."""
    try:
        yield
    except Exception as error:
        place.traceback = traceback.format_exc()
        place.member, place.steps, error.__context__ = None, iter(()), None
        place.error = error.with_traceback(None)


def _enter(place: _Place, member: Member, sitting: dict[str, Any]) -> None:
    if place.path and (state := checkpoint.load(place.path)):
        member.restore(state)
        place.sittings = list(state["sittings"])
    place.sittings.append({**sitting, "from_epoch": member.epoch})
    if member.context.device.type == "cuda":
        place.stream = torch.cuda.Stream()
        # The run's weights were put there on the default stream.
        place.stream.wait_stream(torch.cuda.current_stream())
    place.member, place.steps = member, member.steps()


def _advance(
    place: _Place, on_progress: Callable[[Progress], None], should_leave: Callable[[], bool]
) -> bool:
    """One update; False once the run has ended, well or badly, or has been left."""
    context = torch.cuda.stream(place.stream) if place.stream else contextlib.nullcontext()
    epoch_done = None
    with _charged_to(place), context:
        epoch_done = next(place.steps, None)
    if epoch_done is None or place.member is None:
        return False
    on_progress(_progress(place.member))
    if epoch_done:
        place.left = not place.member.finished and should_leave()
        _save_if_due(place, place.member)
    return not place.member.finished and not place.left


def _progress(member: Member) -> Progress:
    return Progress(
        run_hash=member.run.hash,
        epoch=member.epoch,
        epochs=member.run.epochs,
        step=member.step_in_epoch,
        steps_per_epoch=member.steps_per_epoch,
        images_seen=member.images_seen,
    )


def _save_if_due(place: _Place, member: Member) -> None:
    """Save, unless being killed just before the next epoch ends would lose little enough."""
    now = time.monotonic()
    epoch_seconds = now - place.epoch_began
    place.epoch_began = now
    if place.path is None or member.finished:
        return
    if place.left or now - place.saved + EPOCH_MARGIN * epoch_seconds > CHECKPOINT_SECONDS:
        checkpoint.save(place.path, {**member.state(), "sittings": place.sittings})
        place.saved = place.epoch_began = time.monotonic()


def _outcome(place: _Place) -> Outcome:
    member = place.member
    if member is None:
        return Outcome(place.run, False, error=place.error, traceback=place.traceback)
    return Outcome(
        run=place.run,
        finished=member.finished,
        measurements=member.measurements,
        curves=member.curves,
        diverged=member.diverged,
        wall_seconds=member.wall_seconds,
        sittings=tuple(place.sittings),
        model=member.model if member.finished else None,
    )
