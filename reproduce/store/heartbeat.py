"""Where each leased run stands, told on disk every second by the process that trains it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from reproduce.store.leases import Lease, Leases

if TYPE_CHECKING:
    from benchmarks.training.loop import Progress

PERIOD_SECONDS = 1.0
RATE_WINDOW_SECONDS = 30.0
# Of silence, after which a run that a process on another machine holds is taken over.
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Beat:
    """One heartbeat; as it is by default, none.

    Attributes:
        token: of the lease that it belongs to; ``count`` grows with every beat, and that it does
            is what tells a living owner, since clocks of different machines may disagree.
        epoch: completed epochs; ``step`` of ``steps_per_epoch`` in the current one.
        images_per_second: trained over the last half minute, evaluations included; 0 at first.
    """

    token: str = ""
    count: int = 0
    worker: str = ""
    epoch: int = 0
    step: int = 0
    steps_per_epoch: int = 0
    images_per_second: float = 0.0

    @property
    def epochs_done(self) -> float:
        """Completed epochs with the current one's share."""
        return self.epoch + (self.step / self.steps_per_epoch if self.steps_per_epoch else 0.0)


class Heartbeats:
    """The heartbeats of a results folder, beside its leases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, run_hash: str) -> Beat:
        """The last heartbeat of a run."""
        try:
            return msgspec.json.decode(self._paths(run_hash)[0].read_bytes(), type=Beat)
        except (OSError, ValueError, msgspec.MsgspecError):
            return Beat()

    def age(self, run_hash: str) -> float | None:
        """Seconds since the last heartbeat by the file's time; good for showing, never for
        judging."""
        try:
            return max(0.0, time.time() - self._paths(run_hash)[0].stat().st_mtime)
        except OSError:
            return None

    def write(self, run_hash: str, beat: Beat) -> None:
        """Put a heartbeat in the place of the last one."""
        path, scratch = self._paths(run_hash)
        scratch.write_bytes(msgspec.json.encode(beat))
        os.replace(scratch, path)

    def remove(self, run_hash: str) -> None:
        """Delete a run's heartbeat; harmless where there is none."""
        for path in self._paths(run_hash):
            with contextlib.suppress(OSError):
                path.unlink()

    def _paths(self, run_hash: str) -> tuple[Path, Path]:
        # One scratch name a run, so that a killed writer leaves nothing that is not reused.
        return (
            self.folder / f"{run_hash}.progress.json",
            self.folder / f".{run_hash}.progress.tmp",
        )


@dataclass
class _Held:
    """A run that is beaten for, and when it had trained how many images."""

    lease: Lease
    beat: Beat
    marks: deque[tuple[float, int]] = field(default_factory=deque)

    def rate(self, images: int) -> float:
        """Images per second over a sliding window that ends with so many."""
        now, marks = time.monotonic(), self.marks
        if not marks or now - marks[-1][0] > RATE_WINDOW_SECONDS / 100:
            marks.append((now, images))
        while len(marks) > 1 and now - marks[0][0] > RATE_WINDOW_SECONDS:
            marks.popleft()
        since, before = marks[0]
        return (images - before) / (now - since) if now > since else 0.0


class Heart:
    """Beats for all runs that a worker holds, in a thread, so that a long evaluation or a slow disk
    is not taken for death.

    Each beat also asks whether the leases still hold. A process that was suspended for long finds
    that others have taken its runs; it then must stop, and ``lost`` says so.
    """

    def __init__(self, leases: Leases, worker: str) -> None:
        self.lost = threading.Event()
        self._leases, self._worker = leases, worker
        self._written = Heartbeats(leases.folder)
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()
        self._disk = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def add(self, lease: Lease) -> None:
        """Beat for one more run."""
        with self._lock:
            self._held[lease.run_hash] = _Held(lease, Beat(lease.owner.token, 0, self._worker))
        self._write(lease.run_hash)

    def progress(self, progress: Progress) -> None:
        """What the training loop tells after each update; cheap."""
        with self._lock:
            if held := self._held.get(progress.run_hash):
                held.beat = replace(
                    held.beat,
                    epoch=progress.epoch,
                    step=progress.step,
                    steps_per_epoch=progress.steps_per_epoch,
                    images_per_second=round(held.rate(progress.images_seen), 1),
                )

    def drop(self, lease: Lease) -> None:
        """Stop beating for a run."""
        with self._disk:
            with self._lock:
                self._held.pop(lease.run_hash, None)
            self._written.remove(lease.run_hash)

    def held(self) -> list[Lease]:
        """The runs that it beats for."""
        with self._lock:
            return [held.lease for held in self._held.values()]

    def _run(self) -> None:
        while not self._ended.wait(PERIOD_SECONDS):
            for lease in self.held():
                if self._leases.holds(lease):
                    self._write(lease.run_hash)
                elif lease in self.held():
                    self.lost.set()

    def _write(self, name: str) -> None:
        # One lock for the disk, so that no beat is written for a run that has just been dropped,
        # and another for the values, so that training never waits for the disk. A full disk shows
        # where it matters, at the next checkpoint or record.
        with self._disk, contextlib.suppress(OSError):
            with self._lock:
                if name not in self._held:
                    return
                held = self._held[name]
                beat = held.beat = replace(held.beat, count=held.beat.count + 1)
            self._written.write(name, beat)


class Watch:
    """Judges owners on other machines by silence: a heartbeat that did not change for
    ``patience`` seconds of this process's own clock, however the machines' clocks differ."""

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self.patience = patience
        self._seen: dict[str, tuple[Hashable, float]] = {}

    def silent(self, run_hash: str, heartbeat: Hashable) -> bool:
        """Whether a run's heartbeat, asked for now and then, has been the same for too long."""
        now = time.monotonic()
        last, since = self._seen.get(run_hash, (None, now))
        if run_hash not in self._seen or last != heartbeat:
            self._seen[run_hash] = (heartbeat, now)
            return False
        return now - since >= self.patience
