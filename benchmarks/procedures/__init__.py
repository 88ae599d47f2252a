"""What a run does with its weights: a list of phases, one file a phase; ``shrink`` and
``gather_anew`` for own code."""

from __future__ import annotations

from benchmarks.procedures.batch_norm_statistics import gather_anew
from benchmarks.procedures.linear_svm import LinearSVM
from benchmarks.procedures.phase import AtOnce, Phase, Procedure, Work
from benchmarks.procedures.prune import Prune
from benchmarks.procedures.shrink_model import Shrunk, shrink
from benchmarks.procedures.start_from import StartFrom
from benchmarks.procedures.start_from_file import StartFromFile
from benchmarks.procedures.thresholds import Thresholds
from benchmarks.procedures.train import Train

__all__ = [
    "AtOnce",
    "LinearSVM",
    "Phase",
    "Procedure",
    "Prune",
    "Shrunk",
    "StartFrom",
    "StartFromFile",
    "Thresholds",
    "Train",
    "Work",
    "gather_anew",
    "shrink",
]
