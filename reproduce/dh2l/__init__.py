"""Deep hierarchical-hyperspherical learning: a script for each table or figure."""

from __future__ import annotations

from reproduce.catalogue.papers import Entry, Paper

PAPER = Paper(
    name="dh2l",
    title="Deep Hierarchical-Hyperspherical Learning (DH²L)",
    citation="anonymous draft",
    entries=(
        Entry(
            "axioms",
            "which of its distances are metrics, with counter-examples; energies of known "
            "arrangements",
            trains=False,
        ),
        Entry(
            "figures",
            "glued spheres, series of radii, angles beside signs, pairs of a hierarchy (Figures 1 "
            "to 4)",
            trains=False,
        ),
    ),
)
