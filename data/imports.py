"""Bringing annotations in, from any format, as one step that can be taken back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, delete, select, update

from data.annotations import Annotations, add_attributes
from data.batch import Batch, Picture
from data.database import Database
from data.edits import now, parse_annotator
from data.errors import InputError
from data.formats import candidates
from data.formats.model import BoxRecord, Doubt, Format, ImageRecord, LabelRecord, Options, Problem, Record
from data.formats.tree import Tree
from data.import_edits import edits_for, reversal
from data.import_report import Report
from data.label_book import LabelBook, add_within, find_label
from data.labels import parse_name
from data.matching import find_picture, renamed_from
from data.tables import annotator, box_attributes, edit, import_step, label
from data.watch import Watch
from data.words import counted


@contextmanager
def _ended(records: Iterator[Record]) -> Iterator[Iterator[Record]]:
    """Let a reader go in the thread that it ran in: the garbage collector of another could not close its database."""
    try:
        yield records
    finally:
        if isinstance(records, Generator):
            records.close()


class _DryRun(Exception):  # noqa: N818 - no error: it ends a transaction that was only meant to be looked at
    pass


class Imports:
    """Imports of the whole set."""

    def __init__(self, database: Database, batch: Batch, annotations: Annotations, labels: LabelBook) -> None:
        self._database = database
        self._batch = batch
        self._annotations = annotations
        self._labels = labels

    def bring_in(
        self,
        tree: Tree,
        chosen: Format | None = None,
        *,
        annotator_name: str,
        renames: Mapping[str, str] | None = None,
        options: Options | None = None,
        dry_run: bool = False,
        only_if_clear: bool = False,
        watch: Watch | None = None,
    ) -> Report:
        """Import in one transaction. ``annotator_name`` is for files that do not say who drew.

        The format is recognised by content unless it is ``chosen``.
        ``renames`` maps labels of the file to labels here; to "" leaves their boxes out.
        Nothing that is there is deleted, and a box that was changed here after the
        file's version of it stays as it is here. Raises InputError, with nothing
        changed, for a file that is of no known format. A dry run only reports; so does
        ``only_if_clear`` if there is anything that a person may want to decide. What
        ``watch`` raises is let through, also with nothing changed.
        """
        options = options or Options()
        watch = watch or Watch()
        likely = [chosen] if chosen else candidates(tree)
        chosen = likely[0]
        report = Report(file=tree.name, format=chosen.title, candidates={one.name: one.title for one in likely})
        if len(likely) > 1:
            others = " or ".join(one.title for one in likely[1:])
            report.doubts.append(f"{tree.name} may also be {others}; taken as {chosen.title}")
        watch.doing = "Looking at images"
        with _ended(chosen.read(tree, options)) as records:
            claimed_twice = self._look(watch.over(records), report, annotator_name)
        watch.doing = "Bringing in images"
        try:
            with _ended(chosen.read(tree, options)) as records, self._database.writing() as connection:
                certain = self._certain(watch.over(records), annotator_name, claimed_twice)
                self._take(connection, certain, report, renames or {})
                if (
                    dry_run
                    or (only_if_clear and not report.is_clear)
                    or not (report.boxes_added + report.boxes_changed + report.states)
                ):
                    raise _DryRun
        except _DryRun:
            report.step = ""
        return report

    def _look(self, records: Iterator[Record], report: Report, annotator_name: str) -> set[str]:
        """First pass: name what cannot be read or matched, and learn the sizes of the pictures that can.

        Returns the ids of images that two splits of the file seem to hold, which no
        image does: the batch has the pictures of one of them only.
        """
        claims: dict[int, str] = {}
        claimed_twice: set[str] = set()
        for record in records:
            if isinstance(record, Problem):
                report.note(record.text)
            elif isinstance(record, Doubt):
                report.doubts.append(record.text)
            elif isinstance(record, ImageRecord):
                try:
                    picture = self._picture_for(record)
                    name = parse_annotator(record.annotator or annotator_name)
                except InputError as error:
                    report.note(str(error) if str(error).startswith(record.image) else f"{record.image}: {error}")
                    continue
                claim = record.split or (renamed_from(record.image) and record.image)
                other = claims.setdefault(hash((picture.id, name)), claim) if claim else claim
                if other != claim:
                    claimed_twice.add(picture.id)
                    report.note(
                        f"{record.image}: {picture.id} would be in {other} and in {claim}; left out of both, "
                        "give --images the folder that holds the pictures of both"
                    )
        return claimed_twice

    def _certain(
        self, records: Iterator[Record], annotator_name: str, claimed_twice: Collection[str]
    ) -> Iterator[LabelRecord | tuple[ImageRecord, Picture, str]]:
        """Second pass: labels, and images with their picture and annotator; the others were named by the first."""
        after_problem = False
        for record in records:
            if isinstance(record, LabelRecord):
                yield record
            elif isinstance(record, Problem):
                after_problem = True
            elif isinstance(record, ImageRecord):
                if after_problem and not (record.boxes or record.state):
                    record = record._replace(state="todo")  # it may have had one that could not be read
                after_problem = False
                try:
                    picture = self._picture_for(record)
                    name = parse_annotator(record.annotator or annotator_name)
                except InputError:
                    continue
                if picture.id not in claimed_twice:
                    yield record, picture, name

    def _take(
        self,
        connection: Connection,
        records: Iterator[LabelRecord | tuple[ImageRecord, Picture, str]],
        report: Report,
        renames: Mapping[str, str],
    ) -> None:
        report.step = str(uuid.uuid4())
        connection.execute(import_step.insert().values(id=report.step, time=now(), file=report.file))
        known: set[str] = set()
        names_found: set[str] = set()
        class_ids: dict[str, int] = {}
        before = _class_ids(connection)
        last = None
        for found in records:
            if isinstance(found, LabelRecord):
                class_ids[found.name] = found.class_id
                self._add_label(connection, found, renames, report)
                continue
            record, picture, name = found
            names_found.update(box.label for box in record.boxes)
            report.images += picture.id != last
            last = picture.id
            boxes = [*self._labelled(connection, record, renames, known, class_ids, report)]
            said: dict[str, Mapping[str, Any]] = {}
            edits = list(edits_for(connection, name, record._replace(boxes=tuple(boxes)), picture, report, said))
            if edits:
                self._annotations.apply(connection, name, edits, import_id=report.step)
            if said:
                add_attributes(connection, picture.id, name, said, report.step)
        report.renumbered = _renumbered(connection, class_ids, renames)
        now_here = _class_ids(connection)
        report.moved = {name: (old, now_here[name]) for name, old in before.items() if now_here[name] != old}
        names_found |= class_ids.keys()
        for old in renames:
            if old not in names_found:
                listed = ", ".join(sorted(names_found)[:20]) or "none"
                raise InputError(f"map: found {old!r}, expected one of the file's labels: {listed}")
        if report.verified_empty:
            report.doubts.append(
                f"{counted(report.verified_empty, 'image')} without a box: taken as looked at and empty"
            )

    def _labelled(
        self,
        connection: Connection,
        record: ImageRecord,
        renames: Mapping[str, str],
        known: set[str],
        class_ids: Mapping[str, int],
        report: Report,
    ) -> Iterator[BoxRecord]:
        for box in record.boxes:
            wanted = renames.get(box.label, box.label)
            if wanted == "":
                report.labels_left_out[box.label] = report.labels_left_out.get(box.label, 0) + 1
                continue
            try:
                wanted = parse_name(wanted, f"{box.where}: label")
            except InputError as error:
                report.note(f"{error}; left out")
                continue
            if wanted not in known:
                if find_label(connection, wanted) is None:
                    add_within(connection, wanted, class_ids.get(box.label))
                    report.labels_added[wanted] = 0
                known.add(wanted)
            if wanted in report.labels_added:
                report.labels_added[wanted] += 1
            yield box if wanted == box.label else box._replace(label=wanted)

    def _add_label(
        self, connection: Connection, found: LabelRecord, renames: Mapping[str, str], report: Report
    ) -> None:
        """A label of the file that may have no box: class lists of training code name all there are."""
        if found.name in renames or find_label(connection, found.name) is not None:
            return
        try:
            add_within(connection, parse_name(found.name, "label"), found.class_id)
        except InputError as error:
            report.note(f"{error}; left out")
        else:
            report.labels_added[found.name] = 0

    def _picture_for(self, record: ImageRecord) -> Picture:
        picture = find_picture(self._database, self._batch, record)
        if picture.width is None and not (record.boxes or record.state not in ("", "todo")):
            return picture
        if picture.width is None:
            raise InputError(f"{record.image}: its picture cannot be read ({picture.error or 'gone'}); left out")
        size = (record.width, record.height)
        if None not in size and size != (picture.width, picture.height):
            raise InputError(
                f"{record.image}: the file says {size[0]} x {size[1]} pixels, the picture here has "
                f"{picture.width} x {picture.height}; left out, since boxes would be in the wrong place"
            )
        return picture

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
                edits, changed_since = reversal(connection, image_id, name, step)
                self._annotations.apply(connection, name, edits)
                restored += len(edits)
                kept += changed_since
            connection.execute(delete(box_attributes).where(box_attributes.c.import_id == step))
            connection.execute(update(import_step).where(import_step.c.id == step).values(undone=now()))
        text = f"Import of {row.file} taken back: {counted(restored, 'change')} undone"
        return text + (f", {kept} kept because they were changed since." if kept else ".")

    def steps(self) -> list[dict[str, str]]:
        """The imports so far, latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(import_step).order_by(import_step.c.time.desc()))
            return [dict(row._mapping) for row in rows]


def _class_ids(connection: Connection) -> dict[str, int]:
    return {row.name: row.class_id for row in connection.execute(select(label.c.name, label.c.class_id))}


def _renumbered(
    connection: Connection, class_ids: Mapping[str, int], renames: Mapping[str, str]
) -> dict[str, tuple[int, int]]:
    """The labels whose class id here is another than the file's: both, by name."""
    found = {}
    for name, of_file in class_ids.items():
        label_id = find_label(connection, renames.get(name, name))
        here = connection.scalar(select(label.c.class_id).where(label.c.id == label_id))
        if here is not None and here != of_file:
            found[name] = (of_file, here)
    return found
