"""What tables still need, as a document: work, time here and on named devices, and what fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
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

CAPTION = "What the tables still need, before anything is trained"
COUNTING = (
    "PFLOP are 3 × 2 × the multiply-adds of a forward pass, counted from the network as built, × "
    "the images that missing runs train on. Memory is that of the runs trained at once: weights, "
    "gradients and one state of the optimiser, what the backward pass keeps of a batch, and the "
    "images."
)
# Cells named one by one, at most.
NAMED_CELLS = 4
HERE = "here"  # among the devices: whose times come from speeds, not from operations


@dataclass(frozen=True)
class Time:
    """Of the missing runs on a device, in hours; None where it cannot be told.

    Attributes:
        hours: of one worker or device, were it alone.
        wall: until all are done.
        how: where this comes from.
    """

    hours: float | None
    wall: float | None
    how: str


@dataclass(frozen=True)
class Work:
    """What is missing of a table.

    Attributes:
        group: the paper's title.
        images, pflop: that the missing runs train on, and take.
        cell_pflop: the missing runs' share of these by cell, where any is missing.
        parameters, bytes: of the largest network, and of so many runs at once (``pack``).
        arrays, tasks: as a queue is given them, and tasks of the largest array.
        times: on each device, the one at hand first.
        missing: cell and seed of each missing run, in the order in which they are trained.
        decoded: images that are decoded while the missing runs train on them.
        decoding: images a second that a CPU of this machine decodes, and how many CPUs do.
        fits: how many of these a budget has time for, from the first on; None without a budget.
    """

    id: str
    title: str
    group: str
    form: str
    precision: str
    cells: int
    seeds: int
    done: int
    images: int
    pflop: float
    cell_pflop: Mapping[str, float] = field(repr=False)
    parameters: int
    pack: int
    bytes: int
    arrays: int
    tasks: int
    times: Mapping[str, Time]
    missing: tuple[tuple[str, int], ...] = field(repr=False)
    decoded: int = 0
    decoding: tuple[float, int] = (0.0, 0)
    fits: int | None = None

    @property
    def runs(self) -> int:
        """Done and missing."""
        return self.done + len(self.missing)


def document(works: Sequence[Work], devices: Mapping[str, str], budget: str) -> Document:
    """The plan of tables.

    Args:
        devices: what each device in the works' times is, the one that the plan is for first.
        budget: as the user wrote it, "" for none.
    """
    notes = [Note(COUNTING), *(Note(text, name) for name, text in devices.items())]
    fitting = [Note(fit_text(work, budget), work.id) for work in works if work.fits is not None]
    loading = [Note(loader_text(work), work.id) for work in works if work.decoded]
    title = f"What fits into {budget}, table by table"
    blocks = [_work(works), _time(works, list(devices))]
    return Document(
        id="plan",
        title="Plan",
        caption=CAPTION,
        blocks=(
            *blocks,
            *([Notes(tuple(fitting), title)] if fitting else ()),
            Notes((*notes, *loading)),
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


def time_text(hours: float) -> str:
    """Such as "43 s", "26 min", "17.3 h" or "123 days"."""
    units = (("s", 3600, 100), ("min", 60, 100), ("h", 1, 72))
    for unit, share, limit in units:
        if hours * share < limit:
            return f"{quantity(hours * share)} {unit}"
    return f"{quantity(hours / 24)} days"


def quantity(value: float) -> str:
    """Three significant digits, such as "0.427", "12.3" or "1,290"."""
    if value == 0 or value >= 100:
        return f"{value:,.0f}"
    digits = 2 if value < 10 else 1
    return f"{value:.{digits}f}" if value >= 1 else f"{value:.2g}"


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


def fit_text(work: Work, budget: str) -> str:
    """Such as "60 of 195 missing runs: seeds 0–3 of every cell, seed 4 of 8 cells"."""
    count, every = work.fits or 0, len(work.missing)
    if not every:
        return "nothing is missing"
    if count == every:
        return f"all {every} missing runs"
    if not count:
        return f"none of the {every} missing runs to its end; they go on in the next one"
    wanted, found = _by_seed(work.missing), _by_seed(work.missing[:count])
    whole = [seed for seed in found if len(found[seed]) == len(wanted[seed])]
    parts = [f"{_seeds(whole)} of every missing cell"] if whole else []
    for seed in found.keys() - set(whole):
        names = found[seed]
        told = ", ".join(names) if len(names) <= NAMED_CELLS else f"{len(names)} cells"
        parts.append(f"seed {seed} of {told}")
    return f"{count} of {every} missing runs: {'; '.join(parts)}"


def loader_text(work: Work) -> str:
    """Such as "images are decoded while they train: 130 images/s a CPU here (measured), 260 of 2
    CPUs, so at least 68.4 days of the time here"."""
    rate, cpus = work.decoding
    hours = work.decoded / (rate * cpus) / 3600
    return (
        f"{work.decoded / 1e6:,.1f} million images are decoded while they train: "
        f"{rate:,.0f} images/s a CPU here (measured), {rate * cpus:,.0f} of {cpus}, which alone "
        f"takes {time_text(hours)}; {quantity(work.decoded / rate / 3600)} CPU hours like these on "
        "any machine"
    )


def _by_seed(runs: Sequence[tuple[str, int]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for cell, seed in runs:
        found.setdefault(seed, []).append(cell)
    return found


def _seeds(seeds: Sequence[int]) -> str:
    if list(seeds) == list(range(seeds[0], seeds[-1] + 1)) and len(seeds) > 1:
        return f"seeds {seeds[0]}–{seeds[-1]}"
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def _cells(work: Work) -> list[str]:
    """What one cell takes, a line for those that take as much: such as "20 cells such as cifar100
    resnet-20 baseline E: 55.2 PFLOP each; A100 2.18 h, H200 38.1 min"."""
    alike: dict[str, list[str]] = {}
    for cell, pflop in work.cell_pflop.items() if work.pflop else ():
        alike.setdefault(quantity(pflop), []).append(cell)
    lines = []
    for told, cells in alike.items():
        share = work.cell_pflop[cells[0]] / work.pflop
        hours = ", ".join(
            f"{name} {time_text(time.hours * share)}"
            for name, time in work.times.items()
            if name != HERE and time.hours is not None
        )
        named = cells[0] if len(cells) == 1 else f"{len(cells)} cells such as {cells[0]}"
        each = " each" if len(cells) > 1 else ""
        lines.append(f"{named}: {told} PFLOP{each}{f'; {hours}' if hours else ''}")
    return lines


def sentences(work: Work, budget: str) -> list[str]:
    """The same of one table, in lines."""
    if not work.missing:
        return [f"all {work.runs} runs are done"]
    arrays = f"{work.arrays} array{'s' if work.arrays > 1 else ''} of {work.tasks} tasks"
    lines = [
        f"missing: {len(work.missing)} of {work.runs} runs, {work.images / 1e6:,.1f} million "
        f"images, {quantity(work.pflop)} PFLOP; on a cluster {arrays}",
        f"memory: about {work.bytes / 1e9:.1f} GB for {work.pack} at once, "
        f"{work.parameters / 1e6:,.2f} million weights",
    ]
    for name, time in work.times.items():
        if time.hours is None or time.wall is None:
            lines.append(f"{name}: {time.how}")
            continue
        alone = "" if time.wall == time.hours else f", {time_text(time.hours)} of one worker"
        lines.append(f"{name}: about {time_text(time.wall)}{alone} ({time.how})")
    lines += _cells(work)
    if work.decoded:
        lines.append(f"loader: {loader_text(work)}")
    if work.fits is not None:
        lines.append(f"{budget} has time for {fit_text(work, budget)}")
    return lines
