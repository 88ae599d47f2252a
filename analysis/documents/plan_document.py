"""What tables still need, as a document: work, time here and on named devices, and what fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Column,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    row,
)
from analysis.documents.plan_sentences import fit_text, loader_text, quantity, time_text
from analysis.documents.plan_work import Work

CAPTION = "What the tables still need, before anything is trained"
COUNTING = (
    "PFLOP are 3 × 2 × the multiply-adds of a forward pass, counted from the network as built, × "
    "the images that missing runs train on, and 2 × that of images that go through it for other "
    "ends than training and evaluation. Memory is that of the runs trained at once: weights, "
    "gradients and one state of the optimiser, what the backward pass keeps of a batch, and the "
    "images."
)


def document(works: Sequence[Work], devices: Mapping[str, str], budget: str) -> Document:
    """The plan of tables.

    Args:
        devices: what each device in the works' times is, the one that the plan is for first.
        budget: as the user wrote it, "" for none.
    """
    notes = [Note(COUNTING), *(Note(text, name) for name, text in devices.items())]
    fitting = [Note(fit_text(work, budget), work.id) for work in works if work.fits is not None]
    loading = [Note(loader_text(work), work.id) for work in works if work.decoded]
    other = [Note(f"not counted: {u}", w.id) for w in works for u in w.uncounted]
    title = f"What fits into {budget}, table by table"
    blocks = [_work(works), _time(works, list(devices))]
    return Document(
        id="plan",
        title="Plan",
        caption=CAPTION,
        blocks=(
            *blocks,
            *([Notes(tuple(fitting), title)] if fitting else ()),
            Notes((*notes, *loading, *other)),
        ),
        facts={"tables": [facts(work) for work in works], "budget": budget or None},
    )


def _work(works: Sequence[Work]) -> Grid:
    titles = ("runs", "done", "10⁶ images", "PFLOP", "10⁶ weights", "memory", "arrays")
    lines = [
        row(
            _name(work),
            Cell(f"{work.cells} × {work.seeds}", work.runs),
            Cell(str(work.done), work.done),
            Cell(f"{work.images / 1e6:,.0f}", work.images),
            Cell(quantity(work.pflop), work.pflop),
            Cell(f"{work.parameters / 1e6:,.2f}", work.parameters),
            Cell(f"{work.bytes / 1e9:.1f} GB", work.bytes),
            Cell(f"{work.arrays} × {work.tasks}" if work.arrays else MISSING, work.arrays),
            group=work.group,
        )
        for work in works
    ]
    if len(works) > 1:
        runs, done = sum(work.runs for work in works), sum(work.done for work in works)
        images, pflop = sum(work.images for work in works), sum(work.pflop for work in works)
        sums = [Cell(str(runs), runs), Cell(str(done), done)]
        sums += [Cell(f"{images / 1e6:,.0f}", images), Cell(quantity(pflop), pflop)]
        lines.append(row("together", *sums, "", "", "", total=True))
    heads = columns("table", *titles, right=titles)
    title = "Work: images, PFLOP, arrays of missing runs"
    return Grid("work", heads, tuple(lines), title, headed=_is_headed(works))


def _time(works: Sequence[Work], devices: Sequence[str]) -> Grid:
    here, *others = devices
    heads = [
        Column("table"),
        Column("one worker", over=here, right=True),
        Column("wall", over=here, right=True),
        Column("known by", over=here),
        *(Column(name, right=True) for name in others),
    ]
    lines = []
    for work in works:
        first = work.times[here]
        rest = (hours_cell(work.times[name].wall) for name in others)
        cells = [hours_cell(first.hours), hours_cell(first.wall), Cell(first.how), *rest]
        lines.append(row(_name(work), *cells, group=work.group))
    if len(works) > 1:
        sums = [_total(work.times[here].hours for work in works)]
        sums += [_total(work.times[here].wall for work in works), Cell("")]
        sums += [_total(work.times[name].wall for work in works) for name in others]
        lines.append(row("together", *sums, total=True))
    title = "Time of the missing runs"
    return Grid("time", tuple(heads), tuple(lines), title, headed=_is_headed(works))


def _is_headed(works: Sequence[Work]) -> bool:
    return len({work.group for work in works}) > 1


def _total(hours: Iterator[float | None]) -> Cell:
    known = list(hours)
    whole = None if any(h is None for h in known) else sum(h for h in known if h is not None)
    return hours_cell(whole)


def hours_cell(hours: float | None) -> Cell:
    """A time in a grid; its value is in hours."""
    return Cell(MISSING if hours is None else time_text(hours), hours)


def _name(work: Work) -> str:
    form = "" if work.form == "full" else f", {work.form}"
    precision = "" if work.precision == "float32" else f", {work.precision}"
    return f"{work.id.rpartition('/')[2]}{form}{precision}"


def facts(work: Work) -> dict[str, Any]:
    """The same for programs, JSON-ready."""
    values = {name: getattr(work, name) for name in Work.__dataclass_fields__}
    values["times"] = {name: asdict(time) for name, time in work.times.items()}
    values |= {"missing": len(work.missing), "runs": work.runs}
    if work.fits is not None:
        values["fits"] = [{"cell": cell, "seed": seed} for cell, seed in work.missing[: work.fits]]
    return values
