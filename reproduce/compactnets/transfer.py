"""The networks of the CompactNets paper's Table 2: trained on ILSVRC12, and what becomes of them on
scenes; and their smaller forms."""

from __future__ import annotations

from decimal import Decimal

from benchmarks.data.crop_flip import CropFlip
from benchmarks.data.images import Data, Images
from benchmarks.models import Handcrafted, Model, PyramidNet
from benchmarks.objectives import Objective
from benchmarks.optimizers import SGD
from benchmarks.penalties import GroupSparsity, PlainL2
from benchmarks.procedures import LinearSVM, Procedure, StartFrom, Train
from benchmarks.run import Run
from benchmarks.schedules import Steps
from reproduce.catalogue.tables import sources_of_seed
from reproduce.compactnets import protocol
from reproduce.compactnets.protocol import C, penalties

DEPTH, EPOCHS = 12, 90
SCRATCH_DEPTHS = {"imagenet": 12, "scenes15": 3, "mit67": 4}  # C-17
BETAS = {"CompressedNet": "0.1", "CompactNet": "0.01"}  # of section 5.2 (C-16)
FEATURES = {"pixels": "pixels", "HoG+LBP": "HoG and LBP"}
SPLITS = 5
# Of an SVM, chosen within the training images.
PENALTIES = tuple(Decimal(10) ** power for power in range(-4, 1))
# Base rate of fine-tuning, and how many times that the new classifier learns at (C-30).
FINE_RATE, FAST = Decimal("0.01"), Decimal(10)
QUICK_EPOCHS = 6  # of fine-tuning


def network(features: str, depth: int) -> Model:
    """A network of section 5.3's sizes that sees pixels, or HoG and LBP of cells of 8×8 (C-29),
    whose grid the first convolution leaves as it is."""
    if features == "pixels":
        return PyramidNet(depth=depth)
    return Handcrafted(network_behind=PyramidNet(depth=depth, first_kernel=3, first_stride=1))


def _prefix(model: Model) -> str:
    """What stands before the names of the pyramid network's parameters."""
    return "network." if isinstance(model, Handcrafted) else ""


def images(dataset: str, features: str) -> Images:
    """Windows of 224 out of 256 pixels and ten views, as everywhere in the paper."""
    return Images(
        name=dataset,
        normalization="channel" if features == "pixels" else "unit",
        augmentation=CropFlip(padding=0, cut=32),
        window=224,
        test_views="ten",
    )


def scratch(dataset: str, model: str, features: str) -> Run:
    """A network trained on the data set alone; on ILSVRC12 what the transfers start from."""
    terms = penalties(model, beta=BETAS[model])
    built = network(features, SCRATCH_DEPTHS[dataset])
    run = protocol.experiment(built, terms, epochs=EPOCHS)
    return run.replace(data=images(dataset, features))


def svm(source: Run, data: Data) -> Run:
    """Features of a finished network and a linear SVM, tested on as many views as networks are."""
    phases = (
        StartFrom(run=source, fresh=(f"{_prefix(source.model)}classifier",)),
        LinearSVM(images=10**6, choices=PENALTIES, is_result=True, all_views=True),
    )
    objective = Objective(penalties=(GroupSparsity(),))
    return source.replace(data=data, objective=objective, procedure=Procedure(phases=phases))


def tuned(source: Run, data: Data, epochs: int = EPOCHS, rate: Decimal = FINE_RATE) -> Run:
    """A finished network trained on without the groups' terms, its classifier anew and faster."""
    (phase,) = source.procedure.phases
    assert isinstance(phase, Train)
    classifier = f"{_prefix(source.model)}classifier"
    milestones = (epochs // 3, 2 * epochs // 3)
    phases = (
        StartFrom(run=source, fresh=(classifier,)),
        phase.replace(epochs=epochs, evaluate_every=min(epochs, phase.evaluate_every), top=None),
    )
    return source.replace(
        data=data,
        objective=Objective(
            penalties=(PlainL2(weight_decay=C, convention="half_sum_sq"), GroupSparsity())
        ),
        optimizer=SGD(momentum=Decimal("0.9"), fast=classifier, fast_lr_factor=FAST),
        schedule=Steps(learning_rate=rate, decay=Decimal("0.1"), milestones=milestones),
        procedure=Procedure(phases=phases),
    )


def by_split(run: Run, seed: int) -> Run:
    """Seed k is the k-th random split, and starts from the network of that seed."""
    return sources_of_seed(run.replace(data=run.data.replace(fold=seed % SPLITS)), seed)


def reduced(model: str, depth: int) -> Run:
    """Table 1's reduced network on CIFAR-100, whose features an SVM separates on CIFAR-10, by 100
    images a class as the paper's on 15 Scenes."""
    source = protocol.reduced(model, depth)
    run = svm(source, source.data.replace(name="cifar10", train_images=0))
    fit = LinearSVM(images=1_000, choices=PENALTIES[:3], is_result=True)
    return _with_svm(run, fit)


def quick(model: str, way: str, depth: int) -> Run:
    """Table 1's quick network on digits, and what becomes of it on digits of twice the side.

    Fine-tuning warms up as the source does: with the new classifier at its full rate at once, most
    networks end with filters that no image passes.
    """
    source = protocol.quick(model, depth)
    data = source.data.replace(name="digits64")
    if way == "scratch":
        return source.replace(data=data)
    if way == "fine-tuning":
        run = tuned(source, data, epochs=QUICK_EPOCHS)
        return run.replace(schedule=run.schedule.replace(warmup_epochs=protocol.QUICK_WARMUP))
    fit = LinearSVM(images=600, choices=PENALTIES[1:4:2], is_result=True)
    return _with_svm(svm(source, data), fit)


def _with_svm(run: Run, fit: LinearSVM) -> Run:
    start, _ = run.procedure.phases
    return run.replace(procedure=Procedure(phases=(start, fit)))
