"""Settings of the penalties that spread vectors over spheres, evenly and by a hierarchy of classes.

Source: "Deep Hierarchical-Hyperspherical Learning"; equations are its own, and what it leaves open
is a setting with the reading's id (H-06, …). A vector is a filter of a convolution, all its
channels and positions in a row, or what a unit of the classifier does with its inputs. Whatever is
said of a classifier is said of the network's last dense layer.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from benchmarks.parts import Count, NotNegative, Positive, Whole
from benchmarks.penalties.hyperspherical.pair_term import Metric, PairTerm
from benchmarks.penalties.term import Attached, Term

if TYPE_CHECKING:
    from torch import nn


class HypersphericalEnergy(PairTerm, tag="hyperspherical_energy", frozen=True):
    """λ_e times the mean over a layer's pairs, summed over layers: "E" of the paper's tables.

    Measurement: "hyperspherical energy", what is minimised, λ's included.

    Attributes:
        conv, fc: the metric of the convolutions and of the classifier.
        conv_weight, fc_weight: λ_e of each; a place whose λ is 0 is left alone.
        half_space: whether every vector counts together with its antipode.
        layer_reduce: whether convolutions' means are summed or averaged (H-16).
        leave_out: convolutions with one of these words in their module's path are left alone.
    """

    conv: Metric = "angular2"
    fc: Metric = "angular2"
    conv_weight: NotNegative = Decimal("0.1")
    fc_weight: NotNegative = Decimal("0.1")
    half_space: bool = False
    layer_reduce: Literal["sum", "mean"] = "sum"
    leave_out: tuple[str, ...] = ()

    def attach(self, model: nn.Module) -> Attached:
        from benchmarks.penalties.hyperspherical.energy_attached import EnergyAttached

        return EnergyAttached(model, self)


class HypersphericalHierarchy(PairTerm, tag="hyperspherical_hierarchy", frozen=True):
    """The hierarchical penalty of the classifier, eqs. 3 to 6 with two levels: "H" of the tables.

    A class's vector is w_s − w_c, its surface vector seen from its parent's centre. Where the
    classifier is a :class:`benchmarks.models.hierarchical_linear.HierarchicalLinear` (the model
    "hierarchical"), centres are its own; a plain dense layer's rows are surface vectors, and a
    centre is the mean of its children's.

    Only classes of the batch count (H-26), and only groups of ``min_group`` of them (H-04).

    Measurements: "hyperspherical hierarchy", what is minimised over all classes, λ's included;
    "groups a batch", "sibling pairs a batch" and "centre pairs a batch", means over the updates of
    what counted.

    Attributes:
        parents: of each class, in label order: numbers from 0 on without a gap.
        metric: of siblings and of centres.
        child_weight: λ_l of siblings' pairs, eq. 5.
        parent_weight: λ_l of centres' pairs, eq. 6.
        orthogonality: λ_o of ‖W_cᵀW_c − I‖_F over the centres.
        orthogonality_squared: whether the norm is squared (H-15).
        constraint_weight: of the hinges of C1 to C3; 0 leaves them out (H-25).
        radii: of a parent's sphere in these: "observed" is the mean of ‖w_s − w_c‖ over its
            children, "series" is ``first_radius``·``radius_ratio``. The sphere around all has
            ``first_radius``, r₀ (H-22).
        first_radius: r₀.
        radius_ratio: δ, below 1.
        parent_cross_entropy: weight of a cross-entropy of the parents by the centres' products
            with the classifier's inputs (H-21).
        full_groups: whether all classes count in every batch.
        min_group: how many siblings make a group.
    """

    parents: tuple[Whole, ...] = ()
    metric: Metric = "angular2"
    child_weight: NotNegative = Decimal("0.1")
    parent_weight: NotNegative = Decimal("0.1")
    orthogonality: NotNegative = Decimal("0.0001")
    orthogonality_squared: bool = False
    constraint_weight: NotNegative = Decimal("0")
    radii: Literal["observed", "series"] = "observed"
    first_radius: Positive = Decimal("1")
    radius_ratio: Positive = Decimal("0.5")
    parent_cross_entropy: NotNegative = Decimal("0")
    full_groups: bool = False
    min_group: Count = 2

    def fault(self) -> str | None:
        if self.radius_ratio >= 1:
            return f"radius_ratio must be below 1, not {self.radius_ratio}"
        if self.min_group < 2:
            return f"min_group must be at least 2, since one member has no pair: {self.min_group}"
        from benchmarks.data.parents import parents_fault

        return super().fault() or parents_fault(self.parents, self.min_group)

    def misfit(self, dataset: str) -> str | None:
        from benchmarks.data.parents import misfit

        return misfit(self.parents, dataset)

    def attach(self, model: nn.Module) -> Attached:
        from benchmarks.penalties.hyperspherical.hierarchy_attached import HierarchyAttached

        return HierarchyAttached(model, self)


class VectorNorms(Term, tag="vector_norms", frozen=True):
    """λ_f·Σ‖w‖ over the vectors of convolutions and dense layers, not squared, as printed (H-14).

    Attributes:
        weight: λ_f.
    """

    weight: NotNegative = Decimal("0.0005")

    def attach(self, model: nn.Module) -> Attached:
        from benchmarks.penalties.hyperspherical.energy_attached import NormsAttached

        return NormsAttached(model, self)


class PairwiseAngles(Term, tag="pairwise_angles", frozen=True):
    """How a network's vectors lie to each other: penalises nothing and measures.

    Measurements, "before" as the phase begins and "after" as an epoch leaves it, each a list in the
    order of the layers (convolutions, then the classifier): "smallest angles …" in degrees, "mean
    squared cosines …", "N-euclidean2 energies …", the mean over pairs of 1/‖ŵ_i − ŵ_j‖². "vectors
    by layer" and "dimensions by layer" say of what. "angles before, first convolution" and the like
    count the pairs of the first and the last convolution and of the classifier in ``bins`` bins
    from 0° to 180°.

    Attributes:
        bins: of the histograms.
    """

    bins: Count = 90

    def attach(self, model: nn.Module) -> Attached:
        from benchmarks.penalties.hyperspherical.measured_angles import MeasuredAngles

        return MeasuredAngles(model, self)
