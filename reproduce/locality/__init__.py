"""Schneider, "Locality-Promoting Representation Learning": one script a table, figure or theorem.

This is the default paper: its entries need no paper's name before theirs.
"""

from __future__ import annotations

from reproduce.catalogue.papers import Entry, Paper

PAPER = Paper(
    name="locality",
    title="Locality-Promoting Representation Learning",
    citation="J. Schneider, ICPR 2020, arXiv:1905.10661",
    is_default=True,
    reference="table3",
    entries=(
        Entry(
            "table1",
            "where weights of trained networks' 3×3 filters are large, beside the printed shares",
            trains=False,
        ),
        Entry(
            "table2",
            "the layers of MobileNet and VGG-10, observed and counted, beside the printed ones",
            trains=False,
        ),
        Entry(
            "table3",
            "LOCO-Reg against permuted, plain and anti-locality L2; VGG-10 on CIFAR-10",
        ),
        Entry(
            "table4",
            "LOCO-Reg and plain L2 for four λ; three networks on CIFAR-10, CIFAR-100, "
            "Fashion-MNIST",
        ),
        Entry("table5", "LOCO-Reg with 5×5 and 7×7 filters by eq. 5; VGG-10 on CIFAR-10"),
        Entry("table6", "LOCO-Reg on larger images; a deeper VGG-10 on TinyImageNet and DeepWeeds"),
        Entry("table7", "STRIP-Reg and ACNet's asymmetric convolutions; RCNet-10 on CIFAR-10"),
        Entry(
            "figure1",
            "how large a network's weights are at the centre, edge and corner of its 3×3 filters",
            trains=False,
        ),
        Entry(
            "magnitudes",
            "does LOCO-Reg change where weights are large? asked of a table's own networks",
            trains=False,
        ),
        Entry(
            "figure2",
            "where two 3×3 features lie on the paper's grid, with LOCO-Reg's and with equal "
            "weights",
            trains=False,
        ),
        Entry(
            "theorem1",
            "how unequal a filter's masses may be for its centre to matter most, in exact "
            "fractions",
            trains=False,
        ),
    ),
)
