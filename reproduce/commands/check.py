"""Whether a table still says what it is committed to say: verdicts against a baseline.

The baseline of a table is ``results/verdicts/<table id>.csv`` in the checkout, with the columns
cell, verdict and n.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.store import atomic

if TYPE_CHECKING:
    from analysis.documents.results import CellResult, TableResult
    from analysis.verdicts.level_and_effect import LevelVerdict

COLUMNS = ("cell", "verdict", "n")
# From best to worst; two of one rank are no worse than each other.
RANK = {"reproduced": 0, "inconclusive": 1, "missing": 2, "not reproduced": 2}
DONE, NOT_REPRODUCED, INCOMPLETE = 0, 1, 3


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
            NOT_REPRODUCED: f"{len(self.reasons)} to object to",
            INCOMPLETE: f"nothing to object to so far, {self.missing} runs missing",
        }
        return "\n".join([*self.reasons, f"{self.table}: {counts}; {end[self.exit_code]}"])

    def to_json(self) -> str:
        """All fields."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)


def check(result: TableResult, baseline: Path) -> CheckOutcome:
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
        if reason := _objection(level.verdict, committed.get(name)):
            reasons.append(f"{name}, n = {cell.n}/{cell.planned}: {reason} ({level.reason})")
    code = NOT_REPRODUCED if reasons else INCOMPLETE if result.missing else DONE
    found: list[str] = [level.verdict for _, level in judged.values()]
    counts = {verdict: found.count(verdict) for verdict in RANK}
    return CheckOutcome(result.about.id, code, counts, tuple(reasons), len(result.missing))


def accept(result: TableResult, baseline: Path) -> None:
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
    if not result.has_levels:
        form = result.about.protocol
        raise UserError(f"a {form} table has no verdicts to check; leave out --{form}")
    return {
        cell.name if table is result else f"{cell.name}, {table.about.measure.name}": (
            cell,
            cell.level,
        )
        for table in (result, *result.others)
        for cell in table.cells
        if cell.level is not None
    }


def _objection(verdict: str, committed: str | None) -> str:
    worse = committed is not None and RANK[verdict] > RANK[committed]
    if worse:
        return f"{verdict}, which is worse than the committed verdict, {committed}"
    return verdict if verdict == "not reproduced" else ""


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
