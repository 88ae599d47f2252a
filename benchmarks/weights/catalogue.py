"""Known weight files: where they come from and what shows that they are whole.

Addresses and MD5 sums are those that ``keras.applications`` itself downloads and checks (Keras
3.15 and keras-applications 1.0.8); torchvision's file names end in the first eight hexadecimal
digits of their SHA-256. Reading the register loads nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.errors import UserError

KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
RELEASES = "https://github.com/fchollet/deep-learning-models/releases/download"
TORCHVISION = "https://download.pytorch.org/models"


@dataclass(frozen=True)
class Source:
    """One published file with a network's weights.

    Attributes:
        hash: "md5:…" or "sha256:…" as published, the latter perhaps cut short; empty where its
            publisher states none.
    """

    url: str
    hash: str = ""

    @property
    def filename(self) -> str:
        """The name under which the address serves it."""
        return self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class KnownWeights:
    """A trained network.

    Attributes:
        sources: files with the same convolutions; the first is the one to download, any will do
            for an import.
        network: its row of Table I, empty where it has none.
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
        return "." + self.sources[0].filename.rsplit(".", 1)[-1]


def _keras(folder: str, stem: str, notop: str, top: str) -> tuple[Source, ...]:
    """The file without dense layers, which is smaller, then the one with them."""
    base = f"{KERAS}/{folder}/{stem}_weights_tf_dim_ordering_tf_kernels"
    return Source(f"{base}_notop.h5", f"md5:{notop}"), Source(f"{base}.h5", f"md5:{top}")


def _torchvision(stem: str, start: str) -> tuple[Source, ...]:
    return (Source(f"{TORCHVISION}/{stem}-{start}.pth", f"sha256:{start}"),)


_OLD_RESNET = f"{RELEASES}/v0.2/resnet50_weights_tf_dim_ordering_tf_kernels"

WEIGHTS: dict[str, KnownWeights] = {
    entry.name: entry
    for entry in (
        KnownWeights(
            "keras-vgg16",
            "VGG16 of keras.applications",
            _keras(
                "vgg16",
                "vgg16",
                "6d6bbae143d832006294945121d1f1fc",
                "64373286793e3c8b2b4e3219cbf3544b",
            ),
            "VGG16",
            13,
            1_634_496,
        ),
        KnownWeights(
            "keras-resnet50",
            "ResNet50 of keras.applications",
            _keras(
                "resnet",
                "resnet50",
                "4d473c1dd8becc155b73f8504c6f6626",
                "2cb95161c43110f7111970584f804107",
            ),
            "ResNet50",
            16,
            1_257_472,
        ),
        KnownWeights(
            "keras-resnet50-v0.2",
            "ResNet50 of keras-applications, the older file",
            (
                Source(f"{_OLD_RESNET}_notop.h5", "md5:a268eb855778b3df3c7506639542a6af"),
                Source(f"{_OLD_RESNET}.h5", "md5:a7b3fe01876f51b976af0dea6bc144eb"),
            ),
            "ResNet50",
            16,
            1_257_472,
        ),
        KnownWeights(
            "keras-inceptionv3",
            "InceptionV3 of keras.applications",
            _keras(
                "inception_v3",
                "inception_v3",
                "bcbd6486424b2319ff4ef7d526e38f63",
                "9a0d58056eeedaa3f26cb7ebd46da564",
            ),
            "InceptionV3",
            17,
            632_928,
        ),
        KnownWeights(
            "keras-xception",
            "Xception of keras.applications",
            _keras(
                "xception",
                "xception",
                "b0042744bf5b25fce3cb969f33bebb97",
                "0a58e3b7378bc2990ea3b43d5981f1f6",
            ),
            "Xception",
            36,
            25_192,
        ),
        KnownWeights(
            "keras-mobilenet",
            "MobileNet of keras.applications (width 1, 224×224)",
            (
                Source(f"{KERAS}/mobilenet/mobilenet_1_0_224_tf_no_top.h5"),
                Source(f"{KERAS}/mobilenet/mobilenet_1_0_224_tf.h5"),
            ),
            "MobileNet",
            14,
            5_056,
        ),
        KnownWeights(
            "torchvision-vgg16",
            "VGG16 of torchvision",
            _torchvision("vgg16", "397923af"),
            "",
            13,
            1_634_496,
        ),
        KnownWeights(
            "torchvision-resnet50",
            "ResNet50 of torchvision (IMAGENET1K_V1)",
            _torchvision("resnet50", "0676ba61"),
            "",
            16,
            1_257_472,
        ),
        KnownWeights(
            "torchvision-inception-v3",
            "InceptionV3 of torchvision",
            _torchvision("inception_v3_google", "0cc3c7bd"),
            "",
            17,
            632_928,
        ),
    )
}


def info(name: str) -> KnownWeights:
    """The register's entry.

    Raises:
        UserError: where there is none of that name.
    """
    if name not in WEIGHTS:
        raise UserError(f"no weight file {name!r}; known: {', '.join(WEIGHTS)}")
    return WEIGHTS[name]
