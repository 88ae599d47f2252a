"""Penalties of an objective, one file an idea."""

from __future__ import annotations

from benchmarks.penalties.compactness import Compactness, DictionarySparsity
from benchmarks.penalties.hyperspherical.settings import (
    HypersphericalEnergy,
    HypersphericalHierarchy,
    PairwiseAngles,
    VectorNorms,
)
from benchmarks.penalties.kernel_number_size import KernelComplexity, KernelNumber, KernelSize
from benchmarks.penalties.l2 import DenseL2, NormBiasL2, PlainL2
from benchmarks.penalties.loco_reg import Locality, LocoLine, LocoReg
from benchmarks.penalties.measured_filter_locality import FilterLocality
from benchmarks.penalties.measured_group_sparsity import GroupSparsity
from benchmarks.penalties.measured_kernel_correlation import KernelCorrelation
from benchmarks.penalties.measured_non_zeros import NonZeros
from benchmarks.penalties.quadratic import Quadratic
from benchmarks.penalties.strip_reg import StripReg
from benchmarks.penalties.term import Attached, Term

__all__ = [
    "Attached",
    "Compactness",
    "DenseL2",
    "DictionarySparsity",
    "FilterLocality",
    "GroupSparsity",
    "HypersphericalEnergy",
    "HypersphericalHierarchy",
    "KernelComplexity",
    "KernelCorrelation",
    "KernelNumber",
    "KernelSize",
    "Locality",
    "LocoLine",
    "LocoReg",
    "NonZeros",
    "NormBiasL2",
    "PairwiseAngles",
    "PlainL2",
    "Quadratic",
    "StripReg",
    "Term",
    "VectorNorms",
]
