"""The networks of Table 1, as they were published and as torchvision has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

Build = Callable[[], "nn.Module"]


def alexnet(groups: int = 2) -> nn.Module:
    """Krizhevsky et al. (2012), for images of 227×227: three of its convolutions are split over two
    GPUs. Without local response normalization and dropout, which have no weights."""
    from torch import nn

    def layer(inputs: int, width: int, kernel: int, groups: int) -> Iterator[nn.Module]:
        yield nn.Conv2d(inputs, width, kernel, padding=kernel // 2, groups=groups)
        yield nn.ReLU()

    return nn.Sequential(
        *(nn.Conv2d(3, 96, 11, 4), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(*layer(96, 256, 5, groups), nn.MaxPool2d(3, 2)),
        *layer(256, 384, 3, 1),
        *layer(384, 384, 3, groups),
        *(*layer(384, 256, 3, groups), nn.MaxPool2d(3, 2), nn.Flatten()),
        *(nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU()),
        nn.Linear(4096, 1000),
    )


def torchvision_alexnet() -> nn.Module:
    from torchvision.models import alexnet

    return alexnet()


def vgg16() -> nn.Module:
    from torchvision.models import vgg16

    return vgg16(init_weights=False)


def torchvision_googlenet() -> nn.Module:
    """Without auxiliary classifiers; its 5×5 kernels are 3×3, and it has batch-norm."""
    from torchvision.models import googlenet

    return googlenet(aux_logits=False, init_weights=False)


def googlenet() -> nn.Module:
    """Szegedy et al. (2014): 5×5 kernels, and biases instead of batch-norm."""
    from torch import nn
    from torchvision.models.googlenet import BasicConv2d, Inception

    model = torchvision_googlenet()
    for block in model.modules():
        if isinstance(block, Inception):
            block.branch3[1].conv.kernel_size = (5, 5)
    for layer in model.modules():
        if isinstance(layer, BasicConv2d):
            old = layer.conv
            side = old.kernel_size[0]
            layer.conv = nn.Conv2d(
                old.in_channels,
                old.out_channels,
                side,
                old.stride,
                padding=side // 2,  # type: ignore[arg-type]
            )
            layer.bn = nn.Identity()
    return model


def torchvision_resnet152() -> nn.Module:
    """With the strides in its 3×3 layers."""
    from torchvision.models import resnet152

    return resnet152()


def resnet152() -> nn.Module:
    """He et al. (2015), with the strides in the first 1×1 layer of a block."""
    from torchvision.models.resnet import Bottleneck

    model = torchvision_resnet152()
    for block in model.modules():
        if isinstance(block, Bottleneck):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
    return model


# Table 1's networks, the published version first, and the side of their images.
REFERENCES: dict[str, dict[str, tuple[Build, int]]] = {
    "AlexNet": {
        "two groups": (alexnet, 227),
        "one group": (lambda: alexnet(1), 227),
        "torchvision": (torchvision_alexnet, 224),
    },
    "VGG-16": {"torchvision": (vgg16, 224)},
    "GoogLeNet": {"published": (googlenet, 224), "torchvision": (torchvision_googlenet, 224)},
    "ResNet-152": {"published": (resnet152, 224), "torchvision": (torchvision_resnet152, 224)},
}
