"""What stands below an analysed table: the text's claims, notes, deviations and readings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.documents import wording
from analysis.documents.blocks import Block, Claim, Claims, Note, Notes, Tone
from analysis.documents.notes import notes, reading_source
from analysis.documents.results import ClaimResult, TableResult
from analysis.verdicts.measure import MISSING

TONES: dict[str, Tone] = {
    "reproduced": "good",
    "confirmed": "good",
    "not reproduced": "bad",
    "contradicted": "bad",
    "inconclusive": "open",
    "undecided": "open",
    "missing": "dim",
    "not decidable": "dim",
}


def claims(found: Sequence[ClaimResult]) -> list[Block]:
    """What the paper's text says of the table, each sentence with what bears on it."""
    if not found:
        return []
    items = tuple(
        Claim(
            f"{claim.text} ({claim.where})",
            wording.marked(claim.verdict),
            (
                ("stated", claim.stated),
                ("its table", claim.printed),
                ("ours", f"{claim.ours} {claim.interval}".rstrip() or MISSING),
                ("by chance", claim.chance),
            ),
            TONES[claim.verdict],
        )
        for claim in found
    )
    caption = "What the text says of the table, in words of ours; see the note on claims."
    return [Claims(items, "what the text says of the table", caption)]


def statements(result: TableResult) -> Iterator[Notes]:
    """Statements, deviations and readings; these in short for the terminal, in full in LaTeX."""
    about = result.about
    stated = [Note(note.text, note.topic) for note in notes(result)]
    short = list(stated)
    if about.deviations:
        names = "; ".join(f"{d.id} {d.name}" for d in about.deviations)
        short.append(Note(f"{names}; in full in the LaTeX file.", "Deviations"))
    if about.readings:
        short.append(Note(_readings(result), "Readings"))
    yield Notes(tuple(short), shown="terminal")
    yield Notes(tuple(stated), "Notes", shown="latex")
    if about.deviations:
        items = tuple(Note(d.text, f"{d.id} {d.name}") for d in about.deviations)
        yield Notes(items, "Deviations from the paper", shown="latex")
    if about.readings:
        items = tuple(
            Note(reading_source(r), f"{r.id} {r.name} = {r.value}", light=not r.changed)
            for r in about.readings
        )
        yield Notes(items, "Readings: what the paper leaves open", numbered=True, shown="latex")


def _readings(result: TableResult) -> str:
    """The readings by id: what was assumed, what was changed; the rest is `reproduce readings`'."""
    readings = result.about.readings
    text = f"{len(readings)} choices behind these numbers"
    if assumed := [r.id for r in readings if r.source == "assumption"]:
        text += f"; assumptions: {', '.join(assumed)}"
    for r in readings:
        if r.changed:
            text += f"; changed: {r.id} {r.name} = {r.value} (default {r.default})"
    return f"{text}; see `reproduce readings`."
