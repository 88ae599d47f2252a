"""The throughput benchmark runs, and says what it has measured. Nothing here asserts a time."""

from __future__ import annotations

import ast
import io
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from run_makers import member_of

from benchmarks.data import store
from benchmarks.data.dataset import Dataset
from benchmarks.errors import UserError
from benchmarks.run import Run
from benchmarks.throughput import bare, device_report, plain, report
from benchmarks.throughput.__main__ import main, write_noise, write_torchvision
from benchmarks.throughput.contenders import (
    PLAIN,
    Contender,
    Options,
    Sample,
    Settings,
    on_cores,
    on_device,
)
from benchmarks.throughput.measuring import Standing, measure
from benchmarks.throughput.window import Window
from benchmarks.throughput.worker import TimedUpdates, updates_of

CPU = torch.device("cpu")
ROOT = Path(__file__).resolve().parents[2]


def options(**changes: int) -> Options:
    values = {"warmup": 2, "seconds": math.inf, "steps": 3, **changes}
    asked = {"kind": "bare", "precision": "float32", "pack": 1, "seed": 0}
    return Options("", "", "cpu", **values, **asked)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def noise_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 256 noise images and the same in torchvision's files."""
    root = tmp_path_factory.mktemp("noise")
    write_noise(root, 256)
    write_torchvision(root, root)
    return root


def settings(root: Path) -> Settings:
    return Settings(str(root), str(root), device="cpu", warmup=1, seconds=math.inf, steps=1)


def test_plain_is_plain() -> None:
    """Under 60 lines that import the standard library, torch and torchvision."""
    text = PLAIN.read_text()
    assert len(text.splitlines()) < 60
    modules = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.add((node.module or "").partition(".")[0])
    assert modules - set(sys.stdlib_module_names) == {"torch", "torchvision"}


def test_plain_reads_the_same_images(noise_root: Path) -> None:
    ours = store.read(noise_root, "cifar10")
    theirs = plain.CIFAR10(noise_root)
    assert np.array_equal(theirs.data, ours.train.images)
    assert theirs.targets == ours.train.labels.tolist()
    assert tuple(theirs.classes) == ours.classes


def test_bare_sees_every_image_once_an_epoch(noise_root: Path) -> None:
    dataset = store.read(noise_root, "cifar10")
    batches = bare.Images(dataset, "cpu").batches()
    seen = [next(batches) for _ in range(2)]
    pixels = torch.cat([pixels for pixels, _ in seen]).permute(0, 2, 3, 1).numpy()
    raw = np.rint((pixels * dataset.std + dataset.mean) * 255).astype(np.uint8)
    known = {image.tobytes(): index for index, image in enumerate(dataset.train.images)}
    mirrored = {image[:, ::-1].tobytes(): index for index, image in enumerate(dataset.train.images)}
    flips = [image.tobytes() in mirrored for image in raw]
    found = [{**known, **mirrored}[image.tobytes()] for image in raw]
    assert sorted(found) == list(range(256))
    assert torch.cat([labels for _, labels in seen]).tolist() == [
        dataset.train.labels[index] for index in found
    ]
    assert 80 < sum(flips) < 176


def test_bare_updates_like_torch(noise_root: Path) -> None:
    """Its three passes are SGD with momentum and weight decay."""
    torch.manual_seed(0)
    network = bare.Network(options(), bare.Images(store.read(noise_root, "cifar10"), "cpu"))
    copies = [p.detach().clone().requires_grad_() for p in network.parameters]
    sgd = torch.optim.SGD(copies, bare.LEARNING_RATE, bare.MOMENTUM, 0, bare.WEIGHT_DECAY)
    for _ in range(4):
        for parameter, copy in zip(network.parameters, copies, strict=True):
            parameter.grad = torch.randn_like(parameter)
            copy.grad = parameter.grad.clone()
        network.update()
        sgd.step()
    for parameter, copy in zip(network.parameters, copies, strict=True):
        torch.testing.assert_close(parameter, copy, rtol=1e-5, atol=1e-6)


@given(
    warmup=st.integers(1, 4),
    steps=st.integers(1, 5),
    group=st.integers(1, 4),
    batch=st.integers(1, 200),
)
def test_window_counts_whole_groups(warmup: int, steps: int, group: int, batch: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO("start\n"))
        patch.setattr(sys, "stdout", out := io.StringIO())
        window = Window(options(warmup=warmup, steps=steps), group)
        ticks = 0
        while not window.over:
            assert window.open == (ticks >= warmup * group)
            window.tick(batch)
            ticks += 1
        window.tick(batch)
    assert out.getvalue() == "ready\n"
    assert ticks == (warmup + steps) * group
    assert window.images == steps * group * batch
    assert window.seconds >= 0


def test_window_without_a_start_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    window = Window(options(warmup=1), group=1)
    with pytest.raises(SystemExit, match="has gone"):
        window.tick(128)


def test_updates_take_turns(
    noise: Dataset, short_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each update is timed once a group, and only LOCO-Reg's and torch's shrink the weights."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("start\n"))
    member = member_of(short_run, noise, CPU)
    updates = updates_of(member.work.step)
    window = Window(options(warmup=1, steps=2), group=len(updates))
    timed = TimedUpdates(updates, window)
    shrunk = []
    weight = member.model.get_parameter("features.conv5.weight")
    while not window.over:
        for parameter in member.model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        before = weight.norm().item()
        timed.step(0.1)
        shrunk.append(weight.norm().item() < before)
        assert weight.grad is None
        window.tick(1)
    assert shrunk == [True, False, True] * 3
    assert {name: len(seconds) for name, seconds in timed.seconds.items()} == {
        "locality": 2,
        "no decay": 2,
        "torch.optim.SGD": 2,
    }


def made_up_round(factor: float) -> report.Round:
    speeds = {"plain": 500.0, "bare": 1000.0, "ours": 1000.0 * factor, "update": 900.0}
    seconds = {"locality": 0.004, "no decay": 0.003, "torch.optim.SGD": 0.0035}
    reply = {"threads": 1, "update_seconds": seconds}
    return {
        who: Sample(speeds[who.kind], 1000 * factor, (reply,) * who.processes)
        for who in on_cores(("float32",), cores=2)
    }


def summary_of(*factors: float) -> dict[str, Any]:
    machine = {
        "processor": "a processor",
        "cores": 2,
        "instruction_sets": ["avx2"],
        "system": "Linux",
        "python": "3",
        "packages": {"torch": "2"},
        "load_at_start": 0.0,
    }
    rounds = [made_up_round(factor) for factor in factors]
    return report.summarize(rounds, machine, {"images": "noise"})


def test_summary_pairs_within_rounds() -> None:
    summary = summary_of(0.9, 1.0, 0.98)
    found = {(r["above"].split()[0], r["below"].split()[0]): r for r in summary["ratios"]}
    assert found["ours", "bare"]["rounds"] == pytest.approx((0.9, 1.0, 0.98))
    assert found["ours", "bare"]["median"] == pytest.approx(0.98)
    assert found["ours", "bare"]["least"] == 0.97
    assert found["ours", "plain"]["median"] == pytest.approx(1.96)
    assert found["bare", "plain"]["least"] is None
    assert summary["contenders"]["ours float32"]["peak_mib"] == 1000
    # 1 ms more than without decay; a step of 128 images in each of two processes at 1,000 images/s.
    share = summary["regularizer"]["share_of_step"]["ours float32"]["rounds"]
    assert share == pytest.approx([0.001 * 1000 * f / 256 for f in (0.9, 1.0, 0.98)])


def test_contenders_of_a_machine() -> None:
    names = [who.name for who in on_cores(("float32", "bf16"), cores=3)]
    assert names == [
        "plain float32", "bare float32", "ours float32", "bare bf16", "ours bf16", "update bf16",
    ]  # fmt: skip
    field = on_device(("bf16",), packs=(1, 15), ways=("", "eager"), compiled=("reduce-overhead",))
    assert [who.name for who in field] == [
        "peak bf16", "plain float32", "bare bf16", "compiled reduce-overhead bf16",
        "ours bf16", "ours bf16 ×15", "ours eager bf16", "ours eager bf16 ×15",
    ]  # fmt: skip
    assert {who.processes for who in field} == {1}
    assert [who.kind for who in field if not who.lasting] == ["plain"]


def test_the_networks_cost_is_counted() -> None:
    """By hand, layer by layer: pixels × 9 × channels in × channels out, and the dense layer."""
    convolutions = [
        (32, 3, 32), (16, 32, 64), (16, 64, 64), (8, 64, 128), (8, 128, 128),
        (4, 128, 256), (4, 256, 256), (2, 256, 512), (2, 512, 512),
    ]  # fmt: skip
    by_hand = sum(side**2 * 9 * before * after for side, before, after in convolutions) + 512 * 10
    assert device_report.network_multiply_adds() == by_hand


def device_rounds() -> list[report.Round]:
    """Two rounds of made-up samples: the second is half as fast throughout."""
    field = on_device(("bf16",), (1, 15), ("",), ("reduce-overhead",))
    flop = 6 * device_report.network_multiply_adds()
    shares = {"peak": 1, "plain": 0.01, "bare": 0.05, "compiled": 0.1, "ours": 0.08}
    rounds: list[report.Round] = []
    for speed in (800e12, 400e12):
        rounds.append({})
        for who in field:
            share = 0.4 if who.pack == 15 else shares[who.kind]
            rate = speed * share / (1 if who.kind == "peak" else flop)
            reply = {"threads": 1, "peak_device": 2**30, "device": "a GPU"}
            rounds[-1][who] = Sample(rate, 500.0, (reply,))
    return rounds


def test_a_device_is_judged_by_its_peak_of_the_same_round() -> None:
    machine = summary_of(1.0)["machine"]
    shown = {"images": "noise", "device": "cuda"}
    found = device_report.summarize(device_rounds(), {"bare float32": "it broke"}, machine, shown)
    best = found["contenders"]["ours bf16 ×15"]
    assert best["share_of_peak"]["rounds"] == pytest.approx([0.4, 0.4])
    assert best["tflop_per_second"]["rounds"] == pytest.approx([320, 160])
    assert best["device_mib"] == 1024
    assert found["peak_tflop_per_second"]["median"] == pytest.approx(600)
    ratio = next(r for r in found["ratios"] if r["above"] == "ours bf16 ×15")
    assert ratio["rounds"] == pytest.approx([4.0, 4.0])
    text = shown_text(device_report.render(found))
    for word in ("40.0%", "✓ ours bf16 ×15: 40.0% of", "✓ ours bf16 ×15: 4.00 ×", "it broke"):
        assert word in text
    json.dumps(found)


def shown_text(rendered: Any) -> str:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=140)
    console.print(rendered)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_slow_pack_misses_the_bar() -> None:
    rounds = device_rounds()
    for each in rounds:
        for who, sample in each.items():
            if who.pack == 15:
                each[who] = Sample(sample.images_per_second / 2, 500.0, sample.replies)
    machine = summary_of(1.0)["machine"]
    found = device_report.summarize(rounds, {}, machine, {"images": "noise", "device": "cuda"})
    text = shown_text(device_report.render(found))
    assert "✗ ours bf16 ×15: 20.0% of" in text
    assert "✗ ours bf16 ×15: 2.00 ×" in text


def test_a_lasting_window_opens_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Warm-up before the first signal and after each; an answer after each window; ends with the
    input."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("start\nstart\n"))
    monkeypatch.setattr(sys, "stdout", out := io.StringIO())
    lasting = replace(options(warmup=2, steps=3), lasting=True)
    window = Window(lasting, group=2)
    ticks = 0
    while not window.over:
        window.tick(10)
        ticks += 1
    ready, *answers = out.getvalue().splitlines()
    assert ready == "ready"
    assert [json.loads(answer)["images"] for answer in answers] == [60, 60]
    assert ticks == 2 * (2 + (2 + 3) + (2 + 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rounds", "0"], "--rounds must be at least 1"),
        (["--steps", "0"], "--steps must be at least 1"),
        (["--seconds", "-1"], "--seconds must be positive"),
        (["--noise", "5"], "--noise must be at least 128"),
        (["--data", "/nowhere"], "reproduce data get cifar10"),
        (["--json", "/nowhere/x.json"], "cannot write to /nowhere"),
        (["--compile", "default"], "give --pack 1 as well"),
        (["--path", "branches"], "leave it out with --device cpu"),
        (["--device", "cuda", "--noise", "128", "--path", "x"], "is none of branches, members"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_an_earlier_result_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out.json").write_text("{}")
    assert main(["--json", str(tmp_path / "out.json")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "out.json").read_text() == "{}"


@pytest.mark.slow
def test_a_failing_process_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="reproduce data get cifar10"):
        measure(Contender("ours", "float32"), settings(tmp_path))
    with pytest.raises(RuntimeError, match="plain float32 failed with exit code 1"):
        measure(Contender("plain", "float32"), settings(tmp_path))


@pytest.mark.slow
@pytest.mark.long
def test_one_device_is_measured_in_turns(noise_root: Path) -> None:
    """Processes that stay for two rounds; one that cannot train at all is left out."""
    field = [who for who in on_device(("float32",), (2,), ("",), ()) if who.lasting]
    impossible = Contender("ours", "float32", way="no such path", lasting=True)
    with Standing([*field, impossible], settings(noise_root)) as standing:
        standing.warm_up(lambda name: None)
        rounds = [standing.round(lambda name: None) for _ in range(2)]
    assert list(standing.failures) == [impossible.name]
    assert "no such path" in standing.failures[impossible.name]
    for each in rounds:
        assert list(each) == field
        images = {who.kind: sample.replies[0]["images"] for who, sample in each.items()}
        assert images == {"peak": 2 * 512**3, "bare": 128, "ours": 256}


@pytest.mark.slow
@pytest.mark.long
def test_a_tiny_run_is_well_formed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.throughput", "--noise", "256", "--rounds", "1"]
    command += ["--steps", "1", "--warmup", "1", "--precision", "float32"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [*command, "--json", str(tmp_path / "out.json")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for word in ("plain float32", "bare float32", "ours float32", "256 images of noise"):
        assert word in done.stdout
    assert list(tmp_path.iterdir()) == [tmp_path / "out.json"]
    result = json.loads((tmp_path / "out.json").read_text())
    cores = result["machine"]["cores"]
    assert {name: c["processes"] for name, c in result["contenders"].items()} == {
        "plain float32": 1,
        "bare float32": cores,
        "ours float32": cores,
        "update float32": cores,
    }
    for name, contender in result["contenders"].items():
        for reply in contender["replies"][0]:
            assert reply["images"] == 128 * (3 if name.startswith("update") else 1)
            assert reply["seconds"] > 0
            assert name.startswith("plain") or reply["threads"] == 1
        rates = [reply["images"] / reply["seconds"] for reply in contender["replies"][0]]
        assert contender["images_per_second"]["median"] == pytest.approx(sum(rates))
        assert contender["peak_mib"] > 100
    speeds = {name: c["images_per_second"]["median"] for name, c in result["contenders"].items()}
    assert len(result["ratios"]) == 3
    for ratio in result["ratios"]:
        assert ratio["median"] == pytest.approx(speeds[ratio["above"]] / speeds[ratio["below"]])
    assert set(result["regularizer"]["update_seconds"]) == {
        "locality",
        "no decay",
        "torch.optim.SGD",
    }
    assert math.isfinite(result["regularizer"]["share_of_step"]["ours float32"]["median"])


def test_the_table_names_everything() -> None:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=120)
    console.print(report.render(summary_of(1.0)))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for word in ("a processor", "ours float32 / bare float32", "1.000", "torch.optim.SGD", "≤ 2%"):
        assert word in text
