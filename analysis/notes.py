"""What every rendering of a table states beside its numbers: estimator, test, n and caveats."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.results import QUICK_LABEL, Reading, TableResult

STAR_LEGEND = "*** p < .001, ** p < .01, * p < .1"


@dataclass(frozen=True)
class Note:
    """A statement with the word that it is filed under."""

    topic: str
    text: str


def labels(result: TableResult) -> tuple[str, ...]:
    """What stands in capitals above the table: QUICK, INCOMPLETE, the variant."""
    found = []
    if result.is_quick:
        found.append(QUICK_LABEL)
    if not result.is_complete:
        found.append(f"INCOMPLETE: {result.runs_present} of {result.runs_planned} runs")
    if result.about.variant:
        found.append(f"VARIANT: {result.about.variant}")
    return tuple(found)


def notes(result: TableResult) -> tuple[Note, ...]:
    """The statements in reading order; those that do not apply are left out."""
    found = [
        Note("Estimator", _estimator(result)),
        Note("Test", _test(result)),
        Note("Runs", _runs(result)),
    ]
    if not result.is_quick:
        found += [Note("Verdict", _verdict(result)), Note("Margin", _margin(result))]
        found.append(Note("Effect", _effect()))
        found.append(Note("Stars", _stars()))
    if diverged := sum(cell.diverged for cell in result.cells):
        found.append(
            Note("Diverged", f"{_counted(diverged, 'run')} diverged; each ranks below all others.")
        )
    found.append(Note("Machines", _machines(result)))
    found.append(Note("Best epoch", _best_epoch()))
    found += [Note("Deviation", text) for text in result.about.deviations]
    return tuple(found)


def machines(result: TableResult) -> dict[str, int]:
    """Machines of all runs, with their number of runs."""
    found: dict[str, int] = {}
    for cell in result.cells:
        for name, count in cell.machines:
            found[name] = found.get(name, 0) + count
    return dict(sorted(found.items()))


def reading_line(reading: Reading) -> str:
    """One reading as a footnote."""
    changed = f"; the default is {reading.default}" if reading.changed else ""
    question = reading.question.rstrip(".")
    return f"{question}: {reading.value} ({reading.source}{changed})."


def mixed(result: TableResult) -> str:
    """The cells that mix machines, in one sentence; empty where none does."""
    cells = result.mixed_cells
    if not cells:
        return ""
    parts = [
        f"{cell.name}: " + ", ".join(f"{count} on {name}" for name, count in cell.machines)
        for cell in cells
    ]
    return f"Cells mixing machines: {'; '.join(parts)}."


def _estimator(result: TableResult) -> str:
    text = "median over seeds of the test accuracy after the last epoch"
    intervals = [cell.interval for cell in result.cells if cell.interval is not None]
    if not intervals:
        return f"{text}; its interval needs six seeds."
    spans = sorted({(i.rank_low, i.rank_high, i.coverage) for i in intervals})
    ranks = ", ".join(f"ranks {low} to {high} ({100 * c:.1f} %)" for low, high, c in spans)
    return f"{text}; brackets: distribution-free interval of the median, {ranks}."


def _test(result: TableResult) -> str:
    distribution = {
        "exact": "its exact conditional midrank distribution",
        "normal": "its normal approximation",
    }[result.method]
    return (
        f"{result.alternative} Wilcoxon rank-sum test by {distribution}, unpaired; "
        f"{STAR_LEGEND}. Shift: Hodges–Lehmann, first minus second, in accuracy points, with the "
        f"{100 * result.confidence:.0f} % interval that inverts the same test. Holm: over the "
        f"table's {_counted(result.declared, 'declared comparison')}."
    )


def _runs(result: TableResult) -> str:
    text = (
        f"n = {result.seeds} seeds planned for each cell; {result.runs_present} of "
        f"{result.runs_planned} runs are in, precision {result.about.precision}."
    )
    missing = [cell.name for cell in result.cells if not cell.n]
    partial = [cell.name for cell in result.cells if 0 < cell.n < cell.planned]
    if missing:
        text += f" Without any run: {', '.join(missing)}."
    if partial:
        text += f" With fewer than planned: {', '.join(partial)}."
    return text


def _verdict(result: TableResult) -> str:
    return (
        "D = reproduced minus published median, in points. Its interval widens that of our median "
        "by √2, since the published median has a spread too, which was not printed and for which "
        "ours stands in, and by half of the last printed digit. Reproduced: the interval lies "
        "within ±δ; not reproduced: it lies wholly outside; inconclusive: neither, or fewer than "
        "six seeds. min δ: the smallest margin that would pass."
    )


def _margin(result: TableResult) -> str:
    return f"δ = {result.delta} points, set before any run. {result.about.margin_reason}".rstrip()


def _effect() -> str:
    return (
        "confirmed or contradicted where the interval of the shift excludes 0 on the published or "
        "on the other side, else undecided."
    )


def _stars() -> str:
    return (
        "agreement with the published stars is shown beside the probability to be expected of it, "
        "and is not judged."
    )


def _machines(result: TableResult) -> str:
    found = machines(result)
    if not found:
        return "no run yet."
    text = "; ".join(f"{name} ({_counted(count, 'run')})" for name, count in found.items()) + "."
    return f"{text} {mixed(result)}".rstrip()


def _best_epoch() -> str:
    return (
        "the median of each run's best evaluated epoch, chosen on the test images; kept apart, "
        "never the headline and never compared."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
