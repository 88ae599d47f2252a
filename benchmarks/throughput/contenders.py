"""Who is measured.

A measured process trains ``warmup`` updates, prints ``ready`` and waits for a line on its standard
input, so that all processes of a contender measure at the same time. It then counts images until
the time or the number of updates is over, and prints what it has measured as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.throughput.warm_up import UPDATES_AGAIN

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
    """How one process trains: ``pack`` networks, the first of which has that seed; see
    :class:`Contender` for the rest."""

    kind: str
    precision: str
    pack: int
    seed: int
    way: str = ""
    lasting: bool = False


@dataclass(frozen=True)
class Contender:
    """One of those that the package's text names, in one precision.

    ``processes`` run at once, each with one thread (plain: with torch's default) and ``pack``
    networks.

    Attributes:
        way: which of several ways the kind has: a mode of torch.compile, a path of the loop.
        lasting: whether one process measures in all rounds, because it takes long to start.
    """

    kind: str
    precision: str
    processes: int = 1
    pack: int = 1
    way: str = ""
    lasting: bool = False

    @property
    def name(self) -> str:
        """How tables and JSON call it."""
        way = f" {self.way}" if self.way else ""
        return f"{self.kind}{way} {self.precision}" + (f" ×{self.pack}" if self.pack > 1 else "")

    def command(self, settings: Settings, number: int) -> list[str]:
        """Command line of the process ``number``."""
        if self.kind == "plain":
            given = {n: getattr(settings, n) for n in ("device", "seconds", "steps")}
            given["warmup"] = min(UPDATES_AGAIN, settings.warmup)  # it has nothing to record
            words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
            # -P: this folder must not become the place where the recipe's imports are looked up.
            return [sys.executable, "-P", str(PLAIN), "--data", settings.torchvision, *words]
        own = {name: getattr(self, name) for name in ("kind", "precision", "pack", "way")}
        own |= {"seed": number * self.pack, "lasting": self.lasting}
        options = Options(**asdict(settings), **own)
        return [sys.executable, "-m", "benchmarks.throughput.worker", json.dumps(asdict(options))]


@dataclass(frozen=True)
class Sample:
    """A contender's measurement in one round: images/s of all its processes together (FLOP/s of
    "peak"), the largest peak of resident memory (MiB) among them, and what each process answered.
    """

    images_per_second: float
    peak_mib: float
    replies: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, replies: Sequence[dict[str, Any]]) -> Sample:
        """From the answers of all processes."""
        # getrusage's ru_maxrss is in bytes on macOS and in KiB on Linux.
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return cls(
            images_per_second=sum(reply["images"] / reply["seconds"] for reply in replies),
            peak_mib=max(reply["peak_rss"] for reply in replies) / unit,
            replies=tuple(replies),
        )


def on_cores(precisions: Sequence[str], cores: int) -> list[Contender]:
    """All that a round measures on a CPU, in its order: a process a core."""
    pairs = [
        Contender(kind, precision, cores) for precision in precisions for kind in ("bare", "ours")
    ]
    return [Contender("plain", "float32"), *pairs, Contender("update", precisions[-1], cores)]


def on_device(
    precisions: Sequence[str], packs: Sequence[int], ways: Sequence[str], compiled: Sequence[str]
) -> list[Contender]:
    """All that a round measures on one device: a process each, the matrix product first.

    Args:
        ways: the paths of the loop, "" for its own choice.
        compiled: modes of torch.compile.
    """
    field = [Contender("plain", "float32")]
    for precision in precisions:
        field.append(Contender("bare", precision, lasting=True))
        field += [Contender("compiled", precision, way=mode, lasting=True) for mode in compiled]
        field += [
            Contender("ours", precision, pack=pack, way=way, lasting=True)
            for way in ways
            for pack in packs
        ]
    return [Contender("peak", "bf16", lasting=True), *field]
