"""The data sets of small images: CIFAR, MNIST, Fashion-MNIST, SVHN, Tiny ImageNet, digits.

Checksums are those that torchvision's downloaders check (MD5). Stanford publishes none for Tiny
ImageNet; its MD5 is the one that public loaders of the same address check, Avalanche's among them.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.data import class_names
from benchmarks.data.description import Archive, DatasetInfo, Source, files_under

CIFAR = "https://www.cs.toronto.edu/~kriz"


FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"


HANDWRITTEN = "https://ossci-datasets.s3.amazonaws.com/mnist"


HOUSE_NUMBERS = "http://ufldl.stanford.edu/housenumbers"


CIFAR10 = DatasetInfo(
    name="cifar10",
    title="CIFAR-10 (Krizhevsky 2009)",
    classes=class_names.CIFAR10,
    counts=(50_000, 10_000),
    side=32,
    digest="41a5a5c9d28ac87d857dc83edef2ea070fba11c1f0193cddcb8ed6d06627632a",
    named_by_content=True,
    archive=Archive(
        sources=(
            Source(
                "cifar-10-python.tar.gz",
                f"{CIFAR}/cifar-10-python.tar.gz",
                "md5:c58f30108f718f92721af3b95e74349a",
                required=False,
            ),
        ),
        folder="cifar-10-batches-py",
        train=tuple(f"data_batch_{number}" for number in range(1, 6)),
        test=("test_batch",),
    ),
)


CIFAR100 = DatasetInfo(
    name="cifar100",
    title="CIFAR-100 (Krizhevsky 2009), the 100 fine classes",
    classes=class_names.CIFAR100,
    counts=(50_000, 10_000),
    side=32,
    # Of images with the published channel means and deviations, 600 in each class. No run of them
    # had been recorded before it was known, so runs name them by it.
    digest="a68390a51bafbb153d023c20d7a9d04d06760f2087237c86254531cd5e4f301b",
    named_by_content=True,
    balanced=True,
    superclasses=class_names.CIFAR100_SUPERCLASSES,
    archive=Archive(
        sources=files_under(
            CIFAR, {"cifar-100-python.tar.gz": "md5:eb9058c3a382ffc7106e4002c42a8d85"}
        ),
        folder="cifar-100-python",
        train=("train",),
        test=("test",),
        meta=("meta",),
        extracted=(
            Source("train", "", "md5:16019d7e3df5f24257cddd939b257f8d"),
            Source("test", "", "md5:f0ef6b0ae62326f3e7ffdfab6717acfc"),
            Source("meta", "", "md5:7973b15100ade9c7d40fb424638fde48"),
        ),
    ),
)


# The sums are those that torchvision publishes, beside the mirror that it fetches from.
MNIST = DatasetInfo(
    name="mnist",
    title="MNIST (LeCun et al. 1998), grey",
    classes=class_names.DIGITS,
    counts=(60_000, 10_000),
    side=28,
    archive=Archive(
        layout="idx",
        sources=files_under(
            HANDWRITTEN,
            {
                "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
                "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
                "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
                "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
            },
        ),
        train=("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        test=("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
    ),
)


FASHION_MNIST = DatasetInfo(
    name="fashion-mnist",
    title="Fashion-MNIST (Xiao et al. 2017), grey, resized to 32×32×3",
    classes=class_names.FASHION_MNIST,
    counts=(60_000, 10_000),
    side=32,
    published_side=28,
    resampling="bilinear",
    balanced=True,
    archive=Archive(
        layout="idx",
        sources=files_under(
            FASHION,
            {
                "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
                "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
                "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
            },
        ),
        folder="FashionMNIST/raw",
        train=("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        test=("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
    ),
)


SVHN = DatasetInfo(
    name="svhn",
    title="Street View House Numbers (Netzer et al. 2011), cropped digits without `extra`",
    classes=class_names.DIGITS,
    counts=(73_257, 26_032),
    side=32,
    archive=Archive(
        layout="matlab",
        sources=files_under(
            HOUSE_NUMBERS,
            {
                "train_32x32.mat": "md5:e26dedcc434d2e4c54c9b2d4a06d8373",
                "test_32x32.mat": "md5:eb5a983be6a315427106f1b164d9cef3",
            },
        ),
        train=("train_32x32.mat",),
        test=("test_32x32.mat",),
    ),
)


TINY_IMAGENET = DatasetInfo(
    name="tiny-imagenet",
    title="Tiny ImageNet, the official validation images as test (L-21)",
    classes=class_names.TINY_IMAGENET,
    counts=(100_000, 10_000),
    side=64,
    balanced=True,
    archive=Archive(
        layout="tiny-imagenet",
        sources=files_under(
            "http://cs231n.stanford.edu",
            {"tiny-imagenet-200.zip": "md5:90528d7ca1a48142e341f4ef8d21d0de"},
        ),
        folder="tiny-imagenet-200",
    ),
)


DIGITS = DatasetInfo(
    name="digits",
    title="scikit-learn's digits, 8×8 grey enlarged to 32×32×3",
    classes=class_names.DIGITS,
    counts=(1_297, 500),
    side=32,
    digest="385e52d790092af5157cd4f7d6c59666f5b45c5a8835c06d392f8f6d06cb618e",
    superclasses=class_names.DIGITS_SUPERCLASSES,
    embedded=True,
)


DIGITS64 = replace(
    DIGITS,
    name="digits64",
    title="scikit-learn's digits, 8×8 grey enlarged to 64×64×3",
    side=64,
    digest="f0b05ffe98986b3a98fab741d3e7db6d697796567c56e485621b36e20172c3cb",
)
