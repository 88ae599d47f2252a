"""Networks without small kernels or rings: really smaller, with the thresholded ones' outputs."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch import nn

from benchmarks.data.dataset import Dataset
from benchmarks.errors import UserError
from benchmarks.models import VGG10, PairedNet, ResNet10, kernel_selection
from benchmarks.models.describe import describe, multiply_adds
from benchmarks.models.kernel_removal import CompactBlock
from benchmarks.models.supports import offset, rings
from benchmarks.objectives import Objective
from benchmarks.penalties import KernelSize
from benchmarks.procedures import Procedure, Prune, Train, shrink
from benchmarks.procedures.shrink_model import SCHEMES
from benchmarks.run import Run
from benchmarks.training import checkpoint, loop

CPU = torch.device("cpu")
SMALL = PairedNet(widths=(6, 6, 6, 6, 6, 10, 10), kernel_sizes=(5, 5, 5, 3, 3, 3, 7), halve_at=(6,))
NETWORKS: dict[str, Any] = {
    "padded": SMALL,
    "projected": SMALL.replace(shortcuts="project", pool=True),
    "left over": SMALL.replace(widths=(6,) * 6, kernel_sizes=(5,), halve_at=(4, 6)),
    "plain": SMALL.replace(shortcuts="none"),
    "without norms": SMALL.replace(batch_norm="none"),
    "norms without weights": SMALL.replace(batch_norm="plain", shortcuts="project"),
    "vgg": VGG10(width_multiplier="0.125"),
    "resnet": ResNet10(width_multiplier="0.125"),
}


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    """As runs compute: threads that wait for each other take longer than these small layers."""
    loop.prepare(CPU)


@torch.no_grad()
def random_network(name: str, seed: int, side: int = 32) -> nn.Module:
    """A network in evaluation mode whose groups of weights are small at random."""
    model = NETWORKS[name].build(10, side, seed=seed).eval()
    torch.manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            side = module.kernel_size[0]
            module.weight.normal_()
            ring_of = torch.tensor(rings(side, "half_ring"))
            for kernel in module.weight:
                removed = int(torch.randint(0, side, ()))
                kernel[:, ring_of <= removed] *= 0.01
                is_first = kernel.data_ptr() == module.weight.data_ptr()  # so that a layer stays
                kernel *= 0.01 if torch.rand(()) < 0.3 and not is_first else 1
            if module.bias is not None:
                module.bias.normal_()
        if isinstance(module, nn.BatchNorm2d):
            for entry in (module.weight, module.bias, module.running_mean):
                if entry is not None:
                    entry.normal_()
            module.running_var.uniform_(1, 9)  # type: ignore[union-attr]
    if hasattr(model, "blocks") and seed % 2:
        model.blocks[1].conv2.weight.mul_(1e-4)
    return model


@pytest.mark.parametrize("what", SCHEMES)
@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=2, phases=(Phase.generate,))
@given(seed=st.integers(0, 2**20), relative=st.booleans())
def test_outputs_are_the_thresholded_networks(
    name: str, what: Any, seed: int, relative: bool
) -> None:
    side = 32 if name == "vgg" else 18
    model = random_network(name, seed, side)
    tau, mode = ("0.1", "relative") if relative else ("0.45", "absolute")
    found = shrink(model, tau, what, tau_mode=mode)  # type: ignore[arg-type]
    expected = copy.deepcopy(model)
    kernel_selection.zero_kernels(expected, found.sizes, SCHEMES[what])
    images = torch.randn(3, 3, side, side)
    with torch.no_grad():
        logits = expected(images)
        scale = float(logits.abs().max())
        torch.testing.assert_close(found.model(images) / scale, logits / scale, atol=1e-5, rtol=0)
    assert count(found.model) < count(model)
    assert multiply_adds(found.model, side) < multiply_adds(model, side)


@pytest.mark.parametrize("what", SCHEMES)
def test_what_is_small_is_zeroed_and_nothing_else(what: Any) -> None:
    """Eqs. 15 and 23: afterwards each group's norm is 0 or above τ, and what stays is the same."""
    model = random_network("plain", 3)
    before = copy.deepcopy(model)
    sizes = shrink(model, "0.45", what).sizes
    kernel_selection.zero_kernels(model, sizes, SCHEMES[what])
    for path in sizes:
        new, old = (m.get_submodule(path).weight.detach() for m in (model, before))
        ring_of = torch.tensor(rings(new.shape[-1], SCHEMES[what]))
        assert bool(((new == old) | (new == 0)).all())
        for n in range(1, int(ring_of.max()) + 1):
            norms = old[:, :, ring_of <= n].flatten(1).norm(dim=1)
            left = new[:, :, ring_of <= n].flatten(1).norm(dim=1)
            assert torch.equal(left == 0, norms <= 0.45)
            assert bool((left[norms > 0.45] > 0).all())
            inside = new[:, :, ring_of > n].flatten(1).norm(dim=1)
            assert torch.equal(inside[norms > 0.45], old[:, :, ring_of > n].flatten(1).norm(dim=1)
                               [norms > 0.45])  # fmt: skip


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_parameters_and_multiply_adds_are_those_of_eq_10() -> None:
    """Of a chain of kernels of sizes s: d₍ᵢ₋₁₎·s² a kernel, times the map."""
    torch.manual_seed(0)
    model = random_network("plain", 5)
    found = shrink(model, "0.45", "half_rings")
    ghost = found.model.to("meta")
    layers = [layer for layer in describe(lambda: ghost, 32) if layer.kind != "fc"]
    inputs, expected = 3, 0
    for sizes, side in zip(found.sizes.values(), [32] * 5 + [16] * 2, strict=True):
        expected += side**2 * inputs * sum(size**2 for size in sizes)
        inputs = sum(map(bool, sizes))
    assert sum(layer.multiply_adds for layer in layers) == expected
    assert {4, 5} < {size for sizes in found.sizes.values() for size in sizes}


def test_blocks_without_kernels_are_deleted() -> None:
    model = NETWORKS["padded"].build(10, seed=0).eval()
    with torch.no_grad():
        model.blocks[0].conv1.weight.zero_()
        model.blocks[2].conv2.weight.zero_()  # its shortcut changes the shape
    found = shrink(model, 0)
    assert found.removed_layers == ("blocks.0.conv1", "blocks.0.conv2", "blocks.2.conv1",
                                    "blocks.2.conv2")  # fmt: skip
    assert isinstance(found.model.blocks[0], nn.Identity)  # type: ignore[index, union-attr]
    assert sum(isinstance(m, nn.Conv2d) for m in found.model.modules()) == 3
    measured = found.measurements()
    assert measured["learned widths"] == [6, 0, 0, 6, 6, 0, 0]
    assert measured["layers left"] == {"count": 3, "of": 7}
    assert measured["kernels of size 5"] == [6, 0, 0, 0, 0, 0, 0]
    # Channels that padding adds and nothing fills leave the classifier, too.
    assert found.model.classifier.in_features == 6
    images = torch.randn(2, 3, 32, 32)
    expected = copy.deepcopy(model)
    kernel_selection.zero_kernels(expected, found.sizes, "kernel")
    torch.testing.assert_close(found.model(images), expected(images), atol=1e-5, rtol=1e-5)


def test_a_layer_of_a_plain_network_goes_on_request_alone() -> None:
    model = NETWORKS["plain"].build(10, seed=0).eval()
    with torch.no_grad():
        model.features.conv3.weight.zero_()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(UserError, match=r"all 6 kernels of features\.conv3.*allow_plain_removal"):
        shrink(model, 0)
    found = shrink(model, 0, allow_plain_removal=True)
    assert found.removed_layers == ("features.conv3",)
    kept = nn.Sequential(*(m for n, m in model.features.named_children() if "3" not in n))
    images = torch.randn(2, 3, 32, 32)
    expected = model.classifier(kept(images).mean((2, 3)))
    torch.testing.assert_close(found.model(images), expected, atol=1e-5, rtol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    with pytest.raises(UserError, match=r"removes all 6 kernels of features\.conv1.*input cannot"):
        shrink(model, 1e9, allow_plain_removal=True)


def own_chain(between: nn.Module, **others: nn.Module) -> nn.Module:
    """A network of one's own with something between its two convolutions, or beside the chain."""
    first = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), between]
    features = nn.Sequential(*first, nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Flatten())
    return nn.ModuleDict({**others, "features": features, "classifier": nn.Linear(64, 2)})


def twice() -> nn.Module:
    """A network one of whose convolutions stands in it twice."""
    layer = nn.Conv2d(4, 4, 3, padding=1)
    features = nn.Sequential(nn.Conv2d(3, 4, 3), layer, nn.ReLU(), layer, nn.Flatten())
    return nn.ModuleDict({"features": features, "classifier": nn.Linear(64, 2)})


def test_an_activation_that_stands_twice_is_seen_twice() -> None:
    """In front of the first convolution it does no harm, behind it a sigmoid gives 0 a value."""
    act = nn.Sigmoid()
    features = nn.Sequential(act, nn.Conv2d(3, 4, 3), act, nn.Conv2d(4, 4, 3), nn.Flatten())
    model = nn.ModuleDict({"features": features, "classifier": nn.Linear(64, 2)})
    with pytest.raises(UserError, match=r"features\.2 \(Sigmoid\) does not keep"):
        shrink(model, 0)


def test_what_keeps_zeros_may_stand_between_convolutions() -> None:
    """And is left as it is, training mode and all."""
    model = own_chain(nn.Sequential(nn.Dropout(), nn.Tanh(), nn.ZeroPad2d(1), nn.MaxPool2d(2)))
    with torch.no_grad():
        model.features[0].weight[1] = 0  # type: ignore[index, operator, union-attr]
    assert shrink(model, 0).widths == {"features.0": 3, "features.3": 4}
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: shrink(NETWORKS["padded"].build(2, seed=0), 1e9), "all 6 kernels of stem"),
        (lambda: shrink(NETWORKS["plain"].build(2, seed=0), -1), "must not be negative"),
        (lambda: shrink(NETWORKS["plain"].build(2, seed=0), 0, "x"), "none of kernels"),  # type: ignore[arg-type]
        (lambda: shrink(nn.Sequential(nn.Conv2d(3, 2, 3)), 0), "cannot be taken out"),
        (lambda: shrink(NETWORKS["plain"].build(2, seed=0), 0, tau_mode="x"), "none of absolute"),  # type: ignore[arg-type]
        (lambda: shrink(own_chain(nn.Conv2d(4, 4, 3, padding_mode="reflect")), 0), "with zeros"),
        (lambda: shrink(twice(), 0), "cannot be taken out"),
        (lambda: shrink(own_chain(nn.Sigmoid()), 0), r"features\.2 \(Sigmoid\) does not keep"),
        (lambda: shrink(own_chain(nn.ChannelShuffle(2)), 0), r"\(ChannelShuffle\) does not keep"),
        (
            lambda: shrink(own_chain(nn.BatchNorm2d(4, affine=False)), 0),
            r"\(BatchNorm2d\) does not keep",
        ),
        (lambda: shrink(NETWORKS["plain"].build(2, seed=0), "x"), "must be a number, not 'x'"),
        (lambda: shrink(NETWORKS["plain"].build(2, seed=0), None), "must be a number, not None"),  # type: ignore[arg-type]
        (lambda: shrink(own_chain(nn.ReLU(), gate=nn.Linear(4, 4)), 0), "weights beside"),
        (lambda: Prune(threshold="-1", what="kernels"), "must not be negative"),
        (lambda: Prune(what="weights", tau_mode="relative"), "tau_mode"),
        (lambda: PairedNet(widths=(4, 4, 5), halve_at=()), "must be alike"),
        (lambda: PairedNet(widths=(5, 4, 4), halve_at=()), "use project"),
        (lambda: PairedNet(kernel_sizes=(4,)), "must be odd"),
        (lambda: PairedNet().network(10, 3), "too small"),
    ],
)
def test_bad_input_is_one_line(make: Any, words: str) -> None:
    with pytest.raises(UserError, match=words) as error:
        make()
    assert "\n" not in str(error.value)


def test_kernels_that_pass_a_channel_through_are_found() -> None:
    """Eq. 24, which is the rest of a layer that does nothing."""
    model = NETWORKS["plain"].build(10, seed=0).eval()
    with torch.no_grad():
        model.features.conv3.weight.mul_(1e-3)
        for kernel, channel in enumerate((4, 0, 3)):
            model.features.conv3.weight[kernel, channel, 2, 2] = 1.0
    found = shrink(model, "0.1", "half_rings")
    assert found.sizes["features.conv3"] == [1, 1, 1, 0, 0, 0]
    passing = [entry[:3] for entry in found.identity_like if entry[0] == "features.conv3"]
    assert passing == [("features.conv3", kernel, ch) for kernel, ch in enumerate((4, 0, 3))]
    assert found.measurements()["identity-like kernels"]["count"] >= 3


@pytest.mark.parametrize("name", ["plain", "padded"])
def test_what_reads_a_removed_channel_passes_nothing_through(name: str) -> None:
    """Weights on channels that are 0 count for nothing, in a chain and within a block."""
    model = NETWORKS[name].build(10, seed=0).eval()
    start = "features.conv" if name == "plain" else "blocks.0.conv"
    before, layer = f"{start}1", f"{start}2"
    conv = model.get_submodule(layer)
    middle = conv.kernel_size[0] // 2  # type: ignore[index, operator]
    with torch.no_grad():
        model.get_submodule(before).weight[1].zero_()  # type: ignore[index, operator, union-attr]
        conv.weight.zero_()  # type: ignore[operator, union-attr]
        conv.weight[0, 0, middle, middle] = 1.0  # type: ignore[index, operator]
        conv.weight[:2, 1, middle, middle] = 5.0  # type: ignore[index, operator]
    found = shrink(model, 0)
    passing = [entry for entry in found.identity_like if entry[0] == layer]
    assert passing == [(layer, 0, 0, 1.0)]


def test_an_even_kernel_stays_where_it_was() -> None:
    """Without the first half-ring of 5×5 a kernel is 4×4, half a position behind the centre."""
    assert [offset(5, "half_ring", size) for size in (5, 4, 3, 2, 1)] == [0, 1, 1, 2, 2]


def test_a_pruned_residual_run_resumes_to_the_same(
    noise: Dataset, short_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)
    term = KernelSize(alpha="0.01")
    phases = (
        Train(epochs=1, batch_size=80, objective=Objective(penalties=(term,))),
        Prune(threshold="0.9", what="half_rings", tau_mode="relative"),
        Train(epochs=1, batch_size=80),
    )
    model = PairedNet(widths=(6, 6, 6), kernel_sizes=(5,), halve_at=())
    run = short_run.replace(model=model, procedure=Procedure(phases=phases))
    with pytest.raises(UserError, match=r"kernel_size needs .* behind prune an objective of its"):
        run.replace(objective=Objective(penalties=(term,)))
    (whole,) = loop.train([run], noise, CPU)
    assert whole.finished, whole.traceback
    assert sum(whole.measurements["learned widths"]) < 18
    assert len({size for size in range(6) if f"kernels of size {size}" in whole.measurements}) > 1
    assert whole.measurements["kernel size penalty"] > 0
    assert isinstance(whole.model.blocks[0], CompactBlock | nn.Identity)  # type: ignore[union-attr, index]
    for stop_after in (3, 8, 10):
        steps, folder = iter(range(1, 1000)), tmp_path / str(stop_after)
        loop.train(
            [run], noise, CPU, checkpoints=folder,
            should_stop=lambda s=steps, n=stop_after: next(s) >= n,  # type: ignore[misc]
        )  # fmt: skip
        (resumed,) = loop.train([run], noise, CPU, checkpoints=folder)
        assert resumed.measurements == whole.measurements
        for name, value in resumed.model.state_dict().items():  # type: ignore[union-attr]
            assert torch.equal(value, whole.model.state_dict()[name]), name  # type: ignore[union-attr]
