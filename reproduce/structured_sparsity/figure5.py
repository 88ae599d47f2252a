"""Figure 5 of the structured-sparsity draft: accuracy against multiply-adds for every α and τ under
the kernel-number penalty, beside hand-made versions of the base network (S-28).

Its runs are among Figure 4's.
"""

from __future__ import annotations

from reproduce.structured_sparsity.trained_figures import AGAINST_COST, figure

TABLE = figure(
    5,
    "Accuracy against multiply-adds, kernel-number penalty, by α and τ",
    lambda form: (*form.hand_made(), *form.learned("omega1")),
    **AGAINST_COST,
)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
