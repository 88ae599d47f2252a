"""What penalties add to a training step, beside the whole step with plain L2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks.data import info
from benchmarks.models import CifarResNet, Hierarchical, Model, PairedNet, PyramidNet, RCNet10
from benchmarks.models.rcnet import Block, PlainBlock, SquareBlock
from benchmarks.optimizers import SGD
from benchmarks.penalties import (
    Compactness,
    DictionarySparsity,
    HypersphericalEnergy,
    HypersphericalHierarchy,
    KernelComplexity,
    KernelNumber,
    KernelSize,
    PlainL2,
    StripReg,
    Term,
)
from benchmarks.penalties.hyperspherical import Metric
from benchmarks.penalties.term import coefficients_of

Work = Callable[[], Any]
Group = dict[str, Work]
SIDE = 32
PLAIN = PlainL2()
METRICS: tuple[Metric, ...] = (
    *("N-euclidean2", "angular2", "cosine", "D_h^bin"),
    *("D_AM", "D_cos(HM)", "D'_cos(HM)", "D'_HMcos"),
)


@dataclass(frozen=True)
class Trained:
    """A network that trains on one batch of noise, with plain L2 or what stands in its place.

    Attributes:
        labels: int64 (B,).
        rate: as :class:`Update` takes it on that device.
        step: trains once.
    """

    model: nn.Module
    labels: torch.Tensor
    rate: float | torch.Tensor
    step: Work

    @classmethod
    def of(
        cls,
        settings: Model,
        classes: int,
        batch: int,
        device: torch.device,
        decay: Term = PLAIN,
    ) -> Trained:
        """A new network of these settings."""
        images = torch.randn(batch, 3, SIDE, SIDE, device=device)
        images = images.contiguous(memory_format=torch.channels_last)
        labels = torch.arange(batch, device=device) % classes
        model = settings.build(classes, SIDE, seed=0).to(device)
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        update = SGD().build(model, coefficients_of([decay.attach(model)]))
        rate = 1e-3 if device.type == "cpu" else torch.tensor(1e-3, device=device)

        def step() -> None:
            functional.cross_entropy(model(images), labels).backward()
            update.step(rate)

        return cls(model, labels, rate, step)

    def group(self, terms: dict[str, Term]) -> Group:
        """The step, and what each of these penalties adds to one: a loss forward and backward,
        changed gradients, or changed weights."""
        return {"step with plain L2": self.step, **{n: self._added(t) for n, t in terms.items()}}

    def _added(self, term: Term) -> Work:
        penalty = term.attach(self.model)

        def add() -> None:
            loss = penalty.loss(self.labels)
            if loss is not None:
                loss.backward()
            penalty.add_gradients()
            penalty.after_step(self.rate)

        return add


def group_penalties(batch: int, device: torch.device) -> Group:
    """Of groups of weights, in a PyramidNet of depth 12 and 32, 64 and 128 filters."""
    settings = PyramidNet(width_multiplier=Decimal("0.25"), first_kernel=3)
    terms: dict[str, Term] = {
        "slices and regions": Compactness(),
        "slices and regions, proximal": Compactness(solver="prox"),
        "whole filters": DictionarySparsity(),
        "whole filters, proximal": DictionarySparsity(solver="prox"),
    }
    return Trained.of(settings, 10, batch, device).group(terms)


def kernel_penalties(batch: int, device: torch.device) -> Group:
    """Of kernels, in CIFAR-10's base network of nineteen layers."""
    terms: dict[str, Term] = {
        "kernel number": KernelNumber(),
        "kernel number, proximal": KernelNumber(solver="prox"),
        "kernel size, half-rings": KernelSize(),
        "kernel size, half-rings, proximal": KernelSize(solver="prox"),
        "kernel size, rings": KernelSize(groups="ring"),
        "multiply-adds": KernelComplexity(alpha=Decimal("1e-10")),
    }
    return Trained.of(PairedNet(), 10, batch, device).group(terms)


def energies(depth: int, batch: int, device: torch.device) -> Group:
    """Of pairs of vectors, in every convolution and the classifier of a narrow residual network.

    What they add is the same for every batch size: in batches of 512 its share is a quarter.
    """
    terms: dict[str, Term] = {m: HypersphericalEnergy(conv=m, fc=m) for m in METRICS}
    return Trained.of(CifarResNet(depth=depth), 100, batch, device).group(terms)


def hierarchies(batch: int, device: torch.device) -> Group:
    """Of CIFAR-100's classes around their superclasses, in resnet-20's classifier."""
    parents = info("cifar100").coarse_labels
    terms: dict[str, Term] = {
        metric: HypersphericalHierarchy(parents=parents, metric=metric) for metric in METRICS
    }
    settings = Hierarchical(model=CifarResNet(), parents=parents)
    return Trained.of(settings, 100, batch, device).group(terms)


def branches(batch: int, device: torch.device) -> Group:
    """Whole steps of RCNet-10, whose 3×3 convolutions have three branches under STRIP-Reg."""
    blocks: dict[str, tuple[Block, Term]] = {
        "single convolutions, plain L2": (PlainBlock(), PLAIN),
        "three branches, plain L2": (SquareBlock(), PLAIN),
        "three branches, STRIP-Reg": (SquareBlock(), StripReg(eta=Decimal(2))),
    }
    return {
        name: Trained.of(RCNet10(block=block), 10, batch, device, decay).step
        for name, (block, decay) in blocks.items()
    }
