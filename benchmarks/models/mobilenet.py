"""Settings of the locality paper's adaptation of MobileNet, Table II."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.models.model import NormedModel

if TYPE_CHECKING:
    from torch import nn


class MobileNet(NormedModel, tag="mobilenet", frozen=True):
    """See :class:`benchmarks.models.mobilenet_network.MobileNetwork`."""

    def network(self, classes: int, side: int = 32) -> nn.Module:
        """See :meth:`Model.network`."""
        from benchmarks.models.mobilenet_network import MobileNetwork

        return MobileNetwork(classes, **self.widths_and_norms)
