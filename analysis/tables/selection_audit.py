"""How much of a gain selection alone could explain: the best epoch instead of the last one, and the
best of several settings, both picked on the test images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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
    results: Sequence[TableResult], variants: Sequence[TableResult] = (), *, seeds: int = 1
) -> Audit:
    """Of one table.

    Args:
        results: in its forms, the full one first.
        variants: by runs of another precision, of which the epochs alone are looked at.
        seeds: that a printed number is the median of.
    """
    every = (*results, *variants)
    return Audit(
        tuple(found for result in every if (found := _epochs(result))),
        tuple(g for g in _groups(results, seeds) if not (g.printed is g.ours is None)),
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


def _groups(results: Sequence[TableResult], seeds: int) -> Iterator[GroupAudit]:
    """Of the first result, with runs of the first form that has any in a group."""
    full, measure = results[0], results[0].about.measure
    if full.about.layout == "pairs":
        return
    for name, (above, below) in _sides(full).items():
        if not above or not below or len(above) + len(below) < 3:
            continue
        printed = _printed_gain(full, above, below)
        spread = _spread(results, above[0].margin, seeds)
        found = GroupAudit(
            full.about.id, name, measure, len(above), len(below), seeds, printed, spread
        )
        values = vars(found) | _by_runs(results, name)
        if spread:
            sizes = len(above), len(below), seeds
            values["chance"] = spread.value * chance_gain(*sizes)
            if printed is not None:
                values["probability"] = gain_by_chance(printed / spread.value, *sizes)
        yield GroupAudit(**values)


def _sides(result: TableResult) -> dict[str, tuple[list[CellResult], list[CellResult]]]:
    """By group the cells that are tested against others, and those others."""
    tested = result.tested()
    against = {pair.against for pair in result.comparisons}
    return {
        name: (
            [cell for cell in cells if cell.name in tested],
            [cell for cell in cells if cell.name in against - tested.keys()],
        )
        for name, cells in result.groups().items()
    }


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
    by_form = {}
    for result in results:
        groups = [cell.values for cell in result.cells if cell.margin == data]
        if sum(max(0, len(values) - 1) for values in groups) >= LEAST_FREEDOM:
            by_form[result.about.protocol] = pooled_deviation(groups)
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


def _printed_difference(result: TableResult, pair: ComparisonResult) -> float | None:
    """How much better the first of a pair is in print, in the measure's unit."""
    first = result.cell(pair.first).published_share
    against = result.cell(pair.against).published_share
    if first is None or against is None:
        return None
    return _sign(result) * (first - against)


def _by_runs(results: Sequence[TableResult], name: str) -> dict[str, float | str | int]:
    """The gain of a group's best setting in our runs, and of settings chosen on other seeds."""
    for result in results:
        above, below = _sides(result).get(name, ([], []))
        cells = [*above, *below]
        if not above or not below or len(cells) < 3:
            continue
        seeds = set.intersection(*({r.seed for r in c.runs if not r.diverged} for c in cells))
        if len(seeds) < 2:
            continue
        sides = [
            held_out_best(
                [[_sign(result) * r.value for r in c.runs if r.seed in seeds] for c in side]
            )
            for side in (above, below)
        ]
        return {
            "ours": sides[0].best - sides[1].best,
            "held_out": sides[0].held_out - sides[1].held_out,
            "form": result.about.protocol,
            "runs": len(seeds) * len(cells),
        }
    return {}


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
