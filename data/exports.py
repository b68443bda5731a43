"""Taking annotations away, in any format, with a report that proves what was written."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import Any

from data.annotations import Annotation, Annotations
from data.archives import zipped
from data.batch import Batch, Picture
from data.choices import Choice, is_chosen, split_of
from data.errors import InputError
from data.export_report import MOST_NOTES, ExportReport, compare, summarise
from data.formats import parts_of, write_parts, written
from data.formats.model import BoxRecord, Dataset, Format, ImageRecord, LabelRecord, Options, Part, Split
from data.formats.stems import Stems
from data.formats.tree import open_tree
from data.label_book import LabelBook
from data.pictures import Pictures
from data.watch import Watch

PREVIEW_CHARACTERS = 1500
Said = Mapping[tuple[str, str, str], Mapping[str, Any]]  # attributes by image, annotator and id of the box


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
        if path.is_dir() and any(path.iterdir()):
            raise InputError(f"{path}: holds files already, and old ones among new would mislead; give an empty folder")
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

        Pins every class id, since they are about to leave the house. Raises InputError when nothing would be written.
        """
        everybody = self._annotations.annotators()
        for name in choice.annotators:
            if name not in everybody:
                raise InputError(f"annotator: found {name!r}, expected one of {', '.join(everybody) or 'nobody yet'}")
        self._labels.pin_all()
        labels = [LabelRecord(one.name, one.class_id, one.color) for one in self._labels.all()]

        def all_names() -> Iterator[str]:
            return chain.from_iterable(self._annotations.image_ids(untouched=True))

        def dataset(choice: Choice) -> Dataset:
            return Dataset(labels, lambda: watch.over(self._images(chosen, choice)), options, all_names)

        names = choice.annotators or tuple(everybody)
        folders = file_names(names)
        sets = [("", dataset(choice))]
        if choice.each:
            sets = [(folders[name], dataset(replace(choice, annotators=(name,)))) for name in names]
        if "ids" not in chosen.keeps and not any(
            True for _, one in sets for _ in one.images()
        ):  # ours holds the labels
            raise InputError(
                f"there is nothing to export as {chosen.title}: no image that was chosen has a box or is marked done"
            )
        return sets

    def _parts(self, chosen: Format, sets: Sequence[tuple[str, Dataset]], choice: Choice) -> Iterator[Part]:
        for folder, dataset in sets:
            for part in chain(parts_of(chosen, dataset), self._copies(chosen, dataset) if choice.pictures else ()):
                name = f"{folder}/{part.name}" if folder else part.name
                if ".." in name.split("/") or name.startswith("/"):
                    raise InputError(f"{name}: leads out of the export; no image may have such a name")
                yield replace(part, name=name)

    def _copies(self, chosen: Format, dataset: Dataset) -> Iterator[Part]:
        """The pictures, where the format looks for them; those that EXIF turns are turned, as their boxes are."""
        stems = Stems(dataset)
        last = ""
        for image in dataset.images():
            if image.image == last or image.picture is None:
                continue  # of several annotators, or named in the report
            last = image.image
            upright = self._pictures.upright(image.picture(), image.version)
            yield Part(chosen.picture_at(image, stems.of(image.image)), copy_of=upright)

    def _images(self, chosen: Format, choice: Choice) -> Iterator[ImageRecord]:
        untouched = "untouched" in chosen.keeps if choice.untouched is None else choice.untouched
        for picture, found, said in self._all(untouched):
            if picture.width is None and "sizes" in chosen.keeps and not any(one.boxes for one in found):
                continue  # named in the report
            kept = [one for one in found if is_chosen(one, choice)]
            if (found and not kept) or (not untouched and _says_nothing(chosen, kept)):
                continue
            split = split_of(picture.id, choice.shares, choice.seed)
            file = partial(self._batch.file, picture)
            if "annotators" in chosen.keeps and kept:
                for one in kept:
                    yield _record(picture, [one], split, said, file)
            else:
                yield _record(picture, kept, split, said, file)

    def _all(self, untouched: bool) -> Iterator[tuple[Picture, list[Annotation], Said]]:
        for image_ids in self._annotations.image_ids(untouched=untouched):
            annotations = self._annotations.read_many(image_ids)
            said = self._annotations.attributes(image_ids)
            pictures = {picture.id: picture for picture in self._batch.pictures(image_ids)}
            for image_id in image_ids:
                # An annotation that was begun and taken back is as if it had never been.
                found = [one for one in annotations.get(image_id, []) if one.boxes or one.state != "todo"]
                if image_id in pictures and (found or untouched):
                    yield pictures[image_id], found, said

    def _name_left_out(self, chosen: Format, choice: Choice, report: ExportReport, watch: Watch) -> None:
        for picture, found, _said in watch.over(self._all(untouched=False)):
            if len(report.left_out) >= MOST_NOTES:
                report.left_out.append("… and more")
                return
            kept = [one for one in found if is_chosen(one, choice)]
            if choice.pictures and (picture.gone or picture.width is None):
                report.left_out.append(f"{picture.id}: its picture, which cannot be read ({picture.error or 'gone'})")
            if picture.width is None and "sizes" in chosen.keeps and not any(one.boxes for one in found):
                report.left_out.append(f"{picture.id}: its picture cannot be read ({picture.error or 'gone'})")
            elif found and not kept:
                report.left_out.append(f"{picture.id}: is not among the chosen annotators and states")
            elif choice.untouched is not True and _says_nothing(chosen, kept):
                report.left_out.append(f"{picture.id}: has no box and is not marked done ({kept[0].state})")
            elif len([one for one in kept if one.boxes]) > 1 and not ("annotators" in chosen.keeps or choice.each):
                names = ", ".join(one.annotator for one in kept if one.boxes)
                report.notes.append(f"{picture.id}: holds the boxes of {names} together; choose one annotator")


def _says_nothing(chosen: Format, kept: Sequence[Annotation]) -> bool:
    """Whether training code would take an image for one verified to be empty that nobody called so."""
    return "states" not in chosen.keeps and not any(one.boxes or one.state == "done" for one in kept)


def _record(
    picture: Picture, kept: Sequence[Annotation], split: Split, said: Said, file: Callable[[], Path]
) -> ImageRecord:
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
        size_bytes=picture.size_bytes,
        picture=None if picture.gone or picture.error else file,
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
