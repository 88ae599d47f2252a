"""Do spread and accuracy go together? Rank correlations over runs and over cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from analysis.documents.blocks import Note, Notes
from analysis.papers.dh2l.by_layer import CLASSIFIER, FILTERS, LAYER_ENERGIES, Place
from analysis.verdicts.measure import MINUS

TITLE = "Do spread and accuracy go together?"
FEWEST = 6  # runs of a cell whose spread is looked at
ENUMERATED = 8  # points, of which every order is tried
CLOSE = 1e-9  # what rounding may leave between equal coefficients


def spearman(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """ρ and its two-sided p: exact over all orders of few points, where the approximation by
    Student's t gives 0 to a perfect order of any length."""
    from scipy.stats import rankdata, spearmanr

    found = spearmanr(first, second)
    if len(first) > ENUMERATED:
        return float(found.statistic), float(found.pvalue)
    one, two = (rankdata(each) - (len(first) + 1) / 2 for each in (first, second))
    orders = np.array(list(permutations(two))) @ one
    share = np.mean(np.abs(orders) >= abs(one @ two) - CLOSE)
    return float(found.statistic), float(share)


def notes(cells: Sequence[str], measured: Mapping[str, Sequence[Mapping[str, Any]]]) -> Notes:
    """Spearman's ρ within cells and over cells, whose medians differ by the penalties; of the
    filters and of the classifier."""
    known = [measured[name] for name in cells if len(measured[name]) >= FEWEST]
    if not known:
        return Notes((Note(f"Told once a cell has {FEWEST} runs."),), TITLE)
    found = [note for place in (FILTERS, CLASSIFIER) for note in _of_place(place, known)]
    return Notes((*found, Note("Below 0, wider spread goes with higher accuracy.")), TITLE)


def _of_place(place: Place, cells: Sequence[Sequence[Mapping[str, Any]]]) -> list[Note]:
    def point(run: Mapping[str, Any]) -> tuple[float, int]:
        return place.value(run, LAYER_ENERGIES.format("after")), run["test accuracy"]["count"]

    points = [np.array([point(run) for run in runs]) for runs in cells]
    medians = [np.median(each, axis=0) for each in points]
    centred = [each - median for each, median in zip(points, medians, strict=True)]
    return [
        _note(place, "over the cells' medians", np.array(medians)),
        _note(place, "over all runs, less their cells' medians", np.concatenate(centred)),
    ]


def _note(place: Place, over: str, points: np.ndarray) -> Note:
    topic = f"Energy of the {place.name}"
    if len(points) < 3 or not all(np.ptp(points, axis=0) > 0):
        return Note(f"{over}: too few runs.", topic)
    rho, p = spearman(points[:, 0], points[:, 1])
    text = f"{rho:+.2f}".replace("-", MINUS)
    return Note(
        f"{over}, Spearman's ρ with the test accuracy is {text} (p = {p:.2g}, n = {len(points)}).",
        topic,
    )
