"""Known weight files: where they come from and what shows that they are whole.

Addresses and MD5 sums are those that ``keras.applications`` itself downloads and checks (Keras
3.15 and keras-applications 1.0.8); torchvision's file names end in the first eight hexadecimal
digits of their SHA-256. Reading the register loads nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from benchmarks.data.description import Source

KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
RELEASES = "https://github.com/fchollet/deep-learning-models/releases/download"
TORCHVISION = "https://download.pytorch.org/models"
ORDERED = "weights_tf_dim_ordering_tf_kernels"

# How many 3×3 layers and spatial filters the networks have.
SIZES = {
    "VGG16": (13, 1_634_496),
    "ResNet18": (16, 1_220_608),
    "ResNet50": (16, 1_257_472),
    "InceptionV3": (17, 632_928),
    "Xception": (36, 25_192),
    "MobileNet": (14, 5_056),
}


@dataclass(frozen=True)
class KnownWeights:
    """A trained network.

    Attributes:
        sources: files with the same convolutions; the first is the one to download, any will do
            for an import.
        network: its row of a printed table, empty where it has none.
        layers, filters: how many 3×3 layers and spatial filters it has.
    """

    name: str
    title: str
    sources: tuple[Source, ...]
    network: str
    layers: int
    filters: int

    @property
    def suffix(self) -> str:
        """Of its files: ".h5" or ".pth"."""
        return PurePosixPath(self.sources[0].name).suffix

    @property
    def store(self) -> str:
        """What reports call it; as a data set's."""
        return self.name


# MD5 of the files without dense layers, which are smaller, and of those with them.
_MD5 = {
    "vgg16": ("6d6bbae143d832006294945121d1f1fc", "64373286793e3c8b2b4e3219cbf3544b"),
    "resnet50": ("4d473c1dd8becc155b73f8504c6f6626", "2cb95161c43110f7111970584f804107"),
    "resnet50-v0.2": ("a268eb855778b3df3c7506639542a6af", "a7b3fe01876f51b976af0dea6bc144eb"),
    "inceptionv3": ("bcbd6486424b2319ff4ef7d526e38f63", "9a0d58056eeedaa3f26cb7ebd46da564"),
    "xception": ("b0042744bf5b25fce3cb969f33bebb97", "0a58e3b7378bc2990ea3b43d5981f1f6"),
    "mobilenet": ("", ""),
}


def source(url: str, checksum: str = "") -> Source:
    """A file under the name by which its address serves it."""
    return Source(url.rpartition("/")[2], url, checksum)


def _keras(
    name: str,
    network: str,
    start: str,
    title: str = "{} of keras.applications",
    ends: tuple[str, str] = (f"_{ORDERED}_notop.h5", f"_{ORDERED}.h5"),
) -> KnownWeights:
    pairs = zip(ends, _MD5[name], strict=True)
    sources = (source(f"{start}{end}", f"md5:{sum}" if sum else "") for end, sum in pairs)
    title = title.format(network)
    return KnownWeights(f"keras-{name}", title, tuple(sources), network, *SIZES[network])


def _torchvision(name: str, network: str, stem: str, start: str, note: str = "") -> KnownWeights:
    file = source(f"{TORCHVISION}/{stem}-{start}.pth", f"sha256:{start}")
    title = f"{network} of torchvision{note}"
    return KnownWeights(f"torchvision-{name}", title, (file,), "", *SIZES[network])


_ALL = (
    _keras("vgg16", "VGG16", f"{KERAS}/vgg16/vgg16"),
    _keras("resnet50", "ResNet50", f"{KERAS}/resnet/resnet50"),
    _keras(
        "resnet50-v0.2",
        "ResNet50",
        f"{RELEASES}/v0.2/resnet50",
        "{} of keras-applications, the older file",
    ),
    _keras("inceptionv3", "InceptionV3", f"{KERAS}/inception_v3/inception_v3"),
    _keras("xception", "Xception", f"{KERAS}/xception/xception"),
    _keras(
        "mobilenet",
        "MobileNet",
        f"{KERAS}/mobilenet/mobilenet_1_0_224_tf",
        "{} of keras.applications (width 1, 224×224)",
        ends=("_no_top.h5", ".h5"),
    ),
    _torchvision("vgg16", "VGG16", "vgg16", "397923af"),
    _torchvision("resnet18", "ResNet18", "resnet18", "5c106cde", ", the file up to 0.8"),
    _torchvision("resnet50", "ResNet50", "resnet50", "0676ba61", " (IMAGENET1K_V1)"),
    _torchvision("resnet50-v0.8", "ResNet50", "resnet50", "19c8e357", ", the file up to 0.8"),
    _torchvision("inception-v3", "InceptionV3", "inception_v3_google", "0cc3c7bd"),
)
WEIGHTS: dict[str, KnownWeights] = {entry.name: entry for entry in _ALL}
