"""Lobel, Vidal and Soto, "CompactNets: Compact Hierarchical Compositional Networks for Visual
Recognition": a script for each table or figure."""

from __future__ import annotations

from reproduce.catalogue.papers import Entry, Paper

PAPER = Paper(
    name="compactnets",
    title="CompactNets: Compact Hierarchical Compositional Networks for Visual Recognition",
    citation="H. Lobel, R. Vidal and A. Soto, Computer Vision and Image Understanding, 2019",
    entries=(
        Entry("table1", "SimpleNet, CompressedNet and CompactNet by depth, 90 epochs on ILSVRC12"),
        Entry("table2", "the networks on 15 Scenes and MIT67: features, fine-tuning, from scratch"),
        Entry("figure4", "how many weights of Table 1's networks are zero, by depth"),
        Entry("figure5", "in which groups and layers the weights of CompactNet-7 are zero"),
        Entry(
            "table3",
            "three models by depth and ρ, operating points, VGG11 and ResNet18 with the penalties",
        ),
        Entry(
            "table4",
            "how many units detect concepts: what ŝ stands for, and dissection over Broden",
            trains=False,
        ),
        Entry("figure6", "CompactNet's top-1 error over depth and ρ"),
        Entry("figure7", "the lowest error of three models at every depth"),
        Entry("figure8", "validation minus training error by depth"),
        Entry("figure9", "error by effective parameters, and the operating points"),
        Entry(
            "others",
            "other papers' networks in Table 3: as printed, by torchvision, and evaluated here",
            trains=False,
        ),
        Entry(
            "ratios",
            "what follows from the printed numbers alone: ratios, margins, implied units",
            trains=False,
        ),
    ),
)
