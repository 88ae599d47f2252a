"""Penalties of an objective, one file an idea."""

from __future__ import annotations

from benchmarks.penalties.l2 import DenseL2, NormBiasL2, PlainL2
from benchmarks.penalties.loco_reg import Locality, LocoLine, LocoReg
from benchmarks.penalties.strip_reg import StripReg
from benchmarks.penalties.term import Quadratic, Term

__all__ = [
    "DenseL2",
    "Locality",
    "LocoLine",
    "LocoReg",
    "NormBiasL2",
    "PlainL2",
    "Quadratic",
    "StripReg",
    "Term",
]
