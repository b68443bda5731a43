"""What every format reads into and writes from: one lossless model, and the words for what goes wrong.

Boxes are floats in pixels of the upright picture, ``x0 < x1`` and ``y0 < y1``, the
whole picture being ``0, 0, width, height``. Nothing here knows a database or a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from data.formats.tree import Tree

Split = Literal["", "train", "val", "test"]
NOTHING: Mapping[str, Any] = {}
FoundState = Literal["", "todo", "in progress", "done", "skipped"]


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """A label with its class id, which is what training code knows it by."""

    name: str
    class_id: int
    color: str = ""


class BoxRecord(NamedTuple):  # of all immutable kinds the one that is made fastest, and there are millions
    """A box as a file has it: not yet checked against its picture. ``where`` is its place in the file.

    ``id`` and the times are "" where a format has none. ``attributes`` are what the file says beside, such as
    ``difficult`` or ``occluded``: values as JSON has them, by the names that COCO, CVAT and Pascal VOC use.
    """

    label: str
    x0: float
    y0: float
    x1: float
    y1: float
    where: str = ""
    id: str = ""
    created: str = ""
    modified: str = ""
    attributes: Mapping[str, Any] = NOTHING


class ImageRecord(NamedTuple):  # as BoxRecord
    """What a file says of one image by one annotator.

    ``image`` is the path within the data set, with forward slashes; ``beside`` is where
    the picture lies if it lies as the format has it beside the file that says this.
    ``exact`` is false where a format leaves the ending of both out. ``relative`` corners are shares of
    the picture from 0 to 1. ``annotator`` and ``state`` are "" where the file does not say.
    ``size_bytes`` is the length of the picture's file. On the way out, ``picture`` gets
    the picture's file, and ``version`` changes when that does.
    """

    image: str
    width: int | None = None
    height: int | None = None
    boxes: tuple[BoxRecord, ...] = ()
    annotator: str = ""
    state: FoundState = ""
    reason: str = ""
    state_time: str = ""
    split: Split = ""
    size_bytes: int | None = None
    beside: str = ""
    exact: bool = True
    relative: bool = False
    picture: Callable[[], Path] | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was left out, and why: where, what was found, what was expected."""

    text: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that the file does not say and that had to be assumed: what, and how to say otherwise."""

    text: str


Record = ImageRecord | LabelRecord | Problem | Doubt


@dataclass(frozen=True, slots=True)
class Options:
    """Choices that some formats have.

    ``voc_base`` is 0 (corners as they are) or 1 (the first pixel is 1, the last is included).
    """

    voc_base: int = 0
    voc_integers: bool = False
    coco_first_id: int = 1


@dataclass(frozen=True, slots=True)
class Dataset:
    """What is written. ``images()`` starts a new pass each time: there may be more images than fit in memory.

    ``names()`` are those of all images there are, also of ones that are not written, for
    formats that must tell ``1.jpg`` from ``1.png``; by default those of ``images()``.
    """

    labels: Sequence[LabelRecord]
    images: Callable[[], Iterator[ImageRecord]]
    options: Options = field(default_factory=Options)
    names: Callable[[], Iterable[str]] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an export: its path with forward slashes, and its text in pieces, or the file it is a copy of."""

    name: str
    text: Iterable[str] = ()
    copy_of: Path | None = None


def in_images(image: ImageRecord, _stem: str) -> str:
    """``images/`` and the name of the image."""
    return f"images/{image.image}"


def beside(image: ImageRecord, _stem: str) -> str:
    """Beside the annotations."""
    return image.image


@dataclass(frozen=True, slots=True)
class Format:
    """A format: a pair of pure functions and what it is called.

    ``file`` is the name of the one file it is written to, "" for a folder of files.
    ``recognises`` looks at the beginning of what is there; ``read`` yields records and
    raises InputError when the whole is of no use. ``keeps`` says what survives:
    ``annotators`` (who drew), ``states``, ``ids`` (of boxes, and their times),
    ``sizes`` (of pictures), ``labels`` (their class ids), ``attributes`` (of boxes).
    ``picture_at`` says where the format looks for the picture of an image, given its
    name without the ending as `Stems` has it.
    """

    name: str
    title: str
    recognises: Callable[[Tree], bool]
    read: Callable[[Tree, Options], Iterator[Record]]
    write: Callable[[Dataset], Iterator[Part]] | None = None
    file: str = ""
    keeps: frozenset[str] = frozenset()
    picture_at: Callable[[ImageRecord, str], str] = in_images
