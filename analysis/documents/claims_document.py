"""What papers say in sentences, each judged by its own printed numbers and by runs of each form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from analysis.documents.blocks import MISSING, Cell, Column, Document, Grid, Note, Notes, Row
from analysis.documents.table_cells import TONES
from analysis.tables.results import ClaimResult
from analysis.verdicts.measure import MINUS
from analysis.verdicts.wording import Verdict

# As they are counted.
VERDICTS = (Verdict.CONFIRMED, Verdict.CONTRADICTED, Verdict.UNDECIDED, Verdict.NOT_DECIDABLE)
COUNT = re.compile(r"(\d+) of (\d+)")
RANGE = re.compile(rf"([+{MINUS}]?\d*\.?\d+) to ([+{MINUS}]?\d*\.?\d+)")
RULES = (
    Note("the sentence counted in the paper's own table: no run is needed.", "Printed"),
    Note(
        f"{Verdict.CONFIRMED} or {Verdict.CONTRADICTED} where the interval of the true count "
        f"leaves no other answer, {Verdict.UNDECIDED} where the runs at hand could not tell, "
        f"{Verdict.NOT_DECIDABLE} where runs are missing that could.",
        "Runs",
    ),
    Note(
        "the paper prints not all numbers that could say it; or no run of that form is there of "
        "the cells that it is about.",
        MISSING,
    ),
    Note(
        "the largest of the differences that the sentence's tests would have seen four times in "
        "five, by the spread of the runs at hand; in points where it is of shares. Of a fall: from "
        "cell to cell. Of what is said to be alike: how far apart it would have to be.",
        "Could see",
    ),
    Note(
        "what is computed at once judges what is said of it in its own report; `reproduce list` "
        "names it.",
        "Computed",
    ),
)


@dataclass(frozen=True)
class Judged:
    """The claims about a table by what its runs in a form say.

    Attributes:
        table: its id.
        form: "full" or "reduced".
        claims: judged by that form's runs, whether there are any or not.
        runs, planned: how many there are, and would be.
        precision: of the runs, where it is not the form's own.
    """

    table: str
    form: str
    claims: tuple[ClaimResult, ...]
    runs: int
    planned: int
    precision: str = ""


def claims_document(found: Sequence[Judged]) -> Document:
    """One row a claim; those of a shorter form stand beside the full one's."""
    whole = [judged for judged in found if judged.form == "full"]
    shorter = {(j.table, c.claim): (c, j) for j in found if j.form != "full" for c in j.claims}
    rows = [
        Row(
            (
                Cell(claim.text),
                Cell(claim.where),
                Cell(claim.stated),
                _printed(claim),
                _by_runs(*shorter.get((judged.table, claim.claim), (None, None))),
                _by_runs(claim, judged),
            ),
            group=judged.table,
        )
        for judged in whole
        for claim in judged.claims
    ]
    columns = (
        Column("claim", prose=True),
        Column("where"),
        Column("stated"),
        Column("printed"),
        Column("reduced runs"),
        Column("full runs"),
    )
    caption = "Sentences of the papers, judged by their printed numbers and by our runs."
    grid = Grid("claims", columns, tuple(rows), "", caption, headed=True)
    return Document(
        id="claims",
        title="Claims",
        caption="What the papers say in sentences that a result could contradict",
        blocks=(grid, Notes(RULES)),
        lines=tuple(_counted(rows)),
    )


def by_print(claim: ClaimResult) -> str:
    """What the paper's own table says of the sentence; "" where it prints no count or range."""
    ranges = [RANGE.search(text) for text in (claim.printed, claim.stated)]
    if all(ranges):
        ends = [[end.replace(MINUS, "-") for end in found.groups()] for found in ranges if found]
        first, second = ([*map(Decimal, pair)] for pair in ends)
        return Verdict.CONFIRMED if first == second else Verdict.CONTRADICTED
    printed, stated = COUNT.fullmatch(claim.printed), COUNT.fullmatch(claim.stated)
    if not printed or not stated or printed[2] != stated[2]:
        return ""
    return Verdict.CONFIRMED if int(printed[1]) >= int(stated[1]) else Verdict.CONTRADICTED


def _printed(claim: ClaimResult) -> Cell:
    verdict = by_print(claim)
    if not verdict:
        return Cell(claim.printed or MISSING)
    return Cell(verdict, detail=claim.printed, tone=TONES[verdict])


def _by_runs(claim: ClaimResult | None, judged: Judged | None) -> Cell:
    if claim is None or judged is None or not judged.runs:
        return Cell(MISSING)
    detail = " ".join(filter(None, (claim.ours, claim.interval)))
    of = f", {judged.precision}" if judged.precision else ""
    count = f"{judged.runs}/{judged.planned} runs{of}"
    seen = f"could see {claim.detectable}" if claim.detectable else ""
    return Cell(claim.verdict, detail=detail, count=count, note=seen, tone=TONES[claim.verdict])


def _counted(rows: Sequence[Row]) -> list[str]:
    lines = []
    for place, name in ((3, "printed numbers"), (4, "reduced runs"), (5, "full runs")):
        found = Counter(row.cells[place].text for row in rows)
        told = ", ".join(f"{found[verdict]} {verdict}" for verdict in VERDICTS if found[verdict])
        lines.append(f"by {name}: {told or 'none judged'}, of {len(rows)}")
    return lines
