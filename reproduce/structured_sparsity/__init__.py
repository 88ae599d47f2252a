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
        Entry("figure1", "the widths that the kernel-number penalty leaves of every layer, by α"),
        Entry(
            "figure2",
            "the nested supports by which kernels become smaller, drawn and counted",
            trains=False,
        ),
        Entry("figure3", "the sizes of kernels that the kernel-size penalty leaves, by α"),
        Entry(
            "figure4",
            "accuracy against multiply-adds for every α and τ under both penalties, beside "
            "hand-made networks",
        ),
        Entry(
            "figure5",
            "accuracy against multiply-adds for every α and τ under the kernel-number penalty",
        ),
        Entry(
            "bases",
            "the same for square networks on CIFAR-10 and MNIST and for ImageNet's base networks",
        ),
        Entry(
            "networks",
            "the networks that thresholds leave of kept runs, with images/s, exported by --export",
            trains=False,
        ),
    ),
)
