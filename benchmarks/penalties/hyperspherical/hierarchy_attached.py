"""The hierarchical penalty of a classifier, at work on its network."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks.errors import UserError
from benchmarks.models.hierarchical_linear import HierarchicalLinear, last_dense
from benchmarks.penalties.hyperspherical.energies import (
    Groups,
    centre_energy,
    constraints,
    mean_centres,
    orthogonality,
    series_radius,
    siblings,
)
from benchmarks.penalties.term import Attached

if TYPE_CHECKING:
    from benchmarks.penalties.hyperspherical.settings import HypersphericalHierarchy

COUNTED = ("groups a batch", "sibling pairs a batch", "centre pairs a batch")


class HierarchyAttached(Attached):
    """See :class:`benchmarks.penalties.HypersphericalHierarchy`.

    Attributes:
        counted: updates, and over all of them :data:`COUNTED`; float64 (4,).

    Raises:
        UserError: where the parents are not the classifier's.
    """

    def __init__(self, model: nn.Module, term: HypersphericalHierarchy) -> None:
        super().__init__(model)
        self.term = term
        _, self.classifier = last_dense(model)
        weight = self.classifier.weight
        _check(self.classifier, term.parents)
        parents = torch.tensor(term.parents, device=weight.device)
        members = functional.one_hot(parents, max(term.parents) + 1).T.to(weight.dtype)
        self.all = Groups(parents, members, torch.ones_like(members[0]), term.min_group)
        self.counted = torch.zeros(4, dtype=torch.float64, device=weight.device)
        self.inputs: torch.Tensor | None = None
        if term.parent_cross_entropy:
            _listen(self.classifier, self)

    def centres(self) -> torch.Tensor:
        """w_c of each parent, (parents, d)."""
        layer = self.classifier
        if isinstance(layer, HierarchicalLinear):
            return layer.centres
        return mean_centres(layer.weight, self.all)

    def groups(self, labels: torch.Tensor) -> Groups:
        """Those that count in a batch."""
        if self.term.full_groups:
            return self.all
        present = torch.zeros_like(self.all.present).index_fill_(0, labels, 1)
        return Groups(self.all.parents, self.all.members, present, self.all.least)

    def loss(self, labels: torch.Tensor) -> torch.Tensor | None:
        """See :meth:`Attached.loss`."""
        groups = self.groups(labels)
        with torch.no_grad():
            parents = groups.parents_present.sum()
            found = (groups.counting.sum(), groups.sibling_pairs.sum() / 2)
            pairs = parents * (parents - 1) / 2
            self.counted += torch.stack([torch.ones_like(pairs), *found, pairs]).double()
        whole = self.value(groups)
        if self.inputs is not None:
            # The classifier's inputs are the batch's; in bfloat16 where the network is.
            logits = functional.linear(self.inputs.to(whole.dtype), self.centres())
            entropy = functional.cross_entropy(logits, self.all.parents.index_select(0, labels))
            whole = whole + float(self.term.parent_cross_entropy) * entropy
            self.inputs = None
        return whole

    def value(self, groups: Groups) -> torch.Tensor:
        """What is minimised, but for the parents' cross-entropy."""
        term, surface, centres = self.term, self.classifier.weight, self.centres()
        whole = surface.new_zeros(())
        if term.child_weight:
            found = siblings(surface, centres, groups, term.metric, term)
            whole = whole + float(term.child_weight) * found
        if term.parent_weight:
            found = centre_energy(centres, groups, term.metric, term)
            whole = whole + float(term.parent_weight) * found
        if term.orthogonality:
            present = groups.parents_present
            found = orthogonality(centres, present, squared=term.orthogonality_squared)
            whole = whole + float(term.orthogonality) * found
        if term.constraint_weight:
            outer, ratio = float(term.first_radius), float(term.radius_ratio)
            inner = series_radius(outer, ratio, 1) if term.radii == "series" else None
            found = constraints(surface, centres, groups, outer, inner).sum()
            whole = whole + float(term.constraint_weight) * found
        return whole

    def measurements(self) -> dict[str, Any]:
        """See :meth:`Attached.measurements`."""
        updates, *sums = self.counted.tolist()
        means = [total / max(1.0, updates) for total in sums]
        value = {"hyperspherical hierarchy": self.value(self.all).item()}
        return value | dict(zip(COUNTED, means, strict=True))

    def state(self) -> dict[str, Any]:
        """See :meth:`Attached.state`."""
        return {"counted": self.counted}

    def restore(self, state: dict[str, Any]) -> None:
        self.counted.copy_(state["counted"])


def _check(classifier: nn.Linear, parents: tuple[int, ...]) -> None:
    classes = classifier.out_features
    if len(parents) != classes:
        raise UserError(
            f"parents are given for {len(parents)} classes, and the classifier has {classes}: "
            "they are another data set's"
        )
    if isinstance(classifier, HierarchicalLinear) and classifier.given != parents:
        raise UserError(
            "the penalty's parents are not those of the classifier's centres: give both the same"
        )


def _listen(classifier: nn.Linear, attached: HierarchyAttached) -> None:
    """Let the penalty see what the classifier gets in training, for as long as there is one."""
    listener = weakref.ref(attached)

    def note(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        heard = listener()
        if heard is None:
            handle.remove()
        elif module.training:
            heard.inputs = inputs[0]

    handle = classifier.register_forward_pre_hook(note)
