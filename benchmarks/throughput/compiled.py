"""Plain training as fast as torch makes it for one network: ``torch.compile`` with CUDA graphs, the
images on the device. Fifteen of these, one after another, are what a pack has to beat.

The step is the bare loop's without the last, smaller batch of an epoch, which would be a graph of
its own; torch's fused SGD stands for the update by hand.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from benchmarks.data.dataset import Dataset
from benchmarks.models import VGG10
from benchmarks.throughput.bare import BATCH, LEARNING_RATE, MOMENTUM, WEIGHT_DECAY, Images
from benchmarks.throughput.contenders import Options
from benchmarks.throughput.window import Window


def train_compiled(options: Options, dataset: Dataset, window: Window) -> None:
    """Train one network until the window closes, by the mode ``options.way``."""
    torch.manual_seed(options.seed)
    device = options.device
    images = Images(dataset, device)
    model = VGG10().network(10).to(memory_format=torch.channels_last).to(device).train()
    optimizer = torch.optim.SGD(
        model.parameters(), LEARNING_RATE, MOMENTUM, weight_decay=WEIGHT_DECAY, fused=True
    )

    def loss_of(pixels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device, torch.bfloat16, enabled=options.precision == "bf16"):
            logits = model(pixels)
        return F.cross_entropy(logits.float(), labels)

    compiled = torch.compile(loss_of, mode=options.way, dynamic=False)
    batches = images.batches()
    while not window.over:
        pixels, labels = next(batches)
        if len(labels) < BATCH:
            continue
        torch.compiler.cudagraph_mark_step_begin()
        compiled(pixels, labels).backward()
        optimizer.step()
        optimizer.zero_grad()
        window.tick(len(labels))
