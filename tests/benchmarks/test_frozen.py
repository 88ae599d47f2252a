"""Frozen layers stay as they are, whatever penalises and whatever updates the others."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from benchmarks.optimizers import SGD, BetaLassoSGD, Optimizer
from benchmarks.penalties import (
    Compactness,
    DictionarySparsity,
    HypersphericalEnergy,
    KernelComplexity,
    KernelNumber,
    KernelSize,
    LocoReg,
    PlainL2,
    Term,
    VectorNorms,
)

TERMS = (
    *(PlainL2(), LocoReg(), HypersphericalEnergy(), VectorNorms()),
    *(Compactness(), Compactness(solver="prox"), DictionarySparsity(solver="prox")),
    *(KernelNumber(alpha="1"), KernelNumber(alpha="1", solver="prox")),
    *(
        KernelSize(alpha="1"),
        KernelSize(alpha="1", solver="prox"),
        KernelComplexity(alpha="1", side=8),
    ),
)


@pytest.mark.parametrize("optimizer", [SGD(), BetaLassoSGD()], ids=str)
@pytest.mark.parametrize("term", TERMS, ids=str)
def test_frozen_layers_stay(term: Term, optimizer: Optimizer) -> None:
    torch.manual_seed(0)
    layers = {"first": nn.Conv2d(3, 4, 3, padding=1), "norm": nn.BatchNorm2d(4), "relu": nn.ReLU()}
    layers |= {"second": nn.Conv2d(4, 4, 3, padding=1), "flat": nn.Flatten()}
    model = nn.Sequential(OrderedDict(layers, classifier=nn.Linear(256, 3)))
    for frozen in ("first", "norm"):
        model.get_submodule(frozen).requires_grad_(False)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    penalty = term.attach(model)
    update = optimizer.build(model, penalty.coefficients)
    labels = torch.arange(6) % 3
    for _ in range(2):
        loss = nn.functional.cross_entropy(model(torch.randn(6, 3, 8, 8)), labels)
        own = penalty.loss(labels)
        (loss if own is None else loss + own).backward()
        penalty.add_gradients()
        update.step(0.1)
        penalty.after_step(0.1)
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name]) != parameter.requires_grad, name
