"""Which distances are metrics, and what energies of known arrangements are: the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.documents.blocks import (
    Cell,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    context_notes,
    row,
)
from analysis.documents.printed import compare, facts, tabled, tally
from analysis.papers.dh2l.axioms import Form, Tested
from analysis.papers.dh2l.configurations import Compared
from analysis.papers.dh2l.metrics import ENERGIES

FROM_ITSELF = (
    "D_h01 with ternary signs obeys the triangle inequality, but a vector with zeros has a "
    "distance from itself: half the share of its zeros. Without zeros both signs are the same."
)
SIMILARITIES = (
    "Eqs. 9 and 10 themselves are largest for equal directions; what is tested is 1 less them."
)
ANTIPODES = (
    "With factor 4 the angle of the third mean of eq. 9 comes to 2π for opposite vectors, whose "
    "distance is then that of equal ones."
)
MARKS = {"reached": "", "beaten": " <", "not reached": " ?"}


def document(
    id: str,
    tested: Sequence[Tested],
    compared: Sequence[Compared],
    statements: Sequence[Mapping[str, str]],
    triples: int,
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The report.

    Args:
        statements: what is printed.
        triples: how many were searched for each form.

    Raises:
        ValueError: where a statement is damaged.
    """
    stated = compare(statements, _quantities(tested), "form")
    title = "What is printed"
    printed, data = tabled(stated, "statements", title, "Printed and computed.", "form")
    reasons = sorted({t.form.reason for t in tested if t.form.reason})
    held = [
        f"{', '.join(t.form.name for t in tested if t.form.reason == reason)}: {reason}"
        for reason in reasons
    ]
    notes = (
        Note(f"{tally(stated)}."),
        Note(f"Where the inequality holds, there is a reason. {'; '.join(held)}."),
        *(Note(text) for text in (FROM_ITSELF, SIMILARITIES, ANTIPODES)),
        Note(_found(compared)),
        *context_notes(context),
    )
    return Document(
        id=id,
        title="Axioms",
        caption="Distances of directions and signs, tested for what makes a metric; energies",
        blocks=(
            _axioms(tested, triples),
            _energies(compared),
            printed,
            Notes(notes),
            _tidy(tested),
            _tidy_energies(compared),
            Data(data.columns, data.rows, "statements"),
        ),
        facts={"triples": triples, "statements": facts(stated, "form"), **context},
        holds=all(s.is_expected for s in stated)
        and all(c.outcome != "not reached" for c in compared)
        and all(t.triangle == bool(t.form.reason) for t in tested),
    )


def _quantities(tested: Sequence[Tested]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for t in tested:
        name = t.form.name
        found |= {
            (name, "triangle inequality"): "holds" if t.triangle else "fails",
            (name, "symmetry"): "holds" if t.asymmetry <= 1e-12 else "fails",
            (name, "smallest value"): f"{round(t.low, 9):g}",
            (name, "largest value"): f"{round(t.high, 9):g}",
        }
        if t.form.name.startswith("1 − D_HMcos"):
            yes = "yes" if _is_harmonic(t.form) else "no"
            found[name, "harmonic mean of both cosines"] = yes
    return found


def _is_harmonic(form: Form) -> bool:
    """Whether 1 − the form is 2uv/(u + v) of the normalised cosines, on a grid of angles."""
    a, b = (g.ravel() for g in np.meshgrid(*[np.linspace(0.05, 0.95, 19)] * 2))
    u, v = (np.cos(np.pi * a) + 1) / 2, (np.cos(np.pi * b) + 1) / 2
    found = 1 - form.value(np.cos(np.pi * b), 1 - 2 * a)
    return bool(np.allclose(found, 2 * u * v / (u + v), atol=1e-12))


def _axioms(tested: Sequence[Tested], triples: int) -> Grid:
    rows = []
    for t in tested:
        apart = "yes" if t.tells_apart else "no"
        worst = "–" if t.triangle else f"{t.violation:.3f}"
        dimension = "" if t.triangle else str(t.triple.shape[1])
        tone: Any = "good" if t.kind == "metric" else "bad" if t.kind == "none" else "open"
        cells = (
            Cell(t.form.name),
            Cell(f"{t.low:.0f} … {t.high:.2f}", [t.low, t.high]),
            Cell(apart, t.tells_apart),
            Cell(worst, None if t.triangle else t.violation),
            Cell(dimension),
            Cell(t.kind, tone=tone),
        )
        rows.append(row(*cells, group=t.form.group))
    titles = columns(
        *("distance", "values", "0 if equal", "violation", "in R^d", "kind"),
        right=("values", "violation", "in R^d"),
    )
    caption = (
        "Distances of two directions: the values that they take, whether equal directions and no "
        "others have the distance 0, and by how much d(u, w) exceeds d(u, v) + d(v, w) in the "
        f"worst of {triples:,} triples in up to six dimensions after local optimisation."
    )
    title = "Which of the distances are metrics"
    return Grid("axioms", titles, tuple(rows), title, caption, headed=True, captioned=True)


def _energies(compared: Sequence[Compared]) -> Grid:
    by_name: dict[str, dict[str, Compared]] = {}
    for each in compared:
        by_name.setdefault(each.arrangement.name, {})[each.metric] = each
    rows = []
    for name, of in by_name.items():
        cells = []
        for metric in ENERGIES:
            c = of[metric]
            tone: Any = {"reached": "", "beaten": "open", "not reached": "bad"}[c.outcome]
            text = f"{c.closed_form:.4f}{MARKS[c.outcome]}"
            cells.append(Cell(text, c.closed_form, tone=tone))
        dimension = of[ENERGIES[0]].arrangement.dimension
        rows.append(row(name, str(dimension), *cells))
    titles = [
        metric.replace("N-euclidean", "chord ").replace("angular", "angle ") for metric in ENERGIES
    ]
    caption = (
        "The mean over pairs of r^−s, of −log r where s is 0, with r the chord (N-euclidean) or "
        "the angle. The minimiser, from random points and from pairs of opposite ones, reaches "
        "each to 10⁻⁶, but for < where it finds less, and ? where it does not come to it."
    )
    heads = columns("arrangement", "R^d", *titles, right=("R^d", *titles))
    return Grid("energies", heads, tuple(rows), "Energies in closed form", caption, captioned=True)


def _found(compared: Sequence[Compared]) -> str:
    reached = sum(c.outcome == "reached" for c in compared)
    beaten = [c for c in compared if c.outcome == "beaten"]
    text = f"{reached} of {len(compared)} energies are reached to 10⁻⁶"
    if beaten:
        names = "; ".join(f"{c.metric} of the {c.arrangement.name}: {c.found:.6f}" for c in beaten)
        text += f"; less is found of {names}"
    return f"{text}. Energies of the angle are not convex where points are nearly opposite."


def _tidy(tested: Sequence[Tested]) -> Data:
    names = ("form", "group", "low", "high", "from_itself", "closest_30_degrees_apart", "asymmetry")
    rest = ("violation", "kind", "reason", "dimension", "u", "v", "w")
    rows = []
    for t in tested:
        vectors = (" ".join(f"{x:.9f}" for x in vector) for vector in t.triple)
        numbers = (t.low, t.high, t.itself, t.closest, t.asymmetry)
        told = (f"{max(0.0, t.violation):.9f}", t.kind, t.form.reason, t.triple.shape[1], *vectors)
        rows.append((t.form.name, t.form.group, *(f"{n:.9f}" for n in numbers), *told))
    return Data((*names, *rest), tuple(rows))


def _tidy_energies(compared: Sequence[Compared]) -> Data:
    names = ("arrangement", "points", "dimension", "metric", "closed_form", "computed", "found")
    rows = tuple(
        (
            *(c.arrangement.name, c.arrangement.size, c.arrangement.dimension, c.metric),
            *(f"{value:.12f}" for value in (c.closed_form, c.computed, c.found)),
            c.outcome,
        )
        for c in compared
    )
    return Data((*names, "outcome"), rows, "energies")
