"""The application's own JSON: everything it knows, and nothing lost on the way back.

    {
      "format": "dash-annotator", "version": 1, "exported": "2026-01-31T12:00:00.000Z",
      "labels": [{"name": "cat", "class_id": 0, "color": "#e6194b"}],
      "images": [{
        "id": "cats/1.jpg", "width": 640, "height": 480,
        "annotations": [{
          "annotator": "ada", "state": "done", "reason": "", "state_time": "...",
          "boxes": [{"id": "...", "label": "cat", "x0": 1.5, "y0": 2.0, "x1": 30.25, "y1": 40.0,
                     "created": "...", "modified": "..."}]
        }]
      }]
    }

Boxes are floats in pixels of the upright picture, as `data.boxes` has them. An image that nobody touched has no
annotations; one that was looked at and holds nothing has one without boxes, in state "done".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from data.boxes import parse_id
from data.edits import now, parse_annotator, parse_state, parse_time
from data.errors import InputError
from data.formats import checks, json_arrays, jsons
from data.formats.model import BoxRecord, Dataset, Format, ImageRecord, LabelRecord, Options, Part, Problem, Record
from data.formats.tree import Tree

NAME = "dash-annotator"
VERSION = 1
CORNERS = ("x0", "y0", "x1", "y1")


def recognises(tree: Tree) -> bool:
    return _file(tree) is not None


def _file(tree: Tree) -> str | None:
    return next((name for name in tree.sample(".json") if jsons.outline(tree, name).texts.get("format") == NAME), None)


def read(tree: Tree, _options: Options) -> Iterator[Record]:
    name = _file(tree)
    if name is None:
        raise InputError(f'{tree.name}: format: found something else, expected "{NAME}"')
    version = next(jsons.items(tree, name, "version"), None)
    if version != VERSION:
        raise InputError(f"{name}: version: found {version!r}, expected {VERSION}; export again with this release")
    images = False
    for key, where, value in json_arrays.items(tree, name, "labels", "images"):
        images |= key == "images"
        try:
            yield from _read_image(value, where) if key == "images" else [_read_label(value, where)]
        except InputError as error:
            yield Problem(str(error))
    if not images:
        for found in jsons.items(tree, name, "images"):
            checks.list_in(found, f"{name}: images")
            return
        raise InputError(f"{name}: images: found nothing, expected a list")


def _read_label(value: object, where: str) -> LabelRecord:
    fields = checks.object_in(value, where)
    color = fields.get("color")
    class_id = int(checks.number_in(fields.get("class_id"), f"{where}.class_id"))
    return LabelRecord(
        checks.text_in(fields.get("name"), f"{where}.name"), class_id, color if isinstance(color, str) else ""
    )


def _read_image(value: object, where: str) -> Iterator[Record]:
    fields = checks.object_in(value, where)
    image = checks.text_in(fields.get("id"), f"{where}.id")
    annotations = checks.list_in(fields.get("annotations"), f"{where}.annotations")
    size = [side if isinstance(side, int) else None for side in (fields.get("width"), fields.get("height"))]
    if not annotations:
        yield ImageRecord(image, size[0], size[1], state="todo")
    for index, one in enumerate(annotations):
        place = f"{where}.annotations[{index}]"
        try:
            yield from _read_annotation(checks.object_in(one, place), ImageRecord(image, size[0], size[1]), place)
        except InputError as error:
            yield Problem(str(error))


def _read_annotation(fields: Mapping[str, Any], image: ImageRecord, where: str) -> Iterator[Record]:
    try:
        annotator = parse_annotator(fields.get("annotator"))
        state, reason = parse_state(fields)
        state_time = parse_time(fields["state_time"], "state_time") if fields.get("state_time") else ""
    except InputError as error:
        raise error.within(where) from None
    boxes, problems = checks.apart(
        checks.each(checks.list_in(fields.get("boxes"), f"{where}.boxes"), _read_box, f"{where}.boxes")
    )
    yield from problems
    yield ImageRecord(
        image.image, image.width, image.height, tuple(boxes), annotator, state, reason, state_time=state_time
    )


def _read_box(value: object, where: str) -> BoxRecord:
    fields = checks.object_in(value, where)
    x0, y0, x1, y1 = (checks.number_in(fields.get(name), f"{where}.{name}") for name in CORNERS)
    try:
        created, modified = (parse_time(fields.get(name), name) for name in ("created", "modified"))
        box_id = parse_id(fields.get("id"), "id")
    except InputError as error:
        raise error.within(where) from None
    label = checks.text_in(fields.get("label"), f"{where}.label")
    said = checks.object_in(fields.get("attributes", {}), f"{where}.attributes")
    return BoxRecord(label, x0, y0, x1, y1, where, box_id, created, modified, said)


def write(dataset: Dataset) -> Iterator[Part]:
    yield Part(FORMAT.file, _document(dataset))


def _document(dataset: Dataset) -> Iterator[str]:
    """One image at a time; the records of an image come in a row."""
    head = {"format": NAME, "version": VERSION, "exported": now()}
    labels = [{"name": one.name, "class_id": one.class_id, "color": one.color} for one in dataset.labels]
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "labels": ' + json.dumps(labels, ensure_ascii=False)
    yield ', "images": ['
    separator = "\n"
    for _image, records in groupby(dataset.images(), key=lambda one: one.image):
        yield separator + json.dumps(_image_to_dict(list(records)), ensure_ascii=False)
        separator = ",\n"
    yield "\n]}\n"


def _image_to_dict(records: list[ImageRecord]) -> dict[str, Any]:
    return {
        "id": records[0].image,
        "width": records[0].width,
        "height": records[0].height,
        "annotations": [
            {
                "annotator": one.annotator,
                "state": one.state,
                "reason": one.reason,
                "state_time": one.state_time,
                "boxes": [_box_to_dict(box) for box in one.boxes],
            }
            for one in records
            if one.annotator
        ],
    }


def _box_to_dict(box: BoxRecord) -> dict[str, Any]:
    corners = {name: getattr(box, name) for name in CORNERS}
    fields = {"id": box.id, "label": box.label, **corners, "created": box.created, "modified": box.modified}
    return {**fields, "attributes": box.attributes} if box.attributes else fields


FORMAT = Format(
    "json", "JSON (Dash Annotator)", recognises, read, write, "annotations.json",
    frozenset({"names", "untouched", "empty", "annotators", "states", "ids", "sizes", "labels", "attributes"}),
)  # fmt: skip
