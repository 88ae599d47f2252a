"""Whether a table still says what it is committed to say: verdicts against a baseline.

The baseline of a table is ``results/verdicts/<table id>.csv`` in the checkout, with the columns
cell, verdict and n.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.verdicts.wording import Verdict
from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.exit_codes import DIFFERS, DONE, INCOMPLETE
from reproduce.commands.publishing import short
from reproduce.store import atomic
from reproduce.store.paths import ROOT
from reproduce.store.store import Store

if TYPE_CHECKING:
    from analysis.tables.results import CellResult, TableResult
    from analysis.verdicts.level import LevelVerdict

COLUMNS = ("cell", "verdict", "n")
# From best to worst; two of one rank are no worse than each other.
RANK: Mapping[str, int] = {
    Verdict.REPRODUCED: 0,
    Verdict.INCONCLUSIVE: 1,
    Verdict.MISSING: 2,
    Verdict.NOT_REPRODUCED: 2,
}


def check(
    table: opt.TableName,
    chosen: opt.Selecting,
    accept: Annotated[
        bool, typer.Option("--accept", help="Make the present verdicts the ones to hold.")
    ] = False,
    as_json: opt.Json = False,
) -> int:
    """Exit with 1 where a cell is not reproduced, or worse than its committed verdict."""
    from reproduce.catalogue.table_result import build

    selection = chosen.of(table)
    _refuse(selection.table.form)
    # A variant is another experiment, with verdicts of its own.
    folder = Store(ROOT / "results" / "verdicts").report(selection.table.id, selection.variant)
    baseline = folder.with_name(f"{folder.name}.csv")
    result = build(selection)
    if accept:
        if absent := [cell.name for cell in result.cells if not cell.runs]:
            raise UserError(
                f"verdicts are accepted once every cell has runs; there are none of: "
                f"{', '.join(absent)}"
            )
        write(result, baseline)
        print(f"Written: {short(baseline)}")
        return DONE
    outcome = judge(result, baseline)
    text = json.dumps(asdict(outcome), indent=1, ensure_ascii=False)
    print(text if as_json else outcome.text)
    return outcome.exit_code


def _refuse(form: str) -> None:
    if form != "full":
        raise UserError(f"a {form} table has no verdicts to check; leave out --{form}")


@dataclass(frozen=True)
class CheckOutcome:
    """What a check found.

    Attributes:
        exit_code: 1 where a cell offends, else 3 where runs asked for are missing, else 0.
        verdicts: the number of cells by verdict.
        reasons: a line for each cell that is not reproduced or worse than its baseline.
        missing: how many of the runs that were asked for are not there.
    """

    table: str
    exit_code: int
    verdicts: dict[str, int]
    reasons: tuple[str, ...]
    missing: int

    @property
    def text(self) -> str:
        """For the terminal: the reasons, then one line that sums up."""
        counts = ", ".join(f"{count} {name}" for name, count in self.verdicts.items() if count)
        end = {
            DONE: "nothing to object to",
            DIFFERS: f"{len(self.reasons)} to object to",
            INCOMPLETE: f"nothing to object to so far, {self.missing} runs missing",
        }
        return "\n".join([*self.reasons, f"{self.table}: {counts}; {end[self.exit_code]}"])


def judge(result: TableResult, baseline: Path) -> CheckOutcome:
    """Judge a table by its margin and by the verdicts that it was committed with.

    A cell offends that is not reproduced, whatever the baseline says, or whose verdict is worse
    than its committed one. Without a baseline only the former counts.

    Raises:
        UserError: for a quick table, and where the baseline is damaged or of another table.
    """
    judged = _judged(result)
    committed = _read(baseline)
    if unknown := sorted(set(committed) - set(judged)):
        raise UserError(
            f"{baseline} has cells that {result.about.id} lacks: {', '.join(unknown)}; "
            "renew it with `reproduce check --accept`"
        )
    reasons = []
    for name, (cell, level) in judged.items():
        before = committed.get(name, Verdict.NOT_REPRODUCED)
        reason: str = level.verdict
        if RANK[reason] > RANK[before]:
            reason += f", which is worse than the committed verdict, {before}"
        elif reason != Verdict.NOT_REPRODUCED:
            continue
        reasons.append(f"{name}, n = {cell.n}/{cell.planned}: {reason} ({level.reason})")
    code = DIFFERS if reasons else INCOMPLETE if result.missing else DONE
    found: list[str] = [level.verdict for _, level in judged.values()]
    counts = {verdict: found.count(verdict) for verdict in RANK}
    return CheckOutcome(result.about.id, code, counts, tuple(reasons), len(result.missing))


def write(result: TableResult, baseline: Path) -> None:
    """Make the present verdicts the baseline.

    Raises:
        UserError: for a quick table, and where the file cannot be written.
    """
    judged = _judged(result)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([name, level.verdict, cell.n] for name, (cell, level) in judged.items())
    try:
        atomic.replace(baseline, text.getvalue().encode())
    except OSError as error:
        raise UserError(f"cannot write {baseline}: {error.strerror or error}") from error


def _judged(result: TableResult) -> dict[str, tuple[CellResult, LevelVerdict]]:
    """The cells with a verdict, by name, and by measure where it is not the table's headline."""
    _refuse(result.about.protocol)
    return {
        cell.name if table is result else f"{cell.name}, {table.about.measure.name}": (
            cell,
            cell.level,
        )
        for table in (result, *result.others)
        for cell in table.cells
        if cell.level is not None
    }


def _read(baseline: Path) -> dict[str, str]:
    """The committed verdict of each cell; none without a file."""
    try:
        with open(baseline, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{baseline} cannot be read: {error}") from error
    for line, row in enumerate(rows, start=2):
        if tuple(row) != COLUMNS or row["verdict"] not in RANK:
            raise UserError(f"{baseline}:{line}: not a row of {', '.join(COLUMNS)}; restore it")
    return {row["cell"]: row["verdict"] for row in rows}
