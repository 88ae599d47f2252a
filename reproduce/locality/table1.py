"""Table I of the locality paper: where the weights of trained networks' 3×3 filters are large.

Trains nothing. The printed rows are replayed without weights; networks whose weight files lie in
the data folder, or are named, are counted and tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.publishing import Quick, publish
from reproduce.store.paths import default_data, given_path, printable

if TYPE_CHECKING:
    from analysis.papers.locality.share_results import Network, SharesResult

ID = "locality/table1"

Weights = Annotated[
    list[Path],
    typer.Option(
        "--weights",
        metavar="FILE",
        parser=given_path,
        help="Also a weight file of yours: .h5 (Keras), .pt or .pth (a torch state dict), "
        ".safetensors; may be repeated.",
        show_default=False,
    ),
]


def command(
    weights: Weights = [],  # noqa: B006  (typer copies it)
    quick: Quick = False,
    data: opt.Data = None,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Replay, count, print and write ``table1.{csv,layers.csv,tex,json}`` and its figure.

    A report with files that the user names is a variant with a folder of its own.

    Returns:
        1 where the printed rows contradict each other, or no file of a network gives its printed
        number; else 0. Missing weights are no failure.

    Raises:
        UserError: for a file that is no weight file or has no 3×3 filters, damaged published rows,
            or a folder that cannot be written.
    """
    from analysis.papers.locality.share_document import document
    from reproduce.locality.weight_sources import folder_name

    named = _named(weights)
    result = analyse(named, data or default_data())
    variant = folder_name([n.name for n in named], [n.digest for n in named]) if named else ""
    return publish(document(result), results, variant=variant, as_json=as_json, quick=quick)


def analyse(named: Sequence[Network], data: Path) -> SharesResult:
    """The printed rows, the known weight files in ``data``, and those that are ``named``.

    Raises:
        UserError: where the published rows or a known weight file are damaged.
    """
    from analysis.papers.locality import share_replay, share_results
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    printed = made_of("locality", "table1.csv", share_replay.read_printed)
    archs = {arch for arch, _, _ in printed}
    structures = made_of(
        "locality", "table1_layers.csv", lambda rows: share_replay.read_structures(rows, archs)
    )
    known, missing = _known(archs, data)
    return share_results.analyse(printed, structures, [*known, *named], missing, context(ID))


def _known(archs: set[str], data: Path) -> tuple[list[Network], dict[str, str]]:
    """Networks with a printed row whose weights are in ``data``, and how to get the others."""
    from benchmarks.weights.catalogue import WEIGHTS
    from benchmarks.weights.fetching import path_of, state, verify

    networks: list[Network] = []
    missing: dict[str, str] = {}
    for entry in WEIGHTS.values():
        if entry.network not in archs:
            continue
        if state(entry, data)[0] == "missing":
            missing.setdefault(entry.network, f"reproduce data get {entry.name}")
        else:
            verify(entry, data)  # other weights would be called a failure to reproduce
            networks.append(measure(path_of(entry, data), entry.name, entry.network))
    for network in networks:
        missing.pop(network.arch, None)
    return networks, missing


def _named(weights: Sequence[Path]) -> list[Network]:
    """The user's files, each once, told apart by more than their name where that is the same."""
    networks = []
    paths = list(dict.fromkeys(weights))
    names = [path.name for path in paths]
    for path in paths:
        name = path.name if names.count(path.name) == 1 else f"{path.parent.name}/{path.name}"
        networks.append(measure(path, name))
    return networks


def measure(path: Path, name: str, arch: str = "") -> Network:
    """Count the 3×3 filters of a weight file.

    Args:
        name: under which reports show it.
        arch: its row of the printed table, if it has one.

    Raises:
        UserError: where it is no weight file or has no 3×3 filters.
    """
    from analysis.papers.locality.share_results import WEIGHTS, Network
    from analysis.papers.locality.shares import count
    from benchmarks.weights import read_file
    from reproduce.locality.weight_sources import digest

    found = read_file(path)
    layers = [layer for layer in found.layers if layer.size == (3, 3)]
    if not layers:
        sizes = sorted({"×".join(map(str, layer.size)) for layer in found.layers})
        raise UserError(f"{path} holds no 3×3 filters, which Table I counts; only {sizes[0]}")
    counted = {
        weights: [count(layer.name, layer.kind, of(layer.filters)) for layer in layers]
        for weights, of in zip(WEIGHTS, (lambda values: values, abs), strict=True)
    }
    return Network(printable(name), arch, digest(path), found.order.value, counted)


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
