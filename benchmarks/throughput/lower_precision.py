"""What bfloat16 costs beside float32."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from benchmarks.models import VGG10
from benchmarks.optimizers import SGD
from benchmarks.training.rounded_products import RoundedProducts

Work = Callable[[], Any]
SIDE = 32


def training_group(batch: int, device: torch.device) -> dict[str, Work]:
    """Whole steps of VGG-10 at a quarter of its width: in float32, by torch's autocast as it is,
    and, on a CPU, by products of float32 that are rounded."""
    images = torch.randn(batch, 3, SIDE, SIDE, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.arange(batch, device=device) % 10
    settings = VGG10(width_multiplier="0.25")  # type: ignore[arg-type]

    def step_of(*contexts: Callable[[], contextlib.AbstractContextManager[Any]]) -> Work:
        model = settings.network(10).to(device).to(memory_format=torch.channels_last)
        update = SGD().build(model, {})
        rate = 1e-3 if device.type == "cpu" else torch.tensor(1e-3, device=device)

        def step() -> None:
            with contextlib.ExitStack() as stack:
                for context in contexts:
                    stack.enter_context(context())
                logits = model(images)
            functional.cross_entropy(logits.float(), labels).backward()
            update.step(rate)

        return step

    def autocast() -> torch.autocast:
        return torch.autocast(device.type, torch.bfloat16)

    found = {"float32": step_of(), "torch's autocast": step_of(autocast)}
    if device.type == "cpu":
        found["products in float32, rounded"] = step_of(autocast, RoundedProducts)
    return found
