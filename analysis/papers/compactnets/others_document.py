"""Other papers' networks in Table 3, as printed, by torchvision and by what was evaluated here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    context_notes,
    row,
)

Row = Mapping[str, str]
HOW = (
    "The paper's rows are quoted from the networks' own papers, whose tests differ (ten crops, or "
    "more); torchvision's are of its own files and one view, the middle of the image with its "
    "shorter side resized."
)
HERE = "Evaluated here with torchvision's files and its single view, of all test images: {}."
NOT_HERE = "Nothing was evaluated here: `--weights FOLDER` does, of files that are there."


class Errors(Protocol):
    """Images, and those that are classified wrongly, or whose class is not among five."""

    @property
    def images(self) -> int: ...

    @property
    def top1(self) -> int: ...

    @property
    def top5(self) -> int: ...


@dataclass(frozen=True)
class Stated:
    """What torchvision says of its weights: errors in percent."""

    network: str
    file: str
    parameters: int
    top1: float
    top5: float


def document(
    id: str,
    printed: Sequence[Row],
    stated: Mapping[str, Stated],
    found: Mapping[str, Errors],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The table.

    Args:
        printed: ``method``, ``top1``, ``top5`` and ``params_M``, of others and of the paper's own.
        stated, found: by the printed name.
        context: readings and deviations, JSON-ready.

    Raises:
        KeyError, ValueError: where a printed row is missing or damaged.
    """
    by_method = {line["method"]: line for line in printed}
    lines, data = [], []
    for method, one in stated.items():
        line = by_method[method]
        shares = _shares(found.get(method))
        millions = one.parameters / 1e6
        # 20.5 million are as printed where the paper has 20.5 or 21.
        decimals = len(line["params_M"].partition(".")[2])
        is_same = round(millions, decimals) == float(line["params_M"])
        lines.append(
            row(
                method,
                *(line[key] or MISSING for key in ("top1", "top5")),
                Cell(f"{one.top1:.1f}", one.top1),
                Cell(f"{one.top5:.1f}", one.top5),
                *(Cell(MISSING if s is None else f"{s:.1f}", s) for s in shares),
                line["params_M"],
                Cell(f"{millions:.1f}", millions, tone="good" if is_same else "open"),
            )
        )
        data.append(
            (method, line["top1"], line["top5"], line["params_M"], one.network, one.parameters,
             one.top1, one.top5, *(MISSING if s is None else s for s in shares))
        )  # fmt: skip
    errors = [f"top-{n}\n{where}" for where in ("paper", "there", "here") for n in (1, 5)]
    heads = (*errors, "M par.\npaper", "M par.\nthere")
    count = {f"{errors.images:,}" for errors in found.values()}
    notes = (Note(HOW), Note(HERE.format(", ".join(sorted(count))) if found else NOT_HERE))
    names = (
        *("method", "top1", "top5", "params_M", "network", "parameters"),
        *("torchvision_top1", "torchvision_top5", "here_top1", "here_top5"),
    )
    grid = Grid(
        "networks", columns("network", *heads, right=heads), tuple(lines), "Errors, percent"
    )
    return Document(
        id=id,
        title="Others' networks",
        caption="Other papers' networks in Table 3, as printed, by torchvision (there) and here",
        blocks=(
            grid,
            Notes((*notes, *context_notes(context))),
            Data(names, tuple(data)),
        ),
        facts={"stated": dict(stated), "evaluated": dict(found), **context},
    )


def _shares(errors: Errors | None) -> tuple[float | None, float | None]:
    if errors is None:
        return None, None
    return 100 * errors.top1 / errors.images, 100 * errors.top5 / errors.images
