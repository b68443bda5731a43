"""CreateML JSON: a list of images; ``x`` and ``y`` are the centre of a box, in pixels.

https://developer.apple.com/documentation/createml/building-an-object-detector-data-source
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from data.errors import InputError
from data.formats import checks, json_arrays, jsons
from data.formats.model import BoxRecord, Dataset, Format, ImageRecord, Options, Part, Problem, Record, beside
from data.formats.splits import split_of_file
from data.formats.tree import Tree


def recognises(tree: Tree) -> bool:
    return any(_is_createml(tree, name) for name in tree.sample(".json"))


def _is_createml(tree: Tree, name: str) -> bool:
    seen = jsons.outline(tree, name).paths
    named = {"item.image", "item.imagefilename"} & seen
    return bool(named) and bool({"item.annotations", "item.annotation"} & seen) and "item.data" not in seen


def read(tree: Tree, _options: Options) -> Iterator[Record]:
    for name in tree.ending(".json"):
        if _is_createml(tree, name):
            for _, where, value in json_arrays.items(tree, name, ""):
                yield from _read_image(value, name, where)


def _read_image(value: object, file: str, where: str) -> Iterator[Record]:
    try:
        fields = checks.object_in(value, where)
        listed = fields.get("annotations", fields.get("annotation"))
        boxes, problems = checks.apart(
            checks.each(checks.list_in(listed, f"{where}.annotations"), _read_box, f"{where}.annotations")
        )
        yield from problems
        image = checks.image_in(fields.get("image", fields.get("imagefilename")), f"{where}.image")
        beside = checks.beside(file, image)
        yield ImageRecord(image, boxes=tuple(boxes), split=split_of_file(file), beside=beside)
    except InputError as error:
        yield Problem(str(error))


def _read_box(value: object, where: str) -> BoxRecord:
    fields = checks.object_in(value, where)
    place = checks.object_in(fields.get("coordinates"), f"{where}.coordinates")
    x, y, width, height = (
        checks.number_in(place.get(n), f"{where}.coordinates.{n}") for n in ("x", "y", "width", "height")
    )
    label = checks.text_in(fields.get("label"), f"{where}.label")
    return BoxRecord(label, x - width / 2, y - height / 2, x + width / 2, y + height / 2, where=where)


def write(dataset: Dataset) -> Iterator[Part]:
    yield Part(FORMAT.file, _document(dataset))


def _document(dataset: Dataset) -> Iterator[str]:
    yield "["
    separator = "\n"
    for image in dataset.images():
        fields = {"image": image.image, "annotations": [_box(box) for box in image.boxes]}
        yield separator + json.dumps(fields, ensure_ascii=False)
        separator = ",\n"
    yield "\n]\n"


def _box(box: BoxRecord) -> dict[str, Any]:
    values = {
        "x": (box.x0 + box.x1) / 2,
        "y": (box.y0 + box.y1) / 2,
        "width": box.x1 - box.x0,
        "height": box.y1 - box.y0,
    }
    return {"label": box.label, "coordinates": {name: checks.plain_number(value) for name, value in values.items()}}


FORMAT = Format(
    "createml",
    "CreateML JSON",
    recognises,
    read,
    write,
    "_annotations.createml.json",
    frozenset({"names", "empty"}),
    beside,
)
