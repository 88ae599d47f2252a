"""Table VI of the locality paper: LOCO-Reg on larger images, without augmentation.

VGG-10 with one more convolution and pooling (L-18) on TinyImageNet at 64×64 and on DeepWeeds at
128×128. What the two data sets leave open differs, so each reading touches only the cells that it
is about: the head and the fold those of DeepWeeds (L-18, L-20), a flip those of TinyImageNet
(L-19).
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.data.augmentation import NoAugmentation
from benchmarks.models import ExpandedVGG10
from reproduce.catalogue.tables import Cell, Comparison, Table
from reproduce.locality.protocol import (
    DATASET,
    ETA,
    EXPERIMENT,
    GAMMA,
    rings,
    smaller,
    with_penalty,
)

PLAIN = ("1", "1")
SETTINGS = (PLAIN, ("1.4", "1.56"), ("1.8", "2.13"))
GROUPS = {"deepweeds": "DeepWeeds", "tiny-imagenet": "TinyImageNet", "digits64": "digits"}
# On TinyImageNet the last map is 1×1, where both heads are the same, and there is one split.
UNTOUCHED = {
    "deepweeds": frozenset({"data.augmentation"}),
    "tiny-imagenet": frozenset({"model.head", "data.fold"}),
    "digits64": frozenset({"data.augmentation", "model.head", "data.fold"}),
}


def _cell(dataset: str, pair: tuple[str, str]) -> Cell:
    gamma, eta = pair
    return Cell(
        name=f"{dataset} {gamma} {eta}",
        kind="plain" if pair == PLAIN else "locality",
        template=with_penalty(EXPERIMENT, rings(gamma, eta)).replace(
            data=EXPERIMENT.data.replace(name=dataset, augmentation=NoAugmentation()),
            model=ExpandedVGG10(),
        ),
        untouched=UNTOUCHED[dataset],
        group=GROUPS[dataset],
        label=f"({gamma}, {eta})",
    )


def _comparisons(*datasets: str) -> tuple[Comparison, ...]:
    return tuple(
        Comparison(f"{GROUPS[name]} {column}", f"{name} {' '.join(pair)}", f"{name} 1 1")
        for name in datasets
        for column, pair in enumerate(SETTINGS, start=1)
        if pair != PLAIN
    )


def _quick(cell: Cell) -> Cell:
    """The same network, a quarter as wide, on a small embedded data set enlarged to 64×64."""
    run = smaller(
        cell.template,
        "digits64",
        epochs=3,
        milestones=(2,),
        batch_size=64,
        learning_rate="0.01",
        width="0.25",
    )
    return replace(cell, template=run)


QUICK = Table(
    paper="locality",
    name="table6",
    title="Table VI, quick",
    caption="LOCO-Reg on larger images, the deeper VGG-10 at a quarter of its width, on digits",
    cells=tuple(_quick(_cell("digits64", pair)) for pair in SETTINGS),
    comparisons=_comparisons("digits64"),
    seeds=5,
    form="quick",
    parameters=(DATASET, GAMMA, ETA),
    layout="rows",
    row_title="(γ, η)",
)

TABLE = Table(
    paper="locality",
    name="table6",
    title="Table VI",
    caption="Accuracy on 128×128 images (DeepWeeds) and on 64×64 images (TinyImageNet)",
    cells=tuple(_cell(name, pair) for name in ("deepweeds", "tiny-imagenet") for pair in SETTINGS),
    comparisons=_comparisons("deepweeds", "tiny-imagenet"),
    seeds=15,
    forms={"quick": QUICK},
    parameters=(DATASET, GAMMA, ETA),
    layout="rows",
    row_title="(γ, η)",
)

if __name__ == "__main__":
    from reproduce.scripts import run_table

    run_table(TABLE)
