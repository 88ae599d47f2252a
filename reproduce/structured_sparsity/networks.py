"""The networks that thresholds leave of kept runs: layers, costs, images a second, kernels drawn;
and as a file that runs elsewhere. Trains nothing but what a quick form needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.papers.structured_sparsity.measurement_names import TAU
from benchmarks.errors import UserError
from reproduce.catalogue.tables import Cell, spelled
from reproduce.commands import options as opt
from reproduce.commands.exit_codes import DONE, INCOMPLETE
from reproduce.commands.keeping import saving_command, train
from reproduce.commands.publishing import publish, short
from reproduce.store.paths import given_path
from reproduce.structured_sparsity.figure1 import TABLE as PLAIN
from reproduce.structured_sparsity.figure4 import TABLE
from reproduce.structured_sparsity.measuring import measured, thresholds
from reproduce.structured_sparsity.protocol import PAPER

if TYPE_CHECKING:
    from torch import nn

    from analysis.papers.structured_sparsity.networks_document import Network
    from benchmarks.procedures import Shrunk
    from benchmarks.run import Run
    from reproduce.catalogue.selection import Selection

ID = f"{PAPER}/networks"
SECONDS = 1.0  # of a measurement of speed

Taus = Annotated[
    list[str] | None,
    typer.Option(
        "--tau",
        metavar="T",
        help=f"A threshold on kernels' norms; several sweep over them. Default: {TAU}.",
        show_default=False,
    ),
]
Relative = Annotated[
    bool, typer.Option("--relative", help="T is times the largest norm in a layer (S-16).")
]
PlainRemoval = Annotated[
    bool,
    typer.Option(
        "--allow-plain-removal",
        help="Let a layer of a plain network go, its input in its place (S-12).",
    ),
]
Export = Annotated[
    Path | None,
    typer.Option(
        "--export",
        metavar="FILE",
        parser=given_path,
        help="Write the one network that is selected as .pt2 (torch.export) or .onnx.",
        show_default=False,
    ),
]


def command(
    tau: Taus = None,
    relative: Relative = False,
    plain_removal: PlainRemoval = False,
    export: Export = None,
    *,
    chosen: opt.Selecting,
    data: opt.Data = None,
    as_json: opt.Json = False,
) -> int:
    """Rebuild, measure, print and write ``networks.{csv,tex,json}`` and
    ``networks.kernels.{png,pdf}``.

    Of each selected cell of Figure 4, or plain one of Figure 1, the first seed whose weights are
    kept. Quick networks are trained where none is, a seed of each.

    Returns:
        3 where weights of a selected cell are missing, else 0.

    Raises:
        UserError: where nothing is kept, a threshold is no number or leaves no network, or the
            file to write is there already, of another kind, or needs a package that is missing.
    """
    from analysis.papers.structured_sparsity.networks_document import document
    from reproduce.catalogue.readings import context

    taus = [_tau(text) for text in tau or [TAU]]
    if export:
        from benchmarks.models import exporting

        exporting.check(export)
    selection = _selection(chosen)
    found = _kept(selection)
    if not found and chosen.quick:
        if not train(replace(selection, seeds=selection.seeds[:1])):
            return INCOMPLETE
        found = _kept(selection)
    if not found:
        raise UserError(
            f"no weights are kept of the selected runs: {_command(selection)} trains them and "
            "keeps their weights"
        )
    if export and (len(found) > 1 or len(taus) > 1):
        names = ", ".join(cell.name for cell, _ in found)
        raise UserError(
            f"--export writes one network: give one --tau, and one of {names} as --only"
        )
    how = {
        "tau_mode": "relative" if relative else "absolute",
        "allow_plain_removal": plain_removal,
    }
    rows = [n for cell, run in found for n in _networks(cell, run, selection, taus, how, data)]
    lacking = len(found) < len(selection.cells)
    made = document(
        [row for row, _ in rows],
        form=selection.table.form,
        variant=selection.variant,
        missing=_command(selection) if lacking else "",
        context=context(ID),
    )
    publish(made, selection.store.base, variant=selection.variant, form=selection.store.form,
            as_json=as_json)  # fmt: skip
    if export:
        (told,), ((_, shrunk),) = [row for row, _ in rows], rows
        _export(export, shrunk.model, found[0][1], told, as_json=as_json)
    return INCOMPLETE if lacking else DONE


def _tau(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise UserError(f"--tau {text}: give a number that is not negative, such as 0.001")
    return value


def _selection(chosen: opt.Selecting) -> Selection:
    """Of Figure 4's cells, or Figure 1's where a pattern names none of these."""
    try:
        return chosen.of(TABLE.id)
    except UserError:
        if not any("plain" in pattern for pattern in chosen.only or ()):
            raise
        return chosen.of(PLAIN.id)


def _kept(selection: Selection) -> list[tuple[Cell, Run]]:
    """The selected cells with the first run of each whose weights are kept."""
    present = selection.store.weights.present()
    found = []
    for cell in selection.cells:
        runs = (cell.run(seed, selection.overrides) for seed in selection.seeds)
        kept = next((run for run in runs if run.hash in present), None)
        found += [(cell, kept)] if kept else []
    return found


def _networks(
    cell: Cell,
    run: Run,
    selection: Selection,
    taus: Sequence[Decimal],
    how: dict[str, Any],
    data: Path | None,
) -> list[tuple[Network, Shrunk]]:
    """A cell's network at each threshold.

    Args:
        how: options of :func:`benchmarks.procedures.shrink`.

    Raises:
        UserError: where a threshold removes a layer that must stay; names the run.
    """
    from benchmarks.procedures import shrink

    model = _model(run, selection)
    what = thresholds(run).what
    found = []
    for tau in taus:
        try:
            shrunk = shrink(model, tau, what, **how)
        except UserError as error:
            told = str(error).replace("allow_plain_removal", "--allow-plain-removal")
            raise UserError(f"{cell.name}, run {run.hash}: {told}; its weights are kept") from None
        behind = f"{float(100 * tau):g} %" if how["tau_mode"] == "relative" else f"{tau:f}"
        found.append((measured(cell, run, model, shrunk, behind, data, SECONDS), shrunk))
    return found


def _model(run: Run, selection: Selection) -> nn.Module:
    import torch

    from benchmarks.data import info

    entry = info(run.data.name)
    model = run.model.network(len(entry.classes), run.data.side(entry.side))
    model.load_state_dict(selection.store.weights.read(run))
    return model.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload, no-any-return]


def _export(path: Path, model: nn.Module, run: Run, told: Network, *, as_json: bool) -> None:
    import torch

    from benchmarks.data import info
    from benchmarks.models import exporting
    from reproduce.store import atomic

    side = run.data.side(info(run.data.name).side)
    renew = thresholds(run).renew if told.accuracy is not None else 0  # without images none are
    statistics = f"gathered anew over {renew} training images" if renew else "of training"
    note = {
        "run": run.hash,
        "cell": told.cell,
        "threshold": told.tau,
        "batch-norm statistics": statistics,
        "input": f"float32 (N, 3, {side}, {side}), pixels by normalization={run.data.normalization}"
        f" of {run.data.name}'s training images",
    }
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 3, side, side, generator=generator)
    content = exporting.encoded(model, images, path.suffix, note)
    with atomic.telling(f"write {path}"):
        if not atomic.create_once(path, content):
            raise UserError(f"{path} is there already: give another name or remove it")
    if not as_json:
        typer.echo(f"Exported: {short(path)}")


def _command(selection: Selection) -> str:
    """What trains a run of each cell and keeps its weights."""
    options = [] if len(selection.cells) > 1 else ["--only", selection.cells[0].name]
    for name, value in selection.chosen.items():
        text = spelled(value)
        options += ["--precision", text] if name == "precision" else ["--reading", f"{name}={text}"]
    first = selection.seeds[0]
    options += ["--seeds", f"{first}-{first}" if first else "1"]
    return saving_command(selection.table.id, selection.store, *options)


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
