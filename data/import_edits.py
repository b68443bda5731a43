"""The edits that an import comes to: which boxes are new, which are known, and what undoes them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from data.annotations import KeptBox, attributes_within, kept_box, read_within
from data.batch import Picture
from data.boxes import SMALLEST_PX, Box, clip_span
from data.edits import Edit, State, later_than
from data.errors import InputError
from data.formats.model import NOTHING, BoxRecord, ImageRecord
from data.formats.xmls import plain_text
from data.import_report import Report
from data.tables import annotator, edit, import_step, label

DECIMALS = 9
CLIPPED_PX = 0.01  # less is how shares of a picture were rounded
SAME_PX = 1e-6  # corners that were divided by a size and multiplied again differ by less
_NEVER = ("", "")


def edits_for(
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


def reversal(connection: Connection, image_id: str, name: str, step: str) -> tuple[list[Edit], int]:
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
