"""What the log of edits adds up to: each edit is appended, and changes a box or a state if it is the latest word.

The latest is the one of the greatest stamp, so the order in which edits arrive makes no difference.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, select

from data.boxes import Box
from data.edits import Edit, now, state_of
from data.tables import annotation, box, edit, label


def append(connection: Connection, one: Edit, who: int, label_id: int | None, import_id: str | None) -> int:
    """Write an edit of the annotator ``who`` to the log; returns its number there."""
    values = {
        "id": one.id,
        "annotator_id": who,
        "image_id": one.image,
        "kind": one.kind,
        "time": one.time,
        "received": now(),
        "box_id": one.box.id if one.box else one.box_id,
        "label_id": label_id,
        "state": one.state,
        "reason": one.reason,
        "created": one.created,
        "modified": one.modified,
        "import_id": import_id,
        **_corners(one.box),
    }
    return int(connection.execute(edit.insert().values(values).returning(edit.c.seq)).scalar_one())


def _corners(one: Box | None) -> dict[str, float | None]:
    return {name: getattr(one, name, None) for name in ("x0", "y0", "x1", "y1")}


def project_box(connection: Connection, one: Edit, who: int, seq: int, label_id: int | None) -> None:
    """Let a put or a delete into `box` if it is the latest word on its box; `created` is the first put of all."""
    box_id = one.box.id if one.box else one.box_id
    key = {"annotator_id": who, "image_id": one.image, "id": box_id}
    old = connection.execute(select(box).where(_matches(box, key))).one_or_none()
    was_there = old is not None and not old.deleted
    values: dict[str, Any] = {}
    change = 0
    if one.box is not None:
        values["created"] = min(one.created or one.time, (old and old.created) or "~")
    if old is None or one.stamp > (old.stamp_time, old.stamp_id):
        values |= {
            "modified": one.modified or one.time,
            "deleted": one.box is None,
            "stamp_time": one.time,
            "stamp_id": one.id,
        }
        if one.box is not None:
            values |= {"label_id": label_id, **_corners(one.box)}
            _pin(connection, label_id)
        change = int(one.box is not None) - int(was_there)
    if values:
        _save(connection, box, key, values, exists=old is not None)
    _touch(connection, one, who, seq, boxes_change=change)


def _pin(connection: Connection, label_id: int | None) -> None:
    """Fix the class id of a label; almost always it is fixed already, and a read is cheaper than a write."""
    if not connection.scalar(select(label.c.pinned).where(label.c.id == label_id)):
        connection.execute(label.update().where(label.c.id == label_id).values(pinned=True))


def project_state(connection: Connection, one: Edit, who: int, seq: int) -> None:
    """Let a state into `annotation` if it is the latest word on it."""
    key = {"annotator_id": who, "image_id": one.image}
    old = connection.execute(select(annotation).where(_matches(annotation, key))).one_or_none()
    last_box_time = old.last_box_time if old else ""
    values: dict[str, Any] = {"revision": max(seq, old.revision if old else 0)}
    if old is None or one.stamp > (old.state_time, old.state_id):
        values |= {
            "register": one.state,
            "reason": one.reason,
            "state_time": one.time,
            "state_id": one.id,
            "state": state_of(one.state, one.time, last_box_time),
        }
    _save(connection, annotation, key, values, exists=old is not None)


def _touch(connection: Connection, one: Edit, who: int, seq: int, *, boxes_change: int) -> None:
    """Keep the annotation's own row in step with an edit of one of its boxes."""
    key = {"annotator_id": who, "image_id": one.image}
    old = connection.execute(select(annotation).where(_matches(annotation, key))).one_or_none()
    last_box_time = max(one.time, old.last_box_time if old else "")
    register, state_time = (old.register, old.state_time) if old else (None, "")
    values = {
        "last_box_time": last_box_time,
        "state": state_of(register, state_time, last_box_time),
        "boxes": (old.boxes if old else 0) + boxes_change,
        "revision": max(seq, old.revision if old else 0),
    }
    _save(connection, annotation, key, values, exists=old is not None)


def _save(connection: Connection, table: Any, key: dict[str, Any], values: dict[str, Any], *, exists: bool) -> None:
    statement = (
        table.update().where(_matches(table, key)).values(values) if exists else table.insert().values(key | values)
    )
    connection.execute(statement)


def _matches(table: Any, key: dict[str, Any]) -> Any:
    return and_(*[table.c[name] == value for name, value in key.items()])
