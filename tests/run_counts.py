"""The committed runs: results grow, so that tests count them."""

from __future__ import annotations

import pandas as pd

from reproduce.store.paths import ROOT

FOLDERS = {"full": "results/measured", "reduced": "results/reduced/measured"}


def runs_in(pattern: str) -> dict[str, int]:
    """How many runs are in committed files of such names, by form; tables may share some."""
    found = {}
    for form, folder in FOLDERS.items():
        hashes = [set(pd.read_csv(path)["hash"]) for path in (ROOT / folder).glob(pattern)]
        found[form] = len(set().union(*hashes))
    return found
