"""The scale that float16's gradients need, on the device, without reading anything back."""

from __future__ import annotations

from collections.abc import Iterable

import torch

# As torch.amp.GradScaler's defaults.
INITIAL, GROWTH, BACKOFF, INTERVAL = 2.0**16, 2.0, 0.5, 2000


class GradientScale:
    """Scales a loss so that small gradients survive float16, and undoes it in the gradients.

    It grows and shrinks as that of ``torch.amp.GradScaler``. Where gradients overflow, that one
    leaves the update out, which the host would have to decide; here they count as zero, so that the
    update goes on with momentum and weight decay alone.

    Attributes:
        scale: float32 ().
        steps: since it last changed, int32 ().
    """

    def __init__(self, device: torch.device, initial: float = INITIAL) -> None:
        self.scale = torch.full((), initial, device=device)
        self.steps = torch.zeros((), dtype=torch.int32, device=device)

    def scaled(self, loss: torch.Tensor) -> torch.Tensor:
        """The loss to differentiate."""
        return loss * self.scale

    def undo(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Bring the gradients back to their size, in place, and set the scale for the next
        update."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        overflow = torch.zeros((), device=self.scale.device)
        torch._amp_foreach_non_finite_check_and_unscale_(
            gradients, overflow, self.scale.reciprocal()
        )
        lost = overflow.bool()
        for gradient in gradients:
            gradient.masked_fill_(lost, 0)
        torch._amp_update_scale_(self.scale, self.steps, overflow, GROWTH, BACKOFF, INTERVAL)

    def state(self) -> dict[str, torch.Tensor]:
        """What resuming needs, as copies."""
        return {"scale": self.scale.clone(), "steps": self.steps.clone()}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Go on from a :meth:`state`."""
        self.scale.copy_(state["scale"])
        self.steps.copy_(state["steps"])
