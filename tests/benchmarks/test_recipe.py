"""Table VII's recipe from end to end: our loop against torch's SGD, and frozen numbers."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from run_makers import batches_of, build, losses_of, make_run, normalizer_of

from benchmarks.data.dataset import Dataset
from benchmarks.models.branches import StripConv2d
from benchmarks.run import Run
from benchmarks.training import loop
from benchmarks.training.placed_splits import ResidentSplit

CPU = torch.device("cpu")
# Training loss, norms of a strip's column, of its other cells and of the dense weights, and a mean
# running variance, after three updates; see tests/benchmarks/test_loop.py.
GOLDEN_STEPS = [2.312426, 5.319804, 1.790325, 1.766407, 0.9083294]


def recipe(data: Dataset, **changes: object) -> Run:
    """ACNet's recipe with strong decay, so that a changed factor, convention or rate shows."""
    settings: dict[str, object] = {
        "seed": 5,
        "dataset": data.name,
        "data_digest": data.digest,
        "model": "rcnet10",
        "block": "square",
        "strip_eta": "8",
        "branch_init": "scaled",
        "normalization": "half",
        "augmentation": "crop_flip",
        "weight_decay": "0.1",
        "dense_weight_decay": "0.2",
        "norm_bias_weight_decay": "0.05",
        "l2_convention": "half_sum_sq",
        "epochs": 2,
        "batch_size": 64,
        "learning_rate": "0.02",
        "lr_decay": "0.1",
        "lr_milestones": (1,),
        "warmup_epochs": 2,
        "bias_lr_factor": "2",
        **changes,
    }
    return make_run(**settings)  # type: ignore[arg-type]


def reference(run: Run, data: Dataset) -> torch.nn.Module:
    """The same training by torch's SGD, every number of the recipe written out."""
    model = build(run, 10).to(memory_format=torch.channels_last)
    decay = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            decay[f"{name}.weight"] = torch.full(module.kernel_size, 0.1)
        if isinstance(module, StripConv2d):
            strip = slice(None), 1
            factors = torch.full((3, 3), 0.9)
            factors[strip if module.strip == "column" else strip[::-1]] = 0.1
            decay[f"{name}.weight"] = factors
    decay["classifier.weight"] = torch.tensor(0.2)
    named = dict(model.named_parameters())
    groups = [{"params": [p], "lr": 2.0 if "bias" in name else 1.0} for name, p in named.items()]
    sgd = torch.optim.SGD(groups, lr=1.0, momentum=0.9)
    factors_of = [group["lr"] for group in sgd.param_groups]
    split, normalizer = ResidentSplit(data.train, CPU), normalizer_of(run, data, CPU)
    # A warm-up over all six updates, and × 0.1 after the first three.
    rates = iter([0, 0.02 / 6, 0.04 / 6, 0.006 / 6, 0.008 / 6, 0.01 / 6])
    for epoch in range(2):
        for pixels, labels in batches_of(run, split, normalizer, epoch):
            rate = next(rates)
            for group, factor in zip(sgd.param_groups, factors_of, strict=True):
                group["lr"] = rate * factor
            sgd.zero_grad()
            F.cross_entropy(model(pixels), labels).backward()
            for name, parameter in named.items():
                assert parameter.grad is not None
                parameter.grad += decay.get(name, torch.tensor(0.05)) * parameter.detach()
            sgd.step()
    return model


def test_the_loop_follows_the_recipe(noise: Dataset) -> None:
    loop.prepare(CPU)
    run = recipe(noise)
    (outcome,) = loop.train([run], noise, CPU)
    assert outcome.model is not None, outcome.traceback
    expected = dict(reference(run, noise).named_parameters())
    start = dict(build(run, 10).named_parameters())
    for name, parameter in outcome.model.named_parameters():
        moved = (expected[name] - start[name]).abs().max()
        assert moved > 0, name
        assert (parameter - expected[name]).abs().max() < 5e-3 * moved, name


def test_three_steps_are_frozen(noise: Dataset) -> None:
    """A change of model, regulariser, loop or data fails this: raise that part's version."""
    loop.prepare(CPU)
    run = recipe(noise, epochs=1, lr_milestones=(), learning_rate="0.05")
    (outcome,) = loop.train([run], noise, CPU)
    model = outcome.model
    assert model is not None, outcome.traceback
    weight = model.blocks[2].conv1.branches["vertical"].weight.detach()  # type: ignore[index, union-attr]
    found = [
        losses_of(outcome)[0],
        float(weight[..., 1].norm()),
        float(weight[..., ::2].norm()),
        float(model.classifier.weight.detach().norm()),  # type: ignore[union-attr]
        float(model.blocks[2].conv1.norms["vertical"].running_var.mean()),  # type: ignore[index, union-attr]
    ]
    assert found == pytest.approx(GOLDEN_STEPS, rel=2e-4)


@pytest.mark.parametrize("kind", ["acb", "square"])
@pytest.mark.parametrize("acb_bn", ["per_branch", "shared"])
def test_every_parameter_is_trained(noise: Dataset, kind: str, acb_bn: str) -> None:
    loop.prepare(CPU)
    plain = {"strip_eta": "0", "branch_init": "default", "warmup_epochs": 0}
    run = recipe(noise, block=kind, acb_bn=acb_bn, epochs=1, **plain)
    (outcome,) = loop.train([run], noise, CPU)
    assert outcome.model is not None, outcome.traceback
    before = dict(build(run, 10).named_parameters())
    for name, parameter in outcome.model.named_parameters():
        assert parameter.isfinite().all(), name
        assert not torch.equal(parameter, before[name]), name
