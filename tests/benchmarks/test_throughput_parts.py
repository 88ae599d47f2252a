"""The parts' contenders compute the same thing, and the command prints what it measured."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
import torch

from benchmarks.models import CifarResNet, LocallyConnected2d
from benchmarks.optimizers import SGD
from benchmarks.penalties import HypersphericalEnergy, PlainL2
from benchmarks.penalties.hyperspherical import convolutions as penalised
from benchmarks.throughput import penalty_costs, update_costs
from benchmarks.throughput.parts import main
from benchmarks.throughput.rivals import by_groups, by_position


@pytest.mark.parametrize("stride", [1, 2])
def test_the_other_local_layers_are_ours(stride: int) -> None:
    layer = LocallyConnected2d(3, 5, 3, 8, stride=stride, padding=1, bias=False)
    maps = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for other in (by_position, by_groups):
        torch.testing.assert_close(other(layer, maps), layer(maps))


def test_a_penalty_is_measured_by_what_it_adds_to_a_step() -> None:
    settings = CifarResNet(depth=8, width_multiplier=Decimal("0.25"))
    trained = penalty_costs.Trained.of(settings, 10, 2, torch.device("cpu"))
    term = HypersphericalEnergy()
    works = trained.group({"energy": term})
    assert list(works) == ["step with plain L2", "energy"]
    works["energy"]()
    loss = term.attach(trained.model).loss(trained.labels)
    assert loss is not None
    layers = penalised(trained.model)
    expected = torch.autograd.grad(loss, [layer.weight for layer in layers])
    for layer, gradient in zip(layers, expected, strict=True):
        torch.testing.assert_close(layer.weight.grad, gradient)
    before = layers[0].weight.detach().clone()
    works["step with plain L2"]()
    assert not torch.equal(layers[0].weight, before)


def test_measured_updates_are_torchs() -> None:
    """By the same gradient the same weights come out, and another time works as well."""
    ends = []
    for is_ours in (True, False):
        model = torch.nn.Conv2d(1, 2, 3)
        torch.nn.init.ones_(model.weight)
        torch.manual_seed(0)
        if is_ours:
            update = SGD().build(model, PlainL2().attach(model).coefficients)
            work = update_costs.updating(model, partial(update.step, 0.5))
        else:
            decay = 2 * float(PlainL2().weight_decay)  # of Σ w², as the paper prints it (L-03)
            own = torch.optim.SGD([model.weight], 0.5, momentum=0.9, weight_decay=decay)
            work = update_costs.updating(model, own.step)
        work()
        ends.append(model.weight.detach().clone())
        work()
        assert not torch.equal(ends[-1], model.weight)
    torch.testing.assert_close(*ends)
    assert not torch.equal(ends[0], torch.ones(2, 1, 3, 3))


def test_the_command_measures_in_rounds(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = tmp_path / "found.json"
    asked = ["--rounds", "2", "--alpha", "1", "--only", "S-FC", "--json", str(file)]
    assert main(asked) == 0
    found = json.loads(file.read_text())
    assert list(found) == ["update, S-FC(1)", "training S-FC(1), batch 512"]
    assert all(len(times) == 2 for group in found.values() for times in group.values())
    printed = capsys.readouterr().out
    assert all(name in printed for group in found.values() for name in group)
    assert main(asked) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "message"),
    [(["--rounds", "0"], "at least 1"), (["--only", "nothing"], "no group")],
)
def test_bad_input_is_one_line(
    asked: list[str], message: str, capsys: pytest.CaptureFixture
) -> None:
    assert main(asked) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
