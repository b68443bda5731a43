"""Label Studio JSON: tasks with annotations by people; corners in per cent of the picture.

https://labelstud.io/guide/export#Label-Studio-JSON-format-of-annotated-tasks
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from data.errors import InputError
from data.formats import checks, json_arrays, jsons
from data.formats.model import BoxRecord, Dataset, Format, FoundState, ImageRecord, Options, Part, Problem, Record
from data.formats.tree import Tree

UPLOAD = re.compile(r"^[0-9a-f]{8}-")  # what Label Studio puts before the name of an uploaded file
PER_CENT = 100.0


def recognises(tree: Tree) -> bool:
    return any(_is_label_studio(tree, name) for name in tree.sample(".json"))


def _is_label_studio(tree: Tree, name: str) -> bool:
    seen = jsons.outline(tree, name).paths
    return "item.data" in seen and bool({"item.annotations", "item.completions", "item.predictions"} & seen)


def read(tree: Tree, _options: Options) -> Iterator[Record]:
    for name in tree.ending(".json"):
        if _is_label_studio(tree, name):
            for _, where, value in json_arrays.items(tree, name, ""):
                yield from _read_task(value, where)


def _read_task(value: object, where: str) -> Iterator[Record]:
    try:
        task = checks.object_in(value, where)
        image = _image_of(checks.object_in(task.get("data"), f"{where}.data"), f"{where}.data")
        listed = checks.list_in(task.get("annotations", task.get("completions", [])), f"{where}.annotations")
    except InputError as error:
        yield Problem(str(error))
        return
    predictions = task.get("predictions")
    if isinstance(predictions, list) and predictions:
        yield Problem(f"{where}.predictions ({image}): {len(predictions)} by a model, expected annotations; left out")
    if not listed:
        yield ImageRecord(image, state="todo")
    for number, one in enumerate(listed):
        place = f"{where}.annotations[{number}]"
        try:
            yield from _read_annotation(checks.object_in(one, place), image, place)
        except InputError as error:
            yield Problem(str(error))


def _read_annotation(fields: Mapping[str, Any], image: str, where: str) -> Iterator[Record]:
    results = checks.list_in(fields.get("result", []), f"{where}.result")
    boxes, problems = checks.apart(checks.each(results, _read_result, f"{where}.result"))
    yield from problems
    first = next((one for one in results if isinstance(one, Mapping)), {})
    width = checks.whole_in(first.get("original_width"), f"{where}.result[0].original_width")
    height = checks.whole_in(first.get("original_height"), f"{where}.result[0].original_height")
    if width and height:
        boxes = [b._replace(x0=b.x0 * width, y0=b.y0 * height, x1=b.x1 * width, y1=b.y1 * height) for b in boxes]
    yield ImageRecord(
        image,
        width,
        height,
        tuple(boxes),
        annotator=_name_of(fields.get("completed_by")),
        state=_state_of(fields),
        relative=not (width and height),
    )


def _read_result(value: object, where: str) -> BoxRecord:
    fields = checks.object_in(value, where)
    if fields.get("type") not in ("rectanglelabels", "rectangle"):
        raise InputError(
            f"{where}.type: found {checks.shown(fields.get('type'))}, expected 'rectanglelabels'; left out"
        )
    place = checks.object_in(fields.get("value"), f"{where}.value")
    if checks.number_in(place.get("rotation") or 0, f"{where}.value.rotation") % 360:
        raise InputError(f"{where}.value.rotation: found {place['rotation']}, expected an upright box; left out")
    labels = checks.list_in(place.get("rectanglelabels", place.get("labels")), f"{where}.value.rectanglelabels")
    label = checks.text_in(labels[0] if labels else "", f"{where}.value.rectanglelabels[0]")
    x, y, width, height = (
        checks.number_in(place.get(name), f"{where}.value.{name}") / PER_CENT for name in ("x", "y", "width", "height")
    )
    meta = fields.get("meta")
    said = checks.attributes_in(meta, without=()) if isinstance(meta, dict) else {}
    return BoxRecord(label, x, y, x + width, y + height, where=where, attributes=said)


def _image_of(data: Mapping[str, Any], where: str) -> str:
    found = data.get("image") or next((value for value in data.values() if isinstance(value, str)), None)
    address = urlsplit(checks.image_in(found, f"{where}.image"))
    local = parse_qs(address.query).get("d")
    path = local[0] if local else unquote(address.path if address.scheme or address.query else str(found))
    if "/data/upload/" in path:
        path = UPLOAD.sub("", path.rsplit("/", 1)[-1])
    return checks.image_in(path, f"{where}.image")


def _state_of(fields: Mapping[str, Any]) -> FoundState:
    if fields.get("was_cancelled"):
        return "skipped"
    return "in progress" if fields.get("state") == "in progress" else "done"


def _name_of(value: object) -> str:
    if isinstance(value, Mapping):
        return str(value.get("email") or value.get("username") or value.get("id") or "")
    return f"user {value}" if isinstance(value, int) else ""


def write(dataset: Dataset) -> Iterator[Part]:
    """One task for each image, with one annotation for each annotator; images come with their annotators in a row."""
    yield Part(FORMAT.file, _document(dataset))


def _document(dataset: Dataset) -> Iterator[str]:
    yield "["
    separator = "\n"
    for number, (image, records) in enumerate(groupby(dataset.images(), key=lambda one: one.image), start=1):
        said = [one for one in records if one.boxes or one.state in ("done", "skipped")]
        task = {
            "id": number,
            "data": {"image": image},
            "annotations": [_annotation(one) for one in said],
            "predictions": [],
        }
        yield separator + json.dumps(task, ensure_ascii=False)
        separator = ",\n"
    yield "\n]\n"


def _annotation(image: ImageRecord) -> dict[str, Any]:
    if not image.width or not image.height:
        raise InputError(f"{image.image}: the size of the picture is not known, and Label Studio's format needs it")
    fields: dict[str, Any] = {
        "was_cancelled": image.state == "skipped",
        "ground_truth": False,
        **({"state": image.state} if image.state == "in progress" else {}),  # Label Studio knows no such thing
        "result": [_result(f"box{number}", box, image.width, image.height) for number, box in enumerate(image.boxes)],
    }
    if image.annotator:
        fields["completed_by"] = {"email": image.annotator}
    return fields


def _result(result_id: str, box: BoxRecord, width: int, height: int) -> dict[str, Any]:
    meta = {"meta": box.attributes} if box.attributes else {}
    return {
        "id": result_id,
        "type": "rectanglelabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": {
            "x": PER_CENT * box.x0 / width,
            "y": PER_CENT * box.y0 / height,
            "width": PER_CENT * (box.x1 - box.x0) / width,
            "height": PER_CENT * (box.y1 - box.y0) / height,
            "rotation": 0,
            "rectanglelabels": [box.label],
        },
        **meta,
    }


FORMAT = Format(
    "label-studio",
    "Label Studio JSON",
    recognises,
    read,
    write,
    "label-studio.json",
    frozenset({"names", "empty", "annotators", "states", "sizes", "untouched", "attributes"}),
)
