"""What the paper's text says of its tables, by the printed numbers alone: no run is needed for
these, and single runs without a spread can bear no sentence out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from analysis.documents.blocks import (
    Cell,
    Document,
    Grid,
    Note,
    Notes,
    Tone,
    columns,
    context_notes,
    row,
)
from analysis.tables.contrasts import parse

Row = Mapping[str, str]
Numbers = Mapping[str, Decimal]
BASELINE = "baseline E"
COPIED = "cars resnet-50 D_h^ter E"  # H-36
TONES: dict[str, Tone] = {"yes": "good", "no": "bad"}
COUNTED = (
    "A table's sentences are counted in its own numbers; where a label is lost, whichever of the "
    "lost values belongs to it. `reproduce claims dh2l` counts labelled numbers of one table alone "
    "and tells nothing in print of three sentences: that ternary and binary signs give the same, "
    "Table 3's, and of birds beside cars."
)


def value(text: str, numbers: Numbers) -> Decimal | None:
    """A contrast's left side minus its right in printed numbers; None where one is not printed.

    Raises:
        ValueError: where it is no contrast.
    """
    contrast = parse(text)
    if not numbers.keys() >= set(contrast.cells):
        return None
    return contrast.constant + sum(weight * numbers[name] for name, weight in contrast.weights)


def holds(text: str, numbers: Numbers, lost: Sequence[Decimal] = ()) -> bool | None:
    """Whether a contrast holds in print; None where that cannot be told.

    Args:
        lost: values whose labels are lost. Where one cell of the contrast is not printed, its value
            is among these, and the contrast is told where all of them give one answer.
    """
    unknown = {*parse(text).cells} - numbers.keys()
    if len(unknown) > 1:
        return None
    tried = [{**numbers, name: each} for name in unknown for each in lost] or [dict(numbers)]
    found = [value(text, each) for each in tried]
    answers = {None if n is None else n == 0 if " = " in text else n > 0 for n in found}
    return answers.pop() if len(answers) == 1 else None


def counted(
    claim: Row, contrasts: Sequence[Row], numbers: Numbers, lost: Sequence[Decimal] = ()
) -> tuple[int, int]:
    """How many of a claim's contrasts hold in print, and how many can be told."""
    found = [
        holds(c["contrast"], numbers, lost)
        for c in contrasts
        if (c["table"], c["claim"]) == (claim["table"], claim["claim"])
    ]
    told = [each for each in found if each is not None]
    return sum(told), len(told)


def by_table(printed: Sequence[Row]) -> dict[str, dict[str, Decimal]]:
    """Each table's own numbers: two tables may print one setting's runs with other values."""
    found: dict[str, dict[str, Decimal]] = {}
    for line in printed:
        found.setdefault(line["table"], {})[line["cell"]] = Decimal(line["value"])
    return found


def gains(rows: Sequence[Row]) -> dict[str, list[Decimal]]:
    """What E + H has more than E in each printed row, by data set and network.

    Args:
        rows: ``part``, ``column``, ``row`` and ``value`` of tables with both columns.
    """
    by_place: dict[tuple[str, str], dict[str, Decimal]] = {}
    for line in rows:
        place = by_place.setdefault((line["part"], line["row"]), {})
        place[line["column"]] = Decimal(line["value"])
    found: dict[str, list[Decimal]] = {}
    for (part, _), values in by_place.items():
        if len(values) == 2:
            found.setdefault(part, []).append(values["E+H"] - values["E"])
    return found


def document(
    id: str,
    stated: Sequence[Row],
    contrasts: Sequence[Row],
    printed: Sequence[Row],
    lost: Mapping[str, Sequence[Row]],
    beside: Mapping[str, str],
    ratios: Mapping[str, float],
    sizes: tuple[Grid, Sequence[str]],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The report.

    Args:
        stated, contrasts: of all tables.
        printed: the published rows of all tables.
        lost: rows whose labels are lost, by table.
        beside: another table whose numbers a table's sentences need as well.
        ratios: superclasses a class, by data set.
        sizes: of networks, see :func:`analysis.papers.dh2l.network_sizes.sizes`.

    Raises:
        ValueError: where the published files are damaged.
    """
    numbers = by_table(printed)
    lines = []
    for claim in stated:
        table = claim["table"]
        known = {**numbers.get(beside.get(table, ""), {}), **numbers[table]}
        unlabelled = [Decimal(line["value"]) for line in lost.get(table, ())]
        number, told = counted(claim, contrasts, known, unlabelled)
        needed, _, of = claim["stated"].partition(" of ")
        complete = told == int(of)
        borne = number >= int(needed)
        text = ("yes" if borne else "no") if complete else "labels are lost"
        verdict = Cell(text, borne, tone=TONES.get(text, "open"))
        cells = (claim["text"], claim["stated"], f"{number} of {told}", verdict)
        lines.append(row(*cells, group=table))
    titles = columns("sentence", "stated", "in print", "holds", right=("stated", "in print"))
    caption = "Sentences of the text by the paper's own printed numbers, each of one run"
    sentences = Grid("sentences", titles, tuple(lines), caption, caption, headed=True)
    notes = Notes(tuple(_lost(numbers, lost)), "Printed values whose labels are lost")
    doubts = Notes((*_signs(numbers), *_without_copied(stated, contrasts, printed)), "Doubts")
    grid, missed = sizes
    return Document(
        id,
        "Sentences",
        "what the DH²L paper's text says of its tables, by the printed numbers alone",
        (
            sentences,
            notes,
            doubts,
            _gains(printed, lost, ratios),
            grid,
            Notes(tuple(map(Note, missed)), "Printed sizes that no network has"),
            Notes((Note(COUNTED), *context_notes(context)), "Readings"),
        ),
    )


def _lost(numbers: Mapping[str, Numbers], lost: Mapping[str, Sequence[Row]]) -> list[Note]:
    """What can be said of values without a label."""
    found = []
    l2 = numbers["table3"]["cifar100 resnet-20 baseline l2 E+H"]
    values = [Decimal(line["value"]) for line in lost["table3"]]
    found.append(
        Note(f"{sum(v > l2 for v in values)} of {len(values)} are above l2 alone, {l2}.", "Table 3")
    )
    best = numbers["table4"]["cifar100 resnet-20 (D_GM, D_HM) E+H"]
    values = [Decimal(line["value"]) for line in lost["table4"]]
    found.append(
        Note(f"{sum(v < best for v in values)} of {len(values)} are below {best}.", "Table 4")
    )
    birds = numbers["table5"]
    for part in dict.fromkeys(line["part"] for line in lost["table5"]):
        own = [name for name in birds if name.startswith(part) and name.endswith(" E")]
        labelled = [birds[n] for n in own if "baseline" not in n]
        rest = [
            Decimal(line["value"])
            for line in lost["table5"]
            if (line["part"], line["column"]) == (part, "E")
        ]
        base, values = birds[f"{part} {BASELINE}"], [*labelled, *rest]
        above = sum(v > base for v in values)
        text = (
            f"E is above the baseline's {base} in {above} of the {len(values)} rows with an energy"
        )
        found.append(Note(f"{text}, whichever their labels are (H-32).", f"Table 5, {part}"))
    return found


def _signs(numbers: Mapping[str, Numbers]) -> list[Note]:
    """How often the two kinds of signs have one number in print (H-13)."""
    differing = []
    for table, own in numbers.items():
        pairs = [(own[n], own[other]) for n in own if (other := n.replace("^ter", "^bin")) in own]
        pairs = [(a, b) for a, b in pairs if a != b]
        differing += [f"{table} in {len(pairs)}"] if pairs else []
    text = (
        f"Ternary and binary signs differ in print in some places ({', '.join(differing)}), though "
        "without a threshold one seed gives both the same (H-13): which are better is then chance, "
        "a threshold's work, or the device's."
    )
    return [Note(text, "Signs")] if differing else []


def _without_copied(
    stated: Sequence[Row], contrasts: Sequence[Row], printed: Sequence[Row]
) -> list[Note]:
    """What changes where the number that looks like a copied one is left out."""
    kept = [line for line in printed if line["cell"] != COPIED]
    if len(kept) == len(printed):
        return []
    before, after = by_table(printed), by_table(kept)
    changed = []
    for claim in stated:
        if claim["table"] == "table6":
            both = [
                counted(claim, contrasts, {**found["table5"], **found["table6"]})
                for found in (before, after)
            ]
            if both[0] != both[1]:
                (number, told), (was, of) = both[1], both[0]
                changed.append(f"“{claim['text']}” {number} of {told} (with it {was} of {of})")
    part = " ".join(COPIED.split()[:2])
    values = gains([line for line in kept if line["column"] in ("E", "E+H")])[part]
    text = (
        f"Without the {before['table6'][COPIED]} of ResNet-50 with D_h^ter, which looks copied "
        f"(H-36): {'; '.join(changed)}; a hierarchy adds {sum(values) / len(values):+.2f} to "
        f"{part} on average, in {sum(v > 0 for v in values)} of {len(values)} rows."
    )
    return [Note(text, "Table 6")]


def _gains(
    printed: Sequence[Row], lost: Mapping[str, Sequence[Row]], ratios: Mapping[str, float]
) -> Grid:
    """Does the hierarchy help more where there are more parents a child?"""
    both = [line for line in printed if line["column"] in ("E", "E+H")]
    both = [line for line in both if line["table"] in ("table2", "table5", "table6")]
    found = gains([*both, *lost["table5"]])
    lines = []
    for part, values in sorted(found.items(), key=lambda item: -ratios[item[0].split()[0]]):
        mean = sum(values) / len(values)
        better = sum(v > 0 for v in values)
        ratio = ratios[part.split()[0]]
        cells = (f"{ratio:.4f}", Cell(f"{mean:+.2f}", float(mean)), f"{better} of {len(values)}")
        lines.append(row(part, *cells))
    names = ("parents a child", "mean of E+H less E", "rows that gain")
    titles = columns("network", *names, right=names)
    caption = "What a hierarchy adds in print, by superclasses a class (Table 7)"
    return Grid("gains", titles, tuple(lines), caption, caption)
