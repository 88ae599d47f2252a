"""Tables of classes' parents, and which of them cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.data import DATASETS, info
from benchmarks.data.parents import misfit, parents_of
from benchmarks.errors import UserError
from benchmarks.objectives import Objective
from benchmarks.penalties import HypersphericalHierarchy, PlainL2


def test_registered_superclasses_cover_every_class_once() -> None:
    for name, entry in DATASETS.items():
        if entry.superclasses:
            groups = dict(entry.superclasses)
            found = parents_of(entry.classes, groups)
            assert found == entry.coarse_labels
            assert set(found) == set(range(len(groups)))
            assert misfit(found, name) is None
    assert len(set(info("cifar100").coarse_labels)) == 20
    assert info("cifar100").parents[0] == "fruit_and_vegetables"


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"x": ["a"]}, "misses the class 'b'"),
        ({"x": ["a", "b"], "y": ["c"]}, "y names 'c', which is no class"),
        ({"x": ["a", "b"], "y": ["a"]}, "names 'a' twice"),
    ],
)
def test_tables_that_cannot_be(groups: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parents_of("ab", groups)


def test_parents_of_another_data_set_are_told() -> None:
    digits = info("digits").coarse_labels
    assert "parents are those of digits" in str(misfit(digits, "cifar10"))
    assert "parents are those of cifar100" in str(misfit(info("cifar100").coarse_labels, "svhn"))
    assert "for 2 classes, and cifar10 has 10" in str(misfit((0, 1), "cifar10"))
    assert misfit((0, 1) * 5, "cifar10") is None
    # A penalty of them is told as well, also where the classifier has no centres.
    penalties = (PlainL2(), HypersphericalHierarchy(parents=digits))
    assert "parents are those of digits" in str(Objective(penalties=penalties).misfit("cifar10"))
    assert Objective(penalties=penalties).misfit("digits") is None
    assert misfit((0, 1), "my own images") is None
