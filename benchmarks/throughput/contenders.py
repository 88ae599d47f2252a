"""Who is measured, and how one measurement of a contender is made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

from benchmarks.errors import UserError
from benchmarks.throughput.machine import peak_mib

ROOT = Path(__file__).resolve().parents[2]
PLAIN = Path(__file__).with_name("plain.py")
BATCH = 128


@dataclass(frozen=True)
class Settings:
    """What all contenders share.

    Attributes:
        store, torchvision: folders of the same images in our format and in torchvision's.
        steps: updates in the window, or 0 where ``seconds`` decides.
    """

    store: Path
    torchvision: Path
    device: str
    warmup: int
    seconds: float
    steps: int


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
        shared = [
            *("--device", settings.device),
            *("--warmup", str(settings.warmup)),
            *("--seconds", str(settings.seconds)),
            *("--steps", str(settings.steps)),
        ]
        if self.kind == "plain":
            # -P: this folder must not become the place where the recipe's imports are looked up.
            return [sys.executable, "-P", str(PLAIN), "--data", str(settings.torchvision), *shared]
        own = ["--data", str(settings.store), "--precision", self.precision]
        module = f"benchmarks.throughput.{self.kind}"
        identity = ["--pack", str(self.pack), "--seed", str(number * self.pack)]
        return [sys.executable, "-m", module, *own, *identity, *shared]


@dataclass(frozen=True)
class Sample:
    """A contender's measurement in one round: images/s of all its processes together, the largest
    peak of resident memory (MiB) among them, and what each process answered."""

    images_per_second: float
    peak_mib: float
    replies: tuple[dict[str, Any], ...]


def contenders(device: str, precisions: Sequence[str], cores: int) -> list[Contender]:
    """All that a round measures, in its order.

    On a CPU bare and ours run one process a core; on CUDA one process with one and with four
    networks.
    """
    found = [Contender("plain", "float32")]
    processes, packs = (1, (1, 4)) if device == "cuda" else (cores, (1,))
    for precision in precisions:
        for pack in packs:
            found += [Contender(kind, precision, processes, pack) for kind in ("bare", "ours")]
    return [*found, Contender("update", precisions[-1], processes)]


def measure(contender: Contender, settings: Settings) -> Sample:
    """Run a contender's processes once, side by side.

    Raises:
        UserError: where one of them reports bad input.
        RuntimeError: where one fails otherwise; the message is the last line it wrote.
    """
    children: list[_Child] = []
    try:
        for number in range(contender.processes):
            children.append(_Child(contender, settings, number))
        if contender.kind != "plain":
            for child in children:
                child.await_ready()
            for child in children:
                child.start()
        replies = tuple(child.answer() for child in children)
    finally:
        for child in children:
            child.end()
    return Sample(
        images_per_second=sum(reply["images"] / reply["seconds"] for reply in replies),
        peak_mib=max(peak_mib(reply["peak_rss"]) for reply in replies),
        replies=replies,
    )


class _Child:
    """A measured process."""

    def __init__(self, contender: Contender, settings: Settings, number: int) -> None:
        self.name = contender.name
        self.errors: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115
        environment = {**os.environ, "PYTHONPATH": _python_path()}
        if contender.kind == "plain":  # torch's own default, whatever this shell has set
            for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
                environment.pop(variable, None)
        self.process = subprocess.Popen(
            contender.command(settings, number),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            text=True,
        )

    def await_ready(self) -> None:
        """Wait until the process has warmed up."""
        assert self.process.stdout is not None
        if self.process.stdout.readline().strip() != "ready":
            self._fail()

    def start(self) -> None:
        """Let it measure."""
        assert self.process.stdin is not None
        self.process.stdin.write("start\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """What it has measured."""
        assert self.process.stdout is not None
        last = (self.process.stdout.read().splitlines() or [""])[-1]
        if self.process.wait() != 0 or not last:
            self._fail()
        return json.loads(last)

    def end(self) -> None:
        """Make sure that nothing of it remains."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.errors.close()

    def _fail(self) -> NoReturn:
        code = self.process.wait()
        self.errors.seek(0)
        last = (self.errors.read().strip().splitlines() or ["no message"])[-1]
        if code == 2:
            raise UserError(last)
        raise RuntimeError(f"{self.name} failed with exit code {code}: {last}")


def _python_path() -> str:
    inherited = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(ROOT), *([inherited] if inherited else [])])
