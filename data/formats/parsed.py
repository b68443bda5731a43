"""What every reader of a format hands over, and the small checks that readers share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from data.edits import State
from data.errors import InputError

Item = TypeVar("Item")


@dataclass(frozen=True)
class ParsedBox:
    """A box as a file has it: not yet checked against its picture. Without an id the import gives it one."""

    label: str
    x0: float
    y0: float
    x1: float
    y1: float
    where: str
    id: str = ""
    created: str = ""
    modified: str = ""


@dataclass(frozen=True)
class ParsedAnnotation:
    """All that a file says of one image by one annotator; "" where it does not say who."""

    image: str
    annotator: str = ""
    state: State = "todo"
    reason: str = ""
    state_time: str = ""
    size: tuple[object, object] = (None, None)
    boxes: list[ParsedBox] = field(default_factory=list)


def parse_each(read: Callable[..., Item], calls: Iterable[tuple[Any, ...]], failed: list[str]) -> list[Item]:
    """Read the items of a list, each by its own arguments; of a bad one, note why and go on without it."""
    parsed = []
    for arguments in calls:
        try:
            parsed.append(read(*arguments))
        except InputError as error:
            failed.append(str(error))
    return parsed


def object_in(value: object, where: str) -> Mapping[str, Any]:
    """The value, which must be an object."""
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: found {type(value).__name__}, expected an object")
    return value


def text_in(fields: Mapping[str, Any], name: str, where: str) -> str:
    """A field, which must be text that is not empty."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise InputError(f"{where}.{name}: found {str(value)[:60]!r}, expected text")
    return value


def read_box(
    fields: Mapping[str, Any], where: str, *, label: str, box_id: str = "", offset_px: float = 0.0
) -> ParsedBox:
    """Read x0, y0, x1, y1 as numbers (or text of numbers) and add an offset to each."""
    x0, y0, x1, y1 = (_number(fields.get(name), f"{where}.{name}") + offset_px for name in ("x0", "y0", "x1", "y1"))
    return ParsedBox(label=label, x0=x0, y0=y0, x1=x1, y1=y1, where=where, id=box_id)


def _number(value: object, where: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{where}: found {str(value)[:60]!r}, expected a number of pixels")
    return number
