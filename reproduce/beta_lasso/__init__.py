"""Neyshabur, "Towards Learning Convolutions from Scratch": a script for each table or figure."""

from __future__ import annotations

from reproduce.catalogue.papers import Entry, Paper

PAPER = Paper(
    name="beta-lasso",
    title="Towards Learning Convolutions from Scratch",
    citation="B. Neyshabur, NeurIPS 2020, arXiv:2007.13657",
    entries=(
        Entry(
            "table3",
            "the weights of D-CONV, D-LOCAL and D-FC by the printed formulas and as they are built",
            trains=False,
        ),
        Entry(
            "table4",
            "the weights of S-CONV, S-LOCAL and S-FC by the printed formulas and as they are built",
            trains=False,
        ),
        Entry(
            "figure1",
            "how the six networks' weights grow with their channels and with the image",
            trains=False,
        ),
        Entry(
            "theorem2",
            "the generalization gap that a description length allows, and where it says nothing",
            trains=False,
        ),
    ),
)
