"""What every network's settings have."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.parts import NotNegative, Part, Positive

if TYPE_CHECKING:
    from torch import nn


class Model(Part, frozen=True):
    """Settings of a network.

    Attributes:
        initialization: "torch" (torch's layer defaults: weights and biases uniform in ±1/√fan_in),
            "he_normal" (N(0, 2/fan_in), biases 0), "glorot_uniform" (uniform in
            ±√(6/(fan_in + fan_out)), biases 0: Keras' default).
    """

    initialization: Literal["torch", "he_normal", "glorot_uniform"] = "torch"

    def network(self, classes: int, side: int = 32) -> nn.Module:
        """The network on torch's default device, with weights that mean nothing yet.

        Args:
            classes: number of logits.
            side: height and width of the images in pixels.

        Raises:
            UserError: where the settings and the images do not fit.
        """
        raise NotImplementedError

    def build(self, classes: int, side: int = 32, *, seed: int) -> nn.Module:
        """The network with its seeded initial weights, on the CPU in float32.

        Raises:
            UserError: as :meth:`network`.
        """
        from benchmarks.models.initialization import initialize

        network = self.network(classes, side)
        initialize(network, self.initialization, seed)
        return network


class NormedModel(Model, frozen=True):
    """Settings of a network of convolutions with batch-norm.

    Attributes:
        width_multiplier: what every width is multiplied by.
    """

    width_multiplier: Positive = Decimal(1)
    batch_norm_momentum: NotNegative = Decimal("0.1")
    batch_norm_eps: NotNegative = Decimal("0.00001")

    @property
    def widths_and_norms(self) -> dict[str, Any]:
        """The settings above as the modules' arguments."""
        return {
            "width_multiplier": self.width_multiplier,
            "batch_norm_momentum": float(self.batch_norm_momentum),
            "batch_norm_eps": float(self.batch_norm_eps),
        }
