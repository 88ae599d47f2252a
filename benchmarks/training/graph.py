"""How a pack's requests reach the device: one after another, or recorded as graphs and replayed.

Candidates for the fast path on CUDA, of which only a GPU can tell which is best:

branches
    One graph for all members that ask for the same work, with a branch a member.
members
    A graph a member, each replayed on its member's stream.
streams
    No graph: every kernel is launched by Python, on its member's stream.

The environment variable ``REPRODUCE_DEVICE_PATH`` names one; on a CPU it means nothing.
"""

from __future__ import annotations

import warnings
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence

import torch

from benchmarks.training.device_path import VARIABLE, DevicePath, chosen_path
from benchmarks.training.device_services import Host, Request, Stream, services

# How often the same members ask for the same work before it is recorded. Until then it is run as it
# is, so that libraries set themselves up and choose kernels by real updates and nothing is undone.
WARM_UP = 2
# Recorded at once; what was used least recently goes first.
RECORDINGS = 128

Failures = dict[Request, Exception]


class Eager:
    """Runs each request when it comes.

    Attributes:
        together: whether requests of a whole pack should come at once.
    """

    together = False

    def __init__(self, device: Host) -> None:
        self.device = device

    def run(self, requests: Sequence[Request]) -> Failures:
        """Put the requests on the device; what failed, and why. The others have been done."""
        failed: Failures = {}
        for request in requests:
            try:
                request.run()
            except Exception as error:
                failed[request] = error
        return failed

    def forget(self, stream: Stream) -> None:
        """What ran on that stream has ended."""


class Recorded(Eager):
    """Records what is asked for again and again, and replays it.

    A member that leaves, or does something else for a while, changes who asks together: what the
    others ask for is then recorded without it. Recording runs nothing, so that one that fails has
    changed nothing: its requests are run as they come from then on.

    Args:
        apart: whether each member is recorded by itself.
    """

    together = True

    def __init__(self, device: Host, *, apart: bool = False) -> None:
        super().__init__(device)
        self.apart = apart
        self.lane = device.stream()
        self._seen: Counter[tuple[Request, ...]] = Counter()
        self._replays: OrderedDict[tuple[Request, ...], Callable[[], None]] = OrderedDict()
        self._refused: set[tuple[Request, ...]] = set()

    def run(self, requests: Sequence[Request]) -> Failures:
        failed: Failures = {}
        for unit in self._units(requests):
            failed |= self._run_unit(unit)
        return failed

    def _units(self, requests: Sequence[Request]) -> list[tuple[Request, ...]]:
        if self.apart:
            return [(request,) for request in requests]
        units: dict[tuple[type, int], list[Request]] = {}
        for request in requests:
            units.setdefault(request.kind, []).append(request)
        return [tuple(unit) for unit in units.values()]

    def _run_unit(self, unit: tuple[Request, ...]) -> Failures:
        if unit not in self._replays and not self._wait(unit):
            try:
                self._record(unit)
            except Exception as error:
                # What the recording began has no values.
                for request in unit:
                    request.owner.clear()
                if isinstance(error, torch.OutOfMemoryError):
                    return {unit[-1]: error, **super().run(unit[:-1])}
                self._refuse(unit, error)
        if (replay := self._replays.get(unit)) is None:
            return super().run(unit)
        self._replays.move_to_end(unit)
        try:
            replay()
        except Exception as error:
            return dict.fromkeys(unit, error)
        return {}

    def _wait(self, unit: tuple[Request, ...]) -> bool:
        """Whether it is too early to record, or no use."""
        self._seen[unit] += 1
        return self._seen[unit] <= WARM_UP or unit in self._refused

    def _record(self, unit: tuple[Request, ...]) -> None:
        if len(self._replays) >= RECORDINGS:
            self.device.release()
            self._replays.popitem(last=False)
        lane = unit[0].owner.stream if self.apart else self.lane
        self._replays[unit] = self.device.record(unit, lane)

    def _refuse(self, unit: tuple[Request, ...], error: Exception) -> None:
        self._refused.add(unit)
        warnings.warn(
            f"an update could not be recorded ({type(error).__name__}: {error}); it is launched "
            f"step by step, which is slower; {VARIABLE}=streams does so from the start",
            stacklevel=2,
        )

    def forget(self, stream: Stream) -> None:
        def stays(unit: tuple[Request, ...]) -> bool:
            return all(request.owner.stream is not stream for request in unit)

        if not all(map(stays, self._replays)):
            self.device.release()
        self._seen = Counter({unit: n for unit, n in self._seen.items() if stays(unit)})
        self._refused = set(filter(stays, self._refused))
        for unit in [unit for unit in self._replays if not stays(unit)]:
            del self._replays[unit]


def conductor(device: torch.device, path: DevicePath | None = None) -> Eager:
    """What runs a pack's requests on a device; the environment's path by default.

    Raises:
        UserError: where the environment names no path.
    """
    path = path or chosen_path()
    own = services(device)
    if device.type != "cuda" or path == DevicePath.STREAMS:
        return Eager(own)
    return Recorded(own, apart=path == DevicePath.MEMBERS)
