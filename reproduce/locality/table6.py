"""Table VI of the locality paper: LOCO-Reg on larger images, without augmentation.

VGG-10 with one more convolution and pooling (L-18) on TinyImageNet at 64×64 and on DeepWeeds at
128×128. What the two data sets leave open differs, so each reading touches only the cells that it
is about: the head and the fold those of DeepWeeds (L-18, L-20), a flip those of TinyImageNet
(L-19).
"""

from __future__ import annotations

from dataclasses import replace

from reproduce.catalogue.tables import Cell, Comparison, Table

PLAIN = ("1", "1")
SETTINGS = (PLAIN, ("1.4", "1.56"), ("1.8", "2.13"))
GROUPS = {"deepweeds": "DeepWeeds", "tiny-imagenet": "TinyImageNet", "digits64": "digits"}
# On TinyImageNet the last map is 1×1, where both heads are the same, and there is one split.
UNTOUCHED = {
    "deepweeds": frozenset({"augmentation"}),
    "tiny-imagenet": frozenset({"head", "fold"}),
    "digits64": frozenset({"augmentation", "head", "fold"}),
}

# Quick: the same network, a quarter as wide, on a small embedded data set enlarged to 64×64, a few
# epochs. Another experiment: its numbers show that everything works, nothing about the paper.
QUICK_SETTINGS = {
    "width_multiplier": "0.25",
    "epochs": 3,
    "batch_size": 64,
    "learning_rate": "0.01",
    "lr_milestones": (2,),
    "evaluate_every": 1,
}


def _cell(dataset: str, pair: tuple[str, str]) -> Cell:
    gamma, eta = pair
    return Cell(
        name=f"{dataset} {gamma} {eta}",
        kind="plain" if pair == PLAIN else "locality",
        settings={
            "dataset": dataset,
            "model": "vgg10-expanded",
            "augmentation": "none",
            "gamma": gamma,
            "eta": eta,
        },
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
    return replace(cell, settings={**QUICK_SETTINGS, **cell.settings})


QUICK = Table(
    paper="locality",
    name="table6",
    title="Table VI, quick",
    caption="LOCO-Reg on larger images, the deeper VGG-10 at a quarter of its width, on digits",
    cells=tuple(_quick(_cell("digits64", pair)) for pair in SETTINGS),
    comparisons=_comparisons("digits64"),
    seeds=5,
    is_quick=True,
    parameters=("dataset", "gamma", "eta"),
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
    quick=QUICK,
    parameters=("dataset", "gamma", "eta"),
    layout="rows",
    row_title="(γ, η)",
)

if __name__ == "__main__":
    from reproduce.scripts import run_table

    run_table(TABLE)
