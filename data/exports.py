"""Taking annotations away, in any format, with a report that proves what was written."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import Any

from data.annotations import Annotation, Annotations
from data.batch import Batch, Picture
from data.edits import STATES, State
from data.errors import InputError
from data.formats import parts_of, records, write_parts, written
from data.formats.model import BoxRecord, Dataset, Format, ImageRecord, LabelRecord, Options, Part, Split
from data.formats.spool import Spool
from data.formats.stems import Stems
from data.formats.tree import Tree, open_tree
from data.label_book import LabelBook
from data.pictures import Pictures
from data.watch import Watch
from data.words import counted

MOST_NOTES = 1000
UNTOUCHED = {"auto": None, "true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
PREVIEW_CHARACTERS = 1500
COPIED_AT_ONCE_BYTES = 1 << 20
Said = Mapping[tuple[str, str, str], Mapping[str, Any]]  # attributes by image, annotator and id of the box
SPLITS: tuple[Split, ...] = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is taken away. Empty means everybody's, and every state; ``shares`` are those of train, val and test.

    ``untouched`` images are in or out; None leaves it to the format: in where it can tell them from empty ones.
    ``each`` annotator gets a folder; with ``pictures``, they come with their annotations.
    """

    annotators: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    untouched: bool | None = None
    shares: tuple[float, ...] = ()
    seed: int = 0
    each: bool = False
    pictures: bool = False


@dataclass
class ExportReport:
    """What was written, what was left out and why, and how exactly it reads back. Lengths in pixels."""

    format: str
    images: int = 0
    empty: int = 0
    boxes: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    read_back: int | None = None
    largest_difference_px: float | None = None

    def summary(self) -> str:
        """One sentence or two for a person."""
        text = f"{self.format}: {counted(self.boxes, 'box')} in {counted(self.images, 'image')}, {self.empty:,} empty"
        if self.splits:
            text += f" ({', '.join(f'{count} {name}' for name, count in self.splits.items())})"
        if self.read_back is not None:
            text += (
                f". Read back: {counted(self.read_back, 'box')}, the farthest {self.largest_difference_px:.2g} pixels "
                "from where it should be"
            )
        return text + "."

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "summary": self.summary()}


class Exports:
    """Writes the whole set, or a choice of it. Memory holds some hundred images at a time."""

    def __init__(self, batch: Batch, annotations: Annotations, labels: LabelBook, pictures: Pictures) -> None:
        self._batch = batch
        self._annotations = annotations
        self._labels = labels
        self._pictures = pictures

    def to_path(
        self, name: str, path: Path, choice: Choice, options: Options | None = None, watch: Watch | None = None
    ) -> ExportReport:
        """Write to a file, a folder, or a ``.zip``: whole or not at all. Reads it back and reports the difference.

        Raises InputError for an unknown format and for a path that cannot be written,
        and lets through what ``watch`` raises, with nothing left behind.
        """
        chosen = written(name)
        if chosen.file and path.suffix == PurePosixPath(chosen.file).suffix and not _is_one_file(chosen, choice):
            raise InputError(f"{path}: there will be several files; give a folder or a .zip")
        watch = watch or Watch()
        report = ExportReport(chosen.title)
        sets = self._sets(chosen, choice, options or Options(), watch)
        watch.doing = "Counting"
        for _folder, dataset in sets:
            summarise(chosen, dataset, report)
        self._name_left_out(chosen, choice, report, watch)
        with tempfile.TemporaryDirectory(dir=_writable(path), prefix=".export-") as folder:
            work = Path(folder) / (path.name or "export")
            watch.doing = "Writing"
            parts = self._parts(chosen, sets, choice)
            if path.suffix == ".zip":
                with work.open("wb") as file:
                    file.writelines(zipped(parts))
            else:
                write_parts(parts, chosen, work)
            watch.doing = "Reading back"
            with open_tree(work) as tree:
                for below, dataset in sets:
                    compare(chosen, dataset, tree.below(below), report, watch)
            if report.read_back != report.boxes:
                raise InputError(f"{report.boxes} boxes were meant, {report.read_back} can be read back")
            _put_in_place(work, path)
        return report

    def report(
        self, name: str, choice: Choice, options: Options | None = None, watch: Watch | None = None
    ) -> ExportReport:
        """What would be written, written to a temporary place and read back; pictures are left out."""
        with tempfile.TemporaryDirectory(prefix="export-") as folder:
            return self.to_path(name, Path(folder) / "export.zip", replace(choice, pictures=False), options, watch)

    def stream(self, name: str, choice: Choice, options: Options | None = None) -> tuple[str, Iterator[bytes]]:
        """The name of the file and its bytes, written as they are asked for: a zip where there are several files."""
        chosen = written(name)
        parts = self._parts(chosen, self._sets(chosen, choice, options or Options(), Watch()), choice)
        if _is_one_file(chosen, choice):
            [part] = parts
            return part.name, (text.encode() for text in part.text)
        return f"{name}.zip", zipped(parts)

    def preview(self, name: str, choice: Choice, options: Options | None = None, watch: Watch | None = None) -> str:
        """The beginning of what would be written, with the names of the first files."""
        text = ""
        chosen = written(name)
        for part in self._parts(chosen, self._sets(chosen, choice, options or Options(), watch or Watch()), choice):
            text += f"--- {part.name}\n"
            for piece in part.text:
                text += piece
                if len(text) > PREVIEW_CHARACTERS:
                    return text[:PREVIEW_CHARACTERS] + " …"
        return text

    def _sets(self, chosen: Format, choice: Choice, options: Options, watch: Watch) -> list[tuple[str, Dataset]]:
        """What is written, by folder: one set, or one of each annotator.

        Pins every class id, since they are about to leave the house.
        """
        self._labels.pin_all()
        labels = [LabelRecord(one.name, one.class_id, one.color) for one in self._labels.all()]

        def dataset(choice: Choice) -> Dataset:
            return Dataset(labels, lambda: watch.over(self._images(chosen, choice)), options)

        if not choice.each:
            return [("", dataset(choice))]
        names = choice.annotators or tuple(self._annotations.annotators())
        folders = file_names(names)
        return [(folders[name], dataset(replace(choice, annotators=(name,)))) for name in names]

    def _parts(self, chosen: Format, sets: Sequence[tuple[str, Dataset]], choice: Choice) -> Iterator[Part]:
        for folder, dataset in sets:
            for part in chain(parts_of(chosen, dataset), self._copies(chosen, dataset) if choice.pictures else ()):
                yield replace(part, name=f"{folder}/{part.name}") if folder else part

    def _copies(self, chosen: Format, dataset: Dataset) -> Iterator[Part]:
        """The pictures, where the format looks for them; those that EXIF turns are turned, as their boxes are."""
        stems = Stems(dataset)
        last = ""
        for image in dataset.images():
            if image.image == last or image.picture is None:
                continue  # of several annotators, or named in the report
            last = image.image
            upright = self._pictures.upright(image.picture, image.version)
            yield Part(chosen.picture_at(image, stems.of(image.image)), copy_of=upright)

    def _images(self, chosen: Format, choice: Choice) -> Iterator[ImageRecord]:
        untouched = "untouched" in chosen.keeps if choice.untouched is None else choice.untouched
        for picture, found, said in self._all(untouched):
            if picture.width is None and "sizes" in chosen.keeps and not any(one.boxes for one in found):
                continue  # named in the report
            kept = [one for one in found if _is_chosen(one, choice)]
            if found and not kept:
                continue
            split = split_of(picture.id, choice.shares, choice.seed)
            if "annotators" in chosen.keeps and kept:
                for one in kept:
                    yield _record(picture, [one], split, said)
            else:
                yield _record(picture, kept, split, said)

    def _all(self, untouched: bool) -> Iterator[tuple[Picture, list[Annotation], Said]]:
        for image_ids in self._annotations.image_ids(untouched=untouched):
            annotations = self._annotations.read_many(image_ids)
            said = self._annotations.attributes(image_ids)
            pictures = {picture.id: picture for picture in self._batch.pictures(image_ids)}
            for image_id in image_ids:
                if image_id in pictures:
                    yield pictures[image_id], annotations.get(image_id, []), said

    def _name_left_out(self, chosen: Format, choice: Choice, report: ExportReport, watch: Watch) -> None:
        for picture, found, _said in watch.over(self._all(untouched=False)):
            if len(report.left_out) >= MOST_NOTES:
                report.left_out.append("… and more")
                return
            kept = [one for one in found if _is_chosen(one, choice)]
            if choice.pictures and (picture.gone or picture.width is None):
                report.left_out.append(f"{picture.id}: its picture, which cannot be read ({picture.error or 'gone'})")
            if picture.width is None and "sizes" in chosen.keeps and not any(one.boxes for one in found):
                report.left_out.append(f"{picture.id}: its picture cannot be read ({picture.error or 'gone'})")
            elif found and not kept:
                report.left_out.append(f"{picture.id}: is not among the chosen annotators and states")
            elif len([one for one in kept if one.boxes]) > 1 and "annotators" not in chosen.keeps:
                names = ", ".join(one.annotator for one in kept if one.boxes)
                report.notes.append(f"{picture.id}: holds the boxes of {names} together; choose one with --annotator")


def parse_choice(given: Mapping[str, Any]) -> Choice:
    """Read a choice from the texts of a command line or an address. Raises InputError for one that cannot be."""
    states = _words(given.get("state"))
    for state in states:
        if state not in STATES:
            raise InputError(f"state: found {state!r}, expected one of {', '.join(STATES)}")
    shares: tuple[float, ...] = ()
    if given.get("split") and given["split"] != "none":
        words = str(given["split"]).replace(":", "/").split("/")
        try:
            shares = tuple(float(word) for word in words)
        except ValueError:
            shares = ()
        if len(shares) not in (2, 3) or min(shares) < 0 or not 0 < sum(shares) < float("inf"):
            raise InputError(
                f"split: found {given['split']!r}, expected shares of train, val and test such as 80/10/10"
            )
    seed = str(given.get("seed") or 0)
    if not seed.isascii() or not seed.isdigit():
        raise InputError(f"seed: found {seed!r}, expected a whole number")
    said = str(given.get("untouched") or "auto").lower()
    if said not in UNTOUCHED:
        raise InputError(f"untouched: found {said!r}, expected yes or no")
    return Choice(
        annotators=tuple(_words(given.get("annotator"))),
        states=tuple(states),  # type: ignore[arg-type]
        untouched=UNTOUCHED[said],
        shares=shares,
        seed=int(seed),
        each=_yes(given.get("each")),
        pictures=_yes(given.get("pictures")),
    )


def parse_options(given: Mapping[str, Any]) -> Options:
    """Read the options of formats from texts. Raises InputError for one that cannot be."""
    for name, allowed in (("voc_base", ("0", "1")), ("coco_first_id", ("0", "1"))):
        if given.get(name) and str(given[name]) not in allowed:
            raise InputError(f"{name}: found {given[name]!r}, expected {' or '.join(allowed)}")
    integers = _yes(given.get("voc_integers"))
    base = int(given.get("voc_base") or 0)
    return Options(
        voc_base=base,
        voc_integers=integers,
        coco_first_id=int(given["coco_first_id"]) if given.get("coco_first_id") else 1,
    )


def _yes(value: object) -> bool:
    return str(value or "").lower() in ("1", "true", "yes")


def _words(value: object) -> list[str]:
    listed = value if isinstance(value, list | tuple) else [value] if value else []
    return [str(word) for word in listed if word]


def split_of(image: str, shares: Sequence[float], seed: int) -> Split:
    """Which split an image belongs to: by its name and the seed alone, so that other images never move it."""
    if not shares:
        return ""
    digest = hashlib.sha256(f"{seed}\0{image}".encode()).digest()
    place = int.from_bytes(digest[:8]) / 2**64 * sum(shares)
    for split, share in zip(SPLITS, shares, strict=False):
        if place < share:
            return split
        place -= share
    return SPLITS[len(shares) - 1]


def _is_chosen(one: Annotation, choice: Choice) -> bool:
    by = not choice.annotators or one.annotator in choice.annotators
    return by and (not choice.states or one.state in choice.states)


def _record(picture: Picture, kept: Sequence[Annotation], split: Split, said: Said) -> ImageRecord:
    boxes = tuple(
        BoxRecord(
            b.box.label,
            b.box.x0,
            b.box.y0,
            b.box.x1,
            b.box.y1,
            id=b.box.id,
            created=b.created,
            modified=b.modified,
            attributes=said.get((picture.id, one.annotator, b.box.id), {}),
        )
        for one in kept
        for b in one.boxes
    )
    states = {one.state for one in kept}
    only = kept[0] if len(kept) == 1 else None
    return ImageRecord(
        picture.id,
        picture.width,
        picture.height,
        boxes,
        annotator=only.annotator if only else "",
        state=states.pop() if len(states) == 1 else "in progress" if states else "todo",
        reason=only.reason if only else "",
        state_time=only.state_stamp[0] if only else "",
        split=split,
        size_bytes=picture.path.stat().st_size if picture.path.is_file() else None,
        picture=None if picture.gone or picture.error else picture.path,
        version=picture.version,
    )


def file_names(names: Sequence[str]) -> dict[str, str]:
    """A name for a folder of each annotator that every file system takes, all of them different."""
    result: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[^\w.@+-]+", "_", name).strip("._") or "annotator"
        candidates = chain([plain], (f"{plain}_{number}" for number in count(2)))
        result[name] = next(one for one in candidates if one.casefold() not in taken)
        taken.add(result[name].casefold())
    return result


def _is_one_file(chosen: Format, choice: Choice) -> bool:
    return bool(chosen.file) and not (choice.shares or choice.each or choice.pictures)


def summarise(chosen: Format, dataset: Dataset, report: ExportReport) -> None:
    """Count what will be written, and name what looks wrong in it; added to what the report has already."""
    labels = Counter(report.labels)
    splits = Counter(report.splits)
    attributes: Counter[str] = Counter()
    for image in dataset.images():
        report.images += 1
        report.empty += not image.boxes
        report.boxes += len(image.boxes)
        attributes.update(name for box in image.boxes for name in box.attributes)
        labels.update(box.label for box in image.boxes)
        splits.update([image.split] if image.split else [])
        same = Counter((box.label, box.x0, box.y0, box.x1, box.y1) for box in image.boxes)
        for corners, times in same.items():
            if times > 1 and len(report.notes) < MOST_NOTES:
                report.notes.append(f"{image.image}: {times} boxes of {corners[0]} at the very same place")
    if attributes and "attributes" not in chosen.keeps:
        named = ", ".join(f"{name} of {boxes}" for name, boxes in attributes.most_common())
        report.left_out.append(f"attributes of boxes that {chosen.title} has no place for: {named}")
    report.labels = dict(labels.most_common())
    report.splits = {split: splits[split] for split in SPLITS if split in splits}


def compare(chosen: Format, dataset: Dataset, tree: Tree, report: ExportReport, watch: Watch) -> None:
    """Read back what was written and set it beside what was meant. Raises InputError if a box is missing."""
    farthest = report.largest_difference_px or 0.0
    found_boxes = report.read_back or 0
    with Spool() as meant:
        stems = Stems(dataset)
        sizes: dict[str, tuple[int, int]] = {}
        for image in dataset.images():
            key = _key(chosen, image, stems)
            meant.add_image(key, "")
            if "relative" in chosen.keeps:
                sizes[key] = (image.width or 1, image.height or 1)
            for box in image.boxes:
                meant.add_box(key, box)
        for record in watch.over(records(tree, dataset.options)):
            if not isinstance(record, ImageRecord):
                continue
            key = f"{record.image}\0{record.annotator}" if "annotators" in chosen.keeps else record.image
            if "names" not in chosen.keeps and record.exact:
                key = PurePosixPath(key).with_suffix("").as_posix()  # its picture is there, and tells the ending
            width, height = sizes.get(key, (1, 1)) if record.relative else (1, 1)
            expected = meant.boxes_of(key)
            if len(expected) != len(record.boxes):
                raise InputError(
                    f"{record.image}: {len(expected)} boxes were meant, {len(record.boxes)} can be read back"
                )
            for one, box in zip(expected, record.boxes, strict=True):
                if one.label != box.label:
                    raise InputError(f"{record.image}: a box of {one.label!r} reads back as one of {box.label!r}")
                across = max(abs(one.x0 - box.x0 * width), abs(one.x1 - box.x1 * width))
                down = max(abs(one.y0 - box.y0 * height), abs(one.y1 - box.y1 * height))
                farthest = max(farthest, across, down)
                found_boxes += 1
    report.read_back = found_boxes
    report.largest_difference_px = farthest


def _key(chosen: Format, image: ImageRecord, stems: Stems) -> str:
    if "names" not in chosen.keeps:
        return stems.of(image.image)
    return f"{image.image}\0{image.annotator}" if "annotators" in chosen.keeps else image.image


def zipped(parts: Iterator[Part]) -> Iterator[bytes]:
    """A zip archive of the parts, in pieces, as they are made. Pictures are not packed: they are already."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for part in parts:
            entry = zipfile.ZipInfo(part.name, time.localtime()[:6])
            entry.compress_type = zipfile.ZIP_STORED if part.copy_of else zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                for piece in _bytes_of(part):
                    file.write(piece)
                    if sink.size > io.DEFAULT_BUFFER_SIZE:
                        yield sink.take()
    yield sink.take()


def _bytes_of(part: Part) -> Iterator[bytes]:
    if part.copy_of is None:
        yield from (text.encode() for text in part.text)
        return
    with part.copy_of.open("rb") as file:
        while piece := file.read(COPIED_AT_ONCE_BYTES):
            yield piece


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def take(self) -> bytes:
        pieces, self._pieces, self.size = self._pieces, [], 0
        return b"".join(pieces)


def _writable(path: Path) -> Path:
    folder = path.absolute().parent
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
    return folder


def _put_in_place(work: Path, path: Path) -> None:
    """A file is replaced in one step; into a folder that is there, the files go one by one."""
    try:
        if work.is_dir() and path.is_dir():
            shutil.copytree(work, path, dirs_exist_ok=True)
        else:
            work.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
