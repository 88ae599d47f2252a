"""Procedures of several phases: their numbers, their measurements, and resuming in each of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from run_makers import build, changed, correct_of, make_run, member_of

from benchmarks.data.dataset import Dataset, Split
from benchmarks.errors import UserError
from benchmarks.models import PyramidNet, filter_removal
from benchmarks.models.describe import multiply_adds, network_measures
from benchmarks.objectives import Objective
from benchmarks.penalties import PlainL2
from benchmarks.procedures import LinearSVM, Phase, Procedure, Prune, StartFrom, Train
from benchmarks.procedures.linear_svm import _machine, equal_shares
from benchmarks.run import Run
from benchmarks.schedules import Cosine, Steps
from benchmarks.training import checkpoint, loop
from benchmarks.training.placed_splits import PlacedSplit

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _prepared() -> None:
    loop.prepare(CPU)


def of_phases(run: Run, *phases: Phase) -> Run:
    """A narrow network in these phases."""
    narrow = run.with_setting("model.width_multiplier", "0.125")
    return narrow.replace(procedure=Procedure(phases=phases))


def trained(run: Run, data: Dataset, **options: object) -> loop.Outcome:
    (outcome,) = loop.train([run], data, CPU, **options)  # type: ignore[arg-type]
    assert outcome.finished, outcome.traceback
    return outcome


def state_of(outcome: loop.Outcome) -> dict[str, torch.Tensor]:
    assert outcome.model is not None
    return outcome.model.state_dict()


SHORT = Train(epochs=2, batch_size=64, evaluate_every=1)
FINE = Train(epochs=1, batch_size=32, schedule=Steps(learning_rate=Decimal("0.001")))


@pytest.mark.parametrize("what", ["weights", "filters"])
def test_killed_in_any_phase_it_comes_to_the_same(
    noise: Dataset,
    short_run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)
    pruned = Prune(threshold=Decimal("0.08" if what == "filters" else "0.02"), what=what)  # type: ignore[arg-type]
    svm = LinearSVM(images=100)
    run = of_phases(changed(short_run, learning_rate="0.01"), SHORT, pruned, FINE, svm)
    whole = trained(run, noise)
    stops = 0
    for stop_after in range(1, 40, 4):
        folder = tmp_path / str(stop_after)
        steps = iter(range(1, 1000))
        (stopped,) = loop.train(
            [run],
            noise,
            CPU,
            checkpoints=folder,
            should_stop=lambda s=steps, n=stop_after: next(s) >= n,  # type: ignore[misc]
        )
        stops += not stopped.finished
        resumed = trained(run, noise, checkpoints=folder)
        assert resumed.curves == whole.curves
        assert resumed.measurements == whole.measurements
        for name, value in state_of(resumed).items():
            assert torch.equal(value, state_of(whole)[name]), name
    assert stops >= 3
    assert [epoch for epoch, _ in whole.curves["training loss"]] == [1, 2, 3]
    assert {"test accuracy", "svm accuracy", "parameters"} <= set(whole.measurements)


def test_a_linear_machine_answers_by_all_views(noise: Dataset, short_run: Run) -> None:
    fit = LinearSVM(all_views=True)
    cut = {"data.window": 28, "data.test_views": "ten"}
    model = PyramidNet(depth=3, widths=(6, 8), first_kernel=3)
    run = of_phases(short_run, SHORT, fit).replace(model=model)
    for path, value in cut.items():
        run = run.with_setting(path, value)
    member = member_of(run, noise, CPU)
    test, train = member.context.test, member.context.train
    np.testing.assert_array_equal(member.features(test, 4), member.features(test))  # the middle
    views = [member.features(test, number) for number in range(10)]
    assert all((one != views[4]).any() for number, one in enumerate(views) if number != 4)
    machine = _machine(1.0).fit(member.features(train), noise.train.labels)
    decided = np.mean([machine.decision_function(features) for features in views], 0)
    np.testing.assert_array_equal(fit._answers(machine, member, test), decided.argmax(1))
    assert (decided.argmax(1) != machine.predict(views[4])).any()


def test_a_linear_machine_sees_all_classes_of_sorted_images(noise: Dataset, short_run: Run) -> None:
    """As they lie where they were imported from folders; of what is not held out too."""
    order = np.argsort(noise.train.labels, kind="stable")
    train = Split(np.array(noise.train.images)[order], np.array(noise.train.labels)[order])
    fit = LinearSVM(images=25, choices=(Decimal("0.1"), Decimal(1)))
    run = of_phases(short_run, SHORT.replace(epochs=1), fit).with_setting("data.held_out", 40)
    outcome = trained(run, replace(noise, train=train))
    assert outcome.measurements["svm accuracy"]["of"] == 64
    places = equal_shares(np.array([0] * 6 + [1] * 2 + [2] * 9), 10)
    assert places.tolist() == [0, 1, 2, 3, 6, 7, 8, 9, 10, 11]
    assert equal_shares(noise.train.labels, 10**6).tolist() == list(range(160))
    member = member_of(run, noise, CPU)
    half = member.context.train.only(np.arange(0, 120, 2))
    pixels, labels = next(half.only(np.array([3, 5])).windows(9))
    whole, all_labels = next(member.context.train.windows(120))
    assert torch.equal(pixels, whole[[6, 10]])
    assert torch.equal(labels, all_labels[[6, 10]])


def test_pruning_removes_what_is_small_and_fine_tuning_has_its_own_settings(
    noise: Dataset, short_run: Run
) -> None:
    full = trained(of_phases(short_run, SHORT), noise)
    decay = Objective(penalties=(PlainL2(weight_decay=Decimal(5)),))
    run = of_phases(
        short_run, SHORT, Prune(threshold=Decimal("0.05")), SHORT.replace(objective=decay)
    )
    cut = trained(of_phases(short_run, SHORT, Prune(threshold=Decimal("0.05"))), noise)
    again = trained(run, noise)
    assert cut.measurements["parameters"] == full.measurements["parameters"]
    weights = [p for name, p in state_of(cut).items() if name.endswith("weight") and p.dim() > 1]
    assert all(((w == 0) | (w.abs() > 0.05)).all() for w in weights)
    kept = sum(int((w != 0).sum()) for w in weights)
    assert cut.measurements["non-zero parameters"] < full.measurements["non-zero parameters"]
    assert 0 < kept < sum(w.numel() for w in weights)
    first, second = (state_of(o)["features.conv5.weight"].norm() for o in (cut, again))
    assert second < first / 2  # the second phase's decay


def test_filters_that_do_nothing_may_go() -> None:
    """A network whose dead filters are taken out computes the same, with fewer of everything."""
    model = build(make_run(width_multiplier="0.25"), 10).eval()
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, torch.nn.Conv2d):
                layer.weight[::3] = 0
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.running_mean.uniform_(-1, 1)  # type: ignore[union-attr]
                layer.bias[::3] = 0
                layer.running_mean[::3] = 0  # type: ignore[index]
    images = torch.randn(4, 3, 32, 32)
    expected, before = model(images), network_measures(model, 32)
    kept = filter_removal.kept_filters(model, 0.0)
    filter_removal.shrink(model, kept)
    torch.testing.assert_close(model(images), expected, rtol=1e-4, atol=1e-5)
    after = network_measures(model, 32)
    assert after["layer widths"] == [*(len(places) for places in kept.values()), 10]
    assert after["layer widths"][0] == 8 - 3
    assert after["parameters"] < before["parameters"] / 1.9
    assert after["multiply-adds"] < before["multiply-adds"] / 1.9


def test_a_network_that_is_no_chain_keeps_its_filters() -> None:
    for model in ("resnet10", "mobilenet", "rcnet10"):
        with pytest.raises(UserError, match="only out of a chain"):
            filter_removal.kept_filters(build(make_run(model=model), 10), 0.1)


def test_multiply_adds_are_the_closed_form_ones() -> None:
    """A k×k convolution of m into n maps of s² costs k²·m·n·s²; the dense layer m·n."""
    widths = [3, 32, 64, 64, 128, 128, 256, 256, 512, 512]
    sides = [32, 16, 16, 8, 8, 4, 4, 2, 2]
    products = [9 * m * n * s * s for m, n, s in zip(widths[:-1], widths[1:], sides, strict=True)]
    assert multiply_adds(build(make_run(), 10), 32) == sum(products) + 5_120


def test_a_run_starts_from_anothers_weights(noise: Dataset, short_run: Run) -> None:
    source = of_phases(short_run, SHORT)
    weights = state_of(trained(source, noise))
    run = of_phases(short_run, StartFrom(run=source, fresh=("classifier",)), SHORT)
    member = member_of(run, noise, CPU)
    own = {name: value.clone() for name, value in member.model.state_dict().items()}
    asked: list[Run] = []

    def weights_of(wanted: Run) -> dict[str, torch.Tensor]:
        asked.append(wanted)
        return weights

    object.__setattr__(member.context, "weights_of", weights_of)
    next(member.steps())
    assert asked == [source]
    for name, value in member.model.state_dict().items():
        expected = own if name.startswith("classifier") else weights
        assert torch.equal(value, expected[name]), name
    (outcome,) = loop.train([run], noise, CPU)
    assert isinstance(outcome.error, UserError)
    assert source.hash in str(outcome.error)
    wide = of_phases(short_run, StartFrom(run=source)).with_setting("model.width_multiplier", "1")
    (outcome,) = loop.train([wide], noise, CPU, weights_of=weights_of)
    assert "do not fit the network" in str(outcome.error)


def test_held_out_images_are_not_trained_on(noise: Dataset, short_run: Run) -> None:
    run = of_phases(short_run, SHORT).with_setting("data.held_out", 40)
    context = member_of(run, noise, CPU).context
    validation = context.evaluated["validation"]
    assert (len(context.train), len(validation)) == (120, 40)
    pixels = np.concatenate([np.concatenate([p.numpy() for p, _ in part.windows(50)])
                             for part in (context.train, validation)])  # fmt: skip
    assert np.array_equal(
        np.unique(pixels.reshape(160, -1), axis=0),
        np.unique(np.array(noise.train.images).reshape(160, -1), axis=0),
    )
    other = member_of(changed(run, seed=9), noise, CPU).context.evaluated["validation"]
    assert not torch.equal(other.labels, validation.labels)
    outcome = trained(run, noise)
    assert outcome.measurements["validation accuracy"]["of"] == 40
    assert correct_of(outcome) is not None
    with pytest.raises(UserError, match="hold less"):
        member_of(run.with_setting("data.held_out", 160), noise, CPU)


def test_a_part_of_the_images_is_trained_on(noise: Dataset, short_run: Run) -> None:
    """A part of what is left beside the held out ones, which are the same ones; by the seed."""
    run = of_phases(short_run, SHORT).with_setting("data.held_out", 40)
    whole, part = (
        member_of(run.with_setting("data.train_images", count), noise, CPU).context
        for count in (0, 70)
    )
    assert torch.equal(
        pixels_of(whole.evaluated["validation"]), pixels_of(part.evaluated["validation"])
    )
    assert torch.equal(pixels_of(part.train), pixels_of(whole.train)[:70])
    few = of_phases(short_run, SHORT).with_setting("data.train_images", 70)
    outcome = trained(few, noise)
    assert outcome.measurements["training accuracy"]["of"] == 70
    assert "validation accuracy" not in outcome.measurements
    other = member_of(changed(few, seed=9), noise, CPU).context.train
    assert not torch.equal(pixels_of(other), pixels_of(member_of(few, noise, CPU).context.train))
    data = few.data
    assert [data.trained_on(size) for size in (160, 70, 50, 0)] == [70, 70, 50, 0]


def pixels_of(split: PlacedSplit) -> torch.Tensor:
    return torch.cat([pixels for pixels, _ in split.windows(50)])


@given(
    epochs=st.integers(1, 30),
    steps=st.integers(1, 9),
    top=st.decimals("0.01", 1, places=3),
    floor=st.decimals(0, "0.009", places=4),
)
def test_half_a_cosine_falls_from_the_rate_towards_its_minimum(
    epochs: int, steps: int, top: Decimal, floor: Decimal
) -> None:
    schedule = Cosine(learning_rate=top, minimum=floor)
    rates = [
        schedule.rate(epoch, step, steps, epochs=epochs)
        for epoch in range(epochs)
        for step in range(steps)
    ]
    assert rates[0] == top
    assert rates == sorted(rates, reverse=True)
    assert all(rate >= floor for rate in rates)
    total = epochs * steps
    if total % 2 == 0:
        assert float(rates[total // 2]) == pytest.approx(float(top + floor) / 2)
