"""The JSON that Plotly's demo of 2020 downloads; reading only.

    {"assets/driving.jpg": {"shapes": [{"line": {"color": "#FD3216"}, "x0": "10.00", ..., "timestamp": 3}]},
     "starttime": 1605000000}

A shape's label is its colour: the n-th label of the demo had the n-th colour of
plotly's Light24. Its pictures span -0.5 to width - 0.5, so each coordinate moves
by half a pixel on the way in. ``timestamp`` counts seconds since ``starttime``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from data.edits import format_time
from data.errors import InputError
from data.formats.parsed import ParsedAnnotation, ParsedBox, object_in, parse_each, read_box

LABEL_OF_COLOR = {
    "#fd3216": "tree",
    "#00fe35": "building",
    "#6a76fc": "sky",
    "#fed4c4": "road",
    "#fe00ce": "sidewalk",
    "#0df9ff": "car",
    "#f6f926": "pedestrian",
    "#ff9616": "cyclist",
    "#479b55": "stop sign",
    "#eea6fb": "parking sign",
    "#dc587d": "traffic light",
    "#d626ff": "lamp post",
    "#6e899c": "star",
}
HALF_PIXEL = 0.5


def recognises(document: object) -> bool:
    """Whether a JSON document looks like the demo's: paths to shapes, and mostly a start time."""
    if not isinstance(document, Mapping):
        return False
    images = [value for key, value in document.items() if key != "starttime"]
    return bool(images) and all(isinstance(value, Mapping) and "shapes" in value for value in images)


def parse(document: Mapping[str, Any]) -> tuple[list[ParsedAnnotation], list[str]]:
    """Read a document; returns what could be read, and one line for each shape that could not."""
    failed: list[str] = []
    start = document.get("starttime")
    images = [(path, value, start, failed) for path, value in document.items() if path != "starttime"]
    parsed = parse_each(_parse_image, images, failed)
    return parsed, failed


def _parse_image(path: str, value: object, start: object, failed: list[str]) -> ParsedAnnotation:
    shapes = object_in(value, path).get("shapes")
    if not isinstance(shapes, list):
        raise InputError(f"{path}.shapes: found {type(shapes).__name__}, expected a list")
    calls = [(shape, start, f"{path}.shapes[{index}]") for index, shape in enumerate(shapes)]
    boxes = parse_each(_parse_shape, calls, failed)
    return ParsedAnnotation(image=path, boxes=boxes)


def _parse_shape(shape: object, start: object, where: str) -> ParsedBox:
    fields = object_in(shape, where)
    color = object_in(fields.get("line"), f"{where}.line").get("color")
    label = LABEL_OF_COLOR.get(str(color).lower())
    if label is None:
        raise InputError(f"{where}.line.color: found {color!r}, expected a colour of the demo's thirteen labels")
    box = read_box(fields, where, label=label, offset_px=HALF_PIXEL)
    moment = _moment(start, fields.get("timestamp"))
    return replace(box, created=moment, modified=moment)


def _moment(start: object, passed: object) -> str:
    try:
        return format_time(datetime.fromtimestamp(float(start) + float(passed), UTC))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        return ""  # the time is a courtesy; a box without one gets the time of the import
