"""Who is measured, and both ends of one measurement.

A measured process trains ``warmup`` updates, prints ``ready`` and waits for a line on its standard
input, so that all processes of a contender measure at the same time. It then counts images until
the time or the number of updates is over, and prints what it has measured as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
PLAIN = Path(__file__).with_name("plain.py")
BATCH = 128


@dataclass(frozen=True)
class Settings:
    """What all processes share.

    Attributes:
        store, torchvision: folders of the same images in our format and in torchvision's.
        warmup, steps: updates of each network; ``steps`` 0 leaves the end to time.
        seconds: length of the window.
    """

    store: str
    torchvision: str
    device: str
    warmup: int
    seconds: float
    steps: int


@dataclass(frozen=True)
class Options(Settings):
    """How one process trains: ``pack`` networks, the first of which has that seed."""

    kind: str
    precision: str
    pack: int
    seed: int


@dataclass(frozen=True)
class Contender:
    """One of plain, bare, ours and update (what the regulariser costs) in one precision.

    ``processes`` run at once, each with one thread (plain: with torch's default) and ``pack``
    networks.
    """

    kind: str
    precision: str
    processes: int = 1
    pack: int = 1

    @property
    def name(self) -> str:
        """How tables and JSON call it."""
        return f"{self.kind} {self.precision}" + (f" ×{self.pack}" if self.pack > 1 else "")

    def command(self, settings: Settings, number: int) -> list[str]:
        """Command line of the process ``number``."""
        if self.kind == "plain":
            shared = ("device", "warmup", "seconds", "steps")
            words = [word for n in shared for word in (f"--{n}", str(getattr(settings, n)))]
            # -P: this folder must not become the place where the recipe's imports are looked up.
            return [sys.executable, "-P", str(PLAIN), "--data", settings.torchvision, *words]
        own = {"kind": self.kind, "precision": self.precision, "pack": self.pack}
        options = Options(**asdict(settings), **own, seed=number * self.pack)  # type: ignore[arg-type]
        return [sys.executable, "-m", "benchmarks.throughput.worker", json.dumps(asdict(options))]


@dataclass(frozen=True)
class Sample:
    """A contender's measurement in one round: images/s of all its processes together, the largest
    peak of resident memory (MiB) among them, and what each process answered."""

    images_per_second: float
    peak_mib: float
    replies: tuple[dict[str, Any], ...]


def contenders(device: str, precisions: Sequence[str], cores: int) -> list[Contender]:
    """All that a round measures, in its order."""
    processes, packs = (1, (1, 4)) if device == "cuda" else (cores, (1,))
    pairs = [
        Contender(kind, precision, processes, pack)
        for precision in precisions
        for pack in packs
        for kind in ("bare", "ours")
    ]
    update = Contender("update", precisions[-1], processes)
    return [Contender("plain", "float32"), *pairs, update]


def measure(contender: Contender, settings: Settings) -> Sample:
    """Run a contender's processes once, side by side.

    Raises:
        UserError: where one of them reports bad input.
        RuntimeError: where one fails otherwise; the message is the last line it wrote.
    """
    with contextlib.ExitStack() as stack:
        children = [
            stack.enter_context(_Child(contender, settings, number))
            for number in range(contender.processes)
        ]
        if contender.kind != "plain":
            for child in children:
                child.await_ready()
            for child in children:
                child.tell("start\n")
        replies = tuple(child.answer() for child in children)
    # getrusage's ru_maxrss is in bytes on macOS and in KiB on Linux.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Sample(
        images_per_second=sum(reply["images"] / reply["seconds"] for reply in replies),
        peak_mib=max(reply["peak_rss"] for reply in replies) / unit,
        replies=replies,
    )


class _Child(subprocess.Popen[str]):
    """A measured process."""

    def __init__(self, contender: Contender, settings: Settings, number: int) -> None:
        self.name, self.log = contender.name, tempfile.TemporaryFile("w+")  # noqa: SIM115
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        # Plain takes torch's own number of threads, whatever this shell has set.
        unset = ("OMP_NUM_THREADS", "MKL_NUM_THREADS") if contender.kind == "plain" else ()
        inherited = {name: text for name, text in os.environ.items() if name not in unset}
        super().__init__(
            contender.command(settings, number),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env={**inherited, "PYTHONPATH": path},
            text=True,
        )

    def await_ready(self) -> None:
        """Wait until the process has warmed up."""
        assert self.stdout is not None
        if self.stdout.readline().strip() != "ready":
            self._fail()

    def tell(self, line: str) -> None:
        """A line on its standard input."""
        assert self.stdin is not None
        self.stdin.write(line)
        self.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """What it has measured."""
        assert self.stdout is not None
        last = (self.stdout.read().splitlines() or [""])[-1]
        if self.wait() != 0 or not last:
            self._fail()
        return json.loads(last)

    def __exit__(self, *error: object) -> None:
        self.kill()
        self.communicate()
        self.log.close()

    def _fail(self) -> NoReturn:
        code = self.wait()
        self.log.seek(0)
        last = (self.log.read().strip().splitlines() or ["no message"])[-1]
        if code == 2:
            raise UserError(last)
        raise RuntimeError(f"{self.name} failed with exit code {code}: {last}")


class Window:
    """Counts what is trained between the signal to start and the end.

    Call :meth:`tick` after every update; ``over`` says that the window has closed. ``group``
    updates belong together (one of each network of a pack): the window opens and closes between
    groups. On CUDA it waits for the device at both ends, and never in between.
    """

    def __init__(self, options: Options, group: int) -> None:
        self.options, self.group = options, group
        self.over, self.images, self.seconds = False, 0, 0.0
        # Updates in the window so far; negative before it opens.
        self._updates = -options.warmup * group
        self._began = 0.0

    @property
    def open(self) -> bool:
        """Whether what is done now counts."""
        return not self.over and self._updates >= 0

    def tick(self, images: int) -> None:
        """One update has been put on the device; it trained ``images`` images."""
        if self.over:
            return
        self._updates += 1
        if self._updates == 0:
            print("ready", flush=True)
            if not sys.stdin.readline():
                sys.exit("the process that measures has gone")
            self._began = self._now()
        elif self._updates > 0:
            self.images += images
            if self._updates % self.group == 0:
                self._close_if_due(self._updates // self.group)

    def _close_if_due(self, steps: int) -> None:
        if steps == self.options.steps or time.monotonic() - self._began >= self.options.seconds:
            self.seconds = self._now() - self._began
            self.over = True

    def _now(self) -> float:
        if self.options.device == "cuda":
            import torch

            torch.cuda.synchronize()
        return time.monotonic()

    def answer(self) -> dict[str, Any]:
        """What was measured, JSON-ready; ``peak_rss`` is in the system's own unit."""
        import torch

        found: dict[str, Any] = {
            "images": self.images,
            "seconds": self.seconds,
            "threads": torch.get_num_threads(),
            "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }
        if self.options.device == "cuda":
            found["device"] = torch.cuda.get_device_name()
            found["peak_device"] = torch.cuda.max_memory_allocated()
        return found
