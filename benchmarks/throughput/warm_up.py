"""How much is done before anything is measured."""

from __future__ import annotations

# Updates of each network before the first window: three epochs on CUDA, in which every shape has
# been recorded.
UPDATES, UPDATES_CUDA = 3, 3 * 391
# Updates before a further window of a process that lasts.
UPDATES_AGAIN = 20
# Passes over the images before the speed of inference is measured.
PASSES = 3
