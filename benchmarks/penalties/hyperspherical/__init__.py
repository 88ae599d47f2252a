"""Penalties that spread vectors over spheres: settings for runs, and functions for any model.

    from benchmarks.penalties.hyperspherical import energy, filters

    loss = loss + 0.1 * sum(energy(filters(layer), "D_cos(HM)") for layer in convolutions(model))

``energy`` takes any matrix of vectors. A classifier with centres is made by ``with_centres``, and
``siblings``, ``centre_energy``, ``orthogonality`` and ``constraints`` are the hierarchy's penalties
of its ``weight`` and ``centres``, with ``Groups.of(parents, present)``;
:func:`benchmarks.data.parents.parents_of` makes ``parents`` of a table of names.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from benchmarks.penalties.hyperspherical.pair_term import Metric, PairTerm
from benchmarks.penalties.hyperspherical.settings import (
    HypersphericalEnergy,
    HypersphericalHierarchy,
    PairwiseAngles,
    VectorNorms,
)

if TYPE_CHECKING:
    from benchmarks.models.hierarchical_linear import HierarchicalLinear, with_centres
    from benchmarks.penalties.hyperspherical.energies import (
        Groups,
        centre_energy,
        constraints,
        energy,
        mean_centres,
        orthogonality,
        series_radius,
        siblings,
    )
    from benchmarks.penalties.hyperspherical.energy_attached import convolutions, filters
    from benchmarks.penalties.hyperspherical.metrics import (
        cosines,
        distances,
        sign_products,
        signs,
    )

__all__ = [
    "Groups",
    "HierarchicalLinear",
    "HypersphericalEnergy",
    "HypersphericalHierarchy",
    "Metric",
    "PairTerm",
    "PairwiseAngles",
    "VectorNorms",
    "centre_energy",
    "constraints",
    "convolutions",
    "cosines",
    "distances",
    "energy",
    "filters",
    "mean_centres",
    "orthogonality",
    "series_radius",
    "siblings",
    "sign_products",
    "signs",
    "with_centres",
]
# Settings load without torch, so what computes is imported when it is asked for.
HOMES = {
    "benchmarks.models.hierarchical_linear": ("HierarchicalLinear", "with_centres"),
    "benchmarks.penalties.hyperspherical.energy_attached": ("convolutions", "filters"),
    "benchmarks.penalties.hyperspherical.metrics": (
        *("cosines", "distances", "sign_products", "signs"),
    ),
    "benchmarks.penalties.hyperspherical.energies": (
        *("Groups", "centre_energy", "constraints", "energy", "mean_centres", "orthogonality"),
        *("series_radius", "siblings"),
    ),
}


def __getattr__(name: str) -> Any:
    for home, names in HOMES.items():
        if name in names:
            return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
