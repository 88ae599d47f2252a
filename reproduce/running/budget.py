"""A limit of time for a command: what it is, and what of a training still fits into it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from benchmarks.training.checkpoint import EPOCH_MARGIN, SAVE_POINT_SECONDS
from reproduce.running.workload import trained_images, workload

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.run import Run
    from benchmarks.training.loop import Progress

# Of a budget, what is kept for ending the workers and for the report with its figures, which took
# 16 s on a slow machine, and what processes take to start.
REPORT_SECONDS, START_SECONDS = 25.0, 10.0
SHORTEST_SECONDS, LONGEST_SECONDS = 60.0, 365 * 86400.0
# Of training, after which a speed is known well enough to give up by.
TRIAL_SECONDS = 5.0
# What saving a run may take.
SAVE_SECONDS = 1.0
_NUMBER = r"(\d+(?:\.\d+)?)"
_TEXT = re.compile(rf"(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?", re.IGNORECASE)


@dataclass(frozen=True)
class Budget:
    """How long a command may take, from when it was given.

    Attributes:
        seconds: wall time, report included.
        began: on the monotonic clock, which all processes of a machine share.
        text: as it was given.
    """

    seconds: float
    began: float = field(default_factory=time.monotonic)
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> Budget:
        """The budget of "25m", "90s", "2h" or "1h30m", from now on.

        Raises:
            UserError: where the text is none of these, or the time too short or too long.
        """
        found = _TEXT.fullmatch("".join(str(text).split()))
        parts = [float(part or 0) for part in found.groups()] if found else []
        if not parts or not any(found.groups() if found else ()):
            raise UserError(f"--budget {text!r}: give a time such as 25m, 90s, 2h or 1h30m")
        seconds = 3600 * parts[0] + 60 * parts[1] + parts[2]
        if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            raise UserError(
                f"--budget {text}: give at least {SHORTEST_SECONDS:.0f}s, of which start and report"
                f" take {START_SECONDS + REPORT_SECONDS:.0f}, and at most"
                f" {LONGEST_SECONDS / 3600:.0f}h"
            )
        return cls(seconds, text="".join(str(text).split()).lower())

    @property
    def training_seconds(self) -> float:
        """What is left of it beside the report."""
        return self.seconds - REPORT_SECONDS

    @property
    def deadline(self) -> float:
        """When training has to be over, on the monotonic clock."""
        return self.began + self.training_seconds


def least_seconds(epoch_seconds: float) -> float:
    """The shortest budget in which a run with such epochs comes to where it can be saved."""
    return START_SECONDS + to_save(epoch_seconds) + SAVE_SECONDS + REPORT_SECONDS


def to_save(epoch_seconds: float, update_seconds: float = 0.0) -> float:
    """What passes at most, but for an evaluation, until a run can be saved that has such epochs."""
    return min(epoch_seconds, 2 * SAVE_POINT_SECONDS + update_seconds)


class Pace:
    """A worker's speed, and whether what it trains reaches its next checkpoint before a deadline.

    Args:
        deadline: on the monotonic clock; None where there is none, and everything fits.
        data: the folder of the data sets.
        known: images a second of a worker by workload, as measured before.

    Attributes:
        seen: images a second by workload, as measured here.
        hopeless: whether what is trained will not come to where it can be saved in time, so that
            fewer runs at once may do better, or others.
    """

    def __init__(self, deadline: float | None, data: Path, known: Mapping[str, float]) -> None:
        self.deadline, self.data = deadline, data
        self.known = dict(known)
        self.seen: dict[str, float] = {}
        self._pack: dict[str, str] = {}
        self._last: dict[str, tuple[int, int, float]] = {}
        self._epoch_seconds = 0.0
        self.hopeless = False

    def admits(self, run: Run, size: int) -> bool:
        """Whether ``size`` runs like this one, begun now, can be saved in time, so that something
        of them is kept; what has never been measured may try."""
        if self.deadline is None:
            return True
        images = trained_images(run, self.data) / max(1, run.epochs)
        kind = workload(run.canonical())
        rate = self.seen.get(kind, self.known.get(kind))
        batch = max(getattr(phase, "batch_size", 0) for phase in run.procedure.phases)
        seconds = to_save(size * images / rate, size * batch / rate) if rate else 0.0
        return time.monotonic() + seconds + SAVE_SECONDS * size < self.deadline

    def most(self, run: Run, size: int) -> int:
        """The most runs like this one, up to ``size``, that are worth beginning together now."""
        while size and not self.admits(run, size):
            size -= 1
        return size

    def begin(self, runs: Sequence[Run]) -> None:
        """These are trained together from now on."""
        now = time.monotonic()
        self._pack = {run.hash: workload(run.canonical()) for run in runs}
        self._last = {run.hash: (-1, 0, now) for run in runs}
        self._epoch_seconds = 0.0
        self.hopeless = False

    def note(self, progress: Progress) -> None:
        """What the training loop tells after each update; cheap."""
        name = progress.run_hash
        epoch, images, since = self._last.get(name, (progress.epoch, 0, 0.0))
        now = time.monotonic()
        seconds, together = now - since, len(self._pack)
        if progress.epoch == epoch:
            if self.deadline is not None and seconds > TRIAL_SECONDS and progress.step:
                self.seen[self._pack[name]] = together * (progress.images_seen - images) / seconds
                left = seconds * (progress.steps_per_epoch / progress.step - 1)
                self.hopeless = now + to_save(left) > self.deadline
            return
        if epoch >= 0 and seconds > 0:
            self._epoch_seconds = seconds
            self.seen[self._pack[name]] = together * (progress.images_seen - images) / seconds
        self._last[name] = (progress.epoch, progress.images_seen, now)

    def should_leave(self) -> bool:
        """Asked where a run can be saved: whether the next such moment would come too late."""
        if self.deadline is None:
            return False
        seconds = EPOCH_MARGIN * to_save(self._epoch_seconds) + SAVE_SECONDS * len(self._pack)
        return time.monotonic() + seconds >= self.deadline
