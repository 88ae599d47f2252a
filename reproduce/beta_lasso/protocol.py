"""The experiments that the β-LASSO paper's tables share, composed of the suite's parts (A.2).

One setting of each optimiser is declared here before any run, since the paper does not publish what
it has chosen from its grids; the entry ``selection`` trains the grids on held-out images (B-13).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from analysis.verdicts.measure import ACCURACY, GAP, TRAINING_ACCURACY, VALIDATION_ACCURACY, Measure
from benchmarks.data.images import FastAutoAugment, Images
from benchmarks.models import Model
from benchmarks.objectives import Objective
from benchmarks.optimizers import SGD, BetaLassoSGD, Optimizer
from benchmarks.penalties import FilterLocality, NonZeros, PlainL2, Term
from benchmarks.procedures import Procedure, Train
from benchmarks.run import Run
from benchmarks.schedules import Cosine
from reproduce.catalogue.tables import Cell

PAPER = "beta-lasso"
DATASETS = ("cifar10", "cifar100", "svhn")
SHORT, LONG = 400, 4000  # epochs (B-17)
SEEDS = 15  # as in every table of the suite; six are the fewest with a 95 % interval
POINTS = 40  # evaluations, and points of the curves, at most

PERCENT = replace(ACCURACY, percent=True)
TRAINING_PERCENT = replace(TRAINING_ACCURACY, percent=True)
GAP_PERCENT = replace(GAP, percent=True)
VALIDATION_PERCENT = replace(VALIDATION_ACCURACY, percent=True)
FILTER_LOCALITY = Measure(
    "filter locality",
    "share of a first filter's mass in its best 9×9 window",
    "number",
    decimals=3,
)

# The settings that the tables' rows of SGD and of β-LASSO have.
DECAY = Decimal("0.0005")
MOMENTUM = SGD(momentum=Decimal("0.9"))
LASSO = BetaLassoSGD(lam_conv=Decimal("0.00001"), lam_fc=Decimal("0.000005"))

# What the tables tell their cells apart by: a name and the setting's path.
DATASET = ("dataset", "data.name")
NETWORK = ("network", "model.kind")
CONNECTIVITY = ("connectivity", "model.connectivity")
ALPHA = ("alpha", "model.alpha")
EPOCHS = ("epochs", "procedure.phases.train.epochs")
OPTIMIZER = ("optimizer", "optimizer.kind")
BETA = ("beta", "optimizer.beta")
LAM_CONV = ("lam_conv", "optimizer.lam_conv")
LAM_FC = ("lam_fc", "optimizer.lam_fc")
PERMUTED = ("permuted", "data.permute_pixels")
MOMENTUM_PATH = ("momentum", "optimizer.momentum")
DECAY_PATH = ("weight_decay", "objective.penalties.l2.weight_decay")
DROPOUT = ("dropout", "model.dropout")


def augmentation(dataset: str) -> FastAutoAugment:
    """The policy that was searched on such images, and the cutout of its code (B-14)."""
    if dataset == "svhn":
        return FastAutoAugment(policy="fa_reduced_svhn", cutout=20)
    return FastAutoAugment()


def experiment(
    dataset: str,
    model: Model,
    optimizer: Optimizer = MOMENTUM,
    *,
    epochs: int = SHORT,
    decay: Decimal = DECAY,
) -> Run:
    """A network's training by the paper's recipe; weight decay stands beside SGD alone."""
    every = -(-epochs // POINTS)
    decays: tuple[Term, ...] = ()
    if isinstance(optimizer, SGD):
        decays = (PlainL2(weight_decay=decay, convention="half_sum_sq"),)
    return Run(
        seed=0,
        data=Images(name=dataset, augmentation=augmentation(dataset)),
        model=model,
        objective=Objective(penalties=(*decays, NonZeros(every=every), FilterLocality())),
        optimizer=optimizer,
        schedule=Cosine(learning_rate=Decimal("0.1")),
        procedure=trained(epochs, every=every),
        precision="bf16",
    )


def trained(epochs: int, *, batch_size: int = 512, every: int) -> Procedure:
    """One phase of training."""
    return Procedure(phases=(Train(epochs=epochs, batch_size=batch_size, evaluate_every=every),))


def lasso(beta: int, lam_conv: str | None = None, lam_fc: str | None = None) -> BetaLassoSGD:
    """β-LASSO with the declared λ, or others."""
    found = LASSO.replace(beta=beta)
    if lam_conv is not None:
        found = found.replace(lam_conv=lam_conv, lam_fc=lam_fc or lam_conv)
    return found


QUICK_EPOCHS = 8


def quick(
    cell: Cell, model: Model, *, epochs: int = QUICK_EPOCHS, lam: str = "0.0001", group: str = ""
) -> Cell:
    """A quick form of a cell: a small network, a few epochs on a small embedded data set, without
    the augmentation, and λ as large as so few steps need to show. Another experiment."""
    run = cell.template
    run = run.replace(
        data=run.data.replace(name="digits", augmentation="none"),
        model=model,
        procedure=trained(epochs, batch_size=64, every=1),
        precision="float32",
    )
    terms = tuple(
        term.replace(every=1) if isinstance(term, NonZeros) else term
        for term in run.objective.penalties
    )
    run = run.replace(objective=run.objective.replace(penalties=terms))
    if isinstance(run.optimizer, BetaLassoSGD):
        run = run.replace(optimizer=run.optimizer.replace(lam_conv=lam, lam_fc=lam))
    return replace(cell, template=run, group=group or "digits", name=renamed(cell.name))


# The reduced forms' width of the shallow networks, and Table 2's length and λ: by the rule of
# `selection`, and one step further in its grid.
REDUCED_ALPHA, REDUCED_EPOCHS = 8, 16
REDUCED_LAM, LARGER_LAM = ("0.0001", "0.00002"), ("0.0002", "0.00005")


def reduced(cell: Cell, model: Model, epochs: int = REDUCED_EPOCHS) -> Cell:
    """A reduced form of a cell: a smaller network and fewer epochs on the paper's images.

    λ is the one that Table 2's reduced form has by the selection's, times as many epochs as that
    trains for each of these: λ moves a weight by λ times the sum of the rates at most, so that it
    reaches as far.
    """
    run = cell.template
    terms = tuple(
        term.replace(every=1) if isinstance(term, NonZeros) else term
        for term in run.objective.penalties
    )
    run = run.replace(
        model=model,
        objective=run.objective.replace(penalties=terms),
        procedure=trained(epochs, every=epochs),
    )
    if isinstance(run.optimizer, BetaLassoSGD):
        lam_conv, lam_fc = (Decimal(lam) * REDUCED_EPOCHS / epochs for lam in REDUCED_LAM)
        run = run.replace(optimizer=run.optimizer.replace(lam_conv=lam_conv, lam_fc=lam_fc))
    return replace(cell, template=run)


def renamed(name: str) -> str:
    """A cell's name on digits: "cifar10 D-CONV 400" is "digits D-CONV 400"."""
    return f"digits {name.partition(' ')[2]}"


def of_cifar10(cells: Iterable[Cell]) -> list[Cell]:
    """The cells on CIFAR-10, of which other forms are made."""
    return [cell for cell in cells if cell.template.data.name == "cifar10"]
