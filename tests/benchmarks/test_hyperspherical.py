"""Hyperspherical penalties: values and gradients against double loops, groups, bad input."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from analysis.papers.dh2l import metrics
from benchmarks.data.parents import parents_of
from benchmarks.errors import UserError
from benchmarks.penalties.hyperspherical import (
    Groups,
    HierarchicalLinear,
    HypersphericalEnergy,
    HypersphericalHierarchy,
    Metric,
    PairTerm,
    PairwiseAngles,
    VectorNorms,
    centre_energy,
    constraints,
    convolutions,
    cosines,
    distances,
    energy,
    filters,
    mean_centres,
    orthogonality,
    series_radius,
    siblings,
    sign_products,
    with_centres,
)

METRICS: tuple[Metric, ...] = get_args(Metric)
FORMS = (
    PairTerm(),
    PairTerm(gm="sqrt", hm_factor="4", hm_cos="printed", ternary_tau="0.4", clamp="0.95"),
    PairTerm(direction="printed", pair_norm="sum", eps="0"),
)
SIMILAR = ("cosine", *metrics.ENERGIES)  # what is minimised as it is printed


def written_out(metric: Metric, vectors: torch.Tensor, forms: PairTerm) -> torch.Tensor:
    """What is minimised of all ordered pairs, as a double loop over the formulas; signs carry the
    gradient of the weights between −1 and 1."""
    codes = torch.where(vectors >= 0, 1.0, -1.0).double()
    if metric.endswith("ter"):
        codes = vectors.sign() * (vectors.abs() > float(forms.ternary_tau))
    inside = vectors.clamp(-1, 1)
    codes = codes.detach() + inside - inside.detach()
    limit = float(forms.clamp)
    total = vectors.new_zeros(())
    for i, j in itertools.permutations(range(len(vectors)), 2):
        c = vectors[i] @ vectors[j] / vectors[i].norm() / vectors[j].norm()
        h = codes[i] @ codes[j] / vectors.shape[1]
        total = total + one_pair(metric, c, h, limit, forms)
    return total


def one_pair(
    metric: Metric, c: torch.Tensor, h: torch.Tensor, limit: float, forms: PairTerm
) -> torch.Tensor:
    t = c.clamp(-limit, limit).arccos() / math.pi
    a = h.clamp(-limit, limit).arccos() / math.pi if "'" in metric else (1 - h) / 2
    if metric == "cosine":
        return c
    if metric in metrics.ENERGIES:
        s = int(metric[-1])
        r = (2 - 2 * c + float(forms.eps)).sqrt() if metric[0] == "N" else math.pi * t
        return r**-s if s else -r.log()
    if metric in ("D_h^bin", "D_h^ter"):
        return (1 + h) / 2
    name = metric.partition("_")[2]
    root = 0.5 if forms.gm == "sqrt" else 1.0
    factor = int(forms.hm_factor)

    def mean(kind: str) -> torch.Tensor:
        if kind == "GM":
            return (a * t).pow(root) if root == 1 or bool(a * t > 0) else a * 0
        return (a + t) / 2 if kind == "AM" else factor * a * t / (a + t)

    if metric == "angle" or (name[0] in "hAGH" and not name.endswith("cos")):
        value = {"": t, "h": a}.get(name[:1]) if name[:1] in ("", "h") else mean(name)
        assert value is not None
        return value if forms.direction == "printed" else 1 - value
    if name.startswith("cos"):
        return ((mean(name[4:6]) * math.pi).cos() + 1) / 2
    u, v = (a * math.pi).cos() + 1, (t * math.pi).cos() + 1
    if name == "AMcos":
        return (u + v) / 4
    if name == "GMcos":
        return (u * v / 4).pow(root) if root == 1 or bool(u * v > 1e-20) else u * 0
    return u * v / (u + v if forms.hm_cos == "pi" else a.cos() + t.cos() + 2)


@pytest.mark.parametrize("metric", METRICS)
def test_value_and_gradient_are_those_of_a_double_loop(metric: Metric) -> None:
    torch.manual_seed(METRICS.index(metric))
    for forms in FORMS:
        vectors = torch.randn(5, 7, dtype=torch.float64, requires_grad=True)
        expected = written_out(metric, vectors, forms)
        expected = expected / (2 if forms.pair_norm == "sum" else 20)
        found = energy(vectors, metric, forms)
        torch.testing.assert_close(found, expected)
        gradients = [torch.autograd.grad(v, vectors)[0] for v in (found, expected)]
        torch.testing.assert_close(*gradients)
        # A stack gives what its layers do, and float32 the same to rounding.
        stack = torch.stack([vectors, 2 * vectors.flip(0)]).detach()
        torch.testing.assert_close(energy(stack, metric, forms)[0], found.detach())
        single = energy(stack.float(), metric, forms)[0]
        torch.testing.assert_close(single.double(), found.detach(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("metric", METRICS)
def test_both_forms_of_a_metric_agree(metric: Metric) -> None:
    """Torch's, and NumPy's of the analysis."""
    vectors = np.random.default_rng(1).normal(size=(6, 5))
    for forms in FORMS[:2]:
        readings = metrics.Readings(
            forms.gm,
            int(forms.hm_factor),
            forms.hm_cos,
            float(forms.clamp),
            float(forms.eps),
        )
        tau = float(forms.ternary_tau) if metric.endswith("ter") else None
        c = metrics.cosine(vectors[:, None], vectors)
        h = metrics.sign_product(vectors[:, None], vectors, tau)
        expected = metrics.printed(metric, c, h, readings)
        found = distances(torch.from_numpy(vectors), metric, forms).numpy()
        others = ~np.eye(6, dtype=bool)  # a cosine of 1 is rounded in several ways
        found, expected = (np.broadcast_to(a, (6, 6))[others] for a in (found, expected))
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("metric", METRICS)
def test_a_half_space_counts_antipodes(metric: Metric) -> None:
    """As the pairs of vectors and antipodes together do, but for a vector and its own antipode."""
    torch.manual_seed(3)
    vectors = torch.randn(4, 6, dtype=torch.float64)
    doubled = torch.cat([vectors, -vectors])
    weights = 1 - torch.eye(8, dtype=torch.float64) - torch.eye(8, dtype=torch.float64).roll(4, 0)
    from benchmarks.penalties.hyperspherical.energies import weighted

    expected = weighted(doubled, weights / weights.sum(), metric)
    torch.testing.assert_close(energy(vectors, metric, half_space=True), expected)


def test_gradients_near_one_are_finite_and_clamped() -> None:
    """Where arccos has none: beyond ±0.99 nothing moves; under autocast all stays in float32."""
    base = torch.tensor([[1.0, 0.0], [1.0, 1e-4], [-1.0, 1e-4]], requires_grad=True)
    for metric in METRICS:
        with torch.autocast("cpu", torch.bfloat16):
            found = energy(base, metric)
        assert found.dtype == torch.float32
        (gradient,) = torch.autograd.grad(found, base, allow_unused=True)
        assert gradient.isfinite().all(), metric
        torch.testing.assert_close(found, energy(base, metric), rtol=0, atol=0)
        if metric.startswith("angular"):
            assert not gradient.any()


@pytest.mark.parametrize("metric", METRICS)
def test_a_vector_of_zeros_is_left_where_it_is(metric: Metric) -> None:
    """Without a direction there is none to push it in: a dead filter does not explode."""
    torch.manual_seed(0)
    vectors = torch.randn(4, 6)
    vectors[1] = 0
    vectors[2] *= 1e-7
    vectors.requires_grad_()
    (gradient,) = torch.autograd.grad(energy(vectors, metric), vectors)
    assert gradient.isfinite().all()
    if "h^" not in metric and not metric.startswith("D"):
        assert not gradient[1:3].any()
        assert gradient[0].any()
    assert gradient.abs().max() < 100


def test_half_types_are_compared_in_float32() -> None:
    """A pair 2° apart dominates the energy, and bfloat16 products cannot tell it from one of 0°."""
    torch.manual_seed(0)
    vectors = torch.randn(8, 576)
    vectors[1] = vectors[0] + 0.03 * torch.randn(576)
    half = vectors.bfloat16()
    for metric in METRICS:
        torch.testing.assert_close(energy(half, metric), energy(half.float(), metric))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(cosines(vectors), cosines(vectors.clone()))
        assert cosines(vectors).dtype == sign_products(vectors).dtype == torch.float32
    groups, centres = Groups.of((0, 0, 0, 0, 1, 1, 1, 1)), torch.randn(2, 576).bfloat16()
    found = siblings(half, centres, groups, "angular2")
    torch.testing.assert_close(found, siblings(half.float(), centres.float(), groups, "angular2"))


def test_signs_go_straight_through_between_minus_one_and_one() -> None:
    weights = torch.tensor([[0.5, -2.0, 0.0], [1.0, 0.3, -0.2]], requires_grad=True)
    product = sign_products(weights)
    assert float(product[0, 1].detach()) == pytest.approx((1 - 1 - 1) / 3)  # the sign of 0 is 1
    (gradient,) = torch.autograd.grad(product[0, 1], weights)
    torch.testing.assert_close(gradient, torch.tensor([[1, 0, -1], [1, -1, 1]]) / 3)
    ternary = [float(sign_products(weights.detach(), tau)[0, 1]) for tau in (0.0, 0.4)]
    assert ternary == pytest.approx([0, 1 / 3])


@given(seed=st.integers(0, 2**31))
@settings(max_examples=20)
def test_ternary_and_binary_are_one_where_no_weight_is_zero(seed: int) -> None:
    """Which is why their rows are identical (H-13): bit for bit, gradients too."""
    torch.manual_seed(seed)
    vectors = torch.randn(8, 27, requires_grad=True)
    found = []
    for metric in ("D_h^bin", "D_h^ter"):
        value = energy(vectors, metric)  # type: ignore[arg-type]
        found.append((value, torch.autograd.grad(value, vectors)[0]))
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))


def test_the_means_of_two_equal_angles_are_that_angle() -> None:
    """u and −u: θ = θ_Dh = 1; the printed harmonic mean is 2 there (H-07)."""
    pair = torch.tensor([[1.0, 2.0], [-1.0, -2.0]], dtype=torch.float64)
    exact = PairTerm(clamp="1")
    for mean in ("AM", "GM", "HM"):
        for prime in ("D_", "D'_"):
            assert distances(pair, prime + mean, exact)[0, 1] == pytest.approx(1)  # type: ignore[arg-type]
    assert distances(pair, "D_HM", exact.replace(hm_factor="4"))[0, 1] == pytest.approx(2)
    assert distances(pair, "N-euclidean2", exact.replace(eps="0"))[0, 1] == pytest.approx(0.25)
    assert distances(pair, "angular2", exact)[0, 1] == pytest.approx(math.pi**-2)


# Groups


def naive_hierarchy(
    surface: torch.Tensor, centres: torch.Tensor, parents: list[int], present: set[int]
) -> tuple[torch.Tensor, torch.Tensor, int, int]:
    """Eqs. 5 and 6 as loops with "cosine"; how many groups and sibling pairs they count."""
    cosine = nn.functional.cosine_similarity
    means, pairs = [], 0
    for parent in range(len(centres)):
        members = [c for c in sorted(present) if parents[c] == parent]
        found = [
            cosine(surface[i] - centres[parent], surface[j] - centres[parent], 0)
            for i, j in itertools.combinations(members, 2)
        ]
        pairs += len(found)
        if found:
            means.append(torch.stack(found).mean())
    here = sorted({parents[c] for c in present})
    between = [cosine(centres[g], centres[h], 0) for g, h in itertools.combinations(here, 2)]
    zero = surface.sum() * 0
    return (
        torch.stack(means).mean() if means else zero,
        torch.stack(between).mean() if between else zero,
        len(means),
        pairs,
    )


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_only_classes_of_the_batch_count(data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.integers(0, 3), min_size=4, max_size=9))
    parents = [*drawn, 0, 1, 2, 3]
    labels = data.draw(st.lists(st.integers(0, len(parents) - 1), min_size=1, max_size=12))
    torch.manual_seed(len(parents))
    layer = HierarchicalLinear(5, len(parents), parents).double()
    term = HypersphericalHierarchy(
        parents=tuple(parents),
        metric="cosine",
        child_weight="2",
        parent_weight="3",
        orthogonality="0",
    )
    attached = term.attach(nn.Sequential(layer))
    found = attached.loss(torch.tensor(labels))
    assert found is not None
    siblings_, between, groups, pairs = naive_hierarchy(
        layer.weight, layer.centres, parents, set(labels)
    )
    expected = 2 * siblings_ + 3 * between + 0 * (layer.weight.sum() + layer.centres.sum())
    torch.testing.assert_close(found, expected)
    wanted = [layer.weight, layer.centres]
    for one, other in zip(
        torch.autograd.grad(found, wanted), torch.autograd.grad(expected, wanted), strict=True
    ):
        torch.testing.assert_close(one, other)
    counts = attached.measurements()
    assert counts["groups a batch"] == groups
    assert counts["sibling pairs a batch"] == pairs
    here = len({parents[label] for label in labels})
    assert counts["centre pairs a batch"] == here * (here - 1) / 2


def test_the_counts_go_on_where_they_were() -> None:
    net = nn.Sequential(nn.Linear(3, 4, bias=False))
    term = HypersphericalHierarchy(parents=(0, 0, 1, 1))
    first = term.attach(net)
    first.loss(torch.tensor([0, 1]))
    second = term.attach(net)
    second.restore({"counted": first.state()["counted"].clone()})
    second.loss(torch.tensor([0, 1, 2, 3]))
    assert second.measurements()["groups a batch"] == 1.5
    assert second.measurements()["sibling pairs a batch"] == 1.5
    full = term.replace(full_groups=True).attach(net)
    full.loss(torch.tensor([0]))
    assert full.measurements()["sibling pairs a batch"] == 2


@pytest.mark.parametrize("projection", ["difference", "surface", "added"])
def test_logits_of_a_classifier_with_centres(projection: Any) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(6, 4))
    plain = net[1]
    with_centres(net, (0, 1, 1, 0), projection)
    layer = net[1]
    assert isinstance(layer, HierarchicalLinear)
    assert layer.weight is plain.weight
    assert layer.bias is plain.bias
    vectors = 4 * (2 if projection == "added" else 1) + 2
    assert sum(p.numel() for p in layer.parameters()) == vectors * 6 + 4
    x = torch.randn(3, 6)
    centre = layer.centres[[0, 1, 1, 0]]
    rows = {
        "difference": layer.weight - centre,
        "surface": layer.weight,
        "added": layer.weight - centre + (0 if layer.own is None else layer.own),
    }[projection]
    torch.testing.assert_close(net(x), x @ rows.T + layer.bias)
    assert isinstance(with_centres(nn.Linear(6, 4), (0, 1, 1, 0)), HierarchicalLinear)


def test_centres_of_a_plain_classifier_are_means() -> None:
    layer = nn.Linear(4, 5, bias=False)
    groups = Groups.of(torch.tensor([0, 0, 1, 1, 1]))
    centres = mean_centres(layer.weight, groups)
    torch.testing.assert_close(centres[1], layer.weight[2:].mean(0))
    term = HypersphericalHierarchy(parents=(0, 0, 1, 1, 1), parent_weight="0", orthogonality="0")
    found = term.attach(nn.Sequential(layer)).loss(torch.arange(5))
    expected = 0.1 * siblings(layer.weight, centres, groups, "angular2")
    torch.testing.assert_close(found, expected)


def test_a_bfloat16_network_has_the_penalty_of_its_full_weights() -> None:
    """Means of children too are taken outside of autocast."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 6, bias=False))
    attached = HypersphericalHierarchy(parents=(0, 0, 0, 1, 1, 1)).attach(net)
    plain = attached.loss(torch.arange(6))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(attached.loss(torch.arange(6)), plain)


def test_orthogonality_and_constraints_by_hand() -> None:
    centres = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    assert orthogonality(centres) == pytest.approx(8)
    assert orthogonality(centres, squared=True) == pytest.approx(64)
    assert orthogonality(centres, torch.tensor([0.0, 1.0])) == 0
    assert orthogonality(centres.T @ centres) > 0
    surface = torch.tensor([[3.5, 0.0], [3.0, -0.5], [0.0, 3.0], [2.0, 1.0]])
    groups = Groups.of(torch.tensor([0, 0, 1, 1]))
    # Radii 0.5 and 2 in an outer sphere of 1.5; centres are √10 apart.
    c1, c2, c3 = constraints(surface, centres, groups, outer=1.5).tolist()
    assert c1 == pytest.approx((0 + 0.5) / 2)
    assert c2 == pytest.approx((2 + 1.5) / 2)
    assert c3 == 0
    *_, c3 = constraints(surface, centres, groups, outer=1.5, inner=2.0).tolist()
    assert c3 == pytest.approx(4 - math.sqrt(10))
    absent = Groups.of(torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 0, 1]))
    assert constraints(surface, centres, absent, outer=1.5).tolist() == [0.5, 1.5, 0]
    total = sum(series_radius(2, 0.75, level) for level in range(200))
    assert total == pytest.approx(2 / (1 - 0.75))
    # C3's chord of centres of one length (H-24).
    angle = 0.7
    pair = 3 * torch.tensor([[1.0, 0.0], [math.cos(angle), math.sin(angle)]])
    (*_, c3) = constraints(pair, pair, Groups.of(torch.arange(2)), inner=5.0).tolist()
    assert c3 == pytest.approx(10 - 3 * math.sqrt(2 - 2 * math.cos(angle)), rel=1e-6)


def test_everything_of_the_hierarchy_is_weighted_and_added() -> None:
    torch.manual_seed(1)
    parents = (0, 0, 1, 1, 2)
    net = with_centres(nn.Sequential(nn.Linear(6, 5, bias=False)), parents)
    layer = net[0]  # type: ignore[index]
    inputs, labels = torch.randn(8, 6), torch.tensor([0, 1, 2, 3, 4, 0, 1, 2])
    term = HypersphericalHierarchy(
        parents=parents,
        metric="D_cos(HM)",
        child_weight="0.5",
        parent_weight="0.25",
        orthogonality="0.01",
        orthogonality_squared=True,
        constraint_weight="2",
        radii="series",
        parent_cross_entropy="0.125",
    )
    attached = term.attach(net)
    net(inputs)
    found = attached.loss(labels)
    groups = Groups.of(torch.tensor(parents))
    cross = nn.functional.cross_entropy(inputs @ layer.centres.T, torch.tensor(parents)[labels])
    expected = (
        0.5 * siblings(layer.weight, layer.centres, groups, "D_cos(HM)")
        + 0.25 * centre_energy(layer.centres, groups, "D_cos(HM)")
        + 0.01 * orthogonality(layer.centres, squared=True)
        + 2 * constraints(layer.weight, layer.centres, groups, 1.0, 0.5).sum()
        + 0.125 * cross
    )
    torch.testing.assert_close(found, expected)
    net.eval()(inputs)
    torch.testing.assert_close(attached.loss(labels), expected - 0.125 * cross)


# Networks


def small() -> nn.Sequential:
    torch.manual_seed(5)
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 1, 1),
        nn.Flatten(), nn.Linear(4, 3, bias=False),
    )  # fmt: skip
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def test_layers_of_one_shape_are_summed_each() -> None:
    net = small()
    term = HypersphericalEnergy(conv="D_GM", fc="angular1", conv_weight="0.3", fc_weight="0.7")
    layers = convolutions(net)
    assert len(layers) == 3  # one filter has no pair
    each = [energy(layer.weight.flatten(1), "D_GM") for layer in layers]
    dense = 0.7 * energy(net[-1].weight, "angular1")
    labels = torch.zeros(1, dtype=torch.int64)
    torch.testing.assert_close(term.attach(net).loss(labels), 0.3 * sum(each) + dense)
    mean = term.replace(layer_reduce="mean").attach(net).loss(labels)
    torch.testing.assert_close(mean, 0.1 * sum(each) + dense)
    some = term.replace(leave_out=("0", "1"), fc_weight="0").attach(net).loss(labels)
    torch.testing.assert_close(some, 0.3 * each[2])
    nothing = term.replace(conv_weight="0", fc_weight="0").attach(net)
    assert nothing.loss(labels) is None
    assert nothing.measurements() == {"hyperspherical energy": 0}


def test_descent_spreads_the_vectors() -> None:
    """Every metric, by its own energy: also from filters that lie close."""
    for metric in ("angular2", "N-euclidean0", "cosine", "D_AM", "D'_HMcos", "D_cos(HM)"):
        torch.manual_seed(2)
        vectors = (torch.randn(6, 8) * 0.3 + 0.2).requires_grad_()
        before = energy(vectors, metric)  # type: ignore[arg-type]
        start = cosines(vectors.detach()).triu(1).sum()
        for _ in range(60):
            (slope,) = torch.autograd.grad(energy(vectors, metric), vectors)  # type: ignore[arg-type]
            vectors = (vectors - 0.3 * slope).detach().requires_grad_()
        assert energy(vectors, metric) < before  # type: ignore[arg-type]
        assert cosines(vectors.detach()).triu(1).sum() < start


def test_norms_are_not_squared() -> None:
    net = small()
    term = VectorNorms(weight="0.5").attach(net)
    parts = [m.weight for m in net if isinstance(m, nn.Conv2d | nn.Linear)]
    expected = torch.autograd.grad(sum(0.5 * p.flatten(1).norm(dim=1).sum() for p in parts), parts)
    for parameter in parts[1:]:  # the first is frozen, or has not been in a backward pass
        parameter.grad = torch.ones_like(parameter)
    term.add_gradients()
    for place, (parameter, gradient) in enumerate(zip(parts, expected, strict=True)):
        torch.testing.assert_close(parameter.grad, gradient + (place > 0))


def test_angles_are_measured_before_and_after() -> None:
    net = small()
    attached = PairwiseAngles(bins=18).attach(net)
    before = [filters(layer).detach().clone() for layer in convolutions(net)]
    with torch.no_grad():
        net[0].weight.zero_()
        net[0].weight[:, 0, 0, 0] = torch.tensor([1.0, 1, -1, 1])
        net[0].weight[:, 1, 0, 0] = torch.tensor([0.0, 1, 0, 0.001])
    found = attached.measurements()
    assert found["vectors by layer"] == [4, 4, 4, 3]
    assert found["dimensions by layer"] == [27, 36, 36, 4]
    cosine = cosines(before[1].double())[np.triu_indices(4, 1)]
    assert found["mean squared cosines before"][1] == pytest.approx(float((cosine**2).mean()))
    energies = float((1 / (2 - 2 * cosine)).mean())
    assert found["N-euclidean2 energies before"][1] == pytest.approx(energies)
    smallest = math.degrees(math.acos(float(cosine.max())))
    assert found["smallest angles before"][1] == pytest.approx(smallest)
    assert found["smallest angles after"][0] == pytest.approx(math.degrees(math.atan(0.001)))
    names = ("first convolution", "last convolution", "classifier")
    counts = [found[f"angles after, {name}"] for name in names]
    assert [len(rows) for rows in counts] == [18] * 3
    assert [sum(rows) for rows in counts] == [6, 6, 3]
    assert counts[0][0] == 1
    other = PairwiseAngles(bins=18).attach(net)
    other.restore(attached.state())
    assert other.measurements() == found


def test_the_card_names_every_metric() -> None:
    text = (Path(__file__).parents[2] / "docs/methods/hyperspherical-energy.md").read_text()
    table = [line for line in text.splitlines() if line.startswith("| `")]
    assert {name for line in table for name in line.split("`")[1::2]} == set(METRICS)


PAIRS = Groups.of((0, 0, 1, 1))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: HypersphericalEnergy(conv_weight="-1"), "conv_weight must not be negative"),
        (lambda: HypersphericalEnergy(clamp="1.5"), "clamp must not exceed 1"),
        (lambda: HypersphericalEnergy(fc="D_XM"), "none of"),
        (lambda: HypersphericalHierarchy(), "give the parent of each class"),
        (lambda: HypersphericalHierarchy(parents=(0, 2, 2)), "1 has no class"),
        (lambda: HypersphericalHierarchy(parents=(0, 1, 2)), "no parent has 2 classes"),
        (lambda: HypersphericalHierarchy(parents=(0, 0), radius_ratio="1"), "below 1"),
        (lambda: HypersphericalHierarchy(parents=(0, 0), min_group=1), "at least 2"),
        (
            lambda: HypersphericalHierarchy(parents=(0, 0)).attach(nn.Linear(3, 5)),
            "for 2 classes, and the classifier has 5",
        ),
        (
            lambda: HypersphericalHierarchy(parents=(0, 0, 1)).attach(
                with_centres(nn.Sequential(nn.Linear(2, 3)), (0, 1, 1))
            ),
            "give both the same",
        ),
        (lambda: with_centres(nn.Sequential(nn.Linear(2, 3)), (0, 0)), "another data set's"),
        (lambda: with_centres(nn.Linear(2, 3), (0, 0, 2)), "1 has no class"),
        (lambda: Groups.of(torch.tensor([0, 0, -1])), "must not be negative, not -1"),
        (
            lambda: Groups.of(torch.tensor([0.0, 1.0])),
            "whole numbers, one a class, not 0.0",
        ),
        (lambda: Groups.of(["a", "a"]), "whole numbers, one a class, not 'a'"),  # type: ignore[list-item]
        (lambda: Groups.of((0, 0, 1), torch.ones(2)), "1 or 0 of each of 3 classes"),
        (lambda: Groups.of((0, 0, 1), [0, 1, 2]), "1 or 0 of each of 3 classes"),
        (
            lambda: siblings(torch.ones(4, 3), torch.ones(3, 3), PAIRS, "cosine"),
            r"2 parents are rows \(2, d\), not \(3, 3\)",
        ),
        (
            lambda: siblings(torch.ones(3, 3), torch.ones(2, 3), PAIRS, "cosine"),
            r"4 classes are rows \(4, d\), not \(3, 3\)",
        ),
        (lambda: centre_energy(torch.ones(1, 3), PAIRS, "cosine"), "2 parents are rows"),
        (
            lambda: siblings(torch.ones(4, 3), torch.ones(2, 2), PAIRS, "cosine"),
            "one dimension, not 2 and 3",
        ),
        (lambda: parents_of("ab", {"x": tuple("ab"), "y": ()}), "y has no class"),
        (lambda: parents_of("ab", {"x": "ab"}), "give its classes as a list"),
        (lambda: with_centres(nn.Linear(2, 2), (0, 0), "diference"), "'diference' is none of"),  # type: ignore[arg-type]
        (lambda: with_centres(nn.Linear(2, 2), ["a", "a"]), "whole numbers, one a class"),  # type: ignore[list-item]
        (lambda: with_centres(with_centres(nn.Linear(2, 2), (0, 0)), (0, 0)), "already"),
        (lambda: filters(nn.Linear(2, 2)), "of a Conv2d, not of a Linear"),  # type: ignore[arg-type]
        (lambda: cosines(torch.ones(3)), r"rows of \(n, d\), not \(3,\)"),
        (lambda: energy([[1.0, 2.0]], "cosine"), "a torch.Tensor"),  # type: ignore[arg-type]
        (lambda: HypersphericalEnergy().attach(nn.Conv2d(1, 2, 3)), "no dense layer"),
        (lambda: HypersphericalEnergy().attach(nn.Linear(3, 1)), "one output and no pair"),
        (lambda: energy(torch.ones(4, 3).long(), "cosine"), "floating point, not torch.int64"),
        (lambda: energy(torch.ones(4, 3), "D_XM"), "'D_XM' is none of the metrics angle, cosine"),  # type: ignore[arg-type]
        (lambda: distances(torch.ones(4, 3), "angular7"), "'angular7' is none of"),  # type: ignore[arg-type]
        (lambda: energy(torch.ones(1, 3), "angular2"), r"two vectors or more.*not \(1, 3\)"),
    ],
)
def test_bad_input_is_one_line(make: Any, words: str) -> None:
    with pytest.raises(UserError, match=words) as error:
        make()
    assert "\n" not in str(error.value)
