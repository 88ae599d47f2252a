"""Networks, one file a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.models.cifar_resnet import CifarResNet
from benchmarks.models.deep_shallow import Deep, Shallow, ThreeFC
from benchmarks.models.handcrafted import Handcrafted
from benchmarks.models.hierarchical import Hierarchical
from benchmarks.models.mobilenet import MobileNet
from benchmarks.models.model import Model, NormedModel
from benchmarks.models.paired import BASES, PairedNet
from benchmarks.models.pyramid import PyramidNet
from benchmarks.models.rcnet import AsymmetricBlock, Block, PlainBlock, RCNet10, SquareBlock
from benchmarks.models.resnet import ResNet10, ResNet18
from benchmarks.models.torchvision_resnet import TorchvisionResNet
from benchmarks.models.torchvision_vgg import TorchvisionVGG
from benchmarks.models.vgg import VGG10, ExpandedVGG10

if TYPE_CHECKING:
    from benchmarks.models.hierarchical_linear import HierarchicalLinear
    from benchmarks.models.locally_connected import LocallyConnected2d

__all__ = [
    "BASES",
    "VGG10",
    "AsymmetricBlock",
    "Block",
    "CifarResNet",
    "Deep",
    "ExpandedVGG10",
    "Handcrafted",
    "Hierarchical",
    "HierarchicalLinear",
    "LocallyConnected2d",
    "MobileNet",
    "Model",
    "NormedModel",
    "PairedNet",
    "PlainBlock",
    "PyramidNet",
    "RCNet10",
    "ResNet10",
    "ResNet18",
    "Shallow",
    "SquareBlock",
    "ThreeFC",
    "TorchvisionResNet",
    "TorchvisionVGG",
]


def __getattr__(name: str) -> Any:
    # Modules of torch's, for users; settings load without it.
    if name == "HierarchicalLinear":
        from benchmarks.models import hierarchical_linear

        return hierarchical_linear.HierarchicalLinear
    if name == "LocallyConnected2d":
        from benchmarks.models import locally_connected

        return locally_connected.LocallyConnected2d
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
