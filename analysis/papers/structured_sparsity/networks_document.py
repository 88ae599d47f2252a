"""What thresholds leave of kept networks: a line each, their layers, and their first kernels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    context_notes,
    row,
)
from analysis.documents.panels import FigureBlock, Images
from analysis.tables.about import LABELS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_KERNELS, MOST_PANELS, ACROSS = 64, 24, 8


@dataclass(frozen=True)
class Network:
    """A network at a threshold.

    Attributes:
        sizes: by convolution, each kernel's size, 0 where it went.
        dense: multiply-adds before.
        accuracy: of the test images, None where these are not at hand.
        speeds: by batch, images a second before and after, on this machine.
        first: the first layer's kernels before, (kernels, channels, height, width).
    """

    cell: str
    group: str
    label: str
    run: str
    seed: int
    tau: str
    sizes: Mapping[str, tuple[int, ...]]
    removed: tuple[str, ...]
    identity_like: int
    parameters: int
    multiply_adds: int
    dense: int
    accuracy: float | None
    speeds: Mapping[int, tuple[float, float]]
    first: NDArray[np.float32]

    @property
    def widths(self) -> list[int]:
        """Kernels that stay, by layer."""
        return [sum(map(bool, found)) for found in self.sizes.values()]


def document(
    networks: Sequence[Network],
    *,
    form: str,
    variant: str,
    missing: str,
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The report; speeds are of this machine and stand in no file of data but the JSON.

    Args:
        missing: the command that trains what is missing, if anything is.
    """
    notes = [
        Note(
            "Thresholded networks without training afterwards, rebuilt without what is removed, "
            "with batch-norm statistics as S-31 has them where the images are at hand; "
            "images a second are measured here and now, in float32 with one thread, in turn with "
            "those of the whole network, which stand in brackets. A layer of several sizes is a "
            "convolution for each, which may take longer than the whole one."
        )
    ]
    seeds = sorted({n.seed for n in networks})
    if seeds:
        named = ", ".join(map(str, seeds))
        notes.append(Note(f"of each cell the first seed whose weights are kept: {named}.", "Seeds"))
    if missing:
        notes.append(Note(f"Weights of some selected cells are not kept: {missing}", "Missing"))
    return Document(
        id="structured-sparsity/networks",
        title="Networks",
        caption="What thresholds leave of kept runs" + (f", {variant}" if variant else ""),
        labels=(LABELS[form],) if form in LABELS else (),
        blocks=(
            _grid(networks),
            _layers(networks),
            Notes((*notes, *context_notes(context))),
            _figure(networks, form),
            _data(networks),
        ),
        facts={"networks": [_facts(n) for n in networks], **context},
    )


def _grid(networks: Sequence[Network]) -> Grid:
    heads = ("parameters", "mult.-adds", "of all, %", "accuracy", "images/s, 1", "images/s, 128")
    rows = []
    for n in networks:
        share = 100 * n.multiply_adds / n.dense
        accuracy = MISSING if n.accuracy is None else f"{100 * n.accuracy:.2f}"
        speeds = [
            Cell(f"{after:,.0f}", after, detail=f"({before:,.0f})")
            for before, after in n.speeds.values()
        ]
        rows.append(
            row(
                n.label,
                n.tau,
                Cell(f"{n.parameters:,}", n.parameters),
                Cell(f"{n.multiply_adds:,}", n.multiply_adds),
                Cell(f"{share:.1f}", share),
                Cell(accuracy, n.accuracy),
                *speeds,
                group=n.group,
            )
        )
    caption = (
        "Rebuilt networks; images a second on this machine, one at a time and 128 at once, in "
        "brackets those of the whole network."
    )
    titles = columns("network", "τ", *heads, right=heads)
    return Grid("networks", titles, tuple(rows), "rebuilt networks", caption, headed=True)


def _layers(networks: Sequence[Network]) -> Grid:
    rows = []
    for n in networks:
        counts = Counter(size for found in n.sizes.values() for size in found)
        sizes = ", ".join(
            f"{counts[size]} of size {size}" if size else f"{counts[size]} removed"
            for size in sorted(counts, reverse=True)
        )
        gone = f"; without {', '.join(n.removed)}" if n.removed else ""
        alike = f"; {n.identity_like} pass a channel through" if n.identity_like else ""
        widths = " ".join(map(str, n.widths))
        rows.append(row(n.label, n.tau, widths, f"{sizes}{gone}{alike}", group=n.group))
    titles = columns("network", "τ", "widths by layer", "kernels")
    caption = "Layers of the rebuilt networks, and the sizes of their kernels."
    return Grid("layers", titles, tuple(rows), "layers", caption, headed=True)


def _figure(networks: Sequence[Network], form: str) -> FigureBlock:
    """The first layer's kernels after training; those that a threshold removes are left out."""
    panels = []
    for n in list(networks)[:MOST_PANELS]:
        kept = [k for k, size in enumerate(next(iter(n.sizes.values()))) if size]
        tiles = n.first[kept][:MOST_KERNELS].transpose(0, 2, 3, 1)
        shown = tiles if tiles.shape[-1] == 3 else tiles[..., 0]
        title = f"{n.group}, {n.label}, τ = {n.tau}"
        panels.append(Images(tuple(shown.tolist()), ACROSS, title, apart=True))
    rows = max((-(-len(panel.tiles) // ACROSS) for panel in panels), default=1)
    told = "First kernels that a threshold leaves, each on a scale of its own"
    heading = (told, LABELS[form]) if form in LABELS else (told,)
    return FigureBlock(
        tuple(panels), (), "kernels", min(3, len(panels)), (2.4, 0.4 + 0.3 * rows), heading
    )


def _data(networks: Sequence[Network]) -> Data:
    names = ("cell", "run", "seed", "tau", "layer", "kernels", "left", "largest", "smallest")
    rows = [
        (n.cell, n.run, n.seed, n.tau, path, len(found), sum(map(bool, found)), max(found),
         min((size for size in found if size), default=0))
        for n in networks
        for path, found in n.sizes.items()
    ]  # fmt: skip
    return Data(names, tuple(rows))


def _facts(n: Network) -> dict[str, Any]:
    named = ("cell", "run", "seed", "tau", "parameters", "multiply_adds", "accuracy")
    speeds = {
        str(b): {"whole": before, "rebuilt": after} for b, (before, after) in n.speeds.items()
    }
    return {
        **{name: getattr(n, name) for name in named},
        "sizes": {path: list(found) for path, found in n.sizes.items()},
        "removed": list(n.removed),
        "images_per_second": speeds,
    }
