"""The experiments that the DH2L paper's tables share, composed of the suite's parts (its appendix).

λ of each penalty is declared here before any run: the paper names sets of two and not which it has
used (H-18). The entry ``selection`` trains the grids on held-out images.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from analysis.papers.dh2l.by_layer import LAYER_ANGLES, LAYER_ENERGIES, OfFilters
from analysis.verdicts.measure import ACCURACY, VALIDATION_ACCURACY, Measure
from benchmarks.data import info
from benchmarks.data.crop_flip import CropFlip
from benchmarks.data.images import Images
from benchmarks.models import CifarResNet, Hierarchical, Model, TorchvisionResNet
from benchmarks.objectives import Objective
from benchmarks.optimizers import SGD
from benchmarks.penalties import (
    HypersphericalEnergy,
    HypersphericalHierarchy,
    PairwiseAngles,
    PlainL2,
    Term,
)
from benchmarks.procedures import Phase, Procedure, StartFromFile, Train
from benchmarks.run import Run
from benchmarks.schedules import Steps
from reproduce.catalogue.tables import Cell

PAPER = "dh2l"
SEEDS = 15  # the paper has one, 0 (H-31)
EPOCHS, BATCH, MILESTONES = 300, 512, (150, 225)  # H-17
FINE_EPOCHS, FINE_BATCH, FINE_MILESTONES = 100, 256, (50, 75)
STORED, WINDOW = 256, 224
RATE = Decimal("0.1")  # and a tenth after each milestone

PERCENT = replace(ACCURACY, percent=True)
VALIDATION_PERCENT = replace(VALIDATION_ACCURACY, percent=True)
ENERGY_OF_CLASSIFIER = Measure(
    LAYER_ENERGIES.format("after"),
    "mean of 1/‖ŵᵢ − ŵⱼ‖² over the classifier's pairs",
    "number",
    lower_is_better=True,
    decimals=3,
    item=-1,
)
ANGLE_OF_CLASSIFIER = Measure(
    LAYER_ANGLES.format("after"),
    "smallest angle of the classifier's pairs",
    "number",
    unit="degrees",
    decimals=1,
    item=-1,
)
ENERGY_OF_FILTERS = OfFilters(
    "energy of filters",
    "mean of 1/‖ŵᵢ − ŵⱼ‖² over filters' pairs, mean over the convolutions",
    "number",
    lower_is_better=True,
    decimals=3,
    of=(ENERGY_OF_CLASSIFIER.name,),
)
ANGLE_OF_FILTERS = OfFilters(
    "smallest angle of filters",
    "smallest angle of filters' pairs, mean over the convolutions",
    "number",
    unit="degrees",
    decimals=1,
    of=(ANGLE_OF_CLASSIFIER.name,),
)
MEASURES = (
    PERCENT,
    *(ANGLE_OF_FILTERS, ENERGY_OF_FILTERS),
    *(ANGLE_OF_CLASSIFIER, ENERGY_OF_CLASSIFIER),
)

# λ of the appendix; of the two sets the smaller member (H-18).
LAMBDA_F = Decimal("0.0005")
LAMBDA_E, LAMBDA_L = ("0.1", "1"), ("0.1", "0.5")

# As the paper prints metrics, and as the penalties are set.
L2 = "l2"

ENERGY, HIERARCHY = "objective.penalties.hyperspherical_energy", "hyperspherical_hierarchy"
HIERARCHY = f"objective.penalties.{HIERARCHY}"
DATASET = ("dataset", "data.name")
NETWORK = ("network", "model.kind")
CONV = ("conv", f"{ENERGY}.conv")
DENSE = ("fc", f"{ENERGY}.fc")
CHILDREN = ("classes", f"{HIERARCHY}.metric")
DECAY = ("weight_decay", "objective.penalties.l2.weight_decay")
LAMBDA_E_PATH = ("lambda_e", f"{ENERGY}.conv_weight")
LAMBDA_L_PATH = ("lambda_l", f"{HIERARCHY}.child_weight")
PARAMETERS = (DATASET, NETWORK, CONV, DENSE, CHILDREN, DECAY)


@dataclass(frozen=True)
class Penalties:
    """What a row trains with.

    Attributes:
        conv: metric of E on the convolutions, or "" without.
        dense: metric of E on the classifier, or "".
        hierarchy: metric of H on the classifier, or "".
        decay: whether l2 stands beside, which the text has by default from Table 2 on (H-30).
    """

    conv: str = ""
    dense: str = ""
    hierarchy: str = ""
    decay: bool = True
    lambda_e: str = LAMBDA_E[0]
    lambda_l: str = LAMBDA_L[0]

    @classmethod
    def energy(cls, metric: str) -> Penalties:
        """E: one metric on convolutions and classifier."""
        return cls(conv=metric, dense=metric)

    @classmethod
    def both(cls, metric: str, hierarchy: str = "") -> Penalties:
        """E + H: the classifier has the hierarchy in E's place."""
        return cls(conv=metric, hierarchy=hierarchy or metric)

    def terms(self, dataset: str) -> tuple[Term, ...]:
        """The penalties, and how vectors lie to each other, which is only measured."""
        found: list[Term] = []
        if self.decay:
            found.append(PlainL2(weight_decay=LAMBDA_F, convention="half_sum_sq"))
        if self.conv or self.dense:
            energy: dict[str, Any] = {
                "conv": self.conv or self.dense,
                "fc": self.dense or self.conv,
                "conv_weight": self.lambda_e if self.conv else "0",
                "fc_weight": self.lambda_e if self.dense else "0",
            }
            found.append(HypersphericalEnergy(**energy))
        if self.hierarchy:
            strength = Decimal(self.lambda_l)
            parts: dict[str, Any] = {"child_weight": strength, "parent_weight": strength}
            parents = info(dataset).coarse_labels
            found.append(
                HypersphericalHierarchy(parents=parents, metric=self.hierarchy, **parts)  # type: ignore[arg-type]
            )
        return (*found, PairwiseAngles())

    def model(self, plain: Model, dataset: str) -> Model:
        """The network, whose classifier has centres where there is a hierarchy (H-21)."""
        if not self.hierarchy:
            return plain
        return Hierarchical(model=plain, parents=info(dataset).coarse_labels)


def experiment(dataset: str, depth: int, penalties: Penalties) -> Run:
    """A narrow network's training from scratch on CIFAR."""
    return Run(
        seed=0,
        data=Images(name=dataset, augmentation=CropFlip()),
        model=penalties.model(CifarResNet(depth=depth), dataset),
        objective=Objective(penalties=penalties.terms(dataset)),
        optimizer=SGD(momentum=Decimal("0.9")),
        schedule=Steps(learning_rate=RATE, milestones=MILESTONES),
        procedure=trained(EPOCHS),
    )


def trained(
    epochs: int, *, batch_size: int = BATCH, every: int = 10, first: tuple[Phase, ...] = ()
) -> Procedure:
    """One phase of training, after what comes first."""
    train = Train(epochs=epochs, batch_size=batch_size, evaluate_every=every)
    return Procedure(phases=(*first, train))


# The weight files that the paper's footnote names.
PUBLISHED = {18: "torchvision-resnet18", 50: "torchvision-resnet50-v0.8"}


def fine_tuning(dataset: str, depth: int, penalties: Penalties) -> Run:
    """A large network's training on photographs, from published weights."""
    first = (StartFromFile(weights=PUBLISHED[depth], fresh=("fc.",)),)
    return Run(
        seed=0,
        data=Images(
            name=dataset,
            augmentation=CropFlip(padding=0, cut=STORED - WINDOW),
            window=WINDOW,
        ),
        model=penalties.model(TorchvisionResNet(depth=depth), dataset),
        objective=Objective(penalties=penalties.terms(dataset)),
        optimizer=SGD(momentum=Decimal("0.9")),
        schedule=Steps(learning_rate=RATE, milestones=FINE_MILESTONES),
        procedure=trained(FINE_EPOCHS, batch_size=FINE_BATCH, first=first),
    )


def resized(run: Run, dataset: str, depth: int, width: Decimal) -> Run:
    """The run with a smaller network and another data set's images and parents."""
    small = CifarResNet(depth=depth, width_multiplier=width)
    terms = tuple(
        term.replace(parents=info(dataset).coarse_labels)
        if isinstance(term, HypersphericalHierarchy)
        else term
        for term in run.objective.penalties
    )
    parents = info(dataset).coarse_labels
    wrapped = isinstance(run.model, Hierarchical)
    return run.replace(
        data=run.data.replace(name=dataset, augmentation=CropFlip(), window=0),
        model=Hierarchical(model=small, parents=parents) if wrapped else small,
        objective=run.objective.replace(penalties=terms),
    )


QUICK_EPOCHS = 5
HALF = Decimal("0.5")  # of the widths, in smaller forms


def quick(cell: Cell) -> Cell:
    """A quick form of a cell: resnet-8 at half width, a few epochs on digits, which have two
    parents. Another experiment."""
    run = resized(cell.template, "digits", 8, HALF)
    run = run.replace(
        data=run.data.replace(augmentation="none"),
        schedule=run.schedule.replace(milestones=(3, 4)),
        procedure=trained(QUICK_EPOCHS, batch_size=64, every=QUICK_EPOCHS),
    )
    return replace(cell, template=run, group="digits resnet-8", name=digits(cell.name))


def digits(name: str) -> str:
    """A cell's name on digits: "cifar100 resnet-20 angular2 E" is "digits angular2 E"."""
    return f"digits {name.split(' ', 2)[2]}"


REDUCED_EPOCHS, REDUCED_MILESTONES = 3, (2,)
REDUCED_BATCH = 128


def reduced(cell: Cell) -> Cell:
    """A reduced form: resnet-20 at half width for three epochs on the same images, the last at a
    tenth of the rate, in batches of 128, as so few images would make hardly 300 batches of 512.

    One network with l2 alone has trained 515 images a second and core on a busy machine of two:
    Table 2's four cells with fifteen seeds are 9.2 million images, two hours and a half there, and
    less on an idle one. Nothing else was trained before.
    """
    run = resized(cell.template, cell.template.data.name, 20, HALF)
    run = run.replace(
        schedule=run.schedule.replace(milestones=REDUCED_MILESTONES),
        procedure=trained(REDUCED_EPOCHS, batch_size=REDUCED_BATCH, every=REDUCED_EPOCHS),
    )
    return replace(cell, template=run)


def chosen(cells: Iterable[Cell], *names: str) -> list[Cell]:
    """The cells of those names, in their order."""
    known = {cell.name: cell for cell in cells}
    return [known[name] for name in names]
