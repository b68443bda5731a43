"""The small checks that readers share: each takes a value and its place, and says what was found and expected."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from data.errors import InputError
from data.formats.model import Problem


def each(items: Iterable[Any], read: Callable[[Any, str], Any], where: str) -> Iterator[Any]:
    """Read the items of a list, each with its place; of a bad one, yield the Problem and go on."""
    for index, item in enumerate(items):
        try:
            yield read(item, f"{where}[{index}]")
        except InputError as error:
            yield Problem(str(error))


def apart(records: Iterable[Any]) -> tuple[list[Any], list[Problem]]:
    """What was read, and what was not."""
    good: list[Any] = []
    bad: list[Problem] = []
    for record in records:
        (bad if isinstance(record, Problem) else good).append(record)
    return good, bad


def object_in(value: object, where: str) -> Mapping[str, Any]:
    """The value, which must be an object."""
    if not isinstance(value, dict):
        raise InputError(f"{where}: found {kind_of(value)}, expected an object")
    return value


def list_in(value: object, where: str) -> list[Any]:
    """The value, which must be a list."""
    if not isinstance(value, list):
        raise InputError(f"{where}: found {kind_of(value)}, expected a list")
    return value


def text_in(value: object, where: str) -> str:
    """The value, which must be text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: found {shown(value)}, expected text")
    return value


def number_in(value: object, where: str) -> float:
    """The value, which must be a finite number or the text of one."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{where}: found {shown(value)}, expected a number")
    return number


def four_in(value: object, where: str) -> tuple[float, float, float, float]:
    """The value, which must be a list of four finite numbers."""
    if type(value) is list and len(value) == 4 and {float, int}.issuperset(map(type, value)):
        a, b, c, d = map(float, value)  # nearly always, and there are millions of them
        if math.isfinite(a + b + c + d):
            return a, b, c, d
    numbers = list_in(value, where)
    if len(numbers) != 4:
        raise InputError(f"{where}: found {shown(numbers)}, expected [x, y, width, height]")
    a, b, c, d = (number_in(number, f"{where}[{index}]") for index, number in enumerate(numbers))
    return a, b, c, d


def whole_in(value: object, where: str) -> int | None:
    """The value, which must be a positive whole number; None if there is none."""
    if value is None or value == "":
        return None
    number = number_in(value, where)
    if number < 1 or number != int(number):
        raise InputError(f"{where}: found {shown(value)}, expected a whole number of pixels from 1 on")
    return int(number)


def image_in(value: object, where: str) -> str:
    """The path of an image: forward slashes, no drive, no leading ``./``."""
    path = text_in(value, where).replace("\\", "/")
    for start in ("file://", "file:"):
        path = path.removeprefix(start)
    while path.startswith("./"):
        path = path[2:]
    return path


def beside(file: str, path: str) -> str:
    """The path of what a file calls ``path`` if that starts at the file's own folder."""
    return posixpath.join(posixpath.dirname(file), path)


def attributes_in(fields: Mapping[str, Any], *, without: Collection[str]) -> dict[str, Any]:
    """What is said beside what we know: not of ``without``, and not null or empty."""
    return {name: value for name, value in fields.items() if name not in without and value not in (None, "", [], {})}


def shown(value: object) -> str:
    """A found value in a message, not too long of it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def kind_of(value: object) -> str:
    """What a JSON value is, in the words of JSON."""
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)


def plain_number(value: float) -> float | int:
    """A number as JSON should have it: 12 and not 12.0."""
    return int(value) if value == int(value) else value
