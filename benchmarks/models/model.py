"""What every network's settings have."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
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

    def misfit(self, dataset: str) -> str | None:
        """Hook: what is wrong where the images are of that data set; None where nothing is."""
        return None

    def build(self, classes: int, side: int = 32, *, seed: int) -> nn.Module:
        """The network with its seeded initial weights, on the CPU in float32.

        Raises:
            UserError: as :meth:`network`.
        """
        from benchmarks.models.dropout import seed_dropouts
        from benchmarks.models.initialization import initialize

        network = self.network(classes, side)
        initialize(network, self.initialization, seed)
        seed_dropouts(network, seed)
        return network


class BatchNormed(Model, frozen=True):
    """Settings of a network with batch-norm."""

    batch_norm_momentum: NotNegative = Decimal("0.1")
    batch_norm_eps: NotNegative = Decimal("0.00001")

    def norm(self, channels: int) -> nn.BatchNorm2d:
        """A batch-norm of the channels of maps (N, channels, s, s)."""
        from torch import nn

        return nn.BatchNorm2d(channels, **self._norm_settings())

    def unit_norm(self, units: int) -> nn.BatchNorm1d:
        """A batch-norm of flat units (N, units)."""
        from torch import nn

        return nn.BatchNorm1d(units, **self._norm_settings())

    def _norm_settings(self) -> dict[str, Any]:
        momentum = float(self.batch_norm_momentum)
        return {"eps": float(self.batch_norm_eps), "momentum": momentum}


class NormedModel(BatchNormed, frozen=True):
    """Settings of a network of convolutions with batch-norm; they have no bias.

    Attributes:
        width_multiplier: what every width is multiplied by.
    """

    width_multiplier: Positive = Decimal(1)

    def width(self, nominal: int) -> int:
        """``nominal`` channels times the width multiplier, rounded half up, at least one."""
        return max(1, int((nominal * self.width_multiplier).to_integral_value(ROUND_HALF_UP)))
