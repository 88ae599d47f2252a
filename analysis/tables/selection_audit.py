"""How much of a gain selection alone could explain: the best epoch instead of the last one, and the
best of several settings, both picked on the test images."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from analysis.statistics.confidence import TAILS
from analysis.statistics.selection_gain import (
    chance_gain,
    deviation_of_stars,
    gain_by_chance,
    held_out_best,
    pooled_deviation,
)
from analysis.tables.selection_audit_results import (
    Audit,
    ChoiceAudit,
    EpochAudit,
    GroupAudit,
    Spread,
)

if TYPE_CHECKING:
    from analysis.tables.results import CellResult, ComparisonResult, TableResult

LEAST_FREEDOM = 6  # of a spread that is taken from runs


def audit(
    results: Sequence[TableResult],
    variants: Sequence[TableResult] = (),
    *,
    seeds: int = 1,
    references: Collection[str] = (),
) -> Audit:
    """Of one table.

    Args:
        results: in its forms, the full one first.
        variants: by runs of another precision, of which the epochs alone are looked at.
        seeds: that a printed number is the median of.
        references: cells that others are set beside, but that nobody chooses among.
    """
    every = (*results, *variants)
    groups = [*_printed_groups(results, seeds, references)]
    groups += [group for result in results for group in _groups_of_runs(result, references)]
    return Audit(
        tuple(found for result in every if (found := _epochs(result))),
        tuple(groups),
        tuple(found for result in results for found in _choices(result)),
    )


def _epochs(result: TableResult) -> EpochAudit | None:
    """None where the table has no run."""
    by_seed: dict[int, list[float]] = {}
    evaluations = runs = 0
    for cell in result.cells:
        curves = result.curves.get(cell.name) or [()] * cell.n
        for run, curve in zip(cell.runs, curves, strict=True):
            evaluations = max(evaluations, len(curve))
            if len(curve) > 1 and not run.diverged:
                runs += 1
                share = (run.best_correct - run.correct) / run.total
                by_seed.setdefault(run.seed, []).append(share)
    if not evaluations:
        return None
    means = np.array([np.mean(gains) for gains in by_seed.values()])
    gain = float(means.mean()) if len(means) else None
    low = high = None
    if gain is not None and len(means) > 1:
        reach = float(stdtrit(len(means) - 1, TAILS[1]) * means.std(ddof=1) / math.sqrt(len(means)))
        low, high = gain - reach, gain + reach
    printed_gains = [
        difference
        for pair in result.comparisons
        if (difference := _printed_difference(result, pair)) is not None
    ]
    printed = (
        float(np.mean(printed_gains)) if printed_gains and result.about.measure.is_share else None
    )
    form = result.about.protocol
    form += f" ({result.about.precision})" if result.about.variant else ""
    return EpochAudit(result.about.id, form, runs, evaluations, gain, low, high, printed)


def _sign(result: TableResult) -> int:
    return -1 if result.about.measure.lower_is_better else 1


def _printed_groups(
    results: Sequence[TableResult], seeds: int, references: Collection[str]
) -> Iterator[GroupAudit]:
    """What is printed of the full form's groups."""
    if not results:
        return
    full = results[0]
    for name, above, below in _sides(full, references):
        gain = _printed_gain(full, above, below)
        if gain is not None:
            spread = _spread(results, above[0].margin, seeds)
            sizes = len(above), len(below), seeds
            yield GroupAudit(
                full.about.id,
                name,
                "printed",
                full.about.measure,
                *sizes,
                gain,
                spread,
                chance_gain(*sizes),
                gain_by_chance(gain / spread.value, *sizes) if spread else None,
            )


def _groups_of_runs(result: TableResult, references: Collection[str]) -> Iterator[GroupAudit]:
    """The same in means of the runs of one form, and of settings chosen on other seeds.

    Forms have different settings and baselines, so that each stands by itself.
    """
    for name, above, below in _sides(result, references):
        cells = [*above, *below]
        seeds = set.intersection(*({r.seed for r in c.runs if not r.diverged} for c in cells))
        if len(seeds) < 2:
            continue
        sides = [
            held_out_best(
                [[_sign(result) * r.value for r in c.runs if r.seed in seeds] for c in side]
            )
            for side in (above, below)
        ]
        gain = sides[0].best - sides[1].best
        value = _spread_of_runs(result, above[0].margin)
        scale = 1 / math.sqrt(len(seeds))  # of a mean, where one seed's is 1
        sizes = len(above), len(below)
        yield GroupAudit(
            result.about.id,
            name,
            result.about.protocol,
            result.about.measure,
            *sizes,
            len(seeds),
            gain,
            Spread(value, "runs") if value > 0 else None,
            scale * chance_gain(*sizes),
            gain_by_chance(gain / (scale * value), *sizes) if value > 0 else None,
            sides[0].held_out - sides[1].held_out,
        )


def _sides(
    result: TableResult, references: Collection[str]
) -> Iterator[tuple[str, list[CellResult], list[CellResult]]]:
    """By group the cells that are tested against others, and those others; where there are two of
    either at least, without which nothing was chosen."""
    if result.about.layout == "pairs":
        return
    pairs = [p for p in result.comparisons if not {p.first, p.against} & {*references}]
    tested, against = {pair.first for pair in pairs}, {pair.against for pair in pairs}
    for name, cells in result.groups().items():
        above = [cell for cell in cells if cell.name in tested]
        below = [cell for cell in cells if cell.name in against - tested]
        if above and below and len(above) + len(below) > 2:
            yield name, above, below


def _printed_gain(
    result: TableResult, above: Sequence[CellResult], below: Sequence[CellResult]
) -> float | None:
    sides = [[cell.published_share for cell in side] for side in (above, below)]
    if any(value is None for side in sides for value in side):
        return None
    best, other = (max(_sign(result) * (v or 0.0) for v in side) for side in sides)
    return best - other


def _spread(results: Sequence[TableResult], data: str, seeds: int) -> Spread | None:
    """On a data set, of full runs, else what printed stars imply, else of reduced runs."""
    full = results[0]
    by_form = {result.about.protocol: _spread_of_runs(result, data) for result in results}
    starred = [
        (difference, pair.published_stars)
        for pair in full.comparisons
        if pair.published_stars is not None
        and full.cell(pair.first).margin == data
        and (difference := _printed_difference(full, pair)) is not None
    ]
    implied = deviation_of_stars(
        [difference for difference, _ in starred], [marks for _, marks in starred], seeds
    )
    for value, source in (
        (by_form.get("full", math.nan), "runs"),
        (implied, "stars"),
        (by_form.get("reduced", math.nan), "reduced"),
    ):
        if value > 0:
            return Spread(value, source)
    return None


def _spread_of_runs(result: TableResult, data: str) -> float:
    """Of one form's cells on a data set; NaN of too few runs."""
    groups = [cell.values for cell in result.cells if cell.margin == data]
    freedom = sum(max(0, len(values) - 1) for values in groups)
    return pooled_deviation(groups) if freedom >= LEAST_FREEDOM else math.nan


def _printed_difference(result: TableResult, pair: ComparisonResult) -> float | None:
    """How much better the first of a pair is in print, in the measure's unit."""
    first = result.cell(pair.first).published_share
    against = result.cell(pair.against).published_share
    if first is None or against is None:
        return None
    return _sign(result) * (first - against)


def _choices(result: TableResult) -> Iterator[ChoiceAudit]:
    for chosen in result.chosen:
        choice = chosen.choice
        if chosen.winner is None or choice.on.startswith("the test images"):
            continue
        medians = {}
        for name in choice.candidates:
            finished = [0.0 if r.diverged else r.accuracy for r in result.cell(name).runs]
            medians[name] = float(np.median(finished))
        yield ChoiceAudit(
            result.about.id,
            choice.name,
            result.about.protocol,
            len(choice.candidates),
            medians[chosen.winner],
            max(medians.values()),
        )
