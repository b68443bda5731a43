"""labelme JSON: one file beside each picture; a rectangle is two opposite corners in any order.

https://github.com/wkentaro/labelme
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from data.errors import InputError
from data.formats import checks, jsons
from data.formats.model import (
    BoxRecord,
    Dataset,
    Format,
    FoundState,
    ImageRecord,
    Options,
    Part,
    Problem,
    Record,
    beside,
)
from data.formats.splits import split_of_file
from data.formats.stems import Stems
from data.formats.tree import Tree

OURS = ("label", "points", "shape_type", "mask")  # the rest of a shape is said beside
VERSION = "5.5.0"  # of the layout that is written
STATES: tuple[FoundState, ...] = ("done", "skipped")


def recognises(tree: Tree) -> bool:
    first = next(iter(tree.sample(".json")), None)
    return first is not None and jsons.outline(tree, first).has("shapes", "imagePath")


def read(tree: Tree, _options: Options) -> Iterator[Record]:
    for name in tree.ending(".json"):
        try:
            fields = checks.object_in(jsons.whole(tree, name), name)
            boxes, problems = checks.apart(
                checks.each(checks.list_in(fields.get("shapes"), f"{name}: shapes"), _read_shape, f"{name}: shapes")
            )
            yield from problems
            path = checks.image_in(fields.get("imagePath"), f"{name}: imagePath")
            flags = fields.get("flags")
            said = flags if isinstance(flags, dict) else {}
            yield ImageRecord(
                posixpath.normpath(posixpath.join(posixpath.dirname(name), path)).removeprefix("../"),
                checks.whole_in(fields.get("imageWidth"), f"{name}: imageWidth"),
                checks.whole_in(fields.get("imageHeight"), f"{name}: imageHeight"),
                tuple(boxes),
                split=split_of_file(name),
                state=next((state for state in STATES if said.get(state) is True), ""),
            )
        except InputError as error:
            yield Problem(str(error))


def _read_shape(value: object, where: str) -> BoxRecord:
    fields = checks.object_in(value, where)
    if fields.get("shape_type", "rectangle") != "rectangle":
        raise InputError(
            f"{where}.shape_type: found {checks.shown(fields['shape_type'])}, expected 'rectangle'; left out"
        )
    points = [
        checks.list_in(point, f"{where}.points[{i}]")
        for i, point in enumerate(checks.list_in(fields.get("points"), f"{where}.points"))
    ]
    if len(points) not in (2, 4) or any(len(point) != 2 for point in points):
        raise InputError(f"{where}.points: found {checks.shown(points)}, expected two corners")
    xs, ys = ([checks.number_in(point[axis], f"{where}.points") for point in points] for axis in (0, 1))
    return BoxRecord(
        checks.text_in(fields.get("label"), f"{where}.label"),
        min(xs),
        min(ys),
        max(xs),
        max(ys),
        where=where,
        attributes=checks.attributes_in(fields, without=OURS),
    )


def write(dataset: Dataset) -> Iterator[Part]:
    stems = Stems(dataset)
    for image in dataset.images():
        yield Part(f"{stems.of(image.image)}.json", [json.dumps(_document(image), ensure_ascii=False, indent=2)])


def _document(image: ImageRecord) -> dict[str, Any]:
    return {
        "version": VERSION,
        "flags": {image.state: True} if image.state in STATES else {},
        "shapes": [_shape(box) for box in image.boxes],
        "imagePath": PurePosixPath(image.image).name,
        "imageData": None,
        "imageHeight": image.height,
        "imageWidth": image.width,
    }


def _shape(box: BoxRecord) -> dict[str, Any]:
    points = [
        [checks.plain_number(box.x0), checks.plain_number(box.y0)],
        [checks.plain_number(box.x1), checks.plain_number(box.y1)],
    ]
    return {
        "label": box.label,
        "points": points,
        "group_id": None,
        "description": "",
        "shape_type": "rectangle",
        "flags": {},
        "mask": None,
        **{name: value for name, value in box.attributes.items() if name not in OURS},
    }


FORMAT = Format(
    "labelme",
    "labelme JSON",
    recognises,
    read,
    write,
    "",
    frozenset({"names", "empty", "sizes", "states", "attributes"}),
    beside,
)
