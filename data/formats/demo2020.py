"""The JSON that Plotly's demo of 2020 downloads; reading only.

    {"assets/driving.jpg": {"shapes": [{"line": {"color": "#FD3216"}, "x0": "10.00", ..., "timestamp": 3}]},
     "starttime": 1605000000}

A shape's label is its colour: the n-th label of the demo had the n-th colour of
plotly's Light24. Its pictures span -0.5 to width - 0.5, so each coordinate moves
by half a pixel on the way in. ``timestamp`` counts seconds since ``starttime``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from data.edits import format_time
from data.errors import InputError
from data.formats import checks, jsons
from data.formats.model import BoxRecord, Format, ImageRecord, Options, Problem, Record
from data.formats.tree import Tree

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
START = "starttime"


def recognises(tree: Tree) -> bool:
    return any(_is_demo(tree, name) for name in tree.sample(".json"))


def _is_demo(tree: Tree, name: str) -> bool:
    seen = jsons.outline(tree, name)
    empty = all(path.endswith((START, "shapes")) or "shapes" not in path for path in seen.paths)
    return (
        seen.has("shapes")
        and "imagePath" not in seen.paths
        and (seen.has("shapes.item.line.color") or empty)
        and "format" not in seen.paths
    )


def read(tree: Tree, _options: Options) -> Iterator[Record]:
    for name in tree.ending(".json"):
        if not _is_demo(tree, name):
            continue
        start = next(jsons.items(tree, name, START), None)
        for path, value in jsons.pairs(tree, name, ""):
            if path == START:
                continue
            try:
                where = f"{name}: {path}.shapes"
                shapes = checks.list_in(checks.object_in(value, f"{name}: {path}").get("shapes"), where)
                boxes, problems = checks.apart(checks.each(shapes, partial(_read_shape, start=start), where))
                yield from problems
                image = checks.image_in(path, f"{name}: path")
                yield ImageRecord(image, boxes=tuple(boxes), state="" if boxes else "todo")  # it listed all it had
            except InputError as error:
                yield Problem(str(error))


def _read_shape(shape: object, where: str, *, start: object) -> BoxRecord:
    fields = checks.object_in(shape, where)
    color = checks.object_in(fields.get("line"), f"{where}.line").get("color")
    label = LABEL_OF_COLOR.get(str(color).lower())
    if label is None:
        raise InputError(
            f"{where}.line.color: found {checks.shown(color)}, expected a colour of the demo's thirteen labels"
        )
    x0, y0, x1, y1 = (checks.number_in(fields.get(n), f"{where}.{n}") + HALF_PIXEL for n in ("x0", "y0", "x1", "y1"))
    moment = _moment(start, fields.get("timestamp"))
    corners = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))  # plotly keeps the direction of the drag
    return BoxRecord(label, *corners, where, created=moment, modified=moment)


def _moment(start: object, passed: object) -> str:
    try:
        return format_time(datetime.fromtimestamp(float(start) + float(passed), UTC))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        return ""  # the time is a courtesy; a box without one gets the time of the import


FORMAT = Format("demo2020", "JSON of Plotly's demo of 2020", recognises, read)
