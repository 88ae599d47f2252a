"""Figure 1 of the structured-sparsity draft: the widths that the kernel-number penalty leaves of
every layer, for several α, in a residual base network and in its plain equivalent.

The draft shows its seven-layer ImageNet network; here it is CIFAR-10's (D-05).
"""

from __future__ import annotations

from reproduce.catalogue.tables import Cell
from reproduce.structured_sparsity.drawing import widths
from reproduce.structured_sparsity.protocol import ALPHA, FULL, SHORTCUTS, Form
from reproduce.structured_sparsity.trained_figures import LEARNED, figure


def _cells(form: Form) -> tuple[Cell, ...]:
    """The plain network under every α, in shorter forms under the largest one."""
    plain = tuple(form.learned("omega1", plain=True))
    return (*form.learned("omega1"), *(plain if form is FULL else plain[-1:]))


TABLE = figure(
    1,
    "Kernels that the kernel-number penalty leaves, by α",
    _cells,
    parameters=(ALPHA, SHORTCUTS),
    further=widths,
    **LEARNED,
)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
