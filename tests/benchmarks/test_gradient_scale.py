"""float16's gradient scale against torch.amp.GradScaler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from run_makers import changed, member_of
from torch import nn

from benchmarks import precisions
from benchmarks.data.dataset import Dataset
from benchmarks.errors import UserError
from benchmarks.models import ThreeFC
from benchmarks.run import Run
from benchmarks.training import checkpoint, gradient_scale, loop
from benchmarks.training.gradient_scale import GradientScale

CPU = torch.device("cpu")


def same_weights(first: nn.Module, second: nn.Module) -> bool:
    ours, theirs = first.state_dict(), second.state_dict()
    return all(torch.equal(ours[name], theirs[name]) for name in ours | theirs)


def layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def gradients(network: nn.Module) -> list[torch.Tensor]:
    return [p.grad.clone() for p in network.parameters() if p.grad is not None]


@pytest.mark.parametrize("factor", [1.0, 1e36])
def test_it_moves_as_torchs_and_gives_the_same_gradients(
    monkeypatch: pytest.MonkeyPatch, factor: float
) -> None:
    """Without an overflow it doubles after so many updates; with one it halves, and gradients are
    zero where torch would leave the update out."""
    monkeypatch.setattr(gradient_scale, "INTERVAL", 3)
    ours, theirs = layer(), layer()
    scale = GradientScale(CPU)
    scaler = torch.amp.GradScaler("cpu", growth_interval=3)
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.0)
    images = torch.ones(4, 3)
    for _ in range(7):
        ours.zero_grad()
        optimizer.zero_grad()
        scale.scaled(ours(images).square().mean() * factor).backward()
        scaler.scale(theirs(images).square().mean() * factor).backward()
        scale.undo(ours.parameters())
        scaler.unscale_(optimizer)
        lost = any(not g.isfinite().all() for g in gradients(theirs))
        expected = [torch.zeros_like(g) if lost else g for g in gradients(theirs)]
        torch.testing.assert_close(gradients(ours), expected, rtol=0, atol=0)
        scaler.step(optimizer)
        scaler.update()
        assert scale.scale.item() == scaler.get_scale()
    assert (scale.scale.item() < gradient_scale.INITIAL) == (factor > 1)


def test_a_state_is_a_copy_that_brings_it_back() -> None:
    scale = GradientScale(CPU)
    scale.scale.fill_(8.0)
    scale.steps.fill_(5)
    state = scale.state()
    scale.scale.fill_(1.0)
    other = GradientScale(CPU)
    other.restore(state)
    assert (other.scale.item(), other.steps.item()) == (8.0, 5)


@pytest.fixture
def dense(short_run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run in float16 of dense layers, whose products a CPU has as well."""
    monkeypatch.setattr(precisions, "CUDA_ALONE", {})
    return changed(short_run, precision="float16").replace(model=ThreeFC(hidden=16))


def test_it_is_refused_where_it_crawls(noise: Dataset, short_run: Run) -> None:
    with pytest.raises(UserError, match="float16 is computed on CUDA devices alone: use bf16"):
        member_of(changed(short_run, precision="float16"), noise, CPU)


def test_float16_rounds_more_than_float32_and_less_than_bf16(noise: Dataset, dense: Run) -> None:
    """Ten bits of mantissa against 23 and 7: the logits' distance from float32's."""
    found = {}
    for precision in ("float32", "bf16", "float16"):
        made = member_of(dense.replace(precision=precision), noise, CPU)
        pixels = torch.from_numpy(np.array(noise.train.images[:32]))
        with torch.no_grad(), made.autocast():
            found[precision] = made.model(made.context.normalizer(pixels)).float()
    apart = {name: (found[name] - found["float32"]).abs().max().item() for name in found}
    assert 0 < apart["float16"] < apart["bf16"] / 2


def test_resumed_equals_uninterrupted(
    noise: Dataset, dense: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the scale, here raised every other update, has moved by then."""
    monkeypatch.setattr(gradient_scale, "INTERVAL", 2)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)
    (whole,) = loop.train([dense], noise, CPU)
    steps = iter(range(100))
    options: dict[str, Any] = {"checkpoints": tmp_path}
    loop.train([dense], noise, CPU, should_stop=lambda: next(steps) >= 4, **options)
    (resumed,) = loop.train([dense], noise, CPU, **options)
    assert whole.error is None
    assert whole.model is not None
    assert resumed.model is not None
    assert same_weights(resumed.model, whole.model)
    assert whole.measurements == resumed.measurements
