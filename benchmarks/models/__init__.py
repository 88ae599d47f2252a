"""Networks, one file a family."""

from __future__ import annotations

from benchmarks.models.mobilenet import MobileNet
from benchmarks.models.model import Model, NormedModel
from benchmarks.models.rcnet import AsymmetricBlock, Block, PlainBlock, RCNet10, SquareBlock
from benchmarks.models.resnet import ResNet10
from benchmarks.models.vgg import VGG10, ExpandedVGG10

__all__ = [
    "VGG10",
    "AsymmetricBlock",
    "Block",
    "ExpandedVGG10",
    "MobileNet",
    "Model",
    "NormedModel",
    "PlainBlock",
    "RCNet10",
    "ResNet10",
    "SquareBlock",
]
