"""Every check passes on a sound loop, and fails on one that a fault was put into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks import randomness
from benchmarks.data import load
from benchmarks.device_check import agreement, host_reads, pack_memory
from benchmarks.device_check import checks as every
from benchmarks.device_check.checks import run_checks
from benchmarks.device_check.finding import CheckError
from benchmarks.device_check.probe_runs import Probe, cut
from benchmarks.models import VGG10
from benchmarks.optimizers.sgd import SGDUpdate
from benchmarks.training import loop
from benchmarks.training.device_services import Host
from benchmarks.training.graph import Recorded

CPU = torch.device("cpu")
NARROW = Decimal("0.125")


class LoosePack(Probe):
    """A CPU's runs under the rule for a device that never gives the same bits again."""

    @property
    def exact(self) -> bool:
        return False


@pytest.fixture(scope="module")
def probe() -> Probe:
    """Three narrow networks on digits."""
    return Probe(CPU, cut(load("digits", Path())), 3, VGG10(width_multiplier=NARROW))


def silent(text: str) -> None:
    """Nobody listens."""


@pytest.fixture
def shared_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders and flips that depend on how many runs are trained together."""
    together = [1]
    train, stream = loop.train, randomness.raw_stream

    def counting(runs: Any, *given: Any, **options: Any) -> Any:
        together[0] = len(runs)
        return train(runs, *given, **options)

    def leaking(seed: int, purpose: str, counter: int = 0) -> np.random.Philox:
        companions = "" if together[0] == 1 else f" of {together[0]}"
        return stream(seed, purpose + companions, counter)

    monkeypatch.setattr(loop, "train", counting)
    monkeypatch.setattr(randomness, "raw_stream", leaking)


def test_first_steps_agree_with_plain_arithmetic(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    for precision, runs in (("float32", 2), ("bf16", 1)):
        monkeypatch.setattr(agreement, "RUNS", runs)
        found = agreement.first_steps(probe, silent, precision)  # type: ignore[arg-type]
        assert found.verdict == "pass", found.found


def _rate_baked_in(self: SGDUpdate, lr: Any, step: Any = SGDUpdate.step) -> None:
    """What a graph does whose learning rate is a number of the day it was captured."""
    self.__dict__.setdefault("first_rate", lr)
    step(self, self.first_rate)  # type: ignore[attr-defined]


def _no_decay(self: SGDUpdate, lr: Any, step: Any = SGDUpdate.step) -> None:
    self._decayed = []
    step(self, lr)


@pytest.mark.parametrize("fault", [_rate_baked_in, _no_decay])
def test_a_wrong_update_fails(
    probe: Probe, fault: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "RUNS", 1)
    monkeypatch.setattr(SGDUpdate, "step", fault)
    found = agreement.first_steps(probe, silent, "float32")
    assert found.verdict == "FAIL"
    assert "cpu" in found.advice


def test_products_of_fewer_bits_fail(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a GPU computes them that was not told to leave TensorFloat-32 alone: 10 bits."""
    forward = nn.Conv2d._conv_forward

    def short(values: torch.Tensor) -> torch.Tensor:
        kept = (values.detach().contiguous().view(torch.int32) + 0x1000) & ~0x1FFF
        return values + (kept.view(torch.float32) - values).detach()

    def in_short(self: nn.Conv2d, maps: torch.Tensor, weight: torch.Tensor, bias: Any) -> Any:
        if weight.dtype == torch.float64:
            return forward(self, maps, weight, bias)
        return forward(self, short(maps), short(weight), bias)

    monkeypatch.setattr(agreement, "RUNS", 1)
    monkeypatch.setattr(nn.Conv2d, "_conv_forward", in_short)
    assert agreement.first_steps(probe, silent, "float32").verdict == "FAIL"


@pytest.mark.parametrize("kind", [Probe, LoosePack])
def test_a_pack_is_its_runs_unless_they_share_a_stream(
    probe: Probe, kind: type[Probe], request: pytest.FixtureRequest
) -> None:
    probe = kind(probe.device, probe.dataset, 2, probe.model)
    assert agreement.pack(probe, silent).verdict == "pass"
    request.getfixturevalue("shared_stream")
    found = agreement.pack(probe, silent)
    assert found.verdict == "FAIL"
    assert "--pack 1" in found.advice


def test_packs_lie_within_the_spread_of_single_runs(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(agreement, "LONG_EPOCHS", 1)
    monkeypatch.setattr(agreement, "PAIRS", 4)
    monkeypatch.setattr(agreement, "REAL_RATE", Decimal("0.001"))
    probe = replace(probe, members=4)
    found = agreement.spread(probe, silent)
    assert found.verdict == "pass"
    assert found.numbers["further"] == 0  # on a CPU a pack's runs are the same bit for bit
    request.getfixturevalue("shared_stream")
    monkeypatch.setattr(agreement, "PAIRS", 8)
    assert agreement.spread(probe, silent).verdict == "FAIL"


def test_resumed_runs_are_whole_unless_velocities_are_lost(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agreement.resumed(probe, silent).verdict == "pass"
    monkeypatch.setattr(SGDUpdate, "restore", lambda self, state: None)
    found = agreement.resumed(probe, silent)
    assert found.verdict == "FAIL"
    assert "seed 0, 1" in found.found


def looks_by_comparison(pixels: torch.Tensor) -> None:
    if pixels.max() > 1e9:
        raise ValueError("no image is that bright")


def looks_by_mask(pixels: torch.Tensor) -> None:
    pixels[pixels > 0].sum()


def looks_by_count(pixels: torch.Tensor) -> None:
    torch.nonzero(pixels)


def looks_in_numpy(pixels: torch.Tensor) -> None:
    pixels.detach().numpy()


def looks_in_a_list(pixels: torch.Tensor) -> None:
    pixels.mean((1, 2, 3)).tolist()


def writes_by_mask(pixels: torch.Tensor) -> None:
    pixels[pixels > 0] = pixels[pixels > 0] * 1


def breaks(pixels: torch.Tensor) -> None:
    raise RuntimeError("a broken layer")


LOOKS = {
    look.__name__: look
    for look in (
        looks_by_comparison,
        looks_by_mask,
        looks_by_count,
        looks_in_numpy,
        looks_in_a_list,
        writes_by_mask,
        breaks,
    )
}


@pytest.fixture
def change_network(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Callable[[nn.Module], Any]], None]:
    """Lets something be done to every network that is built from now on."""
    network = VGG10.network

    def change(how: Callable[[nn.Module], Any]) -> None:
        def changed(self: VGG10, classes: int, side: int = 32) -> nn.Module:
            built = network(self, classes, side)
            how(built)
            return built

        monkeypatch.setattr(VGG10, "network", changed)

    return change


def looking(look: str) -> Callable[[nn.Module], Any]:
    """Has a network look at its input first."""
    return lambda network: network.register_forward_pre_hook(lambda _, given: LOOKS[look](given[0]))


def test_a_step_reads_nothing(probe: Probe) -> None:
    found = host_reads.host_reads(probe, silent, "float32")
    assert found.verdict == "pass", found.found
    assert found.numbers["updates"] >= 6


@pytest.mark.parametrize("look", [name for name in LOOKS if name != "breaks"])
def test_a_network_that_reads_values_fails(
    probe: Probe, look: str, change_network: Callable[..., None]
) -> None:
    change_network(looking(look))
    found = host_reads.host_reads(probe, silent, "float32")
    assert found.verdict == "FAIL"
    assert "HostReadError at tests/benchmarks/test_device_check.py" in found.found


def test_a_network_that_breaks_is_named_and_alone(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, change_network: Callable[..., None]
) -> None:
    change_network(looking("breaks"))
    monkeypatch.setattr(pack_memory, "measured_apart", pack_memory.measure)
    steps: list[tuple[int, int]] = []
    found = list(run_checks(probe, lambda done, total, text: steps.append((done, total))))
    failed = {one.check: one.found for one in found if one.verdict == "FAIL"}
    assert {"resumed against whole", "pack of 3 against 1"} <= set(failed)
    text = failed["pack of 3 against 1"]
    assert "RuntimeError at tests/benchmarks/test_device_check.py" in text
    assert "a broken layer" in text
    assert steps[-1][0] == steps[-1][1] - 1
    assert {one.check for one in found if one.verdict == "not checkable"} >= {"CPU against CUDA"}


def test_memory_is_given_back_unless_somebody_keeps_networks(
    probe: Probe, change_network: Callable[..., None]
) -> None:
    probe = replace(probe, members=2, model=VGG10(width_multiplier=Decimal("0.25")))
    assert pack_memory.memory(probe, silent, pack_memory.measure).verdict == "pass"
    kept: list[nn.Module] = []
    change_network(kept.append)
    found = pack_memory.memory(probe, silent, pack_memory.measure)
    assert found.verdict == "FAIL"
    assert "MiB are left" in found.found


def test_tensors_without_bytes_count_as_none() -> None:
    """``torch.export`` leaves them for the collector, as other tests in one process do."""
    traced = torch.export.export(nn.ReLU(), (torch.zeros(2),))
    found = [node.meta["val"] for node in traced.graph.nodes if "val" in node.meta]
    with pytest.raises(RuntimeError, match="data pointer"):
        found[0].untyped_storage().data_ptr()
    before = pack_memory.held(CPU)
    kept = torch.zeros(2**20)
    assert pack_memory.held(CPU) - before >= kept.nbytes


def test_memory_that_grows_faster_than_the_pack_fails() -> None:
    """Peaks of packs as processes report them."""
    mib = 2**20
    sound = {size: {"peak": (50 + 20 * size) * mib, "left": 0} for size in (1, 2, 4)}
    assert pack_memory.judge_memory(sound, None).verdict == "pass"
    assert "about 42 would fit" in pack_memory.judge_memory(sound, 1000 * mib).found
    steep = {size: {"peak": 70 * size**2 * mib, "left": 0} for size in (1, 2, 4)}
    assert pack_memory.judge_memory(steep, None).verdict == "FAIL"


def test_a_pack_is_measured_in_a_process_of_its_own(probe: Probe) -> None:
    assert pack_memory.measured_apart(replace(probe, members=1))["peak"] > 0


def test_a_pack_that_does_not_fit_is_halved_unless_the_loop_gives_up(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = pack_memory.out_of_memory(probe, silent)
    assert found.verdict == "pass", found.found
    assert found.numbers["refused"]
    monkeypatch.setattr(loop.Training, "lacks_memory", False)
    with pytest.raises(CheckError, match="out of memory"):
        pack_memory.out_of_memory(probe, silent)
    assert pack_memory.out_of_memory(replace(probe, members=1), silent).verdict == "not checkable"


def test_an_update_that_cannot_be_recorded_is_told(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop goes on without; the numbers are right, and the report says that something is."""
    monkeypatch.setattr(every, "checks", lambda probe: {"resumed": agreement.resumed})
    first, second, *_ = run_checks(probe, lambda done, total, text: None)
    assert (first.verdict, second.verdict) == ("pass", "pass")

    class Unable(Host):
        def record(self, unit: Any, lane: Any = None) -> Any:
            raise RuntimeError("no graphs today")

    monkeypatch.setattr(loop, "conductor", lambda device, path: Recorded(Unable()))
    first, second, *_ = run_checks(probe, lambda done, total, text: None)
    assert (first.verdict, second.verdict) == ("pass", "FAIL")
    assert "no graphs today" in second.found
