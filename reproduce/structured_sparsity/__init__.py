"""The structured-sparsity draft: a script for each table or figure."""

from __future__ import annotations

from reproduce.catalogue.papers import Entry, Paper

PAPER = Paper(
    name="structured-sparsity",
    title="Optimal Convolutional Architectures Via Structured Sparsity Regularizers",
    citation="anonymous draft",
    entries=(
        Entry(
            "table1",
            "four known architectures as they are built, beside the printed numbers, gaps filled",
            trains=False,
        ),
        Entry(
            "table2",
            "the base architectures as they are built: layers, parameters, multiply-adds by eq. 10",
            trains=False,
        ),
        Entry(
            "figure2",
            "the nested supports by which kernels become smaller, drawn and counted",
            trains=False,
        ),
    ),
)
