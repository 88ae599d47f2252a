"""Settings of ResNet-10, which the locality paper names without describing it (L-17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.models.model import NormedModel

if TYPE_CHECKING:
    from torch import nn


class ResNet10(NormedModel, tag="resnet10", frozen=True):
    """See :class:`benchmarks.models.resnet_network.ResNet`."""

    def network(self, classes: int, side: int = 32) -> nn.Module:
        """See :meth:`Model.network`."""
        from benchmarks.models.resnet_network import ResNet

        return ResNet(classes, **self.widths_and_norms)
