"""The least that training this network can cost: a loop tuned by hand that keeps no books.

The images lie on the device as uint8, beside their mirror images, so that a batch with its flips is
one gather; the network is in channels-last layout; the update is three passes over the weights. No
loss is summed, nothing is evaluated, reproducible, resumable or reported. The network, the process
set-up (one thread, memory kept between steps) and autocast are the suite's own. Neither compiled
code nor CUDA graphs: they are other programs, with other numbers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.data.dataset import Dataset
from benchmarks.models import VGG10
from benchmarks.throughput.contenders import Options
from benchmarks.throughput.window import Window

BATCH, LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 128, 0.1, 0.9, 0.0005


class Images:
    """Training images and their mirror images, uint8 (2N, 32, 96), resident."""

    def __init__(self, dataset: Dataset, device: str) -> None:
        pixels = torch.from_numpy(np.array(dataset.train.images))
        self.pixels = torch.cat([pixels, pixels.flip(2)]).flatten(2).to(device)
        self.labels = torch.from_numpy(np.array(dataset.train.labels)).to(device)
        self.scale = torch.tensor(1 / (255 * dataset.std)).float().repeat(32).to(device)
        self.shift = torch.tensor(-dataset.mean / dataset.std).float().repeat(32).to(device)

    def batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Batches without end."""
        size, device = len(self.labels), self.labels.device
        while True:
            order = torch.randperm(size, device=device)
            places = order + size * torch.randint(0, 2, (size,), device=device)
            for place, index in zip(places.split(BATCH), order.split(BATCH), strict=True):
                rows = self.pixels.index_select(0, place).float()
                pixels = rows.mul_(self.scale).add_(self.shift).view(-1, 32, 32, 3)
                yield pixels.permute(0, 3, 1, 2), self.labels.index_select(0, index)


class Network:
    """A network with its velocities and its share of the device."""

    def __init__(self, options: Options, images: Images) -> None:
        self.batches, self.device = images.batches(), options.device
        self.precise = options.precision == "float32"
        network = VGG10().network(10).to(memory_format=torch.channels_last)
        self.model = network.to(self.device).train()
        self.parameters: list[torch.Tensor] = list(self.model.parameters())
        self.velocities = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.stream = torch.cuda.Stream() if self.device == "cuda" else None
        if self.stream:
            torch.cuda.synchronize()  # all of the above is there before the other stream reads it

    def step(self) -> int:
        """One update; returns the number of images."""
        with torch.cuda.stream(self.stream) if self.stream else contextlib.nullcontext():
            pixels, labels = next(self.batches)
            with torch.autocast(self.device, torch.bfloat16, enabled=not self.precise):
                logits = self.model(pixels)
            F.cross_entropy(logits.float(), labels).backward()
            self.update()
        return len(labels)

    @torch.no_grad()
    def update(self) -> None:
        """v ← (g + μ·v) + λ·w in the gradient's own memory, w ← w − lr·v: no pass is spent on v."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        torch._foreach_add_(gradients, self.velocities, alpha=MOMENTUM)
        torch._foreach_add_(gradients, self.parameters, alpha=WEIGHT_DECAY)
        torch._foreach_add_(self.parameters, gradients, alpha=-LEARNING_RATE)
        self.velocities = gradients
        for parameter in self.parameters:
            parameter.grad = None


def train_bare(options: Options, dataset: Dataset, window: Window) -> None:
    """Train a pack until the window closes."""
    torch.manual_seed(options.seed)
    images = Images(dataset, options.device)
    pack = [Network(options, images) for _ in range(options.pack)]
    while not window.over:
        for network in pack:
            window.tick(network.step())
