"""Where each claimed run stands, told on disk every second by the process that trains it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from reproduce.store.claims import Claim, Claims

if TYPE_CHECKING:
    from benchmarks.training.loop import Progress

PERIOD_SECONDS = 1.0
RATE_WINDOW_SECONDS = 30.0


@dataclass(frozen=True)
class Beat:
    """One heartbeat.

    Attributes:
        token: of the claim that it belongs to; ``count`` grows with every beat, and that it does
            is what tells a living owner, since clocks of different machines may disagree.
        epoch: completed epochs, of ``epochs``; ``step`` of ``steps_per_epoch`` in the current one.
        images_per_second: trained over the last half minute, evaluations included; 0 at first.
    """

    token: str
    count: int
    cell: str
    seed: int
    worker: str
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps_per_epoch: int = 0
    images_per_second: float = 0.0

    @property
    def epochs_done(self) -> float:
        """Completed epochs with the current one's share."""
        return self.epoch + (self.step / self.steps_per_epoch if self.steps_per_epoch else 0.0)


class Heartbeats:
    """The heartbeats of a results folder, beside its claims."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, run_hash: str) -> Beat | None:
        """The last heartbeat of a run, None where there is none."""
        try:
            return msgspec.json.decode(self._path(run_hash).read_bytes(), type=Beat)
        except (OSError, ValueError, msgspec.MsgspecError):
            return None

    def age(self, run_hash: str) -> float | None:
        """Seconds since the last heartbeat by the file's time; good for showing, never for
        judging."""
        try:
            return max(0.0, time.time() - self._path(run_hash).stat().st_mtime)
        except OSError:
            return None

    def write(self, run_hash: str, beat: Beat) -> None:
        """Put a heartbeat in the place of the last one."""
        # One scratch name a run, so that a killed writer leaves nothing that is not reused.
        scratch = self._scratch(run_hash)
        scratch.write_bytes(msgspec.json.encode(beat))
        os.replace(scratch, self._path(run_hash))

    def remove(self, run_hash: str) -> None:
        """Delete a run's heartbeat; harmless where there is none."""
        for path in (self._path(run_hash), self._scratch(run_hash)):
            with contextlib.suppress(OSError):
                path.unlink()

    def _path(self, run_hash: str) -> Path:
        return self.folder / f"{run_hash}.progress.json"

    def _scratch(self, run_hash: str) -> Path:
        return self.folder / f".{run_hash}.progress.tmp"


class _Rate:
    """Images per second over a sliding window."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, images: int) -> float:
        now = time.monotonic()
        if not self._marks or now - self._marks[-1][0] > RATE_WINDOW_SECONDS / 100:
            self._marks.append((now, images))
        while len(self._marks) > 1 and now - self._marks[0][0] > RATE_WINDOW_SECONDS:
            self._marks.popleft()
        since, before = self._marks[0]
        return (images - before) / (now - since) if now > since else 0.0


class Heart:
    """Beats for all runs that a worker holds, in a thread, so that a long evaluation or a slow disk
    is not taken for death.

    Each beat also asks whether the claims still hold. A process that was suspended for long finds
    that others have taken its runs; it then must stop, and ``lost`` says so.
    """

    def __init__(self, claims: Claims, worker: str) -> None:
        self.lost = threading.Event()
        self._claims, self._worker = claims, worker
        self._written = Heartbeats(claims.folder)
        self._held: dict[str, Claim] = {}
        self._beats: dict[str, Beat] = {}
        self._rates: dict[str, _Rate] = {}
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

    def add(self, claim: Claim, cell: str, seed: int, epochs: int) -> None:
        """Beat for one more run."""
        beat = Beat(claim.owner.token, 0, cell, seed, self._worker, epochs=epochs)
        with self._lock:
            self._held[claim.run_hash] = claim
            self._beats[claim.run_hash] = beat
            self._rates[claim.run_hash] = _Rate()
        self._write(claim.run_hash)

    def progress(self, progress: Progress) -> None:
        """What the training loop tells after each update; cheap."""
        name = progress.run_hash
        with self._lock:
            if name in self._beats:
                self._beats[name] = replace(
                    self._beats[name],
                    epoch=progress.epoch,
                    epochs=progress.epochs,
                    step=progress.step,
                    steps_per_epoch=progress.steps_per_epoch,
                    images_per_second=round(self._rates[name].mark(progress.images_seen), 1),
                )

    def drop(self, claim: Claim) -> None:
        """Stop beating for a run."""
        with self._disk:
            with self._lock:
                self._held.pop(claim.run_hash, None)
                self._beats.pop(claim.run_hash, None)
            self._written.remove(claim.run_hash)

    def held(self) -> list[Claim]:
        """The runs that it beats for."""
        with self._lock:
            return list(self._held.values())

    def _run(self) -> None:
        while not self._ended.wait(PERIOD_SECONDS):
            for claim in self.held():
                if self._claims.holds(claim):
                    self._write(claim.run_hash)
                elif claim in self.held():
                    self.lost.set()

    def _write(self, name: str) -> None:
        # One lock for the disk, so that no beat is written for a run that has just been dropped,
        # and another for the values, so that training never waits for the disk. A full disk shows
        # where it matters, at the next checkpoint or record.
        with self._disk, contextlib.suppress(OSError):
            with self._lock:
                if name not in self._beats:
                    return
                beat = replace(self._beats[name], count=self._beats[name].count + 1)
                self._beats[name] = beat
            self._written.write(name, beat)
