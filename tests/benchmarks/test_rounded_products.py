"""Products in bfloat16 where a processor has no instructions for it."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.data.dataset import Dataset
from benchmarks.models import (
    VGG10,
    AsymmetricBlock,
    CifarResNet,
    Hierarchical,
    MobileNet,
    Model,
    PairedNet,
    PyramidNet,
    RCNet10,
    Shallow,
)
from benchmarks.run import Run
from benchmarks.training import loop, member, rounded_products
from benchmarks.training.rounded_products import RoundedProducts

SHAPES: dict[str, tuple[Callable[..., torch.Tensor], tuple[int, ...], tuple[int, ...]]] = {
    "convolution": (functional.conv2d, (3, 5, 6, 6), (4, 5, 3, 3)),
    "dense layer": (functional.linear, (7, 20), (6, 20)),
    "batched product": (torch.bmm, (3, 4, 9), (3, 9, 5)),
}


@given(kind=st.sampled_from(sorted(SHAPES)), seed=st.integers(0, 10_000))
def test_factors_and_results_are_rounded_and_sums_are_not(kind: str, seed: int) -> None:
    """Values and both gradients, against float64 products of the rounded factors; torch's own
    types."""
    function, *shapes = SHAPES[kind]
    random = torch.Generator().manual_seed(seed)
    factors = [torch.randn(shape, generator=random).requires_grad_() for shape in shapes]
    with torch.autocast("cpu", torch.bfloat16):
        with RoundedProducts():
            found = function(*factors)
        assert found.dtype == function(*factors).dtype == torch.bfloat16
    above = torch.randn(found.shape, generator=random).bfloat16()
    found.backward(above)
    precise = [factor.detach().bfloat16().double().requires_grad_() for factor in factors]
    exact = function(*precise)
    exact.backward(above.double())
    gradients = [(a.grad, b.grad) for a, b in zip(factors, precise, strict=True)]
    for ours, whole in ((found, exact), *gradients):
        assert ours is not None
        assert whole is not None
        # All but where a sum in float32 lies on the other side of the middle of two numbers.
        assert (ours == whole.bfloat16().to(ours.dtype)).float().mean() >= 0.97
    assert {factor.grad.dtype for factor in factors if factor.grad is not None} == {torch.float32}


@pytest.mark.parametrize("named", [False, True])
def test_a_bias_is_rounded_too(named: bool) -> None:
    """By place and by name, before a sum that its last digits would turn."""
    left, right = torch.ones(1, 1), torch.full((1, 1), 2.0**-9)
    bias = torch.tensor([1 + 2.0**-7 + 2.0**-9])
    given: dict[str, Any] = {"bias": bias} if named else {}
    with torch.autocast("cpu", torch.bfloat16), RoundedProducts():
        found = functional.linear(left, right, *(() if named else (bias,)), **given)
    assert found == (right.double() + bias.bfloat16().double()).bfloat16()
    assert found != (right.double() + bias.double()).bfloat16()


@pytest.mark.parametrize("kind", [torch.float64, torch.int64])
def test_what_autocast_leaves_alone_is_left_alone(kind: torch.dtype) -> None:
    left, right = torch.full((2, 3), 1001, dtype=kind), torch.full((4, 3), 3, dtype=kind)
    with torch.autocast("cpu", torch.bfloat16), RoundedProducts():
        found = functional.linear(left, right)
    assert found.dtype == kind
    assert (found == 9009).all()


def test_a_build_without_onednn_has_no_such_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(rounded_products, "OPERATOR", "_no_such_operator")
    assert rounded_products.multiplies_bfloat16() is False
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists() and platform.system() == "Linux":
        has = "avx512_bf16" in cpuinfo.read_text()
        assert rounded_products.multiplies_bfloat16() is has


def test_without_autocast_nothing_is_rounded() -> None:
    left, right = torch.randn(4, 9), torch.randn(5, 9)
    exact = functional.linear(left, right)
    with RoundedProducts():
        assert torch.equal(functional.linear(left, right), exact)
        with torch.autocast("cpu", torch.bfloat16), torch.autocast("cpu", enabled=False):
            assert torch.equal(functional.linear(left, right), exact)


NETWORKS = [
    VGG10(width_multiplier="0.25"),  # type: ignore[arg-type]
    RCNet10(block=AsymmetricBlock(), width_multiplier="0.25"),  # type: ignore[arg-type]
    Shallow(connectivity="local", alpha=1),
    CifarResNet(depth=8),
    Hierarchical(model=CifarResNet(depth=8), parents=(0, 0, 0, 0, 0, 1, 1, 1, 1, 1)),
    MobileNet(width_multiplier="0.25"),  # type: ignore[arg-type]
    PairedNet(),
    PyramidNet(depth=3, filters=16),
]


class SlowProducts(TorchDispatchMode):
    """Notes products whose factors are bfloat16, forwards and backwards."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = str(func)
        if any(part in name for part in ("conv", "mm", "linear", "mv", "dot")):
            kinds = {one.dtype for one in args if isinstance(one, torch.Tensor)}
            self.found += [name] * (torch.bfloat16 in kinds)
        return func(*args, **kwargs or {})


@pytest.mark.parametrize("network", NETWORKS, ids=lambda one: type(one).__name__)
def test_no_network_multiplies_by_torchs_loops(network: Model) -> None:
    model = network.build(10, 32, seed=0)
    images = torch.randn(2, 3, 32, 32)
    slow = {}
    for ours in (False, True):
        with SlowProducts() as seen:
            with torch.autocast("cpu", torch.bfloat16):
                if ours:
                    with RoundedProducts():
                        logits = model(images)
                else:
                    logits = model(images)
            logits.float().square().sum().backward()
        slow[ours] = seen.found
    assert slow[False]
    assert not slow[True]


@pytest.mark.parametrize("native", [True, False])
def test_runs_compute_by_it_where_the_processor_does_not(
    native: bool, short_run: Run, noise: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And in bfloat16 alone; what they learn is what float32 learns, nearly."""
    monkeypatch.setattr(member, "multiplies_bfloat16", lambda: native)
    entered = []

    class Counted(RoundedProducts):
        def __enter__(self) -> Any:
            entered.append(self)
            return super().__enter__()

    monkeypatch.setattr(member, "RoundedProducts", Counted)
    (exact,) = loop.train([short_run], noise, torch.device("cpu"))
    assert not entered
    (lower,) = loop.train([short_run.replace(precision="bf16")], noise, torch.device("cpu"))
    assert bool(entered) is not native
    losses = [one.measurements["training loss"] for one in (lower, exact)]
    assert losses[0] == pytest.approx(losses[1], rel=0.1)
