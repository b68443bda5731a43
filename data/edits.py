"""Edits: the only way an annotation changes.

An edit is one change with an id, an author and a time. Two rules make every copy
of an annotation (the database, each open page) come out the same, in whatever
order the edits arrive and however often:

- an edit counts once, by its id;
- for each box, and for the state, the edit with the greater stamp wins, where a
  stamp is ``(time, edit id)``.

``assets/annotation.mjs`` holds the same rules for the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from data.boxes import Box, parse_box, parse_id
from data.errors import InputError

State = Literal["todo", "in progress", "done", "skipped"]
STATES: tuple[State, ...] = ("todo", "in progress", "done", "skipped")
LONGEST_REASON = 500
FARTHEST_AHEAD = timedelta(days=3650)  # a wrong clock is one thing; a time past which none can come another


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one image by one annotator.

    ``box`` is set for a put, ``box_id`` for a delete, ``state`` (and ``reason``)
    for a state. ``time`` is ISO 8601 UTC with milliseconds, so that times compare
    as text. ``created`` and ``modified`` are set by imports alone, which carry the
    times of the file along while the edit itself happens now.
    """

    id: str
    image: str
    kind: Literal["put", "delete", "state"]
    time: str
    box: Box | None = None
    box_id: str | None = None
    state: State | None = None
    reason: str = ""
    created: str | None = None
    modified: str | None = None

    @property
    def stamp(self) -> tuple[str, str]:
        return self.time, self.id


def parse_edit(value: object, *, width: int, height: int) -> Edit:
    """Read an edit as `POST /api/edits` takes it; the sizes are those of its image in pixels.

    Raises InputError with the field, what was found and what was expected.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"edit: found {type(value).__name__}, expected an object")
    edit_id = parse_id(value.get("id"), "id")
    image = parse_image_id(value)
    time = parse_time(value.get("time"), "time")
    match value.get("kind"):
        case "put":
            return Edit(
                id=edit_id,
                image=image,
                kind="put",
                time=time,
                box=parse_box(value.get("box"), width=width, height=height),
            )
        case "delete":
            return Edit(
                id=edit_id, image=image, kind="delete", time=time, box_id=parse_id(value.get("box_id"), "box_id")
            )
        case "state":
            state, reason = parse_state(value)
            return Edit(id=edit_id, image=image, kind="state", time=time, state=state, reason=reason)
        case other:
            raise InputError(f"kind: found {str(other)[:60]!r}, expected put, delete or state")


def parse_image_id(value: Mapping[str, Any]) -> str:
    """The image an edit speaks of."""
    image = value.get("image")
    if not isinstance(image, str) or not image:
        raise InputError(f"image: found {image!r}, expected the id of an image")
    return image


def parse_state(value: Mapping[str, Any]) -> tuple[State, str]:
    """Read a state and its optional reason."""
    state, reason = value.get("state"), value.get("reason", "")
    if state not in STATES:
        raise InputError(f"state: found {str(state)[:60]!r}, expected one of {', '.join(STATES)}")
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON:
        raise InputError(f"reason: expected text of at most {LONGEST_REASON} characters")
    return state, reason


def parse_time(value: object, where: str) -> str:
    """Read an ISO 8601 time with a UTC offset; returns it in UTC with milliseconds and a Z."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InputError(
            f"{where}: found {str(value)[:60]!r}, expected ISO 8601 with UTC, such as 2026-01-31T12:00:00.000Z"
        )
    try:
        moment = found.astimezone(UTC)
    except OverflowError:
        moment = datetime.max.replace(tzinfo=UTC)
    if moment > datetime.now(UTC) + FARTHEST_AHEAD:
        raise InputError(
            f"{where}: found {str(value)[:60]!r}, expected a time before {FARTHEST_AHEAD.days // 365} years from now"
        )
    return format_time(moment)


def format_time(moment: datetime) -> str:
    """A UTC time as text, the way JavaScript's toISOString writes it."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def now() -> str:
    """The present, as text."""
    return format_time(datetime.now(UTC))


def later_than(stamp_time: str) -> str:
    """The present, or a millisecond after the given time if that is still to come.

    An edit made upon something seen must win over it, whatever the clocks say.
    """
    moment = now()
    if moment > stamp_time:
        return moment
    return format_time(datetime.fromisoformat(stamp_time) + timedelta(milliseconds=1))


def parse_annotator(value: object) -> str:
    """Read an annotator's name: 1 to 80 characters after trimming, no control characters."""
    name = " ".join(value.split()) if isinstance(value, str) else ""
    if not 0 < len(name) <= 80 or not name.isprintable():
        raise InputError(f"annotator: found {str(value)[:60]!r}, expected a name of 1 to 80 characters")
    return name


def state_of(register: State | None, state_time: str, last_box_time: str) -> State:
    """The state of an annotation from what was said and what was done.

    Boxes edited after "todo" or "skipped" was said, or with nothing said, make it
    "in progress"; "done" stays done through corrections.
    """
    if register in (None, "todo", "skipped") and last_box_time > state_time:
        return "in progress"
    return register or "todo"
