"""Neyshabur, "Towards Learning Convolutions from Scratch": a script for each table or figure."""

from __future__ import annotations

from reproduce.catalogue.papers import Entry, Paper

PAPER = Paper(
    name="beta-lasso",
    title="Towards Learning Convolutions from Scratch",
    citation="B. Neyshabur, NeurIPS 2020, arXiv:2007.13657",
    entries=(
        Entry(
            "table1",
            "deep and shallow networks with convolutions, local and full connections; three data "
            "sets, 400 and 4,000 epochs",
        ),
        Entry("table2", "S-FC trained with β-LASSO and with SGD, 4,000 epochs on three data sets"),
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
            "figure2",
            "test and training accuracy of four networks by their number of weights (Figures 2, 6)",
        ),
        Entry("figure3", "how many weights of S-FC's layers β-LASSO leaves, epoch by epoch"),
        Entry(
            "figure4",
            "first-layer filters of Table 2's networks, and how local they are (Figures 4, 7 to 9)",
            trains=False,
        ),
        Entry("figure5", "ResNet-18 with filters of 3×3 to 15×15, under β-LASSO and SGD"),
        Entry(
            "theorem2",
            "the generalization gap that a description length allows, and where it says nothing",
            trains=False,
        ),
        Entry("selection", "the grids of hyper-parameters, by accuracy on held-out images"),
    ),
)
