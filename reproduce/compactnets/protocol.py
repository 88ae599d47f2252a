"""The experiments that the CompactNets paper's tables share, composed of the suite's parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from analysis.verdicts.measure import ACCURACY, GAP, Measure, Remainder
from benchmarks.data.augmentation import Flip, NoAugmentation
from benchmarks.data.crop_flip import CropFlip
from benchmarks.data.images import Images
from benchmarks.models import Model, PyramidNet
from benchmarks.objectives import Objective
from benchmarks.optimizers import SGD
from benchmarks.penalties import Compactness, DictionarySparsity, GroupSparsity, PlainL2, Term
from benchmarks.procedures import Procedure, Train
from benchmarks.run import Run
from benchmarks.schedules import Steps

PAPER = "compactnets"
SEEDS = 15  # as in every table of the suite; six are the fewest with a 95 % interval
MODELS = ("SimpleNet", "CompressedNet", "CompactNet")
COMPARED = (
    ("CompressedNet", "SimpleNet"),
    ("CompactNet", "CompressedNet"),
    ("CompactNet", "SimpleNet"),
)
MOMENTUM = SGD(momentum=Decimal("0.9"))
C = Decimal("0.0001")  # C_W and C_Θ of section 5.2

ERROR = Remainder(
    "top-1 error",
    "top-1 error, last epoch",
    lower_is_better=True,
    percent=True,
    of=(ACCURACY.name,),
)
TOP5 = replace(
    ERROR,
    name="top-5 error",
    title="top-5 error, last epoch",
    of=("test top-5 accuracy",),
)
GAP_PERCENT = replace(GAP, name="gap", title="validation minus training error", percent=True)
SPARSITY = Measure("overall sparsity", "zero weights, of all", percent=True)
EFFECTIVE = Measure(
    "effective parameters", "weights that are not zero", "number", lower_is_better=True,
    relative=True,
)  # fmt: skip

# What the tables tell their cells apart by: a name and the setting's path.
DEPTH = ("depth", "model.depth")
ALPHA = ("alpha", "objective.penalties.compactness.alpha")
BETA = ("beta", "objective.penalties.*.beta")


def penalties(
    model: str,
    *,
    c: Decimal = C,
    alpha: str = "0.01",
    beta: str = "0.01",
    schedule: Literal["constant", "linear"] = "constant",
) -> tuple[Term, ...]:
    """What makes the one network a SimpleNet, a CompressedNet or a CompactNet, and the measures."""
    term: Term
    if model == "SimpleNet":
        term = PlainL2(weight_decay=c, convention="half_sum_sq")
    elif model == "CompressedNet":
        term = DictionarySparsity(c_w=c, c_theta=c, beta=Decimal(beta), beta_schedule=schedule)
    else:
        term = Compactness(
            c_w=c, c_theta=c, alpha=Decimal(alpha), beta=Decimal(beta), beta_schedule=schedule
        )
    return (term, GroupSparsity())


def experiment(model: Model, terms: tuple[Term, ...], *, epochs: int, rate: str = "0.1") -> Run:
    """A network's training on ILSVRC12 by section 5.1: windows of 224 out of 256 pixels, flips,
    ten views of every test image."""
    return Run(
        seed=0,
        data=Images(
            name="imagenet",
            augmentation=CropFlip(padding=0, cut=32),
            window=224,
            test_views="ten",
        ),
        model=model,
        objective=Objective(penalties=terms),
        optimizer=MOMENTUM,
        schedule=Steps(learning_rate=Decimal(rate), milestones=tuple(range(30, epochs, 30))),
        procedure=trained(epochs, batch_size=256, every=10, top=5),
    )


def trained(
    epochs: int, *, batch_size: int, every: int | None = None, top: int | None = None
) -> Procedure:
    """One phase of training."""
    phase = Train(epochs=epochs, batch_size=batch_size, evaluate_every=every or epochs, top=top)
    return Procedure(phases=(phase,))


def stored_images(run: Run) -> frozenset[str]:
    """The settings that a run takes no readings of where its images are stored at their size."""
    shape = run.data.shape
    return frozenset(() if shape and shape.streamed else {"data.resizing"})


# --- smaller forms -------------------------------------------------------------------------------
#
# Both keep what training can move a group's norm by, in units of the norm that it starts with. The
# sub-gradient moves a norm by C·β·Σ rate/(1 − momentum) at most. Section 5.2's 90 epochs of 5,005
# updates add up to 166,667 such rates, so that CompactNet's C·β = 1e-6 moves a slice by 0.167; with
# 256 filters it starts at √(2/256) = 0.088, of which that is 1.89 times. CompressedNet's C·β = 1e-5
# moves a filter, which starts at √2, by 1.667. Smaller C than the ratio of the rates keep the
# squares from ruling so few updates; β carries the rest, and α = β.
SHRINKAGE = {"CompactNet": Decimal("1.886"), "CompressedNet": Decimal("1.179")}
REDUCED_IMAGES, REDUCED_BATCH, REDUCED_FILTERS = 10_000, 100, 32
REDUCED_EPOCHS, REDUCED_MILESTONES, REDUCED_WARMUP = 6, (3, 4, 5), 1
REDUCED_BETAS = {"SimpleNet": "0", "CompressedNet": "0.385", "CompactNet": "0.109"}
REDUCED_C = Decimal("0.0166")
QUICK_FILTERS, QUICK_EPOCHS, QUICK_MILESTONES, QUICK_WARMUP = 16, 12, (4, 7, 10), 2
QUICK_BETAS = {"SimpleNet": "0", "CompressedNet": "0.48", "CompactNet": "0.19"}
QUICK_C = Decimal("0.05")


def reduced(model: str, depth: int) -> Run:
    """A fifth of CIFAR-100, drawn by the seed, and 32 filters everywhere; six epochs, the first of
    which warms up, at 0.1, 0.1, 0.1, 0.01, 0.001 and 0.0001.

    All 135 runs of Table 1 took two cores of an EPYC with AVX2 81 minutes. The size was chosen by
    networks of seeds beyond 14 and by what they learned of their training images alone: in batches
    of 32 at this rate and without a warm-up, 58 of 135 networks of a quarter of the images end at a
    guess on the images that they are trained on.

    In float32: layers of so few channels gain little by bf16, and few processors compute in it.

    100 updates an epoch at these rates add up to 261 rates / (1 − momentum). The last rate is one
    step smaller than the paper's, since so narrow a network has gradients an order of magnitude
    larger a weight, around which zeroed weights jitter.
    """
    run = small(
        "cifar100",
        PyramidNet(depth=depth, filters=REDUCED_FILTERS, first_kernel=3),
        penalties(model, c=REDUCED_C, alpha=REDUCED_BETAS[model], beta=REDUCED_BETAS[model]),
        trained(REDUCED_EPOCHS, batch_size=REDUCED_BATCH, every=REDUCED_EPOCHS),
        REDUCED_MILESTONES,
        REDUCED_WARMUP,
    )
    return run.with_setting("data.train_images", REDUCED_IMAGES)


def quick(model: str, depth: int, betas: Mapping[str, str] = QUICK_BETAS) -> Run:
    """Digits, 16 filters everywhere; β by the same rule, for 70 rates / (1 − momentum).

    The rate grows during two epochs: at once at 0.1, two of three seeds of depth 2 end with filters
    that no image passes, since so few updates cannot bring them back.
    """
    return small(
        "digits",
        PyramidNet(depth=depth, filters=QUICK_FILTERS, first_kernel=3),
        penalties(model, c=QUICK_C, alpha=betas[model], beta=betas[model]),
        trained(QUICK_EPOCHS, batch_size=64, every=QUICK_EPOCHS),
        QUICK_MILESTONES,
        QUICK_WARMUP,
    )


def small(
    dataset: str,
    model: Model,
    terms: tuple[Term, ...],
    procedure: Procedure,
    milestones: tuple[int, ...],
    warmup: int = 0,
) -> Run:
    """A network's training on images of 32×32 pixels."""
    return Run(
        seed=0,
        data=Images(name=dataset, augmentation=NoAugmentation() if dataset == "digits" else Flip()),
        model=model,
        objective=Objective(penalties=terms),
        optimizer=MOMENTUM,
        schedule=Steps(milestones=milestones, warmup_epochs=warmup),
        procedure=procedure,
        precision="float32",
    )
