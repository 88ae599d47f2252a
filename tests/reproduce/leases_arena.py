"""Many processes after few leases, dying at the worst moments; run by test_leases.

``leases_arena.py FOLDER PROCESSES`` prints a line for each broken promise, then how often a lease
was held.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from reproduce.store.leases import Leases, process_started

AT_ONCE = 6
ROUNDS = 40
NAMES = "ab"


def contend(folder: Path, seed: int) -> None:
    """Take one, hold it for a moment, release; die now and then, in a rename or while holding."""
    chance = random.Random(seed)
    leases = Leases(folder / "claims", "local")
    hesitate(chance)
    for _ in range(ROUNDS):
        name = chance.choice(NAMES)
        lease = leases.acquire(name)
        if lease is None:
            continue
        inside = folder / f"{name}.{os.getpid()}.inside"
        inside.touch()
        for other in folder.glob(f"{name}.*.inside"):
            pid = int(other.name.split(".")[1])
            if pid != os.getpid() and process_started(pid):
                report(folder, f"{name} is held by {os.getpid()} and {pid}")
        time.sleep(chance.random() / 1000)
        if chance.random() < 0.2:
            os.kill(os.getpid(), signal.SIGKILL)
        if not leases.holds(lease):
            report(folder, f"{name} was stolen from {os.getpid()}, which lives")
        inside.unlink()
        leases.release(lease)
        with open(folder / "held", "a") as file:
            file.write(".")


def hesitate(chance: random.Random) -> None:
    """Widen the moments before and after each rename, and die in some."""
    rename = os.rename

    def slow_rename(source: Path, target: Path) -> None:
        pause()
        rename(source, target)
        pause()

    def pause() -> None:
        time.sleep(chance.random() / 200)
        if chance.random() < 0.02:
            os.kill(os.getpid(), signal.SIGKILL)

    os.rename = slow_rename  # type: ignore[assignment]


def report(folder: Path, fault: str) -> None:
    """Keep a broken promise."""
    with open(folder / "faults", "a") as file:
        file.write(fault + "\n")


def fork(act: Callable[[], None]) -> int:
    """A child that acts and ends."""
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    return child


def main() -> None:
    """Keep AT_ONCE contenders going until PROCESSES have been."""
    folder, processes = Path(sys.argv[1]), int(sys.argv[2])
    alive: set[int] = set()
    chance = random.Random(0)
    for seed in range(processes):
        alive.add(fork(lambda seed=seed: contend(folder, seed)))  # type: ignore[misc]
        if chance.random() < 0.1:
            os.kill(chance.choice(sorted(alive)), signal.SIGKILL)
        if len(alive) == AT_ONCE:
            alive.remove(os.wait()[0])
    while alive:
        alive.remove(os.wait()[0])


if __name__ == "__main__":
    main()
