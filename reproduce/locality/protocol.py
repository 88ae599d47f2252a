"""The experiments that the locality paper's tables share, composed of the suite's parts.

The settings are the readings of section V; ``reproduce readings`` gives the source of each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from benchmarks.data.crop_flip import CropFlip
from benchmarks.data.images import Images
from benchmarks.models import VGG10, AsymmetricBlock, RCNet10
from benchmarks.objectives import Objective
from benchmarks.optimizers import SGD
from benchmarks.penalties import (
    DenseL2,
    LocoLine,
    LocoReg,
    NormBiasL2,
    Quadratic,
    StripReg,
)
from benchmarks.procedures import Procedure, Train
from benchmarks.run import Run
from benchmarks.schedules import Steps
from reproduce.catalogue.tables import Cell, Comparison

EPOCHS = 130

# VGG-10 on CIFAR-10 with plain L2: section V.A.
EXPERIMENT = Run(
    seed=0,
    data=Images(name="cifar10"),
    model=VGG10(),
    objective=Objective(penalties=(LocoReg(), DenseL2())),
    optimizer=SGD(),
    schedule=Steps(decay=Decimal("0.3"), milestones=(50, 85, 110, 120, 127)),
    procedure=Procedure(phases=(Train(epochs=EPOCHS),)),
)

# RCNet-10 by the recipe of ACNet's code (L-24): its one schedule of 80 epochs, and what its CIFAR
# scripts share. The decay is torch's weight_decay, whose gradient is λ·w (L-48); batch-norm and
# biases have none (L-51).
ACNET = Run(
    seed=0,
    data=Images(name="cifar10", normalization="half", augmentation=CropFlip()),
    model=RCNet10(block=AsymmetricBlock()),
    objective=Objective(
        penalties=(
            StripReg(weight_decay=Decimal("0.0001"), convention="half_sum_sq"),
            DenseL2(weight_decay=Decimal("0.0001"), convention="half_sum_sq"),
            NormBiasL2(weight_decay=Decimal(0), convention="half_sum_sq"),
        )
    ),
    optimizer=SGD(bias_lr_factor=Decimal(2)),
    schedule=Steps(decay=Decimal("0.1"), milestones=(20, 40, 60)),
    procedure=Procedure(phases=(Train(epochs=80, batch_size=64),)),
)

# Settings of (γ, η) that Tables IV and VI share.
PLAIN = ("1", "1")
SETTINGS = (PLAIN, ("1.4", "1.56"), ("1.8", "2.13"))

# What the tables tell their cells apart by: a name and the setting's path.
GAMMA = ("gamma", "objective.penalties.loco_reg.gamma")
ETA = ("eta", "objective.penalties.loco_reg.eta")
WEIGHT_DECAY = ("weight_decay", "objective.penalties.loco_reg.weight_decay")
A0 = ("a0", "objective.penalties.loco_line.a0")
A1 = ("a1", "objective.penalties.loco_line.a1")
DATASET = ("dataset", "data.name")
MODEL = ("model", "model.kind")
KERNELS = ("kernel_sizes", "model.kernel_sizes")
BLOCK = ("block", "model.block.kind")
STRIP_ETA = ("strip_eta", "objective.penalties.strip_reg.eta")
BRANCH_INIT = ("branch_init", "model.block.initialization")


def rings(gamma: str, eta: str) -> LocoReg:
    """Eq. 1's penalty with the numbers as printed; λ is that of every quadratic penalty."""
    return LocoReg(gamma=Decimal(gamma), eta=Decimal(eta))


def line(a0: str, a1: str) -> LocoLine:
    """Eq. 5's penalty with the numbers as printed."""
    return LocoLine(a0=Decimal(a0), a1=Decimal(a1))


def with_penalty(run: Run, penalty: Quadratic) -> Run:
    """The run with another penalty on its convolutions."""
    rest = run.objective.penalties[1:]
    return run.replace(objective=run.objective.replace(penalties=(penalty, *rest)))


def smaller(
    cell: Cell,
    dataset: str = "digits",
    *,
    epochs: int = 3,
    milestones: tuple[int, ...] = (2,),
    batch_size: int = 64,
    learning_rate: str = "0.01",
    width: str = "1",
    **data: Any,
) -> Cell:
    """A quick form of a cell: a small embedded data set and a few epochs. Another experiment: its
    numbers show that everything works, and nothing about the paper."""
    run = cell.template
    run = run.replace(
        data=run.data.replace(name=dataset, **data),
        model=run.model.replace(width_multiplier=width),
        schedule=run.schedule.replace(learning_rate=learning_rate, milestones=milestones),
        procedure=_trained(epochs, batch_size, evaluate_every=1),
    )
    return replace(cell, template=run)


def reduced(cell: Cell, *, epochs: int, milestones: tuple[int, ...], width: str) -> Cell:
    """A reduced form of a cell: the same images and recipe, fewer epochs of a narrower network, in
    bfloat16. It answers comparisons, not levels."""
    run = cell.template
    batch_size = run.setting("procedure.phases.train.batch_size")
    run = run.replace(
        model=run.model.replace(width_multiplier=width),
        schedule=run.schedule.replace(milestones=milestones),
        procedure=_trained(epochs, batch_size, evaluate_every=epochs),
        precision="bf16",
    )
    return replace(cell, template=run)


def _trained(epochs: int, batch_size: int, evaluate_every: int) -> Procedure:
    train = Train(epochs=epochs, batch_size=batch_size, evaluate_every=evaluate_every)
    return Procedure(phases=(train,))


def against_first(cells: Iterable[Cell]) -> tuple[Comparison, ...]:
    """Each cell against the first of its group, named by its place there, such as "5x5 2"."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.group, []).append(cell)
    return tuple(
        Comparison(f"{group} {column}", cell.name, first.name)
        for group, (first, *others) in groups.items()
        for column, cell in enumerate(others, start=2)
    )
