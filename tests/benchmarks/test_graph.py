"""Packs whose requests are recorded and replayed, on the CPU's twin of the device; and too little
memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import torch
from run_makers import changed

from benchmarks.data.dataset import Dataset
from benchmarks.errors import UserError
from benchmarks.procedures import Procedure, Prune, Train
from benchmarks.run import Run
from benchmarks.training import checkpoint, device_path, graph, loop
from benchmarks.training.device_path import DevicePath
from benchmarks.training.device_services import Cuda, Host, Request, Staging, Stream, on
from benchmarks.training.graph import Recorded, conductor
from benchmarks.training.pack import Pack
from benchmarks.training.step import Step

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    loop.prepare(CPU)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)


@pytest.fixture
def narrow(short_run: Run) -> Run:
    """Three epochs of two whole updates and a smaller one."""
    return short_run.with_setting("model.width_multiplier", "0.0625")


class Rehearsed(Host):
    """Notes how many requests of which size each recording holds, and how often it is replayed."""

    def __init__(self) -> None:
        self.recorded: list[tuple[int, int]] = []
        self.replayed = 0

    def record(self, unit: Sequence[Request], lane: Stream = None) -> Callable[[], None]:
        self.recorded.append((len(unit), unit[0].size))
        replay = super().record(unit, lane)

        def counted() -> None:
            self.replayed += 1
            replay()

        return counted


def rehearse(
    runs: list[Run], data: Dataset, patch: pytest.MonkeyPatch, device: Host, **options: Any
) -> list[loop.Outcome]:
    """Train as on CUDA, but for the device."""
    apart = options.pop("apart", False)
    patch.setattr(loop, "conductor", lambda *_: Recorded(device, apart=apart))
    return loop.train(runs, data, CPU, **options)


def same(outcome: loop.Outcome, other: loop.Outcome) -> None:
    """The same record and the same weights, bit for bit."""
    assert outcome.finished, outcome.traceback
    # As text, in which what is not a number equals itself.
    assert repr(outcome.measurements) == repr(other.measurements)
    assert repr(outcome.curves) == repr(other.curves)
    assert outcome.diverged == other.diverged
    assert outcome.model is not None
    assert other.model is not None
    for name, value in outcome.model.state_dict().items():
        theirs = other.model.state_dict()[name]
        assert torch.equal(value.nan_to_num(), theirs.nan_to_num()), name


def mixed(run: Run) -> list[Run]:
    """Runs that fall out of step with one another: one diverges, others have fewer epochs, fewer
    images, or a phase that takes filters away."""
    phases = (
        Train(epochs=2, batch_size=64),
        Prune(threshold=Decimal("0.05"), what="filters"),
        Train(epochs=2, batch_size=64),
    )
    return [
        run,
        changed(run, seed=2, learning_rate="1e30"),
        changed(run, seed=3, epochs=1),
        run.replace(seed=4).with_setting("data.held_out", 40),
        run.replace(seed=5, procedure=Procedure(phases=phases)),
    ]


@pytest.mark.parametrize("apart", [False, True])
def test_a_pack_comes_to_what_its_runs_come_to_alone(
    noise: Dataset, narrow: Run, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    monkeypatch.setattr(graph, "WARM_UP", 1)
    runs = mixed(narrow)
    alone = [loop.train([run], noise, CPU)[0] for run in runs]
    for outcome, other in zip(loop.train(runs, noise, CPU), alone, strict=True):
        same(outcome, other)
    device = Rehearsed()
    for outcome, other in zip(
        rehearse(runs, noise, monkeypatch, device, apart=apart), alone, strict=True
    ):
        same(outcome, other)
    assert device.replayed > 2
    assert alone[1].diverged


def test_each_shape_is_recorded_once_for_the_whole_pack(
    noise: Dataset, narrow: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Rehearsed()
    runs = [changed(narrow, seed=seed, epochs=5, evaluate_every=1) for seed in range(3)]
    outcomes = rehearse(runs, noise, monkeypatch, device)
    assert all(outcome.finished for outcome in outcomes)
    # Updates of 64 and 32, evaluations of 64: each asked for twice before it is recorded.
    assert sorted(device.recorded) == [(3, 32), (3, 64), (3, 64)]
    assert device.replayed == (2 * 5 - 2) + (5 - 2) + (5 - 2)


def test_a_run_that_ends_early_is_left_out(
    noise: Dataset, narrow: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Rehearsed()
    runs = [changed(narrow, seed=seed, epochs=4, evaluate_every=9) for seed in range(3)]
    runs[1] = changed(runs[1], learning_rate="1e30")
    kept: list[Recorded] = []
    monkeypatch.setattr(
        loop,
        "conductor",
        lambda *_: kept.append(Recorded(device)) or kept[0],  # type: ignore[func-returns-value]
    )
    outcomes = loop.train(runs, noise, CPU)
    assert [outcome.diverged for outcome in outcomes] == [False, True, False]
    assert (3, 64) not in device.recorded  # it left before
    assert device.recorded.count((2, 64)) == 1
    assert not kept[0]._replays


def test_what_cannot_be_recorded_is_run_as_it_comes(
    noise: Dataset, narrow: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(Host):
        def record(self, unit: Sequence[Request], lane: Stream = None) -> Callable[[], None]:
            for request in unit:
                request.owner.member.model(torch.zeros(2, 3, 32, 32)).sum().backward()  # type: ignore[attr-defined]
            raise RuntimeError("operation not permitted when stream is capturing")

    runs = [changed(narrow, seed=seed) for seed in (1, 2)]
    with pytest.warns(UserWarning, match="REPRODUCE_DEVICE_PATH=streams"):
        outcomes = rehearse(runs, noise, monkeypatch, Refusing())
    # What the failed recording left in batch-norms is the twin's doing; no gradient may be left.
    assert all(outcome.finished for outcome in outcomes)
    assert all(p.grad is None for o in outcomes for p in o.model.parameters())  # type: ignore[union-attr]


class Cramped(Rehearsed):
    """Has room for two branches."""

    def record(self, unit: Sequence[Request], lane: Stream = None) -> Callable[[], None]:
        if len(unit) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().record(unit, lane)


def leave_room_for_two(patch: pytest.MonkeyPatch, after: int) -> None:
    """No update of a third member at once, found out after so many epochs."""
    packs: list[Pack] = []
    begin, run = Pack.__init__, Step.run

    def remembered(self: Pack, *arguments: Any) -> None:
        begin(self, *arguments)
        packs.append(self)

    def limited(self: Step, size: int) -> None:
        if len(packs[-1].going) > 2 and self.member.epoch >= after:
            raise torch.OutOfMemoryError("CUDA out of memory")
        run(self, size)

    patch.setattr(Pack, "__init__", remembered)
    patch.setattr(Step, "run", limited)


@pytest.mark.parametrize(("found", "epoch"), [("at first", 0), ("later", 1), ("recording", 1)])
def test_too_little_memory_halves_the_pack_and_loses_nothing(
    noise: Dataset,
    narrow: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    found: str,
    epoch: int,
) -> None:
    runs = [changed(narrow, seed=seed) for seed in range(5)]
    alone = [loop.train([run], noise, CPU)[0] for run in runs]
    if found == "recording":
        monkeypatch.setattr(loop, "conductor", lambda *_: Recorded(Cramped()))
    else:
        leave_room_for_two(monkeypatch, epoch)
    told: list[Run] = []
    with pytest.warns(UserWarning, match="5 runs at once: 2 go on"):
        outcomes = loop.train(
            runs, noise, CPU, checkpoints=tmp_path, on_outcome=lambda o: told.append(o.run)
        )
    for outcome, other in zip(outcomes, alone, strict=True):
        same(outcome, other)
        assert [epoch for epoch, _ in outcome.curves["training loss"]] == [1, 2, 3]
    assert {run.seed for run in told} == {0, 1, 2, 3, 4}
    # Those that had to leave went on from their checkpoints, after those that stayed.
    stayed = [run.seed for run in told[:2]]
    assert stayed == ([0, 1] if found == "recording" else [1, 2])
    begun = [[sitting["from_epoch"] for sitting in outcome.sittings] for outcome in outcomes]
    assert begun == [[0] if not epoch or seed in stayed else [0, epoch] for seed in range(5)]


def test_a_run_that_does_not_fit_alone_says_so(
    noise: Dataset, narrow: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = narrow, changed(narrow, seed=9)
    run = Step.run

    def limited(self: Step, size: int) -> None:
        if self.member.run == large:
            raise torch.OutOfMemoryError("CUDA out of memory")
        run(self, size)

    monkeypatch.setattr(Step, "run", limited)
    with pytest.warns(UserWarning, match="too little memory"):
        fits, fails = loop.train([small, large], noise, CPU)
    assert fits.finished
    assert isinstance(fails.error, torch.OutOfMemoryError)


def test_the_path_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert device_path.chosen_path() == DevicePath.BRANCHES
    monkeypatch.setenv(device_path.VARIABLE, "streams")
    assert device_path.chosen_path() == DevicePath.STREAMS
    assert not conductor(CPU).together
    monkeypatch.setenv(device_path.VARIABLE, "fastest")
    with pytest.raises(UserError, match="branches, members, streams"):
        conductor(CPU)


def test_tf32_is_refused_where_there_is_none(noise: Dataset, narrow: Run) -> None:
    (outcome,) = loop.train([changed(narrow, precision="tf32")], noise, CPU)
    assert isinstance(outcome.error, UserError)


class FakeStream:
    """A stream that notes what waits for what."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log

    def wait_stream(self, other: FakeStream) -> None:
        self.log.append(f"{self.name}<{other.name}")


class Owner:
    """Static work that notes when it runs."""

    def __init__(self, stream: Any, log: list[str], fails: bool = False) -> None:
        self.stream, self.log, self.fails = stream, log, fails

    def run(self, size: int) -> None:
        self.log.append(f"{self.stream.name} runs {size}")
        if self.fails:
            raise RuntimeError("not permitted")

    def clear(self) -> None:
        pass


@pytest.mark.parametrize("fails", [False, True])
def test_branches_fork_off_the_lane_and_join_it(
    monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """The calls that a recording makes, in their order; even one that fails joins its branches."""
    log: list[str] = []
    lane, first, second = (FakeStream(name, log) for name in ("lane", "a", "b"))

    class Graph:
        def replay(self) -> None:
            log.append("replay")

    @contextlib.contextmanager
    def capturing(*_: Any, **__: Any) -> Iterator[None]:
        log.append("begin")
        try:
            yield
        finally:
            log.append("end")

    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", capturing)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: (0, 1))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: lane)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    unit = [Request(Owner(first, log), 8), Request(Owner(second, log, fails), 8)]
    body = ["a<lane", "b<lane", "a runs 8", "b runs 8", "lane<a", "lane<b"]
    if fails:
        with pytest.raises(RuntimeError, match="not permitted"):
            Cuda().record(unit, lane)
        assert log == ["lane<a", "lane<b", "begin", *body, "end"]
        return
    replay = Cuda().record(unit, lane)
    assert log == ["lane<a", "lane<b", "begin", *body, "end"]
    log.clear()
    replay()
    assert log == ["lane<a", "lane<b", "replay", "a<lane", "b<lane"]


def test_one_set_of_pinned_buffers_stays_while_the_other_is_filled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import numpy as np

    real = torch.empty_like
    monkeypatch.setattr(torch, "empty_like", lambda t, pin_memory=False: real(t))
    staging = Staging(pinned=True)
    puts = [staging.put({"x": np.full(3, value)}) for value in (1, 2)]
    assert [put["x"].tolist() for put in puts] == [[1] * 3, [2] * 3]
    third = staging.put({"x": np.full(3, 3)})
    assert third["x"].data_ptr() == puts[0]["x"].data_ptr()
    assert puts[1]["x"].tolist() == [2] * 3


def test_nothing_on_a_cpu_has_a_stream() -> None:
    assert Host().stream() is None
    with on(None):
        assert Host().fetch(torch.ones(2))()[0].tolist() == [1, 1]
