"""The data sets of photographs: birds, cars, weeds, scenes, ILSVRC 2012.

Checksums are those that TensorFlow Datasets lists (SHA-256; DeepWeeds), and that public loaders of
the same address check (MD5): of CUB-200-2011, whose authors' page leads to CaltechDATA, and of
Stanford Cars, whose addresses no longer answer.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.data import class_names, fine_grained_names
from benchmarks.data.description import Archive, DatasetInfo, Source, files_under

INDOOR = "http://groups.csail.mit.edu/vision/LabelMe/NewImages"


INDOOR_LISTS = "http://web.mit.edu/torralba/www"


SCENES = "http://www-cvr.ai.uiuc.edu/ponce_grp/data/scene_categories"


CARS_FILES = "https://ai.stanford.edu/~jkrause/car196"


WEEDS_IMAGES = "https://drive.google.com/uc?export=download&id=1xnK3B6K6KekDI55vwJ0vnc2IGoDga9cj"
WEEDS_LABELS = "https://github.com/AlexOlsen/DeepWeeds/tree/master/labels"


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
        sources=files_under(
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
        sources=files_under(
            CARS_FILES,
            {
                "car_ims.tgz": "md5:d5c8f0aa497503f355e17dc7886c3f14",
                "cars_annos.mat": "md5:b407c6086d669747186bd1d764ff9dbc",
            },
        ),
        by_hand=True,
        copies="https://github.com/pytorch/vision/issues/7545",
        others=(
            Archive(
                layout="cars-devkit",
                sources=files_under(
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
