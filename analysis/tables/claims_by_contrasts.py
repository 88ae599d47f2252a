"""What a paper says in sentences about cells of a table, as inequalities between sums of them.

A claim is a list of contrasts (:mod:`.contrasts`), all of which hold if it is true. The printed
numbers tell which of them hold in the paper's own table.

Of our runs an inequality surely holds where the difference of its sides is positive by Welch's t
test of means (Satterthwaite's degrees of freedom, for any number of cells), one-sided, with the
error of 5 % shared among the claim's contrasts; it surely fails where the difference is negative by
the same test. An equality surely holds where the difference's interval, of that error, lies within
the cells' margin, or both cells' runs agree seed by seed, and surely fails where it lies outside.
A fall over several cells surely holds, or fails, by the test of Jonckheere and Terpstra. One of
another measure than the table's first is open where a run of its cells diverged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from analysis.statistics.confidence import ALPHA
from analysis.tables.contrast_tests import Outcome, holds_in_print, tested
from analysis.tables.contrasts import Contrast, parse
from analysis.tables.results import ClaimResult, TableResult
from analysis.verdicts.measure import MISSING
from analysis.verdicts.wording import Verdict

EVERY = "all"  # what a claim about every one of its contrasts states


def judge(
    result: TableResult,
    stated: Sequence[Mapping[str, str]],
    contrasts: Sequence[Mapping[str, str]],
    *,
    partial: bool = False,
    elsewhere: Collection[str] = (),
) -> tuple[ClaimResult, ...]:
    """The claims that consist of contrasts.

    Args:
        stated: one row a claim: ``claim``, ``text``, ``stated`` (a count such as "6 of 6", or
            "all") and ``where``.
        contrasts: ``claim`` and ``contrast``, one row each, and ``measure`` where it is not the
            table's first.
        partial: whether the table is a shorter form, whose levels are not the paper's: contrasts
            of cells that it lacks are passed over, those of a level with a printed number, and
            claims that state how many hold where that is not all of them.
        elsewhere: cells of the table's other forms; contrasts of these are passed over, too.

    Raises:
        ValueError: where a contrast is damaged, names a cell or measure that the table lacks, or a
            count is not that of the contrasts.
    """
    tables = {"": result} | {r.about.measure.name: r for r in (result, *result.others)}
    cells = {cell.name for cell in result.cells}
    found = []
    for row in stated:
        own = [
            parse(c["contrast"], c.get("measure") or "")
            for c in contrasts
            if c["claim"] == row["claim"]
        ]
        if unknown := sorted({c.measure for c in own} - tables.keys()):
            raise ValueError(f"{row['claim']!r}: the table has no measure {unknown[0]!r}")
        lacking = {name for c in own for name in c.cells} - cells
        if not partial and (unknown := sorted(lacking - {*elsewhere})):
            raise ValueError(f"{row['claim']!r}: the table has no cell {unknown[0]!r}")
        comparable = [c for c in own if not (partial and c.is_level)]
        if lacking or len(comparable) < len(own):
            own = [_within(c, cells) for c in comparable]
            own = [c for c in own if cells >= set(c.cells) and (not c.is_fall or len(c.cells) > 1)]
            stated_count, _, stated_total = row["stated"].partition(" of ")
            if stated_total and stated_count != stated_total:
                continue
            row = {**row, "stated": EVERY}
        if own:
            found.append(_claim(row, own, tables))
    return tuple(found)


def _within(contrast: Contrast, cells: Collection[str]) -> Contrast:
    """A fall over those cells that there are; another contrast as it is."""
    if not contrast.is_fall:
        return contrast
    return replace(contrast, weights=tuple(w for w in contrast.weights if w[0] in cells))


def _claim(
    row: Mapping[str, str], contrasts: Sequence[Contrast], tables: Mapping[str, TableResult]
) -> ClaimResult:
    total = len(contrasts)
    count = total if row["stated"] == EVERY else int(row["stated"].split()[0])
    if row["stated"] != EVERY and row["stated"] != f"{count} of {total}":
        raise ValueError(f"{row['claim']!r} states {row['stated']!r} of {total} contrasts")
    by_measure = {name: {c.name: c for c in table.cells} for name, table in tables.items()}
    known = [c for c in contrasts if all(by_measure[c.measure][n].n > 1 for n in c.cells)]
    found = [tested(c, by_measure[c.measure], tables[c.measure], ALPHA / total) for c in known]
    low = sum(outcome.holds for outcome in found)
    high = total - sum(outcome.fails for outcome in found)
    verdict = Verdict.UNDECIDED if len(known) == total else Verdict.NOT_DECIDABLE
    if low >= count or high < count:
        verdict = Verdict.CONFIRMED if low >= count else Verdict.CONTRADICTED
    seen = [holds_in_print(c, by_measure[c.measure], tables[c.measure]) for c in contrasts]
    printed = [holds for holds in seen if holds is not None]
    return ClaimResult(
        **{name: row[name] for name in ("claim", "text", "where")},
        stated=f"{count} of {total}",
        printed=f"{sum(printed)} of {len(printed)}" if printed else MISSING,
        ours=f"{sum(outcome.is_seen for outcome in found)} of {len(known)}" if known else "",
        interval=f"[{low}, {high}]" if known else "",
        chance=MISSING,
        verdict=verdict,
        detectable=_could_see(known, found, tables),
    )


def _could_see(
    contrasts: Sequence[Contrast], found: Sequence[Outcome], tables: Mapping[str, TableResult]
) -> str:
    """The largest difference of each kind that the tests would have seen, such as "+0.80; +1.20 a
    step (overall sparsity)"."""
    largest: dict[tuple[str, bool], float] = {}
    for contrast, outcome in zip(contrasts, found, strict=True):
        kind = contrast.measure, contrast.is_fall
        if outcome.detectable is not None:
            largest[kind] = max(outcome.detectable, largest.get(kind, 0.0))
    return "; ".join(
        tables[measure].about.measure.difference(value)
        + (" a step" if is_fall else "")
        + (f" ({measure})" if measure else "")
        for (measure, is_fall), value in largest.items()
    )
