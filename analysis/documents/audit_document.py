"""How much of a gain selection alone could explain, table by table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.documents.blocks import (
    MISSING,
    Block,
    Cell,
    Column,
    Data,
    Document,
    Grid,
    Note,
    Notes,
)
from analysis.documents.blocks import Row as Line
from analysis.tables.selection_audit_results import Audit, GroupAudit
from analysis.verdicts.measure import ACCURACY, Measure

RULES = (
    Note(
        "what the best evaluated epoch has more than the last one, the mean over seeds with its "
        "95 % interval (Student's t), in points. It can lift both sides of a comparison.",
        "Epochs",
    ),
    Note(
        "the best compared setting minus the best baseline: of all that the group prints, or in "
        "means of a form's runs (from), seeds that all cells have. Settings are counted as "
        "compared:baselines (of); other architectures and controls are no settings.",
        "Gain",
    ),
    Note(
        "what that gain is expected to be were all settings equal and independent, by order "
        "statistics of medians over the printed seeds or of means over ours; the share is of the "
        "gain, p the probability that equal settings gain as much. Settings that truly differ "
        "leave less to chance.",
        "Chance",
    ),
    Note(
        "the standard deviation of one seed on the data set, of the same runs. With printed "
        "numbers: of the table's full runs; else what the printed stars imply of the printed "
        "differences (maximum likelihood, by the rank-sum test); else of reduced runs, which "
        "scatter more.",
        "Spread",
    ),
    Note(
        "the spread with which chance alone is expected to give all of the gain. A paper "
        "that does not say how many runs a number is of is taken to print single runs.",
        "Enough",
    ),
    Note(
        "the same gain of our runs with each side's setting chosen on all other seeds. The test "
        "images are the same, so that only luck with seeds is taken out.",
        "Chosen",
    ),
)
GROUP_TITLES = ("group", "from", "of", "gain", "spread", "chance", "share", "p", "enough",
                "chosen")  # fmt: skip


def audit_document(found: Sequence[Audit], *, asked: Sequence[str] = ()) -> Document:
    """The report.

    Args:
        found: of each table.
        asked: names that were asked for, all by default.
    """
    groups = [group for audit in found for group in audit.groups]
    blocks: list[Block] = [*_epochs(found), *_groups(groups), *_choices(found)]
    if not blocks:
        blocks.append(Notes((Note("Nothing of these tables was selected, or has runs yet."),)))
    return Document(
        id="audit" if not asked else f"audit-{'+'.join(asked).replace('/', '-')}",
        title="Selection audit",
        caption="How much of a printed gain picking the best could explain by itself",
        lines=tuple(_told(groups)),
        blocks=(*blocks, Notes(RULES), *_data(found)),
        facts={"tables": list(found)},
    )


def _told(groups: Sequence[GroupAudit]) -> Iterator[str]:
    printed = [group for group in groups if group.source == "printed"]
    shares = [group.share for group in printed if group.share is not None]
    if shares:
        half = sum(share >= 0.5 for share in shares)
        likely = sum((g.probability or 0) > 0.05 for g in printed if g.share is not None)
        yield (
            f"{len(shares)} printed gains of the best of several settings: of {half} chance is "
            f"expected to give half or more; {likely} are no rarer than 1 in 20 by chance"
        )


def _epochs(found: Sequence[Audit]) -> Iterator[Grid]:
    rows = []
    for epochs in (each for audit in found for each in audit.epochs):
        gain = Cell(MISSING)
        if epochs.gain is not None:
            ends = ""
            if epochs.low is not None and epochs.high is not None:
                ends = ACCURACY.difference_interval(epochs.low, epochs.high)
            gain = Cell(ACCURACY.difference(epochs.gain), epochs.gain, detail=ends)
        only = epochs.evaluations == 1
        rows.append(
            Line(
                (
                    Cell(epochs.table),
                    Cell(epochs.form),
                    Cell("the last alone" if only else f"up to {epochs.evaluations}"),
                    Cell(str(epochs.runs) if epochs.runs else MISSING, epochs.runs),
                    gain,
                    Cell(ACCURACY.difference(epochs.printed), epochs.printed),
                )
            )
        )
    if rows:
        titles = ("table", "form", "evaluated", "runs", "best − last\n[interval]", "printed gain")
        caption = (
            "What the best evaluated epoch has more than the last, in points, beside the mean "
            "printed gain of the table's comparisons."
        )
        title = "best against last epoch"
        yield Grid("epochs", tuple(map(Column, titles)), tuple(rows), title, caption)


def _groups(groups: Sequence[GroupAudit]) -> Iterator[Grid]:
    if not groups:
        return
    rows = tuple(
        Line(
            (
                Cell(group.group or group.table),
                Cell(group.source),
                Cell(f"{group.above}:{group.below}", [group.above, group.below]),
                _difference(group.measure, group.gain),
                _spread(group),
                _difference(group.measure, group.chance),
                _share(group),
                Cell(MISSING if group.probability is None else _p(group.probability)),
                _size(group.measure, group.enough),
                _difference(group.measure, group.held_out),
            ),
            group=group.table,
        )
        for group in groups
    )
    caption = "The best of several settings against the best baseline, and what chance gives."
    title = "best of several settings"
    yield Grid("groups", tuple(map(Column, GROUP_TITLES)), rows, title, caption, headed=True)


def _difference(measure: Measure, value: float | None) -> Cell:
    return Cell(measure.difference(value), value)


def _spread(group: GroupAudit) -> Cell:
    if group.spread is None:
        return Cell(MISSING)
    value, source = group.spread
    return Cell(_size(group.measure, value).text, value, detail=source)


def _size(measure: Measure, value: float | None) -> Cell:
    return Cell(measure.difference(value).lstrip("+"), value)


def _share(group: GroupAudit) -> Cell:
    if group.share is None:
        return Cell("no gain" if group.gain <= 0 else MISSING)
    text = f"{100 * group.share:.0f} %"
    return Cell(text, group.share, tone="open" if group.share >= 0.5 else "")


def _p(value: float) -> str:
    return "<.001" if value < 0.001 else f"{value:.3f}".lstrip("0") or "0"


def _choices(found: Sequence[Audit]) -> Iterator[Grid]:
    rows = tuple(
        Line(
            (
                Cell(choice.name),
                Cell(choice.form),
                Cell(str(choice.candidates), choice.candidates),
                Cell(ACCURACY.text(choice.on_test), choice.on_test),
                Cell(ACCURACY.text(choice.held_out), choice.held_out),
                _difference(ACCURACY, choice.on_test - choice.held_out),
            ),
            group=choice.table,
        )
        for audit in found
        for choice in audit.choices
    )
    if rows:
        titles = ("choice", "form", "settings", "best on test", "chosen held out", "difference")
        caption = "Test accuracy of the setting chosen on held-out images and on the test images."
        title = "chosen on the test images against held-out images"
        yield Grid("choices", tuple(map(Column, titles)), rows, title, caption, headed=True)


def _data(found: Sequence[Audit]) -> Iterator[Data]:
    names = (
        *("table", "group", "source", "above", "below", "seeds", "gain", "spread", "spread_source"),
        *("chance", "share", "probability", "enough", "held_out"),
    )
    rows = []
    for group in (each for audit in found for each in audit.groups):
        spread = group.spread or (None, "")
        plain = [getattr(group, name, None) for name in names]
        plain[7:9] = spread
        rows.append(tuple(plain))
    yield Data(names, tuple(rows))
    columns = ("table", "form", "runs", "evaluations", "gain", "low", "high", "printed")
    told = [tuple(getattr(e, name) for name in columns) for a in found for e in a.epochs]
    yield Data(columns, tuple(told), "epochs")
