"""How long the missing runs will take on this machine, at the speeds that are known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.run import Run
from benchmarks.training.checkpoint import epoch_of
from reproduce.running.completion_times import completion_times
from reproduce.running.launch_options import resources
from reproduce.running.progress import duration
from reproduce.running.speeds import Speed, speeds
from reproduce.running.workload import work, workload

if TYPE_CHECKING:
    from reproduce.running.launch_options import LaunchOptions, Resources
    from reproduce.store.store import Store


@dataclass(frozen=True)
class Estimate:
    """The time that the missing runs will take.

    Attributes:
        runs: that are missing.
        seconds: wall time from now.
        workers: that share them.
        images_per_second: of training, by one worker.
        source: see :class:`Speed`.
        ends: when each of them will have ended, in seconds from now and in their order; None of
            those whose speed is not known.
        worker_seconds: of all workers together.
        epoch_seconds: that an epoch of each takes, were it alone; of those whose speed is known.
    """

    runs: int
    seconds: float
    workers: int
    images_per_second: float
    source: str
    ends: tuple[float | None, ...] = ()
    worker_seconds: float = 0.0
    epoch_seconds: tuple[float, ...] = ()

    @property
    def unknown(self) -> int:
        """Of how many runs it cannot be told."""
        return sum(end is None for end in self.ends)

    def within(self, seconds: float) -> int:
        """How many will have ended by then."""
        return sum(end is not None and end <= seconds for end in self.ends)

    @property
    def text(self) -> str:
        """Such as "195 runs, about 12.3 days on 2 workers (measured 430 images/s a worker)"."""
        if not self.runs:
            return "no run is missing"
        runs = f"{self.runs} run{'s' if self.runs > 1 else ''}"
        if self.unknown == self.runs:
            return f"{runs}; how long they take is not known before something is trained here"
        return f"{runs}, {self.time}"

    @property
    def time(self) -> str:
        """Such as "about 12.3 days on 2 workers (measured 430 images/s a worker)"."""
        workers = f"{self.workers} worker{'s' if self.workers > 1 else ''}"
        rate = f"{self.source} {self.images_per_second:,.0f} images/s a worker"
        beside = (
            f", and {self.unknown} of networks whose speed is not known" if self.unknown else ""
        )
        return f"about {duration(self.seconds)} on {workers} ({rate}){beside}"


def estimate(
    missing: Sequence[Run],
    store: Store,
    options: LaunchOptions,
    *,
    measured: bool = True,
) -> Estimate:
    """Time for runs that are missing, in the order in which they are trained, from their
    checkpoints on; may train on random images for some 10 s a network, and needs no data.

    Args:
        measured: whether what is not known otherwise is measured now.

    Raises:
        UserError: where a device is asked for that is not there.
    """
    means = resources(len(missing), options)
    rates = speeds(missing, store, means, measured=measured)
    return shared(missing, store, options.data, means, rates)


def shared(
    missing: Sequence[Run],
    store: Store,
    data: Path,
    means: Resources,
    rates: Mapping[str, Speed],
) -> Estimate:
    """:func:`estimate` where the speeds are known, as far as they are."""
    kinds = {run.hash: workload(run.canonical()) for run in missing}
    known = [run for run in missing if kinds[run.hash] in rates]
    times = [
        work(run, data, epoch_of(store.checkpoint(run.hash)))
        / rates[kinds[run.hash]].images_per_second
        for run in known
    ]
    ended = completion_times(times, means.workers, means.pack)
    found = {run.hash: end for run, end in zip(known, ended, strict=True)}
    first = rates[kinds[known[0].hash]] if known else Speed(0.0, "recorded")
    return Estimate(
        runs=len(missing),
        seconds=max(ended, default=0.0),
        workers=means.workers,
        images_per_second=first.images_per_second,
        source=first.source,
        ends=tuple(found.get(run.hash) for run in missing),
        worker_seconds=sum(times),
        epoch_seconds=tuple(
            work(run, data) / max(1, run.epochs) / rates[kinds[run.hash]].images_per_second
            for run in known
        ),
    )
