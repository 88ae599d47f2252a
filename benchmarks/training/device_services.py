"""What a device does besides computing: streams, recorded work, and copies that nobody waits for.

:class:`Cuda` records, replays and copies asynchronously; :class:`Host` is its twin, which does the
same at once. Everything else in the loop is the same on both.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import torch

Stream = Any  # torch.cuda.Stream, or None on the host


class Static(Protocol):
    """Work on buffers that keep their addresses, so that it can be recorded and replayed.

    Attributes:
        stream: on which it runs; see :meth:`Host.stream`.
    """

    stream: Stream

    def run(self, size: int) -> None:
        """Put the work for a batch of ``size`` on the current stream. Reads nothing back."""
        ...

    def clear(self) -> None:
        """Drop what a run that failed left half done."""
        ...


class Request:
    """One run of a static function, which its owner waits for. Equal ones may be replayed.

    Attributes:
        owner, size: as in :meth:`Static.run`.
    """

    def __init__(self, owner: Static, size: int) -> None:
        self.owner, self.size = owner, size

    @property
    def kind(self) -> tuple[type, int]:
        """What is recorded together: the same work on batches of one size."""
        return type(self.owner), self.size

    def run(self) -> None:
        """Do it, on the owner's stream."""
        with on(self.owner.stream):
            self.owner.run(self.size)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Request):
            return NotImplemented
        return self.owner is other.owner and self.size == other.size

    def __hash__(self) -> int:
        return hash((id(self.owner), self.size))


def on(stream: Stream) -> contextlib.AbstractContextManager[Any]:
    """What is done within goes on that stream."""
    return contextlib.nullcontext() if stream is None else torch.cuda.stream(stream)


class Staging:
    """Two sets of buffers in turn, so that one is filled while the other may still be read."""

    def __init__(self, *, pinned: bool) -> None:
        self.pinned = pinned
        self._sets: tuple[dict[str, torch.Tensor], ...] = ({}, {})

    def put(self, rows: Mapping[str, np.ndarray]) -> dict[str, torch.Tensor]:
        """The arrays as tensors, which stay as they are until the second ``put`` from now."""
        sources = {name: torch.from_numpy(values) for name, values in rows.items()}
        if not self.pinned:
            return sources
        own, other = self._sets
        self._sets = other, own
        for name, source in sources.items():
            if name not in own or own[name].shape != source.shape:
                own[name] = torch.empty_like(source, pin_memory=True)
            own[name].copy_(source)
        return {name: own[name] for name in sources}


class Host:
    """The CPU: whatever is asked is done at once."""

    def stream(self) -> Stream:
        """A stream of one's own, which begins after what has been asked so far."""
        return None

    def record(self, unit: Sequence[Request], lane: Stream = None) -> Callable[[], None]:
        """What does the same as all of ``unit`` whenever it is called. Records, and runs nothing.

        Args:
            lane: recordings of one lane share memory and run one after another.
        """

        def replay() -> None:
            for request in unit:
                request.run()

        return replay

    def staging(self) -> Staging:
        """A place on the host from which copies to the device begin at once."""
        return Staging(pinned=False)

    def fetch(self, *tensors: torch.Tensor) -> Callable[[], list[torch.Tensor]]:
        """Begin to copy tensors to the host as they will be once the current stream is here;
        calling the result waits for it."""
        copies = [tensor.detach().cpu() for tensor in tensors]
        return lambda: copies

    def later(self, work: Callable[[], None]) -> Callable[[], None]:
        """Do something on the host that no update waits for, in the order of the calls; calling the
        result waits until it is done, and raises what it raised."""
        work()
        return lambda: None

    def finish(self) -> None:
        """Wait for all that was asked: memory that is freed while work on another stream still goes
        on could be another run's by then."""

    def release(self) -> None:
        """The same, and give back the memory that nothing uses."""


class Cuda(Host):
    """A CUDA device."""

    def __init__(self) -> None:
        self._pools: dict[Stream, Any] = {}
        self._writer = ThreadPoolExecutor(1)

    def stream(self) -> Stream:
        fresh = torch.cuda.Stream()
        fresh.wait_stream(torch.cuda.current_stream())
        return fresh

    def record(self, unit: Sequence[Request], lane: Stream = None) -> Callable[[], None]:
        """One graph with a branch an owner, whose stream forks off the lane and joins it again.

        What it computes with must have run before on the same streams: libraries set themselves up
        then, and choose their kernels.
        """
        graph = torch.cuda.CUDAGraph()
        pool = self._pools.setdefault(lane, torch.cuda.graph_pool_handle())
        streams = [request.owner.stream for request in unit if request.owner.stream is not lane]
        # A failed capture leaves its stream the current one.
        with on(torch.cuda.current_stream()):
            _join(lane, streams)
            with torch.cuda.graph(graph, pool, lane, capture_error_mode="thread_local"):
                _fork(lane, streams)
                try:
                    for request in unit:
                        request.run()
                finally:
                    # Without this a failure within would leave the allocator in capture.
                    _join(lane, streams)

        def replay() -> None:
            _join(lane, streams)
            with on(lane):
                graph.replay()
            _fork(lane, streams)

        return replay

    def staging(self) -> Staging:
        return Staging(pinned=True)

    def fetch(self, *tensors: torch.Tensor) -> Callable[[], list[torch.Tensor]]:
        copies = [torch.empty_like(t, device="cpu", pin_memory=True) for t in tensors]
        for copy, tensor in zip(copies, tensors, strict=True):
            copy.copy_(tensor.detach(), non_blocking=True)
        arrived = torch.cuda.current_stream().record_event()

        def wait() -> list[torch.Tensor]:
            arrived.synchronize()
            return copies

        return wait

    def later(self, work: Callable[[], None]) -> Callable[[], None]:
        return self._writer.submit(work).result

    def finish(self) -> None:
        torch.cuda.synchronize()

    def release(self) -> None:
        self.finish()
        torch.cuda.empty_cache()


def _fork(lane: Stream, streams: Sequence[Stream]) -> None:
    """The streams go on where the lane is."""
    for stream in streams:
        stream.wait_stream(lane)


def _join(lane: Stream, streams: Sequence[Stream]) -> None:
    """The lane goes on where all of the streams are."""
    for stream in streams:
        lane.wait_stream(stream)


def services(device: torch.device) -> Host:
    """What serves a device: its :class:`Cuda`, or the host."""
    return Cuda() if device.type == "cuda" else Host()


@contextlib.contextmanager
def numerics(device: torch.device, precision: str) -> Iterator[None]:
    """float32 products as a run's precision has them: "tf32" rounds their factors to ten bits of
    mantissa on CUDA, "float32" rounds nothing, whatever torch's own defaults are."""
    if device.type != "cuda":
        yield
        return
    convolutions: Any = torch.backends.cudnn
    products = torch.backends.cuda.matmul
    before = convolutions.allow_tf32, products.allow_tf32
    convolutions.allow_tf32 = products.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        convolutions.allow_tf32, products.allow_tf32 = before
