"""Boxes: the one geometry of this application.

A box lives in pixels of the full-resolution upright picture. The origin is the
top-left corner of the top-left pixel, so the whole picture is ``0, 0, width, height``::

    0,0 ----------- width,0
     |    x0,y0 --+    |
     |      |     |    |
     |      +-- x1,y1  |
    0,height --- width,height
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.errors import InputError

SMALLEST_PX = 1.0
ROUNDING_PX = 1e-6  # 1.13 - 0.13 is a little less than 1 in floats


@dataclass(frozen=True, slots=True)
class Box:
    """One labelled bounding box: floats in pixels, ``x0 < x1`` and ``y0 < y1``."""

    id: str
    label: str
    x0: float
    y0: float
    x1: float
    y1: float


def parse_box(value: object, *, width: int, height: int) -> Box:
    """Read a box from a dictionary and check it against its picture.

    Raises InputError when a field is missing or no number, or when the box is
    turned over, outside the picture or smaller than one pixel.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"box: found {type(value).__name__}, expected an object with id, label, x0, y0, x1, y1")
    box_id = parse_id(value.get("id"), "box.id")
    label = value.get("label")
    if not isinstance(label, str) or not label:
        raise InputError(f"box.label: found {label!r}, expected the name of a label")
    x0, y0, x1, y1 = (_parse_coordinate(value, name) for name in ("x0", "y0", "x1", "y1"))
    _check_span("x", x0, x1, width, "width")
    _check_span("y", y0, y1, height, "height")
    return Box(id=box_id, label=label, x0=x0, y0=y0, x1=x1, y1=y1)


def parse_id(value: object, where: str) -> str:
    """Read an identifier: 1 to 64 characters without white space, a uuid by habit."""
    if not isinstance(value, str) or not 0 < len(value) <= 64 or any(c.isspace() for c in value):
        raise InputError(f"{where}: found {_short(value)}, expected 1 to 64 characters without spaces, such as a uuid")
    return value


def _parse_coordinate(value: Mapping[str, Any], name: str) -> float:
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise InputError(f"box.{name}: found {_short(found)}, expected a number of pixels")
    try:
        number = float(found)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"box.{name}: found {_short(found)}, expected a finite number of pixels")
    return number


def _check_span(axis: str, low: float, high: float, size_px: int, size_name: str) -> None:
    if low < 0:
        raise InputError(f"box.{axis}0: found {low:g}, expected 0 or more")
    if high > size_px:
        raise InputError(f"box.{axis}1: found {high:g}, expected at most the picture's {size_name} {size_px}")
    if high - low < SMALLEST_PX - ROUNDING_PX:
        raise InputError(f"box.{axis}1: found {high:g} with {axis}0 {low:g}, expected {axis}1 at least 1 px greater")


def clip_span(low: float, high: float, size_px: int) -> tuple[float, float]:
    """Sort two coordinates and clip both to ``0 .. size_px``."""
    low, high = sorted((low, high))
    return min(max(low, 0.0), float(size_px)), min(max(high, 0.0), float(size_px))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
