"""What the register says of a data set. Loads neither NumPy nor torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from benchmarks.errors import UserError

STORE_VERSION: Final = 1
# A user's own folder is named "folder:NAME", its store "folder-NAME".
FOLDER_NAME, FOLDER_STORE = "folder:", "folder-"


@dataclass(frozen=True)
class Source:
    """One official file.

    Attributes:
        name: under which it is published.
        url: where from.
        checksum: as published, "md5:…" or "sha256:…", perhaps cut short; "text-sha256:…" is taken
            with the line ends of Unix, which git may have changed. Empty where none is published.
        required: whether a file that a user brings has to have it; where not, its content tells.
    """

    name: str
    url: str
    checksum: str = ""
    required: bool = True


@dataclass(frozen=True)
class Archive:
    """How a data set is published.

    Attributes:
        sources: the official files.
        layout: what is in them, a key of :data:`benchmarks.data.source_layouts.LAYOUTS`.
        folder: what they extract to.
        train, test: the files of each split.
        meta: the pickled file that names CIFAR-100's classes.
        extracted: published checksums of files inside, by which an extracted folder is accepted.
        endings: the last images that the list of each split names, where nobody has published the
            list's checksum.
        by_hand: whether a person has to fetch it.
        copies: a page that names copies, where the official address no longer answers.
        others: the same images as they are published elsewhere, which an import takes as well.
    """

    sources: tuple[Source, ...] = ()
    layout: str = "batches"
    folder: str = ""
    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    meta: tuple[str, ...] = ()
    extracted: tuple[Source, ...] = ()
    endings: tuple[tuple[str, ...], ...] = ()
    by_hand: bool = False
    copies: str = ""
    others: tuple[Archive, ...] = ()

    @property
    def members(self) -> tuple[str, ...]:
        """All files inside that are read."""
        return self.train + self.test + self.meta

    @property
    def url(self) -> str:
        """Where the first file is fetched from."""
        return self.sources[0].url

    @property
    def filename(self) -> str:
        """The name of the first file."""
        return self.sources[0].name


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set, or of one fold of it, before any of its bytes are here.

    Attributes:
        counts: how many training and test images there are.
        side: height and width of the stored images in pixels; they have three channels.
        digest: the content digest of its store, see :mod:`benchmarks.data.store`; None where
            nobody has computed it yet.
        named_by_content: whether runs name it by its digest though its official files have
            published checksums; False once a run has been named by these.
        embedded: made from an installed package, so that it needs no download.
        archive: the official files; none of those that are embedded.
        published_side: height and width as published, where they are resized.
        has_sizes: whether published images have sizes of their own; each is resized to ``side``.
        indexed: whether the store is an index of image files that stay where they are, and are
            decoded while a run trains, see :mod:`benchmarks.data.folders`.
        statistics: mean and deviation of the training pixels by channel, where they are taken from
            elsewhere and not from the images.
        resampling: how they are resized, empty where they are not.
        balanced: whether every class has equally many images in each split.
        superclasses: names of groups of classes in the order of their coarse labels, with the
            classes of each; empty for a data set without.
        fold: which fold this is; 0 for a data set without.
        folds: the entries of all folds in order; empty for a data set without.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    counts: tuple[int, int]
    side: int
    digest: str | None = None
    named_by_content: bool = False
    embedded: bool = False
    archive: Archive = Archive()
    published_side: int | None = None
    indexed: bool = False
    statistics: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    resampling: str = ""
    has_sizes: bool = False
    balanced: bool = False
    superclasses: tuple[tuple[str, tuple[str, ...]], ...] = ()
    fold: int | None = None
    folds: tuple[DatasetInfo, ...] = field(default=(), compare=False, repr=False)

    @property
    def store(self) -> str:
        """Name of the store's folder: each fold has its own, such as "deepweeds-fold0"."""
        name = self.name.replace(FOLDER_NAME, FOLDER_STORE, 1)
        return name if self.fold is None else f"{name}-fold{self.fold}"

    @property
    def source_side(self) -> int:
        """Height and width of the published images."""
        return self.published_side or self.side

    @cached_property  # asked whenever a run that names parents is made
    def coarse_labels(self) -> tuple[int, ...]:
        """Place in ``superclasses`` of each class's own, in label order; () where it has none."""
        groups = enumerate(self.superclasses)
        places = {name: place for place, (_, members) in groups for name in members}
        return tuple(places[name] for name in self.classes) if places else ()

    @property
    def parents(self) -> tuple[str, ...]:
        """Name of each class's superclass, in label order; () where it has none."""
        return tuple(self.superclasses[place][0] for place in self.coarse_labels)

    @property
    def is_open(self) -> bool:
        """Whether a user's own folder decides which classes and how many images there are."""
        return not self.classes

    @property
    def is_named_by_sources(self) -> bool:
        """Whether runs name it by its official files' checksums and not by its content."""
        sources = () if self.named_by_content else self.archive.sources
        return bool(sources) and all(source.checksum for source in sources)

    @property
    def has_own_identity(self) -> bool:
        """Whether runs name it by something else than the digest of its content."""
        return self.is_named_by_sources or (self.digest is None and not self.is_open)

    @property
    def identity(self) -> str:
        """What a run's ``data_digest`` is: 64 hexadecimal digits, the same on every machine.

        The content digest, where it was known before the first run. Else the SHA-256 of what makes
        the content: the published checksums of the official files, the store's version, the size
        and how it is reached, and the fold. It stays the same when the digest becomes known. The
        same files may become other pixels where another version of a library decodes
        JPEGs, so a store has its content digest besides, and a run's record names it.

        Where its publisher gives no checksums, it is named by what the register says of it: its
        classes and counts besides the above. A user's own folder has no identity before it is
        imported, and then that of its content.
        """
        if not self.has_own_identity:
            return self.digest or ""
        if not self.is_named_by_sources:
            return self._described()
        archive = self.archive
        lists = zip(archive.train + archive.test, self.counts, archive.endings, strict=False)
        made_of = {
            "store": STORE_VERSION,
            "name": self.name,
            "side": self.side,
            "resampling": self.resampling,
            "fold": self.fold,
            "sources": [[source.name, source.checksum] for source in archive.sources],
            "lists": [[name, count, *last] for name, count, last in lists],
        }
        text = json.dumps(made_of, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def _described(self) -> str:
        made_of = [STORE_VERSION, self.name, self.classes, self.counts, self.side, self.resampling]
        text = json.dumps([*made_of, self.fold], separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def of_fold(self, fold: int) -> DatasetInfo:
        """The entry of a fold.

        Raises:
            UserError: where there is no such fold.
        """
        if fold == (self.fold or 0):
            return self
        if not self.folds:
            raise UserError(f"{self.name} has no folds: leave the fold at 0, not {fold}")
        if not 0 <= fold < len(self.folds):
            raise UserError(f"{self.name} has the folds 0 to {len(self.folds) - 1}, not {fold}")
        return self.folds[fold]


def files_under(address: str, checksums: dict[str, str]) -> tuple[Source, ...]:
    """Files that lie side by side at an address, by name with their published sums."""
    return tuple(Source(name, f"{address}/{name}", sum) for name, sum in checksums.items())
