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

Boxes are floats in pixels of the upright picture, as `data.boxes` has them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from data.annotations import Annotation, box_to_dict
from data.batch import Picture
from data.edits import now, parse_annotator, parse_state, parse_time
from data.errors import InputError
from data.formats.parsed import ParsedAnnotation, ParsedBox, object_in, parse_each, read_box, text_in
from data.label_book import Label

NAME = "dash-annotator"
VERSION = 1


def recognises(document: object) -> bool:
    """Whether a JSON document is in this format, of whatever version."""
    return isinstance(document, Mapping) and document.get("format") == NAME


def write(labels: Sequence[Label], images: Iterable[tuple[Picture, list[Annotation]]]) -> Iterator[str]:
    """Yield the document piece by piece, one image at a time."""
    head = {"format": NAME, "version": VERSION, "exported": now()}
    listed = [{"name": one.name, "class_id": one.class_id, "color": one.color} for one in labels]
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "labels": ' + json.dumps(listed, ensure_ascii=False)
    yield ', "images": ['
    separator = "\n"
    for picture, found in images:
        yield separator + json.dumps(_image_to_dict(picture, found), ensure_ascii=False)
        separator = ",\n"
    yield "\n]}\n"


def parse(document: Mapping[str, Any]) -> tuple[list[ParsedAnnotation], list[str]]:
    """Read a document; returns what could be read, and one line for each item that could not.

    Raises InputError when the document as a whole is of no use.
    """
    if document.get("version") != VERSION:
        raise InputError(
            f"version: found {document.get('version')!r}, expected {VERSION}; export again with this release"
        )
    images = document.get("images")
    if not isinstance(images, list):
        raise InputError(f"images: found {type(images).__name__}, expected a list")
    failed: list[str] = []
    calls = [(image, f"images[{index}]", failed) for index, image in enumerate(images)]
    parsed = [annotation for found in parse_each(_parse_image, calls, failed) for annotation in found]
    return parsed, failed


def _image_to_dict(picture: Picture, annotations: list[Annotation]) -> dict[str, Any]:
    return {
        "id": picture.id,
        "width": picture.width,
        "height": picture.height,
        "annotations": [
            {
                "annotator": one.annotator,
                "state": one.state,
                "reason": one.reason,
                "state_time": one.state_stamp[0],
                "boxes": [
                    {**box_to_dict(kept.box), "created": kept.created, "modified": kept.modified} for kept in one.boxes
                ],
            }
            for one in annotations
        ],
    }


def _parse_image(image: object, where: str, failed: list[str]) -> list[ParsedAnnotation]:
    fields = object_in(image, where)
    image_id = text_in(fields, "id", where)
    annotations = fields.get("annotations")
    if not isinstance(annotations, list):
        raise InputError(f"{where}.annotations: found {type(annotations).__name__}, expected a list")
    calls = [(one, fields, image_id, f"{where}.annotations[{index}]", failed) for index, one in enumerate(annotations)]
    return parse_each(_parse_annotation, calls, failed)


def _parse_annotation(
    value: object, image: Mapping[str, Any], image_id: str, where: str, failed: list[str]
) -> ParsedAnnotation:
    fields = object_in(value, where)
    try:
        annotator = parse_annotator(fields.get("annotator"))
        state, reason = parse_state(fields)
        state_time = parse_time(fields["state_time"], "state_time") if fields.get("state_time") else ""
    except InputError as error:
        raise error.within(where) from None
    boxes = fields.get("boxes")
    if not isinstance(boxes, list):
        raise InputError(f"{where}.boxes: found {type(boxes).__name__}, expected a list")
    return ParsedAnnotation(
        image=image_id,
        annotator=annotator,
        state=state,
        reason=reason,
        state_time=state_time,
        size=(image.get("width"), image.get("height")),
        boxes=parse_each(_parse_box, [(one, f"{where}.boxes[{i}]") for i, one in enumerate(boxes)], failed),
    )


def _parse_box(value: object, where: str) -> ParsedBox:
    fields = object_in(value, where)
    box = read_box(fields, where, label=text_in(fields, "label", where), box_id=text_in(fields, "id", where))
    try:
        created, modified = (parse_time(fields.get(name), name) for name in ("created", "modified"))
    except InputError as error:
        raise error.within(where) from None
    return replace(box, created=created, modified=modified)
