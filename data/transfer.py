"""Taking annotations away, and bringing them in as one step that can be taken back."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from sqlalchemy import Connection, select, update

from data.annotations import Annotation, Annotations, KeptBox, kept_box, read_within
from data.batch import Batch, Picture
from data.boxes import SMALLEST_PX, Box, clip_span
from data.database import Database
from data.edits import Edit, State, later_than, now, parse_annotator
from data.errors import InputError
from data.formats import demo2020, native
from data.formats.parsed import ParsedAnnotation, ParsedBox
from data.label_book import LabelBook
from data.tables import annotator, edit, image, import_step, label

LARGEST_UPLOAD_BYTES = 200_000_000
_NEVER = ("", "")


@dataclass
class Report:
    """What an import did: counts, and one line for everything that was not taken as it stood."""

    file: str
    step: str = ""
    images: int = 0
    boxes_added: int = 0
    boxes_changed: int = 0
    boxes_unchanged: int = 0
    states: int = 0
    labels_added: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """One sentence for a person."""
        parts = [
            f"{self.boxes_added} boxes added",
            f"{self.boxes_changed} changed",
            f"{self.boxes_unchanged} already there",
        ]
        text = f"{self.file}: {', '.join(parts)}, in {self.images} images"
        if self.states:
            text += f"; {self.states} states set"
        if self.labels_added:
            text += f"; new labels: {', '.join(self.labels_added)}"
        return text + "."

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "summary": self.summary()}


class Transfer:
    """Exports and imports of the whole set."""

    def __init__(self, database: Database, batch: Batch, annotations: Annotations, labels: LabelBook) -> None:
        self._database = database
        self._batch = batch
        self._annotations = annotations
        self._labels = labels

    def export_json(self) -> Iterator[str]:
        """Yield the application's own JSON piece by piece. Pins every class id, since they leave the house."""
        self._labels.pin_all()
        return native.write(self._labels.all(), self._annotated())

    def bring_in(self, file_name: str, content: bytes, *, annotator_name: str) -> Report:
        """Import a file in one transaction. ``annotator_name`` is for files that do not say who drew.

        Nothing that is there is deleted, and a box that was changed here after the
        file's version of it stays as it is here. Raises InputError, with nothing
        changed, for a file that is of no known format.
        """
        parsed, failed = _parse_file(file_name, content)
        report = Report(file=file_name, notes=failed)
        found = self._match(parsed, report)
        report.labels_added = self._labels.add(box.label for one, _ in found for box in one.boxes)
        by_name: dict[str, list[tuple[ParsedAnnotation, Picture]]] = defaultdict(list)
        for one, picture in found:
            by_name[one.annotator or parse_annotator(annotator_name)].append((one, picture))
        report.step = str(uuid.uuid4())
        with self._database.writing() as connection:
            connection.execute(import_step.insert().values(id=report.step, time=now(), file=file_name))
            for name, annotations in by_name.items():
                edits = [e for one, picture in annotations for e in self._edits(connection, name, one, picture, report)]
                self._annotations.apply(connection, name, edits, import_id=report.step)
        report.images = len({picture.id for _, picture in found})
        return report

    def take_back(self, step: str) -> str:
        """Undo an import: each box and state becomes what it was before, unless somebody changed it since.

        Returns a sentence. Raises InputError for a step that is unknown or already taken back.
        """
        with self._database.writing() as connection:
            row = connection.execute(select(import_step).where(import_step.c.id == step)).one_or_none()
            if row is None:
                raise InputError(f"import {step!r}: not found; see `python app.py imports`")
            if row.undone:
                raise InputError(f"import {step!r} of {row.file}: was taken back already, at {row.undone}")
            restored = kept = 0
            touched = (
                select(edit.c.image_id, annotator.c.name).join(annotator).where(edit.c.import_id == step).distinct()
            )
            for image_id, name in connection.execute(touched).all():
                edits, changed_since = _reversal(connection, image_id, name, step)
                self._annotations.apply(connection, name, edits)
                restored += len(edits)
                kept += changed_since
            connection.execute(update(import_step).where(import_step.c.id == step).values(undone=now()))
        text = f"Import of {row.file} taken back: {restored} changes undone"
        return text + (f", {kept} kept because they were changed since." if kept else ".")

    def steps(self) -> list[dict[str, str]]:
        """The imports so far, latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(import_step).order_by(import_step.c.time.desc()))
            return [dict(row._mapping) for row in rows]

    def _annotated(self) -> Iterator[tuple[Picture, list[Annotation]]]:
        for image_id, found in self._annotations.annotated():
            picture = self._batch.picture(image_id)
            if picture is not None:
                yield picture, found

    def _match(self, parsed: Sequence[ParsedAnnotation], report: Report) -> list[tuple[ParsedAnnotation, Picture]]:
        found = []
        for one in parsed:
            try:
                found.append((one, self._picture_for(one)))
            except InputError as error:
                report.notes.append(str(error))
        return found

    def _picture_for(self, one: ParsedAnnotation) -> Picture:
        picture = self._batch.picture(one.image) or self._by_file_name(one.image)
        if picture is None:
            raise InputError(f"{one.image}: no image of this path or name is in the batch; left out")
        if picture.width is None and not (one.boxes or one.state != "todo"):
            return picture
        if picture.width is None:
            raise InputError(f"{one.image}: its picture cannot be read ({picture.error or 'gone'}); left out")
        if one.size != (None, None) and one.size != (picture.width, picture.height):
            raise InputError(
                f"{one.image}: the file says {one.size[0]} x {one.size[1]} pixels, the picture here has "
                f"{picture.width} x {picture.height}; left out, since boxes would be in the wrong place"
            )
        return picture

    def _by_file_name(self, path: str) -> Picture | None:
        """The one image with the same file name, if there is just one."""
        name = path.replace("\\", "/").rsplit("/", 1)[-1]
        with self._database.reading() as connection:
            same = (image.c.id == name) | image.c.id.endswith("/" + name, autoescape=True)
            ids = list(connection.scalars(select(image.c.id).where(same, image.c.position.is_not(None)).limit(2)))
        return self._batch.picture(ids[0]) if len(ids) == 1 else None

    def _edits(
        self, connection: Connection, name: str, one: ParsedAnnotation, picture: Picture, report: Report
    ) -> Iterator[Edit]:
        here = read_within(connection, picture.id, name)
        present = {kept.box.id: kept for kept in here.boxes}
        for parsed in one.boxes:
            try:
                box = _fit(parsed, picture)
            except InputError as error:
                report.notes.append(str(error))
                continue
            old = present.get(box.id) if parsed.id else _same_box(here.boxes, box)
            if old and _alike(old.box, box):
                report.boxes_unchanged += 1
                continue
            if old and parsed.modified and old.modified >= parsed.modified:
                report.boxes_unchanged += 1
                report.notes.append(
                    f"{parsed.where}: box {box.id} was changed here later than in the file; kept as it is here"
                )
                continue
            report.boxes_changed += int(old is not None)
            report.boxes_added += int(old is None)
            yield Edit(
                id=str(uuid.uuid4()),
                image=picture.id,
                kind="put",
                time=later_than(old.stamp[0] if old else here.deleted.get(box.id, _NEVER)[0]),
                box=box,
                created=parsed.created or None,
                modified=parsed.modified or None,
            )
        if one.state != here.state and one.state in ("done", "skipped") and here.state in ("todo", "in progress"):
            report.states += 1
            yield Edit(
                id=str(uuid.uuid4()),
                image=picture.id,
                kind="state",
                time=later_than(here.state_stamp[0]),
                state=one.state,
                reason=one.reason,
            )


class Reader(Protocol):
    """A format that can be read; see `data.formats.native`."""

    def recognises(self, document: object) -> bool: ...

    def parse(self, document: Any) -> tuple[list[ParsedAnnotation], list[str]]: ...


def _parse_file(file_name: str, content: bytes) -> tuple[list[ParsedAnnotation], list[str]]:
    if len(content) > LARGEST_UPLOAD_BYTES:
        raise InputError(f"{file_name}: {len(content)} bytes, more than {LARGEST_UPLOAD_BYTES}; split the file")
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError(f"{file_name}: is not text in UTF-8, expected a JSON file of annotations") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"{file_name}: is not JSON ({error.msg} at {place}); is the download complete?") from None
    except RecursionError:
        raise InputError(f"{file_name}: is nested too deeply to be a file of annotations") from None
    readers: tuple[Reader, ...] = (native, demo2020)
    reader = next((reader for reader in readers if reader.recognises(document)), None)
    if reader is None:
        raise InputError(
            f'{file_name}: is JSON of no known kind; expected "format": "{native.NAME}", '
            'or paths with "shapes" as the 2020 demo writes them'
        )
    try:
        return reader.parse(document)
    except InputError as error:
        raise error.within(file_name) from None


def _fit(parsed: ParsedBox, picture: Picture) -> Box:
    """Sort and clip a box to its picture, or refuse it."""
    x0, x1 = clip_span(parsed.x0, parsed.x1, picture.width or 0)
    y0, y1 = clip_span(parsed.y0, parsed.y1, picture.height or 0)
    if x1 - x0 < SMALLEST_PX or y1 - y0 < SMALLEST_PX:
        found = f"{parsed.x0:g}, {parsed.y0:g}, {parsed.x1:g}, {parsed.y1:g}"
        raise InputError(
            f"{parsed.where}: {found} leaves less than one pixel inside the picture of "
            f"{picture.width} x {picture.height}; left out"
        )
    return Box(id=parsed.id or str(uuid.uuid4()), label=parsed.label, x0=x0, y0=y0, x1=x1, y1=y1)


def _alike(a: Box, b: Box) -> bool:
    return (a.label, a.x0, a.y0, a.x1, a.y1) == (b.label, b.x0, b.y0, b.x1, b.y1)


def _same_box(kept: Sequence[KeptBox], box: Box) -> KeptBox | None:
    """For files without ids: the very same box, so that importing twice adds nothing."""
    return next((one for one in kept if _alike(one.box, box)), None)


def _reversal(connection: Connection, image_id: str, name: str, step: str) -> tuple[list[Edit], int]:
    """The edits that undo an import in one annotation, and how many of its changes were changed again since."""
    here = read_within(connection, image_id, name)
    rows = connection.execute(
        select(edit, label.c.name.label("label"))
        .outerjoin(label, label.c.id == edit.c.label_id)
        .join(annotator, annotator.c.id == edit.c.annotator_id)
        .where(annotator.c.name == name, edit.c.image_id == image_id)
        .order_by(edit.c.time, edit.c.id)
    ).all()
    mine = {row.id for row in rows if row.import_id == step}
    before = {row.box_id: row for row in rows if row.import_id != step}  # the last one wins; None is the state's
    stamps = {kept.box.id: kept.stamp for kept in here.boxes} | here.deleted
    edits: list[Edit] = []
    changed_since = 0
    for box_id in dict.fromkeys(row.box_id for row in rows if row.id in mine and row.kind != "state"):
        if stamps[box_id][1] not in mine:
            changed_since += 1
            continue
        reverse = Edit(
            id=str(uuid.uuid4()),
            image=image_id,
            kind="delete",
            time=later_than(stamps[box_id][0]),
            box_id=box_id,
        )
        old = before.get(box_id)
        if old is not None and old.kind == "put":
            box = kept_box(old, box_id).box
            reverse = replace(reverse, kind="put", box=box, box_id=None, modified=old.modified or old.time)
        edits.append(reverse)
    untouched_before = not before
    if here.state_stamp[1] in mine or (untouched_before and not changed_since):
        state: State = before[None].state if None in before else "in progress" if before else "todo"
        latest = max([here.state_stamp[0], here.last_box_time, *[one.time for one in edits]])
        edits.append(Edit(id=str(uuid.uuid4()), image=image_id, kind="state", time=later_than(latest), state=state))
    return edits, changed_since
