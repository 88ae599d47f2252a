"""Table 2 of the CompactNets paper: networks of ILSVRC12 on scenes, as features, fine-tuned, and
others trained on the scenes alone, by pixels and by handcrafted features.

Runs wait for the network that they start from. The row of other people's features is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from benchmarks.run import Run
from reproduce.catalogue.tables import Cell, Comparison, Table, sources_of_seed
from reproduce.compactnets import transfer
from reproduce.compactnets.protocol import DEPTH, ERROR, PAPER
from reproduce.compactnets.transfer import FEATURES, SPLITS

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record

MODELS = ("CompressedNet", "CompactNet")
SCENES = ("scenes15", "mit67")
WAYS = ("features", "fine-tuning", "scratch")
REDUCED_MODELS, REDUCED_DEPTH, QUICK_DEPTH = ("SimpleNet", *MODELS), 5, 4


def _run(dataset: str, model: str, way: str, features: str) -> Run:
    if way == "scratch":
        return transfer.scratch(dataset, model, features)
    source = transfer.scratch("imagenet", model, features)
    data = transfer.images(dataset, features)
    return transfer.svm(source, data) if way == "features" else transfer.tuned(source, data)


def _cells() -> Iterator[Cell]:
    places = [("imagenet", "scratch"), *((d, way) for d in SCENES for way in WAYS)]
    for dataset, way in places:
        for model in MODELS:
            for features in FEATURES:
                yield Cell(
                    name=f"{dataset} {model} {way} {features}",
                    kind=way,
                    template=_run(dataset, model, way, features),
                    group=dataset,
                    column=FEATURES[features],
                    label=f"{model}, {way}",
                    # A linear SVM draws nothing: from one network all seeds were one number.
                    by_seed=transfer.by_split if dataset == "scenes15" else sources_of_seed,
                )


def _comparisons() -> Iterator[Comparison]:
    """CompactNet with CompressedNet in every place, and fine-tuning with features alone."""
    for dataset in ("imagenet", *SCENES):
        for features, title in FEATURES.items():
            for way in WAYS if dataset in SCENES else ("scratch",):
                first, second = (f"{dataset} {m} {way} {features}" for m in reversed(MODELS))
                yield Comparison(f"{dataset} {way} {title}", first, second)
    for dataset in SCENES:
        for model in MODELS:
            first, second = (f"{dataset} {model} {way} pixels" for way in reversed(WAYS[:2]))
            yield Comparison(f"{dataset} {model} tuned pixels", first, second)


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """The row that the paper quotes."""
    from analysis.documents.blocks import Grid, columns, row
    from reproduce.catalogue.paper_files import read_rows

    if not result.has_levels:
        return []
    rows = read_rows(PAPER, "table2_others.csv")
    caption = "Errors that the paper quotes from others (Yang and Ramanan 2015); not trained here."
    heads = columns("data set", "features", "top-1 error", right=("top-1 error",))
    lines = tuple(row(one["dataset"], one["method"], one["value"]) for one in rows)
    return [Grid("quoted", heads, lines, caption, caption)]


TABLE = Table(
    paper=PAPER,
    name="table2",
    title="Table 2",
    caption="Top-1 errors of networks on scenes: features, fine-tuning and from scratch",
    cells=tuple(_cells()),
    comparisons=tuple(_comparisons()),
    seeds=SPLITS,
    parameters=(DEPTH,),
    layout="grid",
    row_title="network and training",
    column_title="input",
    measures=(ERROR,),
    further=further,
    remark=(
        "Seed k of a transfer starts from seed k of its network trained on ILSVRC12. Seed k of 15 "
        "Scenes is its k-th random split; there are five, so that seeds beyond 4 share them. HoG "
        "and LBP are not the paper's, whose parameters are not printed (C-29): that "
        "column is not comparable."
    ),
)


def _small(form: str) -> Iterator[Cell]:
    if form == "reduced":
        for model in REDUCED_MODELS:
            yield Cell(
                name=f"cifar10 {model} features",
                kind="features",
                template=transfer.reduced(model, REDUCED_DEPTH),
                group="cifar10",
                column="pixels",
                label=f"{model}, features of CIFAR-100",
                by_seed=sources_of_seed,
            )
        return
    for way in WAYS:
        for model in MODELS:
            yield Cell(
                name=f"digits64 {model} {way} pixels",
                kind=way,
                template=transfer.quick(model, way, QUICK_DEPTH),
                group="digits64",
                column="pixels",
                label=f"{model}, {way}",
                by_seed=sources_of_seed,
            )


REDUCED = TABLE.in_form(
    "reduced",
    "Features of networks trained on a fifth of CIFAR-100, by an SVM of 1,000 of CIFAR-10",
    _small("reduced"),
    comparisons=(
        Comparison(
            "CompactNet pixels", "cifar10 CompactNet features", "cifar10 SimpleNet features"
        ),
        Comparison(
            "CompressedNet pixels", "cifar10 CompressedNet features", "cifar10 SimpleNet features"
        ),
    ),
    measures=(ERROR,),
    seeds=15,
    remark="Each seed starts from Table 1's reduced network of that seed, of depth 5.",
)
QUICK = TABLE.in_form(
    "quick",
    "Networks of digits of 32×32 on digits of 64×64: features, fine-tuning and from scratch",
    _small("quick"),
    comparisons=tuple(
        Comparison(
            f"digits64 {way} pixels",
            f"digits64 CompactNet {way} pixels",
            f"digits64 CompressedNet {way} pixels",
        )
        for way in WAYS
    ),
    seeds=3,
)
TABLE = TABLE.with_forms(QUICK, REDUCED)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
