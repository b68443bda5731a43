"""The terms of a query: what each asks of an image, of somebody's annotation of it, or of a box."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, and_, case, false, func, literal_column, or_, select, true

from data.edits import STATES
from data.errors import InputError
from data.label_book import find_label
from data.tables import annotation, box, image, label

Condition = ColumnElement[bool]
Compare = Callable[[Any, Any], Any]
LONGEST_NUMBER = 15
WORK = annotation.alias("work")  # by other names, so that a listing may join the tables themselves
BOX = box.alias("boxes")
SIGNS: dict[str, Compare] = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq}
EMPTY = "empty"  # done without a box
# Spelled as the statistics of PostgreSQL are (migration 0006), which else knows nothing of them.
X = literal_column("((boxes.x0 + boxes.x1) * 50)", Float)  # of the centre, times a hundred
Y = literal_column("((boxes.y0 + boxes.y1) * 50)", Float)
SIZE = literal_column("((boxes.x1 - boxes.x0) * (boxes.y1 - boxes.y0))", Float)
ASPECT = literal_column("((boxes.x1 - boxes.x0) / nullif(boxes.y1 - boxes.y0, 0))", Float)
_CHANGED = case((WORK.c.last_box_time > WORK.c.state_time, WORK.c.last_box_time), else_=WORK.c.state_time)
IS = {"broken": image.c.error != "", "readable": image.c.error == ""}
_NUMBER = r"\d+(?:\.\d+)?"
_RANGE = re.compile(rf"(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})|(?P<sign>>=|<=|>|<|=?)(?P<one>{_NUMBER})")
_DAY = re.compile(r"(?P<sign>>=|<=|>|<|=?)(?P<day>\d{4}-\d\d-\d\d)")

HELP = (
    ("cat", "the name of the image holds “cat”, as name:cat does"),
    ('label:"traffic light"', 'quotes keep words together; "" within quotes is a quote of the value itself'),
    ("state:todo", f"or in-progress, done, skipped, {EMPTY} (done without a box); several with commas"),
    ("label:cat", "has a box with this label"),
    ("boxes:>3", "number of boxes: 3, >3, <=3, 2..5"),
    ("annotator:ada", "Ada's work only, and what the other terms say of it; me is you; without it, anybody's"),
    ("size:<20", "has a box smaller than a square of 20 pixels a side"),
    ("aspect:>2", "has a box more than twice as wide as high"),
    ("x:0..10 y:90..100", "has a box whose centre lies there, in percent of the picture"),
    ("changed:2026-01-31", "annotated last on that day, or >2026-01-31"),
    ("done:2026-01-31", "marked done on that day"),
    ("reason:blurred", "skipped for a reason that holds this"),
    ("width:>4000", "of the picture, in pixels, once it was opened; height as well"),
    ("is:broken", "cannot be read"),
    ("label:cat or label:dog", "one of them; without “or” all must hold"),
    ("-label:cat", "not; also with brackets: -(label:cat or label:dog)"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """One term. ``beside`` is what it says of a box beside its image; ``absent``, whether an image without any
    annotation is as it asks."""

    kind: str  # image, annotation or box
    condition: Condition
    beside: Condition = field(default_factory=true)
    absent: bool = False
    is_label: bool = False


def terms(connection: Connection) -> dict[str, Callable[[str], Said]]:
    """What each field makes of a value, by its name. Each raises InputError for a value that is none."""
    return {
        "name": in_name,
        "state": _state,
        "label": partial(_label, connection),
        "boxes": _number("annotation", WORK.c.boxes, zero_if_absent=True),
        "size": _number("box", SIZE, squared=True),
        "aspect": _number("box", ASPECT),
        "x": _place(connection, BOX.c.x0, X, BOX.c.x1, image.c.width),
        "y": _place(connection, BOX.c.y0, Y, BOX.c.y1, image.c.height),
        "changed": _day(_CHANGED),
        "done": _day(WORK.c.state_time, WORK.c.state == "done"),
        "reason": _reason,
        "width": _number("image", image.c.width),
        "height": _number("image", image.c.height),
        "is": _is,
    }


def _label(connection: Connection, value: str) -> Said:
    found = find_label(connection, value)
    if found is None:
        names = list(connection.scalars(select(label.c.name).order_by(label.c.class_id)))
        close = get_close_matches(value, names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names[:20])}"
        raise InputError(f"{value!r} is no label; {hint}")
    return Said("box", BOX.c.label_id == found, is_label=True)


def _place(connection: Connection, near: Any, center: Any, far: Any, extent: Any) -> Callable[[str], Said]:
    """Where the centre of a box lies between its sides, in percent of the picture."""

    def take(value: str) -> Said:
        asked = _comparisons(value)
        smallest, largest = connection.execute(
            select(select(func.min(extent)).scalar_subquery(), select(func.max(extent)).scalar_subquery())
        ).one()
        if smallest is None:  # no picture was opened yet
            return Said("box", false())
        # What the box says of itself, whichever picture it is of; its sides first, which are quickly looked at.
        low, high = (operator.gt, operator.ge, operator.eq), (operator.lt, operator.le, operator.eq)
        least = max((smallest * number for compare, number in asked if compare in low), default=0)
        most = min((largest * number for compare, number in asked if compare in high), default=None)
        said = [far >= least / 100, center >= least] if least else []
        said += [near <= most / 100, center <= most] if most is not None else []
        beside = and_(*(compare(center, extent * number) for compare, number in asked))
        return Said("box", and_(true(), *said), beside)

    return take


def in_name(value: str) -> Said:
    """A part of the name of the image, in capitals or not."""
    return Said("image", image.c.id.icontains(value, autoescape=True))


def _state(value: str) -> Said:
    known = {spelling: name for name in STATES for spelling in (name, name.replace(" ", "-"), name.split()[-1])}
    wanted: list[Condition] = []
    values = value.lower().split(",")
    for one in values:
        if one == EMPTY:
            wanted.append(and_(WORK.c.state == "done", WORK.c.boxes == 0))
        elif one in known:
            wanted.append(WORK.c.state == known[one])
        else:
            raise InputError(f"found {one!r}, expected todo, in-progress, done, skipped or {EMPTY}")
    return Said("annotation", or_(false(), *wanted), absent="todo" in values)


def _reason(value: str) -> Said:
    return Said("annotation", WORK.c.reason.icontains(value, autoescape=True))


def _is(value: str) -> Said:
    if value not in IS:
        raise InputError(f"found {value!r}, expected {' or '.join(IS)}")
    return Said("image", IS[value])


def _number(kind: str, column: Any, *, squared: bool = False, zero_if_absent: bool = False) -> Callable[[str], Said]:
    def take(value: str) -> Said:
        asked = [(compare, number**2 if squared else number) for compare, number in _comparisons(value)]
        met = zero_if_absent and all(compare(0, number) for compare, number in asked)
        known = [column.is_not(None)] if kind == "image" else []  # or "not" would say neither
        return Said(kind, and_(*known, *(compare(column, number) for compare, number in asked)), absent=met)

    return take


def _comparisons(value: str) -> list[tuple[Compare, float]]:
    """What ``3``, ``>3`` or ``2..5`` asks of a number."""
    found = _RANGE.fullmatch(value)
    if not found or max(map(len, re.findall(r"[\d.]+", value))) > 2 * LONGEST_NUMBER:
        raise InputError(f"found {value!r}, expected a number such as 3, >3, <=3 or 2..5")
    if found["low"]:
        if float(found["low"]) > float(found["high"]):
            raise InputError(f"found {value!r}, expected the smaller number first: {found['high']}..{found['low']}")
        return [(operator.ge, float(found["low"])), (operator.le, float(found["high"]))]
    return [(SIGNS[found["sign"] or "="], float(found["one"]))]


def _day(column: Any, *also: Condition) -> Callable[[str], Said]:
    def take(value: str) -> Said:
        found = _DAY.fullmatch(value)
        if not found:
            raise InputError(f"found {value!r}, expected a day such as 2026-01-31 or >2026-01-31")
        return Said("annotation", and_(_compared(func.substr(column, 1, 10), found["sign"], found["day"]), *also))

    return take


def _compared(column: Any, sign: str, value: Any) -> Any:
    return SIGNS[sign or "="](column, value)
