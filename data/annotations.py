"""Annotations in the database: taking edits in, reading what they add up to."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from data.batch import Batch
from data.boxes import Box
from data.database import Database
from data.edits import Edit, State, parse_edit, parse_image_id
from data.errors import InputError
from data.label_book import find_label
from data.projection import append, project_box, project_state
from data.tables import annotation, annotator, box, box_attributes, edit, image, label

MOST_EDITS = 1000
READ_AT_ONCE = 500
_NEVER = ("", "")


@dataclass(frozen=True, slots=True)
class KeptBox:
    """A box as it is kept; ``stamp`` is that of the edit that made it so."""

    box: Box
    created: str
    modified: str
    stamp: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Annotation:
    """All boxes and the state of one image by one annotator.

    ``deleted`` maps the ids of removed boxes to the stamp of their removal: a page
    needs it to tell a box that was removed from one that has not arrived yet.
    """

    image: str
    annotator: str
    state: State = "todo"
    register: State | None = None
    reason: str = ""
    state_stamp: tuple[str, str] = _NEVER
    last_box_time: str = ""
    revision: int = 0
    boxes: list[KeptBox] = field(default_factory=list)
    deleted: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch of edits: ids taken (now or earlier), and ids refused with the reason."""

    accepted: list[str]
    refused: list[tuple[str | None, str]]


class Annotations:
    """Reads and writes annotations. Holds no state of its own: the database is the only place."""

    def __init__(self, database: Database, batch: Batch) -> None:
        self._database = database
        self._batch = batch

    def take(self, annotator_name: str, values: Sequence[object]) -> Outcome:
        """Check and apply edits as they come from a page; returns after the commit.

        Each edit stands for itself: a bad one is refused with its reason and the
        others are taken. One that was taken before is accepted again and counts once.
        """
        if len(values) > MOST_EDITS:
            raise InputError(f"edits: found {len(values)}, expected at most {MOST_EDITS} at once")
        parsed: list[Edit] = []
        refused: list[tuple[str | None, str]] = []
        for value in values:
            try:
                parsed.append(self._parse(value))
            except InputError as error:
                edit_id = value.get("id") if isinstance(value, Mapping) else None
                refused.append((edit_id if isinstance(edit_id, str) else None, str(error)))
        accepted: list[str] = []
        if parsed:
            with self._database.writing() as connection:
                for edit_id, reason in self.apply(connection, annotator_name, parsed).items():
                    if reason:
                        refused.append((edit_id, reason))
                    else:
                        accepted.append(edit_id)
        return Outcome(accepted, refused)

    def standing(self, annotator_name: str, edits: Sequence[object]) -> list[str]:
        """Which of some edits, given by ``id`` and ``image``, are still the last word on their box or their state."""
        if len(edits) > MOST_EDITS:
            raise InputError(f"edits: found {len(edits)}, expected at most {MOST_EDITS} at once")
        pairs = [(one.get("id"), one.get("image")) for one in edits if isinstance(one, Mapping)]
        if len(pairs) < len(edits) or not all(isinstance(text, str) for pair in pairs for text in pair):
            raise InputError("edits: expected objects with the texts id and image")
        ids, images = [one for one, _ in pairs], {image_id for _, image_id in pairs}
        with self._database.reading() as connection:
            who = connection.scalar(select(annotator.c.id).where(annotator.c.name == annotator_name))
            found: list[str] = []
            for table, column in ((box, box.c.stamp_id), (annotation, annotation.c.state_id)):
                of_them = (table.c.annotator_id == who, table.c.image_id.in_(images), column.in_(ids))
                found += connection.scalars(select(column).where(*of_them))
            return found

    def apply(
        self, connection: Connection, annotator_name: str, edits: Sequence[Edit], *, import_id: str | None = None
    ) -> dict[str, str]:
        """Apply checked edits within a transaction; returns edit id -> "" or the reason it was refused."""
        who = self._annotator_id(connection, annotator_name)
        outcome: dict[str, str] = {}
        columns = (edit.c.id, edit.c.annotator_id, edit.c.image_id, edit.c.kind, edit.c.box_id)
        rows = connection.execute(select(*columns).where(edit.c.id.in_([e.id for e in edits])))
        seen = {row[0]: tuple(row[1:]) for row in rows}
        for one in edits:
            outcome.setdefault(one.id, "")
            subject = (who, one.image, one.kind, one.box.id if one.box else one.box_id)
            if one.id in seen:
                if seen[one.id] != subject:
                    outcome[one.id] = f"id: {one.id!r} was used for another edit; give each edit its own"
                continue
            label_id = None
            if one.box is not None:
                label_id = find_label(connection, one.box.label)
                if label_id is None:
                    outcome[one.id] = f"box.label: {one.box.label!r} is no label; add it to the labels file"
                    continue
            seen[one.id] = subject
            seq = append(connection, one, who, label_id, import_id)
            if one.kind == "state":
                project_state(connection, one, who, seq)
            else:
                project_box(connection, one, who, seq, label_id)
        return outcome

    def read(self, image_id: str, annotator_name: str | None = None) -> list[Annotation]:
        """The annotations of one image: of one annotator (always one, if only an empty one), or of everybody."""
        with self._database.reading() as connection:
            if annotator_name:
                return [read_within(connection, image_id, annotator_name)]
            return _read(connection, [image_id]).get(image_id, [])

    def read_many(self, image_ids: Sequence[str]) -> dict[str, list[Annotation]]:
        """As `read`, of everybody and of some hundred images at most."""
        with self._database.reading() as connection:
            return _read(connection, image_ids)

    def attributes(self, image_ids: Sequence[str]) -> dict[tuple[str, str, str], dict[str, Any]]:
        """What imported files said of boxes beside, by image, annotator and id of the box."""
        with self._database.reading() as connection:
            query = select(box_attributes, annotator.c.name).join(annotator)
            rows = connection.execute(
                query.where(box_attributes.c.image_id.in_(image_ids)).order_by(box_attributes.c.seq)
            )
            return {(row.image_id, row.name, row.box_id): json.loads(row.value) for row in rows}

    def annotators(self) -> list[str]:
        """The names of everybody who annotated anything."""
        with self._database.reading() as connection:
            return list(
                connection.scalars(select(annotator.c.name).join(annotation).distinct().order_by(annotator.c.name))
            )

    def image_ids(self, *, untouched: bool) -> Iterator[list[str]]:
        """The ids of the images that have an annotation, in order; with ``untouched`` also of the rest of the batch.

        They come some hundred at a time.
        """
        last = ""
        while True:
            with self._database.reading() as connection:
                touched = select(annotation.c.image_id.label("id")).where(annotation.c.image_id > last)
                rest = select(image.c.id).where(image.c.id > last, image.c.position.is_not(None))
                following = touched.union(rest) if untouched else touched.distinct()
                image_ids = list(connection.scalars(following.order_by("id").limit(READ_AT_ONCE)))
            if not image_ids:
                return
            yield image_ids
            last = image_ids[-1]

    def _parse(self, value: object) -> Edit:
        if not isinstance(value, Mapping):
            raise InputError(f"edit: found {type(value).__name__}, expected an object")
        _check_text(value)
        image_id = parse_image_id(value)
        is_put = value.get("kind") == "put"
        picture = self._batch.picture(image_id) if is_put else self._batch.listed(image_id)
        if picture is None:
            raise InputError(f"image: {image_id!r} is not in the batch")
        if is_put and (picture.width is None or picture.height is None):
            raise InputError(f"image: {image_id!r} has no size, so it can hold no box; {picture.error or 'it is gone'}")
        return parse_edit(value, width=picture.width or 0, height=picture.height or 0)

    def _annotator_id(self, connection: Connection, name: str) -> int:
        statement = self._database.insert(annotator).values(name=name)
        connection.execute(statement.on_conflict_do_nothing())
        # The row lock makes two processes take turns with one annotator's edits; SQLite has locked the whole file.
        query = select(annotator.c.id).where(annotator.c.name == name).with_for_update()
        return int(connection.execute(query).scalar_one())


def _check_text(value: Mapping[str, Any]) -> None:
    """Refuse text that no database and no file can hold: half a surrogate pair, the character NUL."""
    try:
        text = json.dumps(value, ensure_ascii=False)
        text.encode()
    except (UnicodeEncodeError, RecursionError):
        raise InputError("edit: holds half a character or too much nesting; expected Unicode text") from None
    if "\\u0000" in text:
        raise InputError("edit: holds the character NUL, expected text without it")


def read_within(connection: Connection, image_id: str, annotator_name: str) -> Annotation:
    """The annotation of one image by one annotator, within a transaction; an empty one if there is none."""
    found = _read(connection, [image_id], annotator_name).get(image_id)
    return found[0] if found else Annotation(image=image_id, annotator=annotator_name)


def _read(
    connection: Connection, image_ids: Sequence[str], annotator_name: str | None = None
) -> dict[str, list[Annotation]]:
    """The annotations of images, of one annotator or in the order of their names."""
    heads = select(annotation, annotator.c.name).join(annotator).where(annotation.c.image_id.in_(image_ids))
    boxes = (
        select(box, label.c.name.label("label"))
        .outerjoin(label, label.c.id == box.c.label_id)
        .where(box.c.image_id.in_(image_ids))
    )
    if annotator_name is not None:
        who = select(annotator.c.id).where(annotator.c.name == annotator_name).scalar_subquery()
        heads = heads.where(annotation.c.annotator_id == who)
        boxes = boxes.where(box.c.annotator_id == who)
    rows: defaultdict[tuple[str, int], list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(boxes.order_by(box.c.created, box.c.id)):
        rows[row.image_id, row.annotator_id].append(row)
    found: defaultdict[str, list[Annotation]] = defaultdict(list)
    for head in connection.execute(heads.order_by(annotator.c.name)):
        found[head.image_id].append(_annotation(head, rows[head.image_id, head.annotator_id]))
    return found


def _annotation(head: Row[Any], rows: Sequence[Row[Any]]) -> Annotation:
    return Annotation(
        image=head.image_id,
        annotator=head.name,
        state=head.state,
        register=head.register,
        reason=head.reason,
        state_stamp=(head.state_time, head.state_id),
        last_box_time=head.last_box_time,
        revision=head.revision,
        boxes=[kept_box(row, row.id) for row in rows if not row.deleted],
        deleted={row.id: (row.stamp_time, row.stamp_id) for row in rows if row.deleted},
    )


def attributes_within(connection: Connection, image_id: str, annotator_name: str) -> dict[str, dict[str, Any]]:
    """As `Annotations.attributes`, of one annotator and within a transaction."""
    query = select(box_attributes.c.box_id, box_attributes.c.value).join(annotator)
    mine = query.where(box_attributes.c.image_id == image_id, annotator.c.name == annotator_name)
    return {box_id: json.loads(value) for box_id, value in connection.execute(mine.order_by(box_attributes.c.seq))}


def add_attributes(
    connection: Connection, image_id: str, annotator_name: str, said: Mapping[str, Mapping[str, Any]], import_id: str
) -> None:
    """Keep what an import says of boxes, by their ids; taking the import back brings back what was there before."""
    who = connection.scalar(select(annotator.c.id).where(annotator.c.name == annotator_name))
    start = {"annotator_id": who, "image_id": image_id, "import_id": import_id}
    rows = [{**start, "box_id": box_id, "value": json.dumps(value)} for box_id, value in said.items()]
    connection.execute(insert(box_attributes), rows)


def kept_box(row: Row[Any], box_id: str) -> KeptBox:
    """A row of `box` (or of `edit`, which has no stamp of its own) joined with the name of its label."""
    fields = row._mapping
    return KeptBox(
        box=Box(id=box_id, label=row.label, x0=row.x0, y0=row.y0, x1=row.x1, y1=row.y1),
        created=row.created,
        modified=row.modified,
        stamp=(fields.get("stamp_time", ""), fields.get("stamp_id", "")),
    )


def annotation_to_dict(one: Annotation) -> dict[str, Any]:
    """An annotation as the page reads it; `assets/annotation.mjs` has the other side."""
    return {
        "annotator": one.annotator,
        "state": one.state,
        "register": one.register,
        "reason": one.reason,
        "state_stamp": list(one.state_stamp),
        "last_box_time": one.last_box_time,
        "revision": one.revision,
        "boxes": [
            {**box_to_dict(kept.box), "created": kept.created, "modified": kept.modified, "stamp": list(kept.stamp)}
            for kept in one.boxes
        ],
        "deleted": {box_id: list(stamp) for box_id, stamp in one.deleted.items()},
    }


def box_to_dict(one: Box) -> dict[str, Any]:
    """A box as JSON has it everywhere."""
    return {"id": one.id, "label": one.label, "x0": one.x0, "y0": one.y0, "x1": one.x1, "y1": one.y1}
