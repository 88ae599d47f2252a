"""Figure 4 of the structured-sparsity draft: accuracy against multiply-adds for every α and τ under
both penalties, beside hand-made narrower and shallower versions of the base network.

The draft's figure has neither axes nor a text (S-28). Figures 1, 3 and 5 show parts of these runs.
"""

from __future__ import annotations

from reproduce.structured_sparsity.trained_figures import AGAINST_COST, figure

TABLE = figure(
    4,
    "Accuracy against multiply-adds under both penalties, by α and τ",
    lambda form: (*form.hand_made(), *form.learned("omega1"), *form.learned("omega2")),
    **AGAINST_COST,
)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
