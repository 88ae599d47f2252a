"""Classifiers whose classes have parents: the settings, and which tables of parents can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from benchmarks.data import DATASETS, info
from benchmarks.errors import UserError
from benchmarks.parts import Part, Whole

if TYPE_CHECKING:
    from torch import nn


class Hierarchy(Part, tag="hierarchy", frozen=True):
    """Two levels: a dense layer without bias whose class vectors hang on their parents' centres,
    see :class:`benchmarks.models.hierarchical.HierarchicalLinear`.

    Attributes:
        dataset: whose classes and superclasses they are.
        parents: place of each class's superclass, in label order; the register's by default.
        parameters: "delta" makes a class's weights of its surface vector less its parent's centre;
            "independent" adds that to a row of the layer's own, so that all three are stored
            (H-21).
    """

    dataset: str = "cifar100"
    parents: tuple[Whole, ...] = ()
    parameters: Literal["delta", "independent"] = "delta"

    def complete(self) -> None:
        if not self.parents:
            found = info(self.dataset).coarse_labels
            msgspec.structs.force_setattr(self, "parents", found)

    def fault(self) -> str | None:
        if not self.parents:
            having = ", ".join(name for name, entry in DATASETS.items() if entry.superclasses)
            return f"{self.dataset} has no superclasses: give parents, or one of {having}"
        known = info(self.dataset).coarse_labels if self.dataset in DATASETS else ()
        if known and len(self.parents) != len(known):
            return f"parents: {len(self.parents)} for the {len(known)} classes of {self.dataset}"
        if empty := sorted(set(range(max(self.parents))) - set(self.parents)):
            return f"parents: no class has the parent {empty[0]}; number them from 0 on"
        return None

    @classmethod
    def of(
        cls, classes: Sequence[str], groups: Mapping[str, Iterable[str]], dataset: str = "own"
    ) -> Hierarchy:
        """Of a table from superclasses to classes.

        Args:
            classes: in label order.

        Raises:
            UserError: where it misses a class, or names an unknown one or one twice.
        """
        places: dict[str, int] = {}
        for place, (group, members) in enumerate(groups.items()):
            for name in members:
                if name not in classes:
                    raise UserError(f"the hierarchy's {group} names {name!r}, which is no class")
                if places.setdefault(name, place) != place:
                    raise UserError(f"the hierarchy has {name!r} in two groups")
        if missing := [name for name in classes if name not in places]:
            raise UserError(f"the hierarchy misses the class {missing[0]!r}: give it a parent")
        return cls(dataset=dataset, parents=tuple(places[name] for name in classes))

    def misfit(self, dataset: str) -> str | None:
        """What is wrong where the images are of that data set; None where nothing is."""
        if self.dataset == dataset:
            return None
        return (
            f"the hierarchy is that of {self.dataset}, and the images are of {dataset}: give "
            f"hierarchy.dataset {dataset}, with its parents"
        )


def dense(inputs: int, classes: int, *, bias: bool, hierarchy: Hierarchy | None) -> nn.Linear:
    """A network's last layer.

    Raises:
        UserError: where the hierarchy is of other classes.
    """
    from torch import nn

    if hierarchy is None:
        return nn.Linear(inputs, classes, bias=bias)
    if len(hierarchy.parents) != classes:
        raise UserError(
            f"the hierarchy has {len(hierarchy.parents)} classes and the images {classes}: give "
            "the parents of the images' own classes"
        )
    from benchmarks.models.hierarchical import HierarchicalLinear

    return HierarchicalLinear(
        inputs, hierarchy.parents, own_rows=hierarchy.parameters == "independent"
    )
