"""Bringing annotations in, from any format, as one step that can be taken back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, delete, select, update

from data.annotations import Annotations, KeptBox, add_attributes, attributes_within, kept_box, read_within
from data.batch import Batch, Picture
from data.boxes import SMALLEST_PX, Box, clip_span
from data.database import Database
from data.edits import Edit, State, later_than, now, parse_annotator
from data.errors import InputError
from data.formats import candidates
from data.formats.model import NOTHING, BoxRecord, Doubt, Format, ImageRecord, LabelRecord, Options, Problem, Record
from data.formats.tree import Tree
from data.formats.xmls import plain_text
from data.label_book import LabelBook, add_within, find_label
from data.labels import parse_name
from data.matching import find_picture, renamed_from
from data.tables import annotator, box_attributes, edit, import_step, label
from data.watch import Watch
from data.words import counted

MOST_NOTES = 1000
SAME_NOTES = 20
DECIMALS = 9
CLIPPED_PX = 0.01  # less is how shares of a picture were rounded
SAME_PX = 1e-6  # corners that were divided by a size and multiplied again differ by less
_NEVER = ("", "")


@dataclass
class Report:
    """What an import did: counts, and one line for everything that was not taken as it stood.

    ``candidates`` are the formats that the file looks like, name to title; ``doubts`` what
    it does not say and was assumed.
    """

    file: str
    format: str = ""
    step: str = ""
    images: int = 0
    boxes_added: int = 0
    boxes_changed: int = 0
    boxes_unchanged: int = 0
    boxes_failed: int = 0
    states: int = 0
    labels_added: dict[str, int] = field(default_factory=dict)  # with the number of their boxes
    labels_left_out: dict[str, int] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    candidates: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    notes_left_out: int = 0
    verified_empty: int = 0  # images without a box that are taken as looked at

    def note(self, text: str) -> None:
        """Keep a line, as long as there are not too many of them."""
        if text in self.notes[-SAME_NOTES:]:
            return  # the same of each annotator
        if len(self.notes) < MOST_NOTES:
            self.notes.append(text)
        else:
            self.notes_left_out += 1

    @property
    def is_clear(self) -> bool:
        """Whether everything is taken as it stands, with nothing assumed and no new label."""
        return not (self.notes or self.doubts or self.labels_added)

    def summary(self) -> str:
        """One sentence for a person."""
        added, changed = ("added", "changed") if self.step else ("to add", "to change")
        text = f"{self.file} ({self.format}): {counted(self.boxes_added, 'box')} {added}, "
        text += f"{self.boxes_changed:,} {changed}, {self.boxes_unchanged:,} already there, "
        text += f"in {counted(self.images, 'image')}"
        if self.states:
            text += f"; {counted(self.states, 'state')} {'set' if self.step else 'to set'}"
        if self.labels_added:
            text += f"; new labels: {', '.join(self.labels_added)}"
        if self.labels_left_out:
            text += f"; labels left out: {', '.join(self.labels_left_out)}"
        if self.notes:
            text += f"; {counted(len(self.notes) + self.notes_left_out, 'remark')}"
        return text + "."

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "summary": self.summary()}


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
        claimed_twice = self._look(watch.over(chosen.read(tree, options)), report, annotator_name)
        watch.doing = "Bringing in images"
        try:
            with self._database.writing() as connection:
                certain = self._certain(watch.over(chosen.read(tree, options)), annotator_name, claimed_twice)
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
                    record = replace(record, state="todo")  # it may have had one that could not be read
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
            edits = list(_edits(connection, name, replace(record, boxes=tuple(boxes)), picture, report, said))
            if edits:
                self._annotations.apply(connection, name, edits, import_id=report.step)
            if said:
                add_attributes(connection, picture.id, name, said, report.step)
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
                edits, changed_since = _reversal(connection, image_id, name, step)
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


def _edits(
    connection: Connection,
    name: str,
    record: ImageRecord,
    picture: Picture,
    report: Report,
    said: dict[str, Mapping[str, Any]],
) -> Iterator[Edit]:
    """The edits that an image of a file asks for; new attributes of boxes go into ``said``."""
    here = read_within(connection, picture.id, name)
    known = attributes_within(connection, picture.id, name) if any(one.attributes for one in record.boxes) else {}
    present = {kept.box.id: kept for kept in here.boxes}
    unclaimed = _Unclaimed(here.boxes)
    earlier = _earlier(connection, picture.id, name) if here.boxes or here.deleted else []
    changed_since = _Unclaimed(
        [one for one in earlier if one.box.id not in present or not _alike(present[one.box.id].box, one.box)]
    )
    for found in record.boxes:
        try:
            box = _fit(found, record, picture, report)
        except InputError as error:
            report.boxes_failed += 1
            report.note(str(error))
            continue
        old = present.get(box.id) if found.id else unclaimed.take(box, found.attributes, known)
        if old is None and not found.id and changed_since.take(box):
            report.boxes_unchanged += 1
            report.note(f"{found.where}: came in before and was changed or deleted here since; kept as it is here")
            continue
        news = found.attributes and not _said_alike(found.attributes, known.get(old.box.id if old else "", {}))
        if old and _alike(old.box, box):
            report.boxes_changed += bool(news)
            report.boxes_unchanged += not news
            if news:
                said[old.box.id] = found.attributes
            continue
        if old and found.modified and old.modified >= found.modified:
            report.boxes_unchanged += 1
            report.note(f"{found.where}: box {box.id} was changed here later than in the file; kept as it is here")
            continue
        report.boxes_changed += int(old is not None)
        report.boxes_added += int(old is None)
        if news:
            said[box.id] = found.attributes
        yield Edit(
            id=str(uuid.uuid4()),
            image=picture.id,
            kind="put",
            time=later_than(old.stamp[0] if old else here.deleted.get(box.id, _NEVER)[0]),
            box=box,
            created=found.created or None,
            modified=found.modified or None,
        )
    state = record.state
    if not (state or record.boxes or here.boxes) and here.state == "todo":
        state = "done"  # of a training set, an image without a box is one that shows nothing
        report.verified_empty += 1
    if state != here.state and state in ("done", "skipped") and here.state in ("todo", "in progress"):
        report.states += 1
        yield Edit(
            id=str(uuid.uuid4()),
            image=picture.id,
            kind="state",
            time=later_than(here.state_stamp[0]),
            state=state,
            reason=record.reason,
        )


def _fit(found: BoxRecord, record: ImageRecord, picture: Picture, report: Report) -> Box:
    """Sort and clip a box to its picture, which is reported, or refuse it."""
    width, height = picture.width or 0, picture.height or 0
    across, down = (width, height) if record.relative else (1, 1)
    corners = (found.x0 * across, found.y0 * down, found.x1 * across, found.y1 * down)
    if not found.id:  # lengths and shares come back a hair beside what they were: 0.30000000000000004
        corners = tuple(round(value, DECIMALS) for value in corners)  # type: ignore[assignment]
    if corners[0] > corners[2] or corners[1] > corners[3]:
        report.note(f"{found.where}: its second corner lies left of or above its first; taken the other way round")
    x0, x1 = clip_span(corners[0], corners[2], width)
    y0, y1 = clip_span(corners[1], corners[3], height)
    if x1 - x0 < SMALLEST_PX or y1 - y0 < SMALLEST_PX:
        shown = f"{found.x0:g}, {found.y0:g}, {found.x1:g}, {found.y1:g}"
        hint = " (these look like shares of it, and the format has pixels)" if 0 < max(corners) <= 1 else ""
        raise InputError(
            f"{found.where}: {shown} leaves less than one pixel inside the picture of {width} x {height}{hint}; "
            "left out"
        )
    outside_px = max(0.0, -min(corners), max(corners[0], corners[2]) - width, max(corners[1], corners[3]) - height)
    if outside_px > CLIPPED_PX:
        report.note(f"{found.where}: reaches {outside_px:g} pixels out of the picture of {width} x {height}; clipped")
    return Box(id=found.id or str(uuid.uuid4()), label=found.label, x0=x0, y0=y0, x1=x1, y1=y1)


def _said_alike(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether attributes are the same, or were before a format that knows nothing but text carried them."""
    return a.keys() == b.keys() and all(
        value == b[name] or plain_text(value) == plain_text(b[name]) for name, value in a.items()
    )


def _earlier(connection: Connection, image_id: str, name: str) -> list[KeptBox]:
    """The boxes that came with imports which were not taken back, as they came."""
    query = (
        select(edit, label.c.name.label("label"))
        .join(label, label.c.id == edit.c.label_id)
        .join(annotator, annotator.c.id == edit.c.annotator_id)
        .join(import_step, import_step.c.id == edit.c.import_id)
        .where(annotator.c.name == name, edit.c.image_id == image_id, edit.c.kind == "put", import_step.c.undone == "")
        .order_by(edit.c.seq)
    )
    return [kept_box(row, row.box_id) for row in connection.execute(query)]


def _alike(a: Box, b: Box) -> bool:
    close = all(abs(getattr(a, side) - getattr(b, side)) < SAME_PX for side in ("x0", "y0", "x1", "y1"))
    return a.label == b.label and close


class _Unclaimed:
    """For files without ids: the very same box as one of the file, so that importing twice adds nothing.

    Each is taken once: of two alike in the file, each has its own here.
    """

    def __init__(self, kept: Sequence[KeptBox]) -> None:
        self._by_place: dict[tuple[str, int], list[KeptBox]] = {}
        for one in kept:
            self._by_place.setdefault((one.box.label, round(one.box.x0)), []).append(one)

    def take(
        self, box: Box, said: Mapping[str, Any] = NOTHING, known: Mapping[str, Mapping[str, Any]] = NOTHING
    ) -> KeptBox | None:
        """The box here that is alike, if there is one left; of several, one of which the same is said beside."""
        for x in {round(box.x0 - SAME_PX), round(box.x0 + SAME_PX)}:
            near = self._by_place.get((box.label, x), [])
            alike = [one for one in near if _alike(one.box, box)]
            if alike:
                chosen = next((one for one in alike if _said_alike(said, known.get(one.box.id, NOTHING))), alike[0])
                near.remove(chosen)
                return chosen
        return None


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
