"""What a table script declares: cells, comparisons and how a cell and a seed make a run.

This module and the table scripts load neither torch nor pandas, so that listing, ``--dry-run`` and
``status`` answer at once.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.verdicts.measure import ACCURACY, VALIDATION_ACCURACY, Measure
from benchmarks.errors import UserError
from benchmarks.parts import Part, kind_of
from benchmarks.run import Run
from reproduce.catalogue.seeds import QUICK_SEEDS
from reproduce.store.paths import paper_folder
from reproduce.store.planned_run import PlannedRun

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from analysis.verdicts.choosing import Choice
    from reproduce.store.schema import Record


# Whose reports are published; a quick table says nothing of the paper.
REPORTED_FORMS = ("full", "reduced")


def _same(run: Run, seed: int) -> Run:
    return run


def sources_of_seed(run: Run, seed: int) -> Run:
    """The run with its sources' seeds the same as its own: for :attr:`Cell.by_seed`."""
    phases = tuple(phase.of_seed(seed) for phase in run.procedure.phases)
    return run.replace(procedure=run.procedure.replace(phases=phases))


@dataclass(frozen=True)
class Cell:
    """One distinct configuration of a table.

    Attributes:
        name: what ``--only`` matches, such as "locality 1.6 2.4".
        kind: what the cell is in the paper's argument, such as "locality" or "plain".
        template: its run for the seed 0.
        group, column: where the cell stands in a table of "rows" or a "grid", such as
            "cifar10 VGG" and "0.0005".
        label: what the table calls it there, such as "(1.4, 1.56)"; by default its parameters'
            values.
        untouched: paths of settings whose readings do not apply to this cell, such as the fold of a
            data set that has none; a chosen override leaves them, and the run's name, as they are.
        by_seed: what else a seed decides, such as the split of the data, or the run to start from;
            of the template with that seed.
    """

    name: str
    kind: str
    template: Run
    untouched: frozenset[str] = frozenset()
    group: str = ""
    column: str = ""
    label: str = ""
    by_seed: Callable[[Run, int], Run] = field(default=_same, repr=False)
    # Runs asked for before, which know their names: naming one takes longer than all else here.
    _runs: dict[str, Run] = field(default_factory=dict, init=False, repr=False, compare=False)

    def takes(self, path: str) -> bool:
        """Whether a reading of that setting applies to this cell."""
        return path not in self.untouched and self.template.has_setting(path)

    def run(self, seed: int, overrides: Mapping[str, Any] | None = None) -> Run:
        """The run of a seed; ``overrides`` are the precision and readings that the user chose, by
        the paths of the settings."""
        asked = repr((seed, *(overrides or {}).items()))
        if asked not in self._runs:
            run = self.by_seed(self.template.replace(seed=seed), seed)
            for path, value in (overrides or {}).items():
                if self.takes(path):
                    run = run.with_setting(path, value)
            self._runs[asked] = run
        return self._runs[asked]

    def changed(self, **settings: Any) -> Cell:
        """The cell with other settings in its template: dots in paths are spelt "__"."""
        run = self.template
        for path, value in settings.items():
            run = run.with_setting(path.replace("__", "."), value)
        return replace(self, template=run)


@dataclass(frozen=True)
class Comparison:
    """Two cells whose difference the paper tests; it printed its stars beside ``first``.

    The name ends in the column of ``first``, "upper 1"; what stands before is its part, which is
    that of the published entry or begins with it.
    """

    name: str
    first: str
    second: str


@dataclass(frozen=True)
class Table:
    """A table of a paper and the experiment behind it.

    ``published`` is the tidy CSV of the printed numbers. A table may have other forms: "quick" is
    another experiment, which shows that everything works; "reduced" trains on the real images, but
    less, and answers the comparisons alone.

    Attributes:
        form: "full", "reduced" or "quick".
        forms: the table's other forms, by name; the full one holds them.
        parameters: the settings that a reader tells the cells apart by, in the paper's order: what
            each is called and its path in a run.
        layout: "pairs", "rows" or "grid", see :class:`analysis.tables.about.About`, as are
        the titles.
        measures: what is shown and judged of every cell, the headline first.
        choices: grids whose winner is chosen, declared before any run.
        remark: what a reader of this table alone has to know, shown among its notes.
        references: globs of cells that others are set beside, but that nobody chooses among: other
            architectures, networks made by hand, controls.
        is_printed: whether the paper prints numbers of its cells.
        further: makes what its report has besides, of the table, the analysed one, and the records
            of each cell.
        judges: by claim, what judges it of the same where no contrast of cells can; it returns the
            fields of an :class:`analysis.tables.results.ClaimResult` that ``claims.csv`` lacks.
    """

    paper: str
    name: str
    title: str
    caption: str
    cells: tuple[Cell, ...]
    comparisons: tuple[Comparison, ...]
    seeds: int = 15
    form: str = "full"
    forms: Mapping[str, Table] = field(default_factory=dict)
    parameters: tuple[tuple[str, str], ...] = ()
    layout: str = "pairs"
    row_title: str = ""
    column_title: str = ""
    measures: tuple[Measure, ...] = (ACCURACY,)
    choices: tuple[Choice, ...] = ()
    remark: str = ""
    references: tuple[str, ...] = ()
    is_printed: bool = True
    further: (
        Callable[[Table, TableResult, Mapping[str, Sequence[Record]]], Iterable[Block]] | None
    ) = None
    judges: Mapping[
        str, Callable[[Table, TableResult, Mapping[str, Sequence[Record]]], Mapping[str, str]]
    ] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cells = {cell.name: cell for cell in self.cells}
        if len(cells) < len(self.cells):
            raise UserError(f"{self.id} has two cells of one name")
        named = {name for pair in self.comparisons for name in (pair.first, pair.second)}
        for choice in self.choices:
            named |= {*choice.candidates, *choice.finals}
            held_out = [
                c.template.data.held_out for n, c in cells.items() if n in choice.candidates
            ]
            if choice.measure.name == VALIDATION_ACCURACY.name and not all(held_out):
                raise UserError(f"{self.id}: the data for {choice.name} must hold images out")
        if unknown := sorted(named - cells.keys()):
            raise UserError(f"{self.id} has no cell {', '.join(unknown)}, which it compares")

    @property
    def id(self) -> str:
        """Such as "locality/table3"."""
        return f"{self.paper}/{self.name}"

    @property
    def is_quick(self) -> bool:
        """Whether it is the quick form, whose numbers say nothing about the paper."""
        return self.form == "quick"

    @property
    def option(self) -> str:
        """What selects this form on a command line: "" or " --quick"."""
        return "" if self.form == "full" else f" --{self.form}"

    def of_form(self, form: str) -> Table:
        """The table in a form.

        Raises:
            UserError: where it has no such form.
        """
        if form == self.form:
            return self
        if form not in self.forms:
            raise UserError(f"{self.id} has no {form} form: leave out --{form}")
        return self.forms[form]

    def in_form(self, form: str, caption: str, cells: Iterable[Cell], **changes: Any) -> Table:
        """The table in another form: as this one, with its comparisons and choices of those cells.

        Args:
            changes: what else differs; a quick form has five seeds unless it says otherwise.
        """
        made = tuple(cells)
        names = {cell.name for cell in made}
        settings = {
            "comparisons": tuple(c for c in self.comparisons if {c.first, c.second} <= names),
            "choices": tuple(
                choice
                for choice in self.choices
                if names.issuperset((*choice.candidates, *choice.finals))
            ),
            "seeds": QUICK_SEEDS if form == "quick" else self.seeds,
            "title": f"{self.title}, {form}",
            "remark": "",
            **changes,
        }
        return replace(self, form=form, caption=caption, cells=made, forms={}, **settings)

    def with_forms(self, *others: Table) -> Table:
        """The full table with its other forms."""
        return replace(self, forms={other.form: other for other in others})

    @property
    def published(self) -> Path:
        """The printed numbers, one CSV row an entry."""
        return paper_folder(self.paper) / f"{self.name}.csv"

    @property
    def reference_cells(self) -> frozenset[str]:
        """The cells that ``references`` match."""
        names = [cell.name for cell in self.cells]
        return frozenset(n for glob in self.references for n in fnmatch.filter(names, glob))

    def cell(self, name: str) -> Cell:
        """The cell of that name."""
        return next(cell for cell in self.cells if cell.name == name)

    def most_telling_first(self, cells: Iterable[Cell]) -> list[Cell]:
        """Those that the table compares, pair by pair as it declares them, then those that it
        chooses among, then the others in their order."""
        names = [name for pair in self.comparisons for name in (pair.first, pair.second)]
        for choice in self.choices:
            names += [*choice.candidates, *choice.finals]
        places = {name: place for place, name in enumerate(dict.fromkeys(names))}
        return sorted(cells, key=lambda cell: places.get(cell.name, len(places)))

    def select(self, patterns: Sequence[str]) -> tuple[Cell, ...]:
        """Cells whose name matches any of the globs, all without one.

        Raises:
            UserError: where a glob matches no cell.
        """
        names = [cell.name for cell in self.cells]
        chosen: set[str] = set()
        for pattern in patterns or ("*",):
            found = fnmatch.filter(names, pattern)
            if not found:
                raise UserError(
                    f"--only {pattern!r} matches no cell of {self.id}; it has: {', '.join(names)}"
                )
            chosen.update(found)
        return tuple(cell for cell in self.cells if cell.name in chosen)


def plan(
    cells: Iterable[Cell], seeds: Iterable[int], overrides: Mapping[str, Any] | None = None
) -> list[PlannedRun]:
    """All runs of the cells, seed by seed, so that every cell has its first seeds early."""
    cells = list(cells)
    return [PlannedRun(cell.name, cell.run(seed, overrides)) for seed in seeds for cell in cells]


def spelled(value: Any) -> str:
    """A setting as a reader writes it: (7, 7, 5) as "7,7,5", a part by its kind."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Part):
        return kind_of(type(value))
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
