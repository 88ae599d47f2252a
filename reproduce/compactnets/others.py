"""Other papers' networks in Table 3 of the CompactNets paper: the printed errors and sizes beside
what torchvision states of its own weights, and beside what these come to here, on an ImageNet
folder, where the files are at hand. Trains nothing.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.publishing import Quick, publish
from reproduce.store.paths import default_data, given_path

if TYPE_CHECKING:
    from analysis.papers.compactnets.others_document import Stated
    from benchmarks.data.fetching import OnProgress
    from benchmarks.published import Errors

ID = "compactnets/others"
# The printed rows that torchvision has networks for, by their names there.
NETWORKS = {
    "AlexNet": "alexnet",
    "SqueezeNet": "squeezenet1_0",
    "VGG11": "vgg11",
    "VGG16": "vgg16",
    "Inception v3": "inception_v3",
    "ResNet18": "resnet18",
    "ResNet152": "resnet152",
    "DenseNet161": "densenet161",
}

WeightFolder = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        metavar="FOLDER",
        parser=given_path,
        help="Evaluate torchvision's files in this folder, under the names that torchvision "
        "downloads them by, on the test images of `reproduce data import imagenet PATH`.",
        show_default=False,
    ),
]


def command(
    weights: WeightFolder = None,
    quick: Quick = False,
    data: opt.Data = None,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Compute, print and write ``others.{csv,tex,json}``; with files a variant of it.

    Raises:
        UserError: where the folder holds none of the files, one is damaged, or ImageNet is missing.
    """
    from analysis.papers.compactnets import others_document
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    stated = {method: _stated(name) for method, name in NETWORKS.items()}
    found = _evaluated(weights, stated, data or default_data()) if weights else {}
    paper, _, _ = ID.partition("/")
    made = made_of(
        paper,
        "table3_rows.csv",
        lambda rows: others_document.document(ID, rows, stated, found, context(ID)),
    )
    return publish(made, results, variant="files" if found else "", as_json=as_json, quick=quick)


def _stated(name: str) -> Stated:
    """What torchvision says of its first weights of ImageNet."""
    from torchvision.models import get_model_weights

    from analysis.papers.compactnets.others_document import Stated

    entry = get_model_weights(name)["IMAGENET1K_V1"]
    accuracy = entry.meta["_metrics"]["ImageNet-1K"]
    return Stated(
        network=name,
        file=entry.url.rpartition("/")[2],
        parameters=entry.meta["num_params"],
        top1=100 - accuracy["acc@1"],
        top5=100 - accuracy["acc@5"],
    )


def _evaluated(folder: Path, stated: dict[str, Stated], data: Path) -> dict[str, Errors]:
    """Errors of the files that are there, of all of ImageNet's test images."""
    from benchmarks.data import info
    from benchmarks.data.folders import FileSplit
    from benchmarks.data.store import open_known
    from benchmarks.published import errors_of, network_of
    from reproduce.commands.progress_bar import progress_bar

    present = {method: one for method, one in stated.items() if (folder / one.file).is_file()}
    if not present:
        names = ", ".join(one.file for one in stated.values())
        raise UserError(f"{folder} holds none of torchvision's files: {names}")
    split = open_known(info("imagenet"), data).test
    assert isinstance(split, FileSplit)
    files = split.source
    found = {}
    with progress_bar() as show:
        for method, one in present.items():
            network, size = network_of(one.network, folder / one.file)
            told = partial(_tell, show, one.network, len(files))
            found[method] = errors_of(network, files, size, told)
    return found


def _tell(show: OnProgress, name: str, total: int, seen: int) -> None:
    show(name, seen, total)


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
