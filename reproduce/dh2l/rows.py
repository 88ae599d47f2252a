"""The rows of Tables 1 to 6 as cells: metrics by the paper's names, with E or with E + H."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.run import Run
from reproduce.catalogue.tables import Cell, Comparison
from reproduce.dh2l.protocol import Penalties, experiment, fine_tuning

BASELINE, WITH_L2 = "baseline", "baseline l2"
E, EH = "E", "E+H"
FORMS = ("D_{}", "D_cos({})", "D_{}cos")  # of eqs. 8, 9 and 10
MEANS = ("AM", "GM", "HM")


def run_of(dataset: str, depth: int, penalties: Penalties) -> Run:
    """By the paper's protocol for that data set."""
    make = experiment if dataset.startswith("cifar") else fine_tuning
    return make(dataset, depth, penalties)


def cell(dataset: str, depth: int, label: str, column: str, penalties: Penalties) -> Cell:
    """A row's entry in a column, such as "cifar100 resnet-20 angular2 E"."""
    group = f"{dataset} resnet-{depth}"
    kind = "hierarchy" if penalties.hierarchy else "energy" if penalties.conv else "plain"
    return Cell(
        name=f"{group} {label} {column}",
        kind=kind,
        template=run_of(dataset, depth, penalties),
        group=group,
        column=column,
        label=label,
    )


def two_columns(dataset: str, depth: int, metrics: tuple[str, ...]) -> Iterator[Cell]:
    """Both baselines, and each metric with E and with E + H."""
    yield cell(dataset, depth, BASELINE, E, Penalties(decay=False))
    yield cell(dataset, depth, WITH_L2, E, Penalties())
    for metric in metrics:
        yield cell(dataset, depth, metric, E, Penalties.energy(metric))
        yield cell(dataset, depth, metric, EH, Penalties.both(metric))


def hierarchy_comparisons(group: str, metrics: tuple[str, ...]) -> tuple[Comparison, ...]:
    """Each metric's E with the baseline that has l2, and its E + H with its E."""
    pairs = [(f"{m} {E}", f"{WITH_L2} {E}") for m in metrics]
    pairs += [(f"{m} {EH}", f"{m} {E}") for m in metrics]
    return tuple(Comparison(f"{group} {a}", f"{group} {a}", f"{group} {b}") for a, b in pairs)
