"""Theorem 2 of the β-LASSO paper: the gap between test and training error that a network's
description length allows. Trains nothing.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.beta_lasso.networks import network, weights
from reproduce.commands import options as opt
from reproduce.commands.publishing import Quick, publish

if TYPE_CHECKING:
    from analysis.documents.blocks import Document
    from analysis.papers.beta_lasso.description_length import Bound

ID = "beta-lasso/theorem2"
# Half precision, CIFAR's training images, and the dense networks of Table 1.
BITS, IMAGES, WEIGHTS, DELTA = 16, 50_000, 256_000_000, "0.05"
MOST, LEAST_DELTA = 10**15, Decimal("1e-200")  # where doubles still tell the bound
PARAMETERS = (100, 1000, 1800, 10_000, 100_000, 1_000_000, 10_000_000)

Bits = Annotated[int, typer.Option("--bits", metavar="B", help="Bits of a parameter.")]
Images = Annotated[int, typer.Option("--images", metavar="M", help="Training images.")]
Weights = Annotated[int, typer.Option("--weights", metavar="N", help="Weights of the network.")]
Parameters = Annotated[
    list[int],
    typer.Option(
        "--parameters",
        metavar="K",
        help="Different weights, each used once; may be repeated. Default: several.",
        show_default=False,
    ),
]
Delta = Annotated[str, typer.Option("--delta", metavar="D", help="Chance that it does not hold.")]


def command(
    bits: Bits = BITS,
    images: Images = IMAGES,
    weights: Weights = WEIGHTS,
    parameters: Parameters = [],  # noqa: B006  (typer copies it)
    delta: Delta = DELTA,
    quick: Quick = False,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Evaluate, print and write ``theorem2.{csv,tex,json}`` and ``theorem2.gap.{png,pdf}``.

    Other numbers are a variant with a folder of its own.

    Raises:
        UserError: for a number outside of 1 … 10¹⁵, more parameters than weights, a δ outside of
            [1e-200, 1), or a folder that cannot be written.
    """
    from analysis.papers.beta_lasso.description_length import Bound

    for option, value in (("--bits", bits), ("--images", images), ("--weights", weights)):
        if not 1 <= value <= MOST:
            raise UserError(f"{option} must lie in 1 … {MOST}, not {value}")
    wanted = tuple(dict.fromkeys(parameters)) or tuple(k for k in PARAMETERS if k <= weights)
    if weights < PARAMETERS[0]:
        raise UserError(f"--weights must be at least {PARAMETERS[0]}, not {weights}")
    if bad := [k for k in wanted if not 1 <= k <= weights]:
        raise UserError(f"--parameters must lie in 1 … {weights} (--weights), not {bad[0]}")
    bound = Bound(bits, images, weights, 1, 1, _chance(delta))
    given = {"bits": bits, "images": images, "weights": weights, "delta": f"{bound.delta:g}"}
    usual = {"bits": BITS, "images": IMAGES, "weights": WEIGHTS, "delta": DELTA}
    parts = [f"{name}={value}" for name, value in given.items() if value != usual[name]]
    parts += [f"parameters={'-'.join(map(str, wanted))}"] if parameters else []
    made = document(bound, wanted)
    return publish(made, results, variant=",".join(sorted(parts)), as_json=as_json, quick=quick)


def _chance(text: str) -> float:
    try:
        chance = Decimal(text)
    except InvalidOperation:
        chance = Decimal("NaN")
    if not (chance.is_finite() and LEAST_DELTA <= chance < 1):
        raise UserError(
            f"--delta {text!r}: give a number between 0 and 1, {LEAST_DELTA:e} or more, such as "
            f"{DELTA}"
        )
    return float(chance)


def document(bound: Bound, parameters: tuple[int, ...]) -> Document:
    """The report.

    Raises:
        UserError: where the published curves are damaged.
    """
    from analysis.papers.beta_lasso import description_length_document
    from reproduce.catalogue.readings import context

    return description_length_document.document(bound, parameters, _networks(), context(ID))


def _networks() -> dict[str, tuple[int, int]]:
    """Table 1's networks, whose weights are all different from 0, and what Figure 3 draws of S-FC
    after the last epoch of β-LASSO."""
    from reproduce.catalogue.paper_files import read_rows

    found = {}
    for name in ("D-CONV", "D-LOCAL", "S-CONV", "S-FC"):
        count = sum(weights(network(name), 10, 32).values())
        found[name] = (count, count)
    sparse: dict[str, int] = {}
    for row in read_rows("beta-lasso", "figure3.csv"):
        sparse[row["part"]] = sparse.get(row["part"], 0) + int(row["value"])
    for dataset, non_zero in sparse.items():
        classes = 100 if dataset == "cifar100" else 10
        # Figure 3's own network has α = 230 and 25α dense units (B-06).
        wide = network("S-FC", 230).replace(dense_width=25)
        found[f"S-FC by β-LASSO, {dataset}"] = (sum(weights(wide, classes, 32).values()), non_zero)
    return found


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
