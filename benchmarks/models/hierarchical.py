"""Any network with a classifier whose classes stand around their parents' centres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import msgspec

from benchmarks.models.model import Model
from benchmarks.models.resnet import ResNet18
from benchmarks.parts import Whole

if TYPE_CHECKING:
    from torch import nn


class Hierarchical(Model, tag="hierarchical", frozen=True):
    """Another network whose last dense layer has centres, see
    :class:`benchmarks.models.hierarchical_linear.HierarchicalLinear`.

    All other weights start as they do in that network, whose ``initialization`` is this one's.
    Centres start as dense layers do by it.

    Attributes:
        model: the network as it is without.
        parents: of each class, in label order: numbers from 0 on.
        projection: what the logits are made of (H-21).
    """

    model: Model = ResNet18()
    parents: tuple[Whole, ...] = ()
    projection: Literal["difference", "surface", "added"] = "difference"

    def complete(self) -> None:
        """One initialization for both, however it was given."""
        default = Model().initialization
        if self.initialization == default:
            msgspec.structs.force_setattr(self, "initialization", self.model.initialization)
        elif self.model.initialization == default:
            given = self.model.replace(initialization=self.initialization)
            msgspec.structs.force_setattr(self, "model", given)

    def fault(self) -> str | None:
        if not self.parents:
            return "parents: give the parent of each class, in label order, as numbers from 0 on"
        if self.initialization != self.model.initialization:
            return (
                f"initialization is {self.initialization} and that of the network "
                f"{self.model.initialization}: give one of them"
            )
        return None

    def replace(self, **changes: Any) -> Self:
        """See :meth:`Part.replace`; an initialization that is given for one counts for both."""
        if "initialization" in changes and "model" not in changes:
            both = {"initialization": changes["initialization"]}
            changes["model"] = self.model.replace(**both)
        elif isinstance(model := changes.get("model"), Model) and "initialization" not in changes:
            changes["initialization"] = model.initialization
        return super().replace(**changes)

    def misfit(self, dataset: str) -> str | None:
        from benchmarks.data.parents import misfit

        return misfit(self.parents, dataset) or self.model.misfit(dataset)

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from benchmarks.models.hierarchical_linear import with_centres

        return with_centres(self.model.network(classes, side), self.parents, self.projection)

    def build(self, classes: int, side: int = 32, *, seed: int) -> nn.Module:
        """See :meth:`Model.build`."""
        from benchmarks.models.hierarchical_linear import initialize_centres, with_centres

        built = self.model.build(classes, side, seed=seed)
        network = with_centres(built, self.parents, self.projection)
        initialize_centres(network, self.initialization, seed)
        return network
