"""What thresholds would leave of a trained network, and how alike its kernels are."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.data.dataset import Dataset
from benchmarks.errors import UserError
from benchmarks.models import PairedNet
from benchmarks.models.describe import network_measures
from benchmarks.objectives import Objective
from benchmarks.penalties import KernelCorrelation, KernelSize
from benchmarks.penalties.measured_kernel_correlation import mean_correlation
from benchmarks.procedures import Procedure, Thresholds, Train, gather_anew, shrink
from benchmarks.procedures.batch_norm_statistics import of_training
from benchmarks.run import Run
from benchmarks.training import loop
from benchmarks.training.context import Context, Resident, no_weights
from benchmarks.training.loop import Outcome

CPU = torch.device("cpu")
MODEL = PairedNet(widths=(6,) * 5, halve_at=(2,))


@pytest.fixture
def trained(noise: Dataset, short_run: Run) -> Callable[..., Outcome]:
    def train(model: PairedNet, **thresholds: Any) -> Outcome:
        term = KernelSize(alpha="0.02")
        terms = Objective(penalties=(term, KernelCorrelation()))
        phases = (
            Train(epochs=2, batch_size=80, objective=terms),
            Thresholds(what="half_rings", **thresholds),
        )
        (outcome,) = loop.train(
            [short_run.replace(model=model, procedure=Procedure(phases=phases))], noise, CPU
        )
        assert outcome.finished, outcome.traceback
        return outcome

    loop.prepare(CPU)
    return train


def test_each_threshold_has_the_measures_of_its_network(trained: Callable[..., Outcome]) -> None:
    found = trained(MODEL, absolute=("0", "0.7"), relative=("0.8",))
    told, model = found.measurements, found.model
    assert model is not None
    assert network_measures(model, 32)["parameters"] == told["parameters at 0"]  # nothing is gone
    assert told["test accuracy at 0"] == told["test accuracy"]
    assert told["full layers at 0"] == {"count": 5, "of": 5}
    smaller = shrink(model, "0.8", "half_rings", tau_mode="relative")
    behind = "at 0.8 of the largest"
    for name, value in smaller.measurements().items():
        assert name.startswith("identity") or told[f"{name} {behind}"] == value
    for name in ("parameters", "multiply-adds"):
        assert told[f"{name} {behind}"] == network_measures(smaller.model, 32)[name] < told[name]
    sizes = smaller.sizes.values()
    assert told[f"mixed layers {behind}"]["count"] == sum(len({*s} - {0}) > 1 for s in sizes) > 0
    assert told[f"kernels left {behind}"] == {"count": sum(smaller.widths.values()), "of": 30}
    layers = told["kernel correlation by layer"]
    assert told["kernel correlation"] == pytest.approx(np.mean(layers))
    assert len(found.curves["kernel correlation"]) == 2


def test_a_plain_network_that_cannot_be_built_has_no_accuracy(
    trained: Callable[..., Outcome],
) -> None:
    told = trained(MODEL.replace(shortcuts="none"), absolute=("9",)).measurements
    assert told["test accuracy at 9"] is None
    assert told["multiply-adds at 9"] is None
    assert told["layers left at 9"] == {"count": 0, "of": 5}
    with pytest.raises(UserError, match="at least one"):
        Thresholds()


def test_statistics_are_means_over_the_batches() -> None:
    """By hand; a kernel that was scaled down in front of its batch-norm is as good as before."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5), nn.BatchNorm2d(4)]
    model = nn.Sequential(*layers).eval()
    layers[0].train()
    batches = [torch.randn(size, 3, 8, 8) + size for size in (5, 9, 6)]
    gather_anew(model, iter(batches))
    maps = [layers[0](images).detach().transpose(0, 1).flatten(1) for images in batches]
    norm = model[1]
    means = torch.stack([m.mean(1) for m in maps]).mean(0)
    variances = torch.stack([m.var(1) for m in maps]).mean(0)
    torch.testing.assert_close(norm.running_mean, means)
    torch.testing.assert_close(norm.running_var, variances)
    assert (norm.momentum, norm.training, layers[0].training) == (0.1, False, True)
    before = model(batches[0])
    with torch.no_grad():
        layers[0].weight.mul_(0.1)
        layers[0].bias.mul_(0.1)
    assert float((model(batches[0]) - before).detach().abs().max()) > 0.5
    gather_anew(model, batches)
    torch.testing.assert_close(model(batches[0]), before, atol=2e-3, rtol=2e-3)
    with pytest.raises(UserError, match="a batch"):
        gather_anew(model, [])
    gather_anew(nn.Conv2d(3, 4, 3), [])


def test_copies_renew_their_statistics_and_the_network_keeps_its_own(
    trained: Callable[..., Outcome], noise: Dataset, short_run: Run
) -> None:
    old, new = (
        trained(MODEL, absolute=("0",), relative=("0.8",), renew=renew) for renew in (0, 100)
    )
    assert old.model is not None
    assert new.model is not None
    for name, value in old.model.state_dict().items():
        assert torch.equal(value, new.model.state_dict()[name])
    assert new.measurements["test accuracy"] == old.measurements["test accuracy"]
    behind = "at 0.8 of the largest"
    for name in (f"multiply-adds {behind}", f"learned widths {behind}"):
        assert new.measurements[name] == old.measurements[name]
    assert new.measurements["test accuracy at 0"] != old.measurements["test accuracy at 0"]
    context = Context(short_run, Resident(noise, CPU, no_weights))
    smaller = shrink(new.model, "0.8", "half_rings", tau_mode="relative").model
    gather_anew(smaller, of_training(context, short_run.seed, 100))
    with torch.no_grad():
        found = smaller.eval()(context.normalizer(context.test.pixels)).argmax(1)  # type: ignore[attr-defined]
    right = int((found == context.test.labels).sum())
    assert new.measurements[f"test accuracy {behind}"]["count"] == right
    with pytest.raises(UserError, match="no variance"):
        Thresholds(absolute=("0",), renew=1)
    assert "renew" not in Thresholds(absolute=("0",)).canonical()


def test_thresholds_are_named_by_their_digits() -> None:
    from benchmarks.procedures.thresholds import absolute

    assert absolute(Decimal("0.00000010")) == "at 0.00000010"


def test_correlation_is_pearsons() -> None:
    weight = torch.randn(5, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    table = np.abs(np.corrcoef(weight.flatten(1).numpy()))
    expected = (table.sum() - 5) / 20
    assert float(mean_correlation(weight)) == pytest.approx(expected, rel=1e-5)
    assert float(mean_correlation(weight[:1])) == 0
    assert float(mean_correlation(torch.cat([weight[:1], -3 * weight[:1] + 1]))) == pytest.approx(1)
    assert float(mean_correlation(torch.ones(2, 1, 3, 3))) == 0
