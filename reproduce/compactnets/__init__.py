"""Lobel, Vidal and Soto, "CompactNets: Compact Hierarchical Compositional Networks for Visual
Recognition": a script for each table or figure."""

from __future__ import annotations

from reproduce.catalogue.papers import Entry, Paper

PAPER = Paper(
    name="compactnets",
    title="CompactNets: Compact Hierarchical Compositional Networks for Visual Recognition",
    citation="H. Lobel, R. Vidal and A. Soto, Computer Vision and Image Understanding, 2019",
    entries=(
        Entry(
            "table4",
            "how many units detect concepts: what ŝ stands for, and dissection over Broden",
            trains=False,
        ),
        Entry(
            "ratios",
            "what follows from the printed numbers alone: ratios, margins, implied units",
            trains=False,
        ),
    ),
)
