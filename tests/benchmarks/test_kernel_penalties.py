"""Penalties of kernels: their values, gradients, proximal steps, and the geometry of supports."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from benchmarks.errors import UserError
from benchmarks.models import supports
from benchmarks.models.supports import Scheme
from benchmarks.penalties import KernelComplexity, KernelNumber, KernelSize
from benchmarks.penalties.group_norms import GroupNorms
from benchmarks.penalties.kernel_number_size import KernelTerm

NORMS = ("l2", "rms", "scaled", "literal", "literal_scaled", "linf")
SCHEMES: tuple[Scheme, ...] = ("kernel", "half_ring", "ring")


class Net(nn.Module):
    """Two convolutions with batch-norm and a projection that is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(2, 3, 5, padding=2, bias=False), nn.BatchNorm2d(3)
        self.conv2, self.norm2 = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.shortcut = nn.Conv2d(3, 4, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.norm1(self.conv1(images)).relu()
        return self.norm2(self.conv2(maps)) + self.shortcut(maps)


def random_net(seed: int) -> Net:
    torch.manual_seed(seed)
    net = Net().double()
    with torch.no_grad():
        for norm in (net.norm1, net.norm2):
            norm.weight.normal_()
            norm.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
        net.conv1.weight[0] = 0  # a kernel at the kink
        net.conv2.weight[1, :, 0] = net.conv2.weight[1, :, :, 0] = 0  # and a group
    return net


def eta(kernel: torch.Tensor, mask: torch.Tensor, term: KernelTerm) -> torch.Tensor:
    """A group's norm, written as the paper does, for autograd; 0 without a gradient at the kink."""
    k = kernel[:, mask].flatten()
    weight = {"1": 1.0, "sqrt": k.numel() ** 0.5, "1/sqrt": k.numel() ** -0.5}[term.group_weight]
    if not k.any():
        return k.sum() * 0
    return (
        weight
        * {
            "l2": lambda: k.square().sum().sqrt(),
            "rms": lambda: k.square().mean().sqrt(),
            "scaled": lambda: (k.numel() * k.square().sum()).sqrt(),
            "literal": lambda: k.abs().mean().sqrt(),
            "literal_scaled": lambda: (k.numel() * k.abs().sum()).sqrt(),
            "linf": lambda: k.abs().amax(),
        }[term.norm]()
    )


def relaxed(net: Net, term: KernelTerm, scheme: Scheme) -> list[torch.Tensor]:
    """s′ of eq. 21 of every kernel, by layer."""
    found = []
    for layer, norm in ((net.conv1, net.norm1), (net.conv2, net.norm2)):
        ring_of = torch.tensor(supports.rings(layer.kernel_size[0], scheme))
        scale = norm.weight.abs() / (norm.running_var + norm.eps).sqrt()  # type: ignore[operator]
        sizes = [
            sum(eta(kernel, ring_of <= n, term) for n in range(1, int(ring_of.max()) + 1))
            for kernel in layer.weight
        ]
        total = torch.stack(sizes)  # type: ignore[arg-type]
        found.append(total * scale if term.batch_norm == "folded" else total)
    return found


def written_out(net: Net, term: KernelTerm) -> torch.Tensor:
    sizes = relaxed(net, term, term.scheme)
    if isinstance(term, KernelNumber):
        return sum(s.sum() ** (2 if term.squared else 1) for s in sizes)  # type: ignore[return-value]
    if isinstance(term, KernelSize):
        return sum((s ** (2 if term.squared else 1)).sum() for s in sizes)  # type: ignore[return-value]
    width = relaxed(net, term, "kernel")[0].sum()
    return 36 * 2 * sizes[0].square().sum() + 36 * width * sizes[1].square().sum()


TERMS: list[KernelTerm] = [
    KernelNumber(alpha="0.3", norm=norm, batch_norm=folded, squared=squared)
    for norm, folded, squared in itertools.product(NORMS, ("apart", "folded"), (False, True))
]
TERMS += [
    KernelSize(alpha="0.3", norm=norm, groups=groups, squared=squared, group_weight=weight)
    for norm, (groups, squared, weight) in itertools.product(
        NORMS, (("half_ring", False, "1"), ("half_ring", True, "sqrt"), ("ring", False, "1/sqrt"))
    )
]
TERMS += [
    KernelSize(alpha="0.3", batch_norm="folded"),
    KernelComplexity(alpha="0.3", side=6),
    KernelComplexity(alpha="0.3", side=6, groups="ring", norm="rms", batch_norm="folded"),
]


@settings(max_examples=3, phases=(Phase.generate,))  # shrinking would take minutes
@given(seed=st.integers(0, 2**31))
def test_value_and_gradient_are_autograds(seed: int) -> None:
    for term in TERMS:
        net = random_net(seed)
        parameters = [net.conv1.weight, net.conv2.weight, net.norm1.weight, net.norm2.weight]
        expected = written_out(net, term)
        gradients = torch.autograd.grad(0.3 * expected, parameters, allow_unused=True)
        for parameter in parameters:
            parameter.grad = torch.ones_like(parameter)
        attached = term.attach(net)
        attached.add_gradients()
        (value,) = attached.measurements().values()
        assert value == pytest.approx(float(expected.detach()), rel=1e-9), term
        for parameter, gradient in zip(parameters, gradients, strict=True):
            wanted = 1 if gradient is None else gradient + 1
            torch.testing.assert_close(
                parameter.grad, wanted * torch.ones_like(parameter), msg=str(term)
            )
        assert net.shortcut.weight.grad is None


def test_values_by_hand() -> None:
    layer = nn.Sequential(nn.Conv2d(1, 2, 3, bias=False))
    with torch.no_grad():
        layer[0].weight[0] = 1.0
        layer[0].weight[1] = 0.0
        layer[0].weight[1, 0, 1, 1] = -4.0

    def value(term: KernelTerm) -> float:
        (found,) = term.attach(layer).measurements().values()
        return found

    five_eight_nine = math.sqrt(5) + math.sqrt(8) + 3
    assert value(KernelNumber()) == pytest.approx(3 + 4)
    assert value(KernelNumber(squared=True)) == pytest.approx(49)
    assert value(KernelNumber(norm="rms")) == pytest.approx(1 + 4 / 3)
    assert value(KernelNumber(norm="scaled")) == pytest.approx(9 + 12)
    assert value(KernelNumber(norm="literal")) == pytest.approx(1 + 2 / 3)
    assert value(KernelNumber(norm="linf")) == pytest.approx(1 + 4)
    assert value(KernelSize()) == pytest.approx(five_eight_nine + 4)
    assert value(KernelSize(groups="ring")) == pytest.approx(math.sqrt(8) + 3 + 4)
    assert value(KernelSize(squared=True)) == pytest.approx(five_eight_nine**2 + 16)
    # One channel of input, a map of 4×4 under images of 6×6, and both relaxed sizes.
    complexity = 16 * (five_eight_nine**2 + 16)
    assert value(KernelComplexity(side=6)) == pytest.approx(complexity)


@pytest.mark.parametrize("side", [1, 3, 5, 7, 11])
def test_group_sizes(side: int) -> None:
    assert supports.group_sizes(side, "half_ring") == [
        side**2 - (side - n) ** 2 for n in range(1, side + 1)
    ]
    rings = supports.group_sizes(side, "ring")
    assert rings == [side**2 - max(0, side - 2 * n) ** 2 for n in range(1, len(rings) + 1)]
    assert supports.group_sizes(5, "half_ring") == [9, 16, 21, 24, 25]
    assert supports.group_sizes(5, "ring") == [16, 24, 25]
    assert [supports.size_without(5, "ring", n) for n in (3, 2, 1, 0)] == [0, 1, 3, 5]
    for scheme, removed in itertools.product(SCHEMES, range(side + 1)):
        if removed > supports.groups(side, scheme):
            continue
        # What is left is the square that size and offset say.
        size = supports.size_without(side, scheme, removed)
        start = supports.offset(side, scheme, size)
        left = np.array(supports.rings(side, scheme)) > removed
        square = np.zeros((side, side), dtype=bool)
        square[start : start + size, start : start + size] = True
        assert (left == square).all()


@given(seed=st.integers(0, 2**31), threshold=st.floats(0, 12))
def test_thresholded_supports_are_nested(seed: int, threshold: float) -> None:
    """A group's norm grows with the group, so that those below a threshold are the first ones."""
    torch.manual_seed(seed)
    for scheme in SCHEMES:
        for norm in ("l2", "scaled", "literal_scaled", "linf"):
            groups = GroupNorms(nn.Conv2d(3, 8, 5), scheme, norm)  # type: ignore[arg-type]
            small = groups.norms(groups.sums()) <= threshold
            assert (small[:, 1:] <= small[:, :-1]).all()


def test_the_mean_square_of_the_normalised_norm_is_that_of_the_weights() -> None:
    """E[η²] = C² whatever the group's size (eqs. 26 and 27), which the literal eq. 25 is not."""
    torch.manual_seed(3)
    layer = nn.Conv2d(4, 4000, 5, bias=False).double()
    with torch.no_grad():
        layer.weight.normal_(0, 0.7)

    def squares(norm: Any) -> list[float]:
        groups = GroupNorms(layer, "half_ring", norm)
        return groups.norms(groups.sums()).square().mean(0).tolist()

    assert squares("rms") == pytest.approx([0.49] * 5, rel=0.01)
    # The mean |k| of a Gaussian is C·√(2/π): neither C² nor of its unit.
    assert squares("literal") == pytest.approx([0.7 * math.sqrt(2 / math.pi)] * 5, rel=0.01)
    groups = GroupNorms(layer, "half_ring", "rms")
    assert bool((groups.norms(groups.sums()).mean(0) <= 0.7).all())


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("strength", [0.05, 0.4, 1.5])
def test_the_proximal_step_minimises(scheme: Scheme, strength: float) -> None:
    """Against a numerical minimiser, started from several points, kernel by kernel."""
    torch.manual_seed(int(10 * strength))
    layer = nn.Conv2d(1, 2, 3, bias=False).double()
    start = layer.weight.detach().clone()
    with torch.no_grad():
        start[1, :, 1:, 1:] *= 4
        layer.weight.copy_(start)
        GroupNorms(layer, scheme, "l2").shrink(strength)
    ring_of = np.array(supports.rings(3, scheme))
    masks = [ring_of <= n for n in range(1, ring_of.max() + 1)]
    for before, after in zip(start, layer.weight.detach(), strict=True):
        origin = before[0].numpy()

        def objective(flat: np.ndarray, origin: np.ndarray = origin) -> float:
            kernel = flat.reshape(3, 3)
            norms = sum(math.sqrt((kernel[mask] ** 2).sum() + 1e-20) for mask in masks)
            return float(0.5 * ((kernel - origin) ** 2).sum() + strength * norms)

        best = min(
            minimize(objective, guess, method="BFGS", options={"gtol": 1e-9}).fun
            for guess in (origin.ravel(), 0.3 * origin.ravel(), after.numpy().ravel())
        )
        found = objective(after.numpy().ravel())
        assert found <= best + 1e-9
        assert found == pytest.approx(best, abs=1e-6)


def test_the_proximal_step_follows_the_update_and_makes_zeros() -> None:
    net = random_net(1)
    attached = KernelSize(alpha="0.5", solver="prox").attach(net)
    net.conv1.weight.grad = torch.zeros_like(net.conv1.weight)
    attached.add_gradients()
    assert not net.conv1.weight.grad.any()
    before = net.conv2.weight.detach().clone()
    attached.after_step(0.1)
    other = random_net(1)
    KernelSize(alpha="0.5", solver="prox").attach(other).after_step(torch.tensor(0.1))
    torch.testing.assert_close(net.conv2.weight, other.conv2.weight)
    assert (net.conv2.weight.abs() <= before.abs()).all()
    attached.after_step(1000)
    assert not net.conv1.weight.any()


@pytest.mark.parametrize("term", [*TERMS[::3], KernelSize(solver="prox")], ids=str)
def test_a_step_reads_nothing_back(term: KernelTerm) -> None:
    with FakeTensorMode(allow_non_fake_inputs=True):
        net = Net()
        attached = term.attach(net)
        for parameter in net.parameters():
            parameter.grad = torch.zeros_like(parameter)
        attached.add_gradients()
        attached.after_step(torch.tensor(0.1))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: KernelNumber(alpha="-1"), "alpha must not be negative"),
        (lambda: KernelSize(alpha="-0.1"), "alpha must not be negative"),
        (lambda: KernelSize(solver="prox", norm="linf"), "use solver=subgrad"),
        (lambda: KernelNumber(solver="prox", squared=True), "use solver=subgrad"),
        (lambda: KernelSize(solver="prox", batch_norm="folded"), "batch-norm's weights count"),
        (lambda: KernelSize().attach(nn.Sequential(nn.Conv2d(1, 1, 4))), "odd size, not 4×4"),
        (lambda: KernelSize().attach(nn.Sequential(nn.Conv2d(1, 1, (1, 3)))), "square kernels"),
        (lambda: KernelNumber().attach(nn.Linear(2, 2)), "has no convolutions"),
        (lambda: KernelComplexity(side=2).attach(nn.Sequential(nn.Conv2d(1, 1, 5))), "do not fit"),
    ],
)
def test_bad_input_is_one_line(make: Any, words: str) -> None:
    with pytest.raises(UserError, match=words) as error:
        make()
    assert "\n" not in str(error.value)


def test_even_kernels_may_be_left_out() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 4), nn.Conv2d(2, 1, 3))
    assert list(KernelSize(leave_out=("0",)).layers(net)) == ["1"]
    assert list(KernelNumber().layers(net)) == ["0", "1"]
