"""The data sets that there are.

Checksums are those that torchvision's downloaders check (MD5; CIFAR, Fashion-MNIST, SVHN) and that
TensorFlow Datasets lists (SHA-256; DeepWeeds). Stanford publishes none for Tiny ImageNet; its MD5
is the one that public loaders of the same address check, Avalanche's among them. So are those of
CUB-200-2011, whose authors' page leads to CaltechDATA, and of Stanford Cars, whose addresses no
longer answer.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.data import class_names, fine_grained_names
from benchmarks.data.description import Archive, DatasetInfo, Source

CIFAR = "https://www.cs.toronto.edu/~kriz"
FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
HANDWRITTEN = "https://ossci-datasets.s3.amazonaws.com/mnist"
INDOOR = "http://groups.csail.mit.edu/vision/LabelMe/NewImages"
INDOOR_LISTS = "http://web.mit.edu/torralba/www"
SCENES = "http://www-cvr.ai.uiuc.edu/ponce_grp/data/scene_categories"
HOUSE_NUMBERS = "http://ufldl.stanford.edu/housenumbers"
CARS_FILES = "https://ai.stanford.edu/~jkrause/car196"
WEEDS_IMAGES = "https://drive.google.com/uc?export=download&id=1xnK3B6K6KekDI55vwJ0vnc2IGoDga9cj"
WEEDS_LABELS = "https://github.com/AlexOlsen/DeepWeeds/tree/master/labels"


def _under(address: str, checksums: dict[str, str]) -> tuple[Source, ...]:
    """Files that lie side by side."""
    return tuple(Source(name, f"{address}/{name}", sum) for name, sum in checksums.items())


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
        sources=_under(CIFAR, {"cifar-100-python.tar.gz": "md5:eb9058c3a382ffc7106e4002c42a8d85"}),
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
        sources=_under(
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
        sources=_under(
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
        sources=_under(
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
        sources=_under(
            "http://cs231n.stanford.edu",
            {"tiny-imagenet-200.zip": "md5:90528d7ca1a48142e341f4ef8d21d0de"},
        ),
        folder="tiny-imagenet-200",
    ),
)

CUB200 = DatasetInfo(
    name="cub200",
    title="CUB-200-2011 (Wah et al. 2011), resized to 256×256",
    classes=fine_grained_names.CUB200,
    counts=(5_994, 5_794),
    side=256,
    has_sizes=True,
    resampling="bilinear",
    superclasses=fine_grained_names.CUB200_SUPERCLASSES,
    archive=Archive(
        layout="cub",
        sources=_under(
            "https://data.caltech.edu/records/65de6-vp158/files",
            {"CUB_200_2011.tgz": "md5:97eceeb196236b17998738112f37df78"},
        ),
        folder="CUB_200_2011",
    ),
)

CARS = DatasetInfo(
    name="cars",
    title="Stanford Cars (Krause et al. 2013), resized to 256×256",
    classes=fine_grained_names.CARS,
    counts=(8_144, 8_041),
    side=256,
    has_sizes=True,
    resampling="bilinear",
    superclasses=fine_grained_names.CARS_SUPERCLASSES,
    archive=Archive(
        layout="cars",
        sources=_under(
            CARS_FILES,
            {
                "car_ims.tgz": "md5:d5c8f0aa497503f355e17dc7886c3f14",
                "cars_annos.mat": "md5:b407c6086d669747186bd1d764ff9dbc",
            },
        ),
        by_hand=True,
        others=(
            Archive(
                layout="cars-devkit",
                sources=_under(
                    CARS_FILES,
                    {
                        "cars_train.tgz": "md5:065e5b463ae28d29e77c1b4b166cfe61",
                        "cars_test.tgz": "md5:4ce7ebf6a94d07f1952d94dd34c4d501",
                        "cars_test_annos_withlabels.mat": "md5:b0a2b23655a3edd16d84508592a98d10",
                        "car_devkit.tgz": "md5:c3b158d763b6e2245038c8ad08e45376",
                    },
                ),
                folder="devkit",
            ),
        ),
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

# Number of rows and last four names of train_subset<fold>.csv and test_subset<fold>.csv, read in
# the authors' repository at 51e3fab; no checksum of these files is published.
_WEEDS_FOLDS: tuple[tuple[int, str, int, str], ...] = (
    (
        *(10_501, "20171220-091108-2 20171113-133940-3 20180125-132543-2 20180109-100916-2"),
        *(3_507, "20180322-133710-1 20180322-133743-1 20180322-133752-1 20180322-133802-1"),
    ),
    (
        *(10_504, "20171218-111840-2 20180322-112703-2 20171212-105656-3 20170217-144521-0"),
        *(3_503, "20180322-133604-1 20180322-133646-1 20180322-133656-1 20180322-133832-1"),
    ),
    (
        *(10_506, "20180119-105823-2 20180112-072445-1 20180105-093204-3 20170126-100257-0"),
        *(3_501, "20180322-133110-1 20180322-133310-1 20180322-133850-1 20180322-133901-1"),
    ),
    (
        *(10_506, "20171212-094001-3 20171218-105531-3 20171025-082709-2 20180112-101417-2"),
        *(3_500, "20180322-133443-1 20180322-133625-1 20180322-133720-1 20180322-133812-1"),
    ),
    (
        *(10_508, "20170217-095330-0 20180109-071641-1 20180109-101059-1 20180322-132607-1"),
        *(3_498, "20180322-133525-1 20180322-133544-1 20180322-133822-1 20180322-133840-1"),
    ),
)


def _weeds(fold: int) -> DatasetInfo:
    train, last_train, test, last_test = _WEEDS_FOLDS[fold]
    return DatasetInfo(
        name="deepweeds",
        title=f"DeepWeeds (Olsen et al. 2019), fold {fold} (L-20), resized to 128×128",
        classes=class_names.DEEPWEEDS,
        counts=(train, test),
        side=128,
        published_side=256,
        resampling="bilinear",
        fold=fold,
        archive=Archive(
            layout="deepweeds",
            sources=(
                Source(
                    "images.zip",
                    WEEDS_IMAGES,
                    "sha256:0961f63c01b997bfab1559ad09e99c0e8130617fd96a8b92fdc09940e01b0ce8",
                ),
                Source(
                    "labels.csv",
                    WEEDS_LABELS,
                    "text-sha256:6fb95b89fd9d384f94e185a5cab6c5da7c987649399c90618ecc60acfb0112eb",
                ),
            ),
            train=(f"train_subset{fold}.csv",),
            test=(f"test_subset{fold}.csv",),
            endings=tuple(
                tuple(f"{stem}.jpg" for stem in last.split()) for last in (last_train, last_test)
            ),
            by_hand=True,
        ),
    )


_WEEDS = tuple(_weeds(fold) for fold in range(len(_WEEDS_FOLDS)))
DEEPWEEDS = replace(_WEEDS[0], folds=_WEEDS)


def _scenes(fold: int) -> DatasetInfo:
    return DatasetInfo(
        name="scenes15",
        title=f"15 Scene Categories (Lazebnik et al. 2006), random split {fold}, 100 of each class "
        "to train on, squashed to 256×256 (C-14)",
        classes=class_names.SCENES15,
        counts=(1_500, 2_985),
        side=256,
        has_sizes=True,
        resampling="bilinear",
        fold=fold,
        archive=Archive(
            layout="scenes15",
            sources=(Source("scene_categories.zip", f"{SCENES}/scene_categories.zip"),),
            by_hand=True,
        ),
    )


_SCENES = tuple(_scenes(fold) for fold in range(5))
SCENES15 = replace(_SCENES[0], folds=_SCENES)

MIT67 = DatasetInfo(
    name="mit67",
    title="MIT Indoor Scenes (Quattoni and Torralba 2009), the official 80 + 20 of each class "
    "(C-24), squashed to 256×256 (C-14)",
    classes=class_names.MIT67,
    counts=(5_360, 1_340),
    side=256,
    has_sizes=True,
    resampling="bilinear",
    archive=Archive(
        layout="mit67",
        sources=(
            Source("indoorCVPR_09.tar", f"{INDOOR}/indoorCVPR_09.tar"),
            Source("TrainImages.txt", f"{INDOOR_LISTS}/TrainImages.txt"),
            Source("TestImages.txt", f"{INDOOR_LISTS}/TestImages.txt"),
        ),
        by_hand=True,
    ),
)

# Nobody publishes checksums of the 1,331,167 files, so it is named by classes and counts. The
# statistics are those that torchvision's weights were trained with.
IMAGENET = DatasetInfo(
    name="imagenet",
    title="ILSVRC 2012, the official validation images as test, squashed to 256×256 (C-14)",
    classes=class_names.ILSVRC2012,
    counts=(1_281_167, 50_000),
    side=256,
    has_sizes=True,
    resampling="bilinear",
    indexed=True,
    statistics=((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
)


def folder(name: str) -> DatasetInfo:
    """What is known of a user's own folder of images, named "folder:NAME", before it is read."""
    return DatasetInfo(
        name=name,
        title="a folder of images, train/ and val/ by class, squashed to 256×256",
        classes=(),
        counts=(0, 0),
        side=256,
        has_sizes=True,
        resampling="bilinear",
        indexed=True,
    )


_ALL = (
    *(CIFAR10, CIFAR100, MNIST, FASHION_MNIST, SVHN, TINY_IMAGENET, DEEPWEEDS),
    *(CUB200, CARS, IMAGENET, SCENES15, MIT67),
    *(DIGITS, DIGITS64),
)
DATASETS: dict[str, DatasetInfo] = {entry.name: entry for entry in _ALL}
