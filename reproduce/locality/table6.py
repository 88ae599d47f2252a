"""Table VI of the locality paper: LOCO-Reg on larger images, without augmentation.

VGG-10 with one more convolution and pooling (L-18) on TinyImageNet at 64×64 and on DeepWeeds at
128×128. What the two data sets leave open differs, so each reading touches only the cells that it
is about: the head and the fold those of DeepWeeds (L-18, L-20), a flip those of TinyImageNet
(L-19).
"""

from __future__ import annotations

from benchmarks.data.augmentation import NoAugmentation
from benchmarks.models import ExpandedVGG10
from reproduce.catalogue.tables import Cell, Table
from reproduce.locality.protocol import (
    DATASET,
    ETA,
    EXPERIMENT,
    GAMMA,
    PLAIN,
    SETTINGS,
    against_first,
    rings,
    smaller,
    with_penalty,
)

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


CELLS = tuple(_cell(name, pair) for name in ("deepweeds", "tiny-imagenet") for pair in SETTINGS)
QUICK_CELLS = tuple(smaller(_cell("digits64", pair), "digits64", width="0.25") for pair in SETTINGS)

TABLE = Table(
    paper="locality",
    name="table6",
    title="Table VI",
    caption="Accuracy on 128×128 images (DeepWeeds) and on 64×64 images (TinyImageNet)",
    cells=CELLS,
    comparisons=against_first(CELLS),
    parameters=(DATASET, GAMMA, ETA),
    layout="rows",
    row_title="(γ, η)",
)
QUICK = TABLE.in_form(
    "quick",
    "LOCO-Reg on larger images, the deeper VGG-10 at a quarter of its width, on digits",
    QUICK_CELLS,
    comparisons=against_first(QUICK_CELLS),
)
TABLE = TABLE.with_forms(QUICK)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
