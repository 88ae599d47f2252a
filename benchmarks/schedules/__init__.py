"""Learning rates, one file a rule."""

from __future__ import annotations

from benchmarks.schedules.cosine import Cosine
from benchmarks.schedules.schedule import Schedule
from benchmarks.schedules.steps import Steps

__all__ = ["Cosine", "Schedule", "Steps"]
