"""Narrow residual networks, torchvision's, and classifiers with parents: sizes against published
ones, what the logits are made of, and tables of parents that cannot be."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from run_makers import make_run

from benchmarks.data import DATASETS, info
from benchmarks.errors import UserError
from benchmarks.models import CifarResNet, HierarchicalLinear, Hierarchy, Model, TorchvisionResNet
from benchmarks.penalties import PlainL2

INDEPENDENT = Hierarchy(parameters="independent")
# Settings, classes, parameters, those that DH2L's text prints in millions, and whether they agree.
SIZES: list[tuple[Model, int, int, str, bool]] = [
    (CifarResNet(shortcuts="pad"), 100, 275_472, "0.29", False),
    (CifarResNet(), 100, 278_224, "0.29", False),
    (CifarResNet(hierarchy=INDEPENDENT), 100, 285_904, "0.29", True),
    (CifarResNet(hierarchy=Hierarchy()), 100, 279_504, "0.29", False),
    (CifarResNet(depth=110, shortcuts="pad"), 100, 1_733_712, "1.73", True),
    (CifarResNet(depth=110), 100, 1_736_464, "1.73", False),
    (CifarResNet(depth=110, hierarchy=INDEPENDENT), 100, 1_744_144, "1.73", False),
    (CifarResNet(depth=110, shortcuts="pad", widths=(16, 30, 64)), 100, 1_693_068, "1.73", False),
    (CifarResNet(depth=110, widths=(16, 30, 64)), 100, 1_695_656, "1.73", False),
    (TorchvisionResNet(), 200, 11_278_912, "11.28", True),
    (TorchvisionResNet(), 196, 11_276_864, "11.28", True),
    (TorchvisionResNet(depth=50), 200, 23_917_632, "23.91", False),
    (TorchvisionResNet(depth=50), 196, 23_909_440, "23.91", True),
]


def on_meta(settings: Model, classes: int) -> torch.nn.Module:
    with torch.device("meta"):
        return settings.network(classes)


@pytest.mark.parametrize(("settings", "classes", "parameters", "printed", "agrees"), SIZES)
def test_sizes_are_the_closed_form_ones(
    settings: Model, classes: int, parameters: int, printed: str, agrees: bool
) -> None:
    model = on_meta(settings, classes)
    found = sum(p.numel() for p in model.parameters())
    assert found == parameters
    assert (f"{found / 1e6:.2f}" == printed) == agrees
    assert model(torch.zeros(2, 3, 32, 32, device="meta")).shape == (2, classes)


def test_logits_are_of_surface_less_centre() -> None:
    settings = Hierarchy(dataset="own", parents=(0, 1, 0))
    layer = HierarchicalLinear(4, settings.parents)
    torch.nn.init.normal_(layer.centres)
    x = torch.randn(5, 4)
    expected = [x @ (layer.weight[i] - layer.centres[parent]) for i, parent in enumerate((0, 1, 0))]
    torch.testing.assert_close(layer(x), torch.stack(expected, 1))
    layer(x).square().sum().backward()
    torch.testing.assert_close(
        layer.centres.grad,
        -torch.stack([layer.weight.grad[[0, 2]].sum(0), layer.weight.grad[1]]),  # type: ignore[index, union-attr]
    )
    whole = HierarchicalLinear(4, settings.parents, own_rows=True)
    assert whole(x).shape == (5, 3)
    assert {n for n, _ in whole.named_parameters()} == {"weight", "centres", "own"}


def test_all_vectors_start_from_the_seed_and_decay() -> None:
    settings = CifarResNet(depth=8, width_multiplier="0.5", hierarchy=INDEPENDENT)
    first, again, other = (settings.build(100, seed=seed) for seed in (1, 1, 2))
    for name in ("weight", "centres", "own"):
        one, two, three = (getattr(m.classifier, name) for m in (first, again, other))
        assert torch.equal(one, two)
        assert not torch.equal(one, three)
        assert 0.9 < one.abs().max() * 32**0.5 <= 1  # uniform in ±1/√fan_in
    decayed = PlainL2().coefficients(first)
    assert {f"classifier.{n}" for n in ("weight", "centres", "own")} <= decayed.keys()


def test_registered_superclasses_cover_every_class_once() -> None:
    for name, entry in DATASETS.items():
        if entry.superclasses:
            found = Hierarchy(dataset=name)
            groups = dict(entry.superclasses)
            assert Hierarchy.of(entry.classes, groups, name) == found
            assert len(set(found.parents)) == len(groups)
    assert len(set(Hierarchy().parents)) == 20
    assert info("cifar100").parents[0] == "fruit_and_vegetables"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hierarchy.of("ab", {"x": "a"}), "misses the class 'b'"),
        (lambda: Hierarchy.of("ab", {"x": "ab", "y": "c"}), "names 'c', which is no class"),
        (lambda: Hierarchy.of("ab", {"x": "ab", "y": "a"}), "has 'a' in two groups"),
        (lambda: Hierarchy(dataset="svhn"), "svhn has no superclasses"),
        (lambda: Hierarchy(parents=(0, 1)), "2 for the 100 classes of cifar100"),
        (lambda: Hierarchy(dataset="own", parents=(0, 2)), "no class has the parent 1"),
        (lambda: CifarResNet(hierarchy=Hierarchy()).network(10), "100 classes and the images 10"),
        (
            lambda: make_run(seed=0).replace(model=CifarResNet(hierarchy=Hierarchy())),
            "hierarchy is that of cifar100, and the images are of cifar10",
        ),
        (lambda: CifarResNet(depth=21), "depth must be 8, 14, 20"),
        (lambda: CifarResNet(bias=True, hierarchy=Hierarchy()), "no bias"),
        (lambda: TorchvisionResNet(depth=20), "none of 18, 34, 50"),
    ],
)
def test_hierarchies_that_cannot_be(make: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make()
