"""Deep hierarchical-hyperspherical learning: a script for each table or figure."""

from __future__ import annotations

from reproduce.catalogue.papers import Paper

PAPER = Paper(
    name="dh2l",
    title="Deep Hierarchical-Hyperspherical Learning (DH²L)",
    citation="anonymous draft",
    entries=(),
)
