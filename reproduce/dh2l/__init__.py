"""Deep hierarchical-hyperspherical learning: a script for each table or figure."""

from __future__ import annotations

from reproduce.catalogue.papers import Entry, Paper

PAPER = Paper(
    name="dh2l",
    title="Deep Hierarchical-Hyperspherical Learning (DH²L)",
    citation="anonymous draft",
    entries=(
        Entry("table1", "energies of filters by their metric, CIFAR-10 and resnet-20"),
        Entry("table2", "energies and a hierarchy of classes, CIFAR-100, resnet-20 and resnet-110"),
        Entry("table3", "forms and means of the combined distances, their lost labels' candidates"),
        Entry("table4", "a metric for the convolutions and another for the classifier"),
        Entry("table5", "CUB-200-2011 with ResNet-18 and ResNet-50 from published weights"),
        Entry("table6", "Stanford Cars with ResNet-18 and ResNet-50 from published weights"),
        Entry("table7", "statistics of the four data sets, recounted", trains=False),
        Entry("claims", "the text's sentences by the printed numbers alone", trains=False),
        Entry("selection", "the sets of λ, by accuracy on held-out images"),
        Entry(
            "axioms",
            "which of its distances are metrics, with counter-examples; energies of known "
            "arrangements",
            trains=False,
            varies=True,
        ),
        Entry(
            "figures",
            "glued spheres, series of radii, angles beside signs, pairs of a hierarchy (Figures 1 "
            "to 4)",
            trains=False,
        ),
    ),
)
