"""Figure 3 of the structured-sparsity draft: how many kernels of each size the kernel-size penalty
leaves in every layer, for several α.

The draft shows its seven-layer ImageNet network; here it is CIFAR-10's (D-05).
"""

from __future__ import annotations

from reproduce.structured_sparsity.drawing import sizes
from reproduce.structured_sparsity.protocol import ALPHA
from reproduce.structured_sparsity.trained_figures import LEARNED, figure

TABLE = figure(
    3,
    "Sizes of kernels that the kernel-size penalty leaves, by α",
    lambda form: form.learned("omega2"),
    parameters=(ALPHA,),
    further=sizes,
    **LEARNED,
)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
