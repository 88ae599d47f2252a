"""What the measurements of thresholded networks are called, see
:class:`benchmarks.procedures.Thresholds`."""

from __future__ import annotations

TAU = "0.001"  # the one threshold that the draft names, for Figure 1
RELATIVE = "0.1 of the largest"  # and one beside it that knows no scale (S-16)


def measured(name: str, tau: str) -> str:
    """A measurement at a threshold, such as "multiply-adds at 0.001"."""
    return f"{name} at {tau}"


def behind(tau: str) -> str:
    """What a title says of a threshold."""
    return f"at τ = {tau}"


def thresholds(measurements: object) -> list[str]:
    """The τ of a run's measurements, in their order."""
    start = "kernels left at "
    return [n.removeprefix(start) for n in measurements if n.startswith(start)]  # type: ignore[attr-defined]
