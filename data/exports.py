"""Taking annotations away, in any format, with a report that proves what was written."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data.annotations import Annotation, Annotations
from data.batch import Batch, Picture
from data.edits import STATES, State
from data.errors import InputError
from data.formats import records, write_to, written
from data.formats.model import BoxRecord, Dataset, Format, ImageRecord, LabelRecord, Options, Part, Split
from data.formats.spool import Spool
from data.formats.stems import Stems
from data.formats.tree import open_tree
from data.label_book import LabelBook

MOST_NOTES = 1000
SPLITS: tuple[Split, ...] = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is taken away. Empty means everybody's, and every state; ``shares`` are those of train, val and test.

    ``untouched`` images are in or out; None leaves it to the format: in where it can tell them from empty ones.
    """

    annotators: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    untouched: bool | None = None
    shares: tuple[float, ...] = ()
    seed: int = 0


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
        text = f"{self.format}: {self.boxes} boxes in {self.images} images, {self.empty} of them empty"
        if self.splits:
            text += f" ({', '.join(f'{count} {name}' for name, count in self.splits.items())})"
        if self.read_back is not None:
            text += (
                f". Read back: {self.read_back} boxes, the farthest {self.largest_difference_px:.2g} pixels "
                "from where it should be"
            )
        return text + "."

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "summary": self.summary()}


class Exports:
    """Writes the whole set, or a choice of it. Memory holds one image at a time."""

    def __init__(self, batch: Batch, annotations: Annotations, labels: LabelBook) -> None:
        self._batch = batch
        self._annotations = annotations
        self._labels = labels

    def to_path(self, name: str, path: Path, choice: Choice, options: Options | None = None) -> ExportReport:
        """Write to a file, a folder, or a ``.zip``: whole or not at all. Reads it back and reports the difference.

        Raises InputError for an unknown format and for a path that cannot be written.
        """
        chosen = written(name)
        dataset = self._dataset(chosen, choice, options or Options())
        report = summarise(chosen, dataset)
        self._name_left_out(chosen, choice, report)
        with tempfile.TemporaryDirectory(dir=_writable(path), prefix=".export-") as folder:
            work = Path(folder) / (path.name or "export")
            if path.suffix == ".zip":
                with work.open("wb") as file:
                    file.writelines(zipped(_parts(chosen, dataset)))
            else:
                write_to(chosen, dataset, work)
            compare(chosen, dataset, work, report)
            _put_in_place(work, path)
        return report

    def report(self, name: str, choice: Choice, options: Options | None = None) -> ExportReport:
        """What would be written, written to a temporary place and read back."""
        with tempfile.TemporaryDirectory(prefix="export-") as folder:
            return self.to_path(name, Path(folder) / "export.zip", choice, options)

    def stream(self, name: str, choice: Choice, options: Options | None = None) -> tuple[str, Iterator[bytes]]:
        """The name of the file and its bytes, written as they are asked for: a zip where there are several files."""
        chosen = written(name)
        dataset = self._dataset(chosen, choice, options or Options())
        if chosen.file and not choice.shares:
            [part] = _parts(chosen, dataset)
            return part.name, (text.encode() for text in part.text)
        return f"{name}.zip", zipped(_parts(chosen, dataset))

    def preview(self, name: str, choice: Choice, options: Options | None = None, *, characters: int = 1500) -> str:
        """The beginning of what would be written, with the names of the first files."""
        text = ""
        for part in _parts(written(name), self._dataset(written(name), choice, options or Options())):
            text += f"--- {part.name}\n"
            for piece in part.text:
                text += piece
                if len(text) > characters:
                    return text[:characters] + " …"
        return text

    def _dataset(self, chosen: Format, choice: Choice, options: Options) -> Dataset:
        """Pins every class id, since they are about to leave the house."""
        self._labels.pin_all()
        labels = [LabelRecord(one.name, one.class_id, one.color) for one in self._labels.all()]
        return Dataset(labels, lambda: self._images(chosen, choice), options)

    def _images(self, chosen: Format, choice: Choice) -> Iterator[ImageRecord]:
        untouched = "untouched" in chosen.keeps if choice.untouched is None else choice.untouched
        for picture, found in self._all(untouched):
            if picture.width is None and "sizes" in chosen.keeps and not any(one.boxes for one in found):
                continue  # named in the report
            kept = [one for one in found if _is_chosen(one, choice)]
            if found and not kept:
                continue
            split = split_of(picture.id, choice.shares, choice.seed)
            if "annotators" in chosen.keeps and kept:
                for one in kept:
                    yield _record(picture, [one], split)
            else:
                yield _record(picture, kept, split)

    def _all(self, untouched: bool) -> Iterator[tuple[Picture, list[Annotation]]]:
        ids = self._annotations.image_ids(untouched=untouched)
        for image_id in ids:
            picture = self._batch.picture(image_id)
            if picture is not None:
                yield picture, self._annotations.read(image_id)

    def _name_left_out(self, chosen: Format, choice: Choice, report: ExportReport) -> None:
        for picture, found in self._all(untouched=False):
            if len(report.left_out) >= MOST_NOTES:
                report.left_out.append("… and more")
                return
            kept = [one for one in found if _is_chosen(one, choice)]
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
    said = str(given.get("untouched") or "").lower()
    return Choice(
        annotators=tuple(_words(given.get("annotator"))),
        states=tuple(states),  # type: ignore[arg-type]
        untouched={"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(said),
        shares=shares,
        seed=int(seed),
    )


def parse_options(given: Mapping[str, Any]) -> Options:
    """Read the options of formats from texts. Raises InputError for one that cannot be."""
    for name, allowed in (("voc_base", ("0", "1")), ("coco_first_id", ("0", "1"))):
        if given.get(name) and str(given[name]) not in allowed:
            raise InputError(f"{name}: found {given[name]!r}, expected {' or '.join(allowed)}")
    integers = str(given.get("voc_integers") or "").lower() in ("1", "true", "yes")
    base = int(given.get("voc_base") or 0)
    return Options(
        voc_base=base,
        voc_integers=integers,
        coco_first_id=int(given["coco_first_id"]) if given.get("coco_first_id") else 1,
    )


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


def _record(picture: Picture, kept: Sequence[Annotation], split: Split) -> ImageRecord:
    boxes = tuple(
        BoxRecord(
            b.box.label, b.box.x0, b.box.y0, b.box.x1, b.box.y1, id=b.box.id, created=b.created, modified=b.modified
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
        picture=picture.path,
    )


def summarise(chosen: Format, dataset: Dataset) -> ExportReport:
    """Count what will be written, and name what looks wrong in it."""
    report = ExportReport(chosen.title)
    labels: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    for image in dataset.images():
        report.images += 1
        report.empty += not image.boxes
        report.boxes += len(image.boxes)
        labels.update(box.label for box in image.boxes)
        splits.update([image.split] if image.split else [])
        same = Counter((box.label, box.x0, box.y0, box.x1, box.y1) for box in image.boxes)
        for corners, count in same.items():
            if count > 1 and len(report.notes) < MOST_NOTES:
                report.notes.append(f"{image.image}: {count} boxes of {corners[0]} at the very same place")
    report.labels = dict(labels.most_common())
    report.splits = {split: splits[split] for split in SPLITS if split in splits}
    return report


def compare(chosen: Format, dataset: Dataset, path: Path, report: ExportReport) -> None:
    """Read back what was written and set it beside what was meant. Raises InputError if a box is missing."""
    farthest = 0.0
    count = 0
    with Spool() as meant, open_tree(path) as tree:
        stems = Stems(dataset)
        sizes: dict[str, tuple[int, int]] = {}
        for image in dataset.images():
            key = _key(chosen, image, stems)
            meant.add_image(key, "")
            if "relative" in chosen.keeps:
                sizes[key] = (image.width or 1, image.height or 1)
            for box in image.boxes:
                meant.add_box(key, "", box.label, box.x0, box.y0, box.x1, box.y1)
        for record in records(tree, dataset.options):
            if not isinstance(record, ImageRecord):
                continue
            key = f"{record.image}\0{record.annotator}" if "annotators" in chosen.keeps else record.image
            width, height = sizes.get(key, (1, 1)) if record.relative else (1, 1)
            expected = meant.boxes_of(key)
            if len(expected) != len(record.boxes):
                raise InputError(
                    f"{record.image}: {len(expected)} boxes were meant, {len(record.boxes)} can be read back"
                )
            for (_place, label, *corners), box in zip(expected, record.boxes, strict=True):
                if label != box.label:
                    raise InputError(f"{record.image}: a box of {label!r} reads back as one of {box.label!r}")
                found = (box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height)
                farthest = max(farthest, *(abs(a - b) for a, b in zip(corners, found, strict=True)))
                count += 1
    if count != report.boxes:
        raise InputError(f"{report.boxes} boxes were meant, {count} can be read back")
    report.read_back = count
    report.largest_difference_px = farthest


def _key(chosen: Format, image: ImageRecord, stems: Stems) -> str:
    if "names" not in chosen.keeps:
        return stems.of(image.image)
    return f"{image.image}\0{image.annotator}" if "annotators" in chosen.keeps else image.image


def _parts(chosen: Format, dataset: Dataset) -> Iterator[Part]:
    assert chosen.write is not None
    return chosen.write(dataset)


def zipped(parts: Iterator[Part]) -> Iterator[bytes]:
    """A zip archive of the parts, in pieces, as they are made."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            with archive.open(part.name, "w", force_zip64=True) as file:
                for text in part.text:
                    file.write(text.encode())
                    if sink.size > io.DEFAULT_BUFFER_SIZE:
                        yield sink.take()
    yield sink.take()


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
