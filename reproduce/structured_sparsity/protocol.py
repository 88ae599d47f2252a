"""The experiment that the structured-sparsity draft's figures share: base networks whose
architecture the training chooses, for every α, and hand-made versions of equal cost.

A figure declares the cells that it shows. They are the same runs wherever they stand, so that one
figure's runs are found by the others. The draft names no recipe: it is He et al.'s (S-15).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from analysis.papers.structured_sparsity.measurement_names import RELATIVE, TAU, behind, measured
from analysis.verdicts.measure import ACCURACY, Measure
from benchmarks.data.augmentation import Augmentation, NoAugmentation
from benchmarks.data.crop_flip import CropFlip
from benchmarks.data.images import Images
from benchmarks.models import BASES, PairedNet
from benchmarks.objectives import Objective
from benchmarks.penalties import KernelCorrelation, KernelNumber, KernelSize, PlainL2, Term
from benchmarks.procedures import Procedure, Thresholds, Train
from benchmarks.procedures.shrink_model import Kernels
from benchmarks.run import Run
from benchmarks.schedules import Steps
from reproduce.catalogue.tables import Cell, Comparison

PAPER = "structured-sparsity"
SEEDS = 15
EPOCHS, EVERY = 200, 5
# α by the name that cells have, its decimal logarithm (S-19); other forms keep names of this grid.
ALPHAS = {
    "-5.0": "0.00001",
    "-4.8": "0.0000158",
    "-4.6": "0.0000251",
    "-4.4": "0.0000398",
    "-4.2": "0.0000631",
    "-4.0": "0.0001",
    "-3.8": "0.000158",
    "-3.6": "0.000251",
    "-3.4": "0.000398",
    "-3.2": "0.000631",
    "-3.0": "0.001",
    "-2.8": "0.00158",
    "-2.6": "0.00251",
}
DECAY = PlainL2(weight_decay=Decimal("0.0001"), convention="half_sum_sq")
# Every run is thresholded at each τ (S-16).
ABSOLUTE = tuple(map(Decimal, ("0.0001", "0.001", "0.01", "0.1")))
SHARES = tuple(map(Decimal, ("0.01", "0.03", "0.1", "0.3")))
RENEW = 5000  # training images of which thresholded networks gather batch-norm statistics (S-31)

PERCENT = replace(ACCURACY, percent=True)


def measures(tau: str) -> tuple[Measure, ...]:
    """What a threshold leaves: accuracy, multiply-adds, kernels, layers, and what layers are."""
    return (
        Measure(measured("test accuracy", tau), f"test accuracy {behind(tau)}", percent=True),
        Measure(
            measured("multiply-adds", tau),
            f"multiply-adds {behind(tau)}",
            "number",
            lower_is_better=True,
            relative=True,
        ),
        _share("kernels left", tau),
        _share("layers left", tau),
        _share("full layers", tau),
        _share("mixed layers", tau),
    )


def _share(name: str, tau: str) -> Measure:
    return Measure(measured(name, tau), f"{name} {behind(tau)}", lower_is_better=True, percent=True)


LEFT, LEFT_RELATIVE = measures(TAU), measures(RELATIVE)
ALPHA = ("alpha", "objective.penalties.*.alpha")
MULTIPLIER = ("width", "model.width_multiplier")
SHORTCUTS = ("shortcuts", "model.shortcuts")


@dataclass(frozen=True)
class Form:
    """How an experiment is trained.

    Attributes:
        base: the constraints; its plain equivalent has no shortcuts.
        shallow: hand-made versions of fewer layers, by name.
        narrow: those of fewer kernels, by the width's multiplier.
        every: epochs from one evaluation, and one point of the curves, to the next.
        augmentation: windows and flips by default.
        window: side of the window that the network sees of larger images; 0: all of them.
        title: of the base network in names of cells; the data set by default.
    """

    dataset: str
    base: PairedNet
    alphas: Mapping[str, str]
    shallow: Mapping[str, PairedNet]
    narrow: tuple[str, ...]
    train: Train
    schedule: Steps
    every: int = EVERY
    precision: Literal["float32", "bf16"] = "bf16"
    augmentation: Augmentation = CropFlip()
    window: int = 0
    title: str = ""

    @property
    def name(self) -> str:
        """The first word of its cells' names."""
        return self.title or self.dataset

    def run(self, model: PairedNet, *terms: Term, what: Kernels = "kernels") -> Run:
        """A network's training, and what thresholds leave of it."""
        return Run(
            seed=0,
            data=Images(name=self.dataset, augmentation=self.augmentation, window=self.window),
            model=model,
            objective=Objective(penalties=(*terms, KernelCorrelation(every=self.every))),
            schedule=self.schedule,
            procedure=Procedure(
                phases=(
                    self.train,
                    Thresholds(what=what, absolute=ABSOLUTE, relative=SHARES, renew=RENEW),
                )
            ),
            precision=self.precision,
        )

    def learned(self, penalty: str, *, plain: bool = False) -> Iterator[Cell]:
        """A cell for every α under "omega1" or "omega2"."""
        model = self.base.replace(shortcuts="none") if plain else self.base
        kind = f"plain {penalty}" if plain else penalty
        for name, alpha in self.alphas.items():
            term: Term = KernelNumber(alpha=Decimal(alpha))
            what: Kernels = "kernels"
            if penalty == "omega2":
                term, what = KernelSize(alpha=Decimal(alpha)), "half_rings"
            yield Cell(
                name=f"{self.name} {kind} {name}",
                kind=kind,
                template=self.run(model, term, what=what),
                group=f"{self.name} {TITLES[kind]}",
                column=name,
                label=f"α = {alpha}",
            )

    def hand_made(self) -> Iterator[Cell]:
        """The base network and its hand-made versions, with weight decay instead (S-27)."""
        models = {"base": self.base, **{f"shallow {n}": m for n, m in self.shallow.items()}}
        models |= {f"narrow {m}": self.base.replace(width_multiplier=m) for m in self.narrow}
        for name, model in models.items():
            kind = name.partition(" ")[0]
            yield Cell(
                name=f"{self.name} {name}",
                kind=kind,
                template=self.run(model, DECAY),
                group=f"{self.name} hand-made",
                label=f"{LABELS[kind]} {name.partition(' ')[2]}".strip(),
            )


TITLES = {
    "omega1": "Ω1",
    "omega2": "Ω2",
    "plain omega1": "Ω1, plain",
}
LABELS = {"base": "base network", "shallow": "layers:", "narrow": "width ×"}


def _staged(first: int, second: int, third: int) -> PairedNet:
    """The CIFAR-10 base network with so many pairs of layers of each width."""
    widths = (16,) * (1 + 2 * first) + (32,) * 2 * second + (64,) * 2 * third
    return PairedNet(widths=widths, halve_at=(2 + 2 * first, 2 + 2 * first + 2 * second))


# The rate falls where half and three quarters of the epochs are over, as He et al.'s does.
TRAIN = Train(epochs=EPOCHS, batch_size=128, evaluate_every=EVERY)
FULL = Form(
    dataset="cifar10",
    base=BASES["CIFAR-10"],
    alphas=ALPHAS,
    shallow={"13": _staged(2, 2, 2), "7": _staged(1, 1, 1)},
    narrow=("0.8125", "0.5625", "0.375", "0.25"),
    train=TRAIN,
    schedule=Steps(milestones=(100, 150)),
)
# A subgradient moves a kernel's norm by α·Σ lr/(1 − momentum) at most: 41,254·α in the full form's
# 78,200 steps, 821·α in 1,564 with the same fall of the rate. So α is 50 times the full grid's
# 10^-4.4, 10^-3.8 and 10^-3.2, which is about what Ω1 of 432 kernels of the norm 0.58 makes of it
# at first: 0.5, 2.0 and 7.5, beside a loss of 2.3. Cells keep the full grid's names, so that the
# draft's sentences are those of the same cells. A run is a pass over CIFAR-10, 1,564 batches of 32
# in four epochs of a quarter each, and the first layer has a stride: two cores of an EPYC with AVX2
# took some two hours for 136 of the figures' 165 runs, beside other work.
REDUCED = Form(
    dataset="cifar10",
    base=PairedNet(widths=(*(16,) * 3, *(32,) * 4, *(64,) * 4), halve_at=(1, 4, 8)),
    alphas={"-4.4": "0.002", "-3.8": "0.008", "-3.2": "0.03"},
    shallow={"7": PairedNet(widths=(*(16,) * 3, *(32,) * 2, *(64,) * 2), halve_at=(1, 4, 6))},
    narrow=("0.75", "0.5"),
    train=Train(epochs=4, batch_size=32, epoch_images=12_500, evaluate_every=2),
    schedule=Steps(milestones=(2, 3)),
    every=1,
    precision="float32",
)
QUICK = Form(
    dataset="digits",
    base=PairedNet(widths=(*(16,) * 3, *(32,) * 3), halve_at=(1, 4)),
    alphas={"-4.4": "0.003", "-3.8": "0.01", "-3.2": "0.03"},
    shallow={"4": PairedNet(widths=(*(16,) * 3, 32), halve_at=(1, 4))},
    narrow=("0.75",),
    train=Train(epochs=10, batch_size=64, evaluate_every=2),
    schedule=Steps(milestones=(5, 8)),
    every=1,
    precision="float32",
    augmentation=NoAugmentation(),
)
FORMS = {"full": FULL, "reduced": REDUCED, "quick": QUICK}


def against_base(cells: Iterable[Cell]) -> tuple[Comparison, ...]:
    """Every other cell of a base network against it."""
    cells = list(cells)
    bases = {base_of(c): c.name for c in cells if c.kind == "base"}
    return tuple(
        Comparison(f"base {number}", cell.name, bases[base_of(cell)])
        for number, cell in enumerate((c for c in cells if c.kind != "base"), start=1)
        if base_of(cell) in bases
    )


def base_of(cell: Cell) -> str:
    """Which base network a cell is made of: :attr:`Form.name`."""
    return cell.name.partition(" ")[0]
