"""What CONTRIBUTING asks of whatever takes part in a step, of every registered part.

On fake tensors there are no values, so that whatever reads one on the host raises. A part whose
settings have no defaults needs a line in ``EXAMPLES``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from run_makers import member_of
from torch import nn
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
)

from benchmarks import precisions
from benchmarks.data.augmentation import Augmentation
from benchmarks.data.dataset import Dataset, Split
from benchmarks.models import Model
from benchmarks.objectives import Loss
from benchmarks.optimizers import Optimizer, sgd
from benchmarks.parts import Part, kinds, made
from benchmarks.penalties import Attached, Term
from benchmarks.procedures import Train
from benchmarks.run import Run
from benchmarks.training import graph
from benchmarks.training.device_services import Host, Request
from benchmarks.training.graph import Recorded
from benchmarks.training.member import Member
from benchmarks.training.step import Evaluation, Step

CPU = torch.device("cpu")
AUGMENTATIONS, OPTIMIZERS = sorted(kinds(Augmentation)), sorted(kinds(Optimizer))
TWO_PARENTS = "0,0,0,0,0,1,1,1,1,1"
# Other settings than the defaults: so that a part does all that it can, and a network is small.
EXAMPLES: dict[str, dict[str, Any]] = {
    "3_fc": {"hidden": "8", "dropout": "0.5"},
    "d_net": {"alpha": "1", "connectivity": "local", "dropout": "0.5"},
    "crop_flip": {"colours": "0.1"},
    "handcrafted": {"network_behind": {"kind": "resnet18", "width_multiplier": "0.0625"}},
    "hierarchical": {
        "model": {"kind": "vgg10", "width_multiplier": "0.0625"},
        "parents": TWO_PARENTS,
    },
    "hyperspherical_energy": {"conv": "D'_HMcos", "fc": "D_h^ter", "half_space": "true"},
    "hyperspherical_hierarchy": {
        "parents": TWO_PARENTS,
        "metric": "D_cos(HM)",
        "constraint_weight": "1",
        "parent_cross_entropy": "1",
    },
    "loco_line": {"a1": "1"},
    "loco_reg": {"gamma": "1.6", "eta": "2.4"},
    "s_net": {"alpha": "1", "connectivity": "fc", "dropout": "0.5"},
    "pyramid": {"depth": "4", "first_kernel": "3", "first_stride": "1"},
    "strip_reg": {"eta": "8"},
}
NARROW = {"kind": "vgg10", "width_multiplier": "0.0625"}


def example(base: type[Part], kind: str) -> Part:
    """Networks as narrow as they can be."""
    narrow = {n: "0.0625" for n in kinds(base)[kind].__struct_fields__ if n == "width_multiplier"}
    return made(base, {"kind": kind, **narrow, **EXAMPLES.get(kind, {})})


def variants(run: Run) -> Iterator[tuple[str, Run]]:
    """The run with each registered part in turn."""
    for name in sorted(kinds(Term)):
        penalties = run.objective.replace(penalties=(example(Term, name),))
        yield name, run.replace(objective=penalties)
    for name in sorted(kinds(Loss)):
        yield name, run.replace(objective=run.objective.replace(loss=example(Loss, name)))
    for optimizer in optimizers():
        yield str(optimizer), run.replace(optimizer=optimizer)
    for name in AUGMENTATIONS:
        yield name, run.with_setting("data.augmentation", example(Augmentation, name))
    for precision in ("float32", "bf16"):
        yield precision, run.replace(precision=precision)
    for name in sorted(kinds(Model)):
        yield name, run.replace(model=example(Model, name))


@pytest.fixture
def few(noise: Dataset) -> Dataset:
    """24 training and 8 test images."""
    return cut(noise, lambda images: images)


def cut(data: Dataset, change: Callable[[np.ndarray], np.ndarray]) -> Dataset:
    train = Split(change(data.train.images[:24]), data.train.labels[:24])
    test = Split(change(data.test.images[:8]), data.test.labels[:8])
    return Dataset(data.name, data.classes, train, test, data.mean, data.std, data.digest)


def begin(step: Step, rates: Sequence[float] = (0.01, 0.001)) -> None:
    drawn = step.batches.draw(0)
    kind = torch.float32 if step.rate_on_device else torch.float64
    step.begin(
        {name: torch.from_numpy(rows) for name, rows in drawn.items()},
        torch.tensor(rates, dtype=kind),
    )


def without_values(run: Run, data: Dataset, mode: FakeTensorMode) -> Member:
    """The run's member, its weights and statistics fake tensors."""
    member = member_of(run, data, CPU)
    for module in member.model.modules():
        for held in (module._parameters, module._buffers):
            fakes = {n: mode.from_tensor(t) for n, t in held.items() if t is not None}
            held.update(fakes)  # type: ignore[arg-type]
    return member


def test_no_registered_part_reads_anything_back(
    noise: Dataset, few: Dataset, short_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole update and an evaluation of each, full and partial batches, as CUDA records them."""
    monkeypatch.setattr(precisions, "CUDA_ALONE", {})
    run = short_run.with_setting("model", made(Model, NARROW))
    large = cut(noise, lambda images: images.repeat(2, axis=1).repeat(2, axis=2))
    seen = []
    for name, variant in (*variants(run), ("float16", run.replace(precision="float16"))):
        data = large if name.endswith("expanded") else few
        mode = FakeTensorMode(allow_non_fake_inputs=True)
        member = without_values(variant, data, mode)
        with mode:
            step = Step(Train(batch_size=16), member, rate_on_device=True)
            begin(step)
            evaluation = Evaluation(member, member.context.test)
            try:
                for size in (16, 8):
                    member.model.train()
                    step.run(size)
                evaluation.run(8)
            except Exception as error:
                raise AssertionError(f"{name} breaks a rule of a step: {error}") from error
        seen.append(name)
    assert {"loco_reg", "cross_entropy", "crop_flip", "vgg10", "bf16"} <= set(seen)


def test_an_epoch_of_a_pack_reads_nothing_back_before_its_end(
    few: Dataset, short_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way of an epoch's draws and of its requests, each recorded for all members."""
    monkeypatch.setattr(graph, "WARM_UP", 0)
    run = short_run.with_setting("model", made(Model, NARROW))
    run = run.with_setting("procedure.phases.train.batch_size", 16)
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    members = [without_values(run.replace(seed=seed), few, mode) for seed in range(3)]
    conductor = Recorded(Host())
    with mode:
        for member in members:
            member.work = member.phases[0].begin(member)
            member.work.step.rate_on_device = True
        steps = [member.steps() for member in members]
        for size in (16, 8):
            requests = [next(each) for each in steps]
            assert [request.size for request in requests if isinstance(request, Request)] == [
                size
            ] * 3
            assert conductor.run(requests) == {}  # type: ignore[arg-type]
            if size == 16:
                assert [next(each) for each in steps] == [False] * 3
        assert [len(unit) for unit in conductor._replays] == [3, 3]
        with pytest.raises(DataDependentOutputException):
            next(steps[0])  # the end reads the loss


class Reading(Attached):
    """Breaks the rules."""

    def loss(self, labels: torch.Tensor) -> torch.Tensor | None:
        return self.model.classifier.weight.norm() * labels.max().item()  # type: ignore[union-attr, operator]


class Choosing(Attached):
    """Breaks them otherwise."""

    def add_gradients(self) -> None:
        for parameter in self.model.parameters():
            parameter.grad[parameter > 0] = 0.0  # type: ignore[index]
            parameter.grad = parameter.grad[parameter.grad.nonzero()]  # type: ignore[index, union-attr]


@pytest.mark.parametrize("penalty", [Reading, Choosing])
def test_what_breaks_the_rules_is_found(
    few: Dataset, short_run: Run, penalty: type[Attached]
) -> None:
    run = short_run.with_setting("model", made(Model, NARROW))
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    member = without_values(run, few, mode)
    with mode:
        step = Step(Train(batch_size=16), member, rate_on_device=True)
        step.with_loss = step.with_gradients = [penalty(member.model)]
        begin(step)
        with pytest.raises((DataDependentOutputException, DynamicOutputShapeException)):
            step.run(16)


def tensors_of(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from tensors_of(item)


def test_buffers_keep_their_addresses(few: Dataset, short_run: Run) -> None:
    """From the first update on: weights, statistics, state of all parts, sums, orders, rates."""
    run = short_run.with_setting("model", made(Model, NARROW))
    for name, variant in variants(run):
        if variant.model == run.model:
            member = member_of(variant, few, CPU)
            step = Step(Train(batch_size=16), member, rate_on_device=True)
            found: list[list[int]] = []
            for _ in range(2):
                begin(step)
                step.run(16)
                step.run(8)
                assert all(p.grad is None for p in member.model.parameters())
                held = [
                    dict(member.model.state_dict(keep_vars=True)),
                    step.update.state(),
                    [penalty.state() for penalty in step.penalties],
                    vars(step),
                    vars(step.batches),
                ]
                found.append([tensor.data_ptr() for tensor in tensors_of(held)])
            assert found[0] == found[1], name
            assert step.loss_sum.isfinite(), name


def test_a_rate_on_the_device_gives_the_same_update(few: Dataset, short_run: Run) -> None:
    run = short_run.with_setting("model", made(Model, NARROW))
    models = []
    for on_device in (False, True):
        member = member_of(run, few, CPU)
        member.model.train()
        step = Step(Train(batch_size=16), member, rate_on_device=on_device)
        for _ in range(2):
            begin(step, (0.1, 0.01))
            step.run(16)
            step.run(8)
        models.append(member.model)
    for first, second in zip(*(model.parameters() for model in models), strict=True):
        torch.testing.assert_close(first, second, rtol=1e-3, atol=1e-5)


def drawn_rows(part: Augmentation, seed: int, epoch: int, size: int) -> dict[str, torch.Tensor]:
    order = np.random.default_rng(seed % 2**32).permutation(size)
    drawn = part.draw(seed, epoch, order)
    assert all(len(rows) == size for rows in drawn.values())
    return {name: torch.from_numpy(rows) for name, rows in drawn.items()}


@pytest.mark.parametrize("kind", AUGMENTATIONS)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**63 - 1), epoch=st.integers(0, 200))
def test_a_batch_is_augmented_as_its_images_are(kind: str, seed: int, epoch: int) -> None:
    part = made(Augmentation, kind)
    pixels = torch.from_numpy(
        np.random.default_rng(epoch).integers(0, 256, (7, 16, 16, 3), dtype=np.uint8)
    )
    drawn = drawn_rows(part, seed, epoch, 7)
    batch = part.apply(pixels.clone(), drawn)
    assert batch.dtype == torch.uint8
    assert batch.shape == pixels.shape
    for index in range(7):
        row = slice(index, index + 1)
        one = part.apply(pixels[row].clone(), {n: rows[row] for n, rows in drawn.items()})
        assert torch.equal(batch[row], one)


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_an_augmentation_reads_nothing_back(kind: str) -> None:
    part = made(Augmentation, kind)
    drawn = drawn_rows(part, 1, 0, 7)
    with FakeTensorMode(allow_non_fake_inputs=False) as mode:
        rows = {name: mode.from_tensor(values) for name, values in drawn.items()}
        pixels = torch.zeros(7, 16, 16, 3, dtype=torch.uint8)
        assert part.apply(pixels, rows).shape == pixels.shape


def optimizers() -> list[Optimizer]:
    """One of each kind, and the variants of SGD."""
    variants: list[dict[str, str]] = [
        {"kind": "sgd", "lr_placement": "inside", "bias_lr_factor": "2"},
        {"kind": "beta_lasso", "momentum": "0.9", "scale_by_lr": "true"},
    ]
    return [made(Optimizer, each) for each in (*OPTIMIZERS, *variants)]


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("settings", optimizers(), ids=str)
def test_a_rate_may_be_a_number_or_a_tensor(
    settings: Optimizer, monkeypatch: pytest.MonkeyPatch, fused: bool
) -> None:
    """With the same result to rounding, and parameters and state where they were; also by torch's
    fused update, which is used on CUDA alone and computes the same on a CPU."""
    monkeypatch.setattr(sgd, "_alike", lambda *_: fused)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 2))
    models = model, copy.deepcopy(model)
    decay = {"0.weight": torch.rand(1, 1, 3, 3, dtype=torch.float64)}
    updates = [settings.build(each, decay) for each in models]
    before = [parameter.data_ptr() for each in models for parameter in each.parameters()]
    images = torch.randn(8, 3, 4, 4)
    for rate in (0.1, 0.03, 0.03):
        for each, update, lr in zip(models, updates, (rate, torch.tensor(rate)), strict=True):
            each(images).square().sum().backward()
            update.step(lr)
    for first, second in zip(*(each.parameters() for each in models), strict=True):
        torch.testing.assert_close(first, second)
    assert before == [parameter.data_ptr() for each in models for parameter in each.parameters()]
