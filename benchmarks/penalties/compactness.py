"""Penalties of how many channels of the layer below filters and classifiers use, and of how many
filters there are.

Source: Lobel, Vidal and Soto, "CompactNets", eqs. 1, 2, 6 and 7. Every term mixes half the squared
norm of a layer's weights with a sum of norms of groups of them, (1 − β)·½‖·‖² + β·Σ‖·‖. Layers are
those with weights, in the order of the modules; the last dense one is the classifier.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from benchmarks.parts import NotNegative
from benchmarks.penalties.term import Term

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.penalties.compactness_attached import Mixture, MixtureAttached


class MixedTerm(Term, frozen=True):
    """What both penalties share.

    Measurements: "classifier group norms" and "dictionary group norms", the sums of the norms
    without their weights.

    Attributes:
        c_w, c_theta: the constants of eq. 1, of the classifier and of all other layers.
        beta: β of the layers below the classifier.
        beta_schedule: "constant", or "linear" from 0 in the first layer to β in the last one below
            the classifier (section 5.3.1).
        solver: "subgrad" adds the gradient of the norms, 0 where a norm is 0; "prox" takes the
            proximal step after the update instead, which makes exact zeros (C-27). The squared
            norms are decay coefficients of the update in both.
    """

    c_w: NotNegative = Decimal("0.0001")
    c_theta: NotNegative = Decimal("0.0001")
    beta: NotNegative = Decimal("0.01")
    beta_schedule: Literal["constant", "linear"] = "constant"
    solver: Literal["subgrad", "prox"] = "subgrad"

    def fault(self) -> str | None:
        for name, value in self.mixing.items():
            if value > 1:
                return f"{name} must lie in [0, 1], not {value}"
        return None

    @property
    def mixing(self) -> dict[str, Decimal]:
        """The weights of the groups beside the squares."""
        return {"beta": self.beta}

    def betas(self, layers: int) -> list[float]:
        """β of each of so many layers below the classifier."""
        if self.beta_schedule == "constant":
            return [float(self.beta)] * layers
        steps = max(1, layers - 1)
        return [float(self.beta * layer / steps) for layer in range(layers)]

    def mixtures(self, model: nn.Module) -> list[Mixture]:
        """What is penalised, layer by layer.

        Raises:
            UserError: where the network has no dense layer, or a convolution that is no ``Conv2d``.
        """
        raise NotImplementedError

    def attach(self, model: nn.Module) -> MixtureAttached:
        from benchmarks.penalties.compactness_attached import MixtureAttached

        return MixtureAttached(model, self.mixtures(model), self.solver)


class Compactness(MixedTerm, tag="compactness", frozen=True):
    """Ω of eq. 2 on the classifier and Γ of eq. 6 on every other layer: CompactNet's.

    Γ's groups are the k×k slices of filters, one a channel of the layer below; Ω's the weights of a
    class for all regions of a channel's spatial pyramid, where the network has one
    (:class:`benchmarks.models.spatial_pyramid.SpatialPyramid`). In dense layers of other inputs and
    in 1×1 convolutions every weight is a group, so that the norms are absolute values (C-21).

    Outside of the suite, where ``penalty = Compactness(...).attach(model)``, add
    ``penalty.value()`` to the loss.

    Attributes:
        alpha: α of the classifier.
    """

    alpha: NotNegative = Decimal("0.01")

    @property
    def mixing(self) -> dict[str, Decimal]:
        return {"alpha": self.alpha, "beta": self.beta}

    def betas(self, layers: int) -> list[float]:
        """As :meth:`MixedTerm.betas`; 0 of the first one, which acts on pixels."""
        return [0.0, *super().betas(layers)[1:]][:layers]

    def mixtures(self, model: nn.Module) -> list[Mixture]:
        from benchmarks.penalties import compactness_attached as found

        return found.by_channel(model, self)


class DictionarySparsity(MixedTerm, tag="dictionary_sparsity", frozen=True):
    """Ψ of eq. 7 on every layer but the classifier, which has the squared norm alone:
    CompressedNet's. Groups are whole filters, or all weights of a dense layer's unit.
    """

    beta: NotNegative = Decimal("0.1")

    def mixtures(self, model: nn.Module) -> list[Mixture]:
        from benchmarks.penalties import compactness_attached as found

        return found.by_filter(model, self)
