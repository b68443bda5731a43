"""VIA 2 (VGG Image Annotator): the project JSON, the annotation JSON, and the annotation CSV.

An image's key is its file name followed by its size in bytes (-1 where that is unknown). The label is the region
attribute ``label``; of other files' attributes the first of `LABEL_ATTRIBUTES` is taken, or the only one.
https://www.robots.ox.ac.uk/~vgg/software/via/
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from data.errors import InputError
from data.formats import checks, jsons
from data.formats.csvs import is_csv_with, rows
from data.formats.model import BoxRecord, Dataset, Format, FoundState, ImageRecord, Options, Part, Problem, Record
from data.formats.numbers import extent
from data.formats.spool import Spool
from data.formats.tree import Tree

LABEL_ATTRIBUTES = ("label", "name", "class", "type", "category", "object")
HEADER = (
    "filename",
    "file_size",
    "file_attributes",
    "region_count",
    "region_id",
    "region_shape_attributes",
    "region_attributes",
)
STATES = ("done", "skipped", "in progress", "todo")
PROJECT = "_via_img_metadata"


def recognises_project(tree: Tree) -> bool:
    return any(PROJECT in jsons.outline(tree, name).paths for name in tree.sample(".json"))


def recognises_json(tree: Tree) -> bool:
    return any(_is_metadata(tree, name) for name in tree.sample(".json"))


def recognises_csv(tree: Tree) -> bool:
    return any(is_csv_with(tree, name, HEADER) for name in tree.sample(".csv"))


def _is_metadata(tree: Tree, name: str) -> bool:
    seen = jsons.outline(tree, name)
    return PROJECT not in seen.paths and seen.has("regions", "filename", "size")


def read_project(tree: Tree, _options: Options) -> Iterator[Record]:
    for name in tree.ending(".json"):
        if PROJECT in jsons.outline(tree, name).paths:
            yield from _read_metadata(tree, name, PROJECT)


def read_json(tree: Tree, _options: Options) -> Iterator[Record]:
    for name in tree.ending(".json"):
        if _is_metadata(tree, name):
            yield from _read_metadata(tree, name, "")


def _read_metadata(tree: Tree, name: str, prefix: str) -> Iterator[Record]:
    for key, value in jsons.pairs(tree, name, prefix):
        where = f"{name}: {checks.shown(key)}"
        try:
            fields = checks.object_in(value, where)
            found = fields.get("regions", [])
            regions = list(found.values()) if isinstance(found, Mapping) else checks.list_in(found, f"{where}.regions")
            boxes, problems = checks.apart(checks.each(regions, _read_region, f"{where}.regions"))
            yield from problems
            image = checks.image_in(fields.get("filename"), f"{where}.filename")
            yield _record(image, fields.get("size"), fields.get("file_attributes"), boxes)
        except InputError as error:
            yield Problem(str(error))


def _record(image: str, size: object, attributes: object, boxes: Sequence[BoxRecord]) -> ImageRecord:
    said = attributes if isinstance(attributes, Mapping) else {}
    size_bytes = int(size) if isinstance(size, int | float) and size > 0 else None
    state = said.get("state", "")
    nothing_said: FoundState = "" if boxes else "todo"  # a project lists all images that were opened, looked at or not
    return ImageRecord(
        image, boxes=tuple(boxes), size_bytes=size_bytes, state=state if state in STATES else nothing_said
    )


def _read_region(value: object, where: str) -> BoxRecord:
    fields = checks.object_in(value, where)
    return _box(fields.get("shape_attributes"), fields.get("region_attributes"), where)


def _box(shape: object, attributes: object, where: str) -> BoxRecord:
    shape = checks.object_in(shape, f"{where}.shape_attributes")
    if shape.get("name") != "rect":
        raise InputError(
            f"{where}.shape_attributes.name: found {checks.shown(shape.get('name'))}, expected 'rect'; left out"
        )
    place = f"{where}.shape_attributes"
    x, y, width, height = (
        checks.number_in(shape.get(field), f"{place}.{field}") for field in ("x", "y", "width", "height")
    )
    attributes = checks.object_in(attributes, f"{where}.region_attributes")
    name, label = _label_of(attributes, f"{where}.region_attributes")
    said = checks.attributes_in(attributes, without=(name,))
    return BoxRecord(label, x, y, x + width, y + height, where=where, attributes=said)


def _label_of(attributes: Mapping[str, Any], where: str) -> tuple[str, str]:
    """The attribute that holds the label, and the label."""
    name = next((one for one in LABEL_ATTRIBUTES if one in attributes), None)
    if name is None and len(attributes) == 1:
        name = next(iter(attributes))
    if name is None:
        raise InputError(f"{where}: found {checks.shown(sorted(attributes))}, expected an attribute called label")
    value = attributes[name]
    if isinstance(value, Mapping):  # checkboxes: {"cat": true}
        value = next((option for option, on in value.items() if on), "")
    return name, checks.text_in(value, f"{where}.{name}")


def read_csv(tree: Tree, _options: Options) -> Iterator[Record]:
    for name in tree.ending(".csv"):
        if is_csv_with(tree, name, HEADER):
            with Spool() as spool:
                yield from _read_csv(tree, name, spool)


def _read_csv(tree: Tree, name: str, spool: Spool) -> Iterator[Record]:
    for where, row in rows(tree, name):
        try:
            image = checks.image_in(row.get("filename"), f"{where}, filename")
            size = checks.number_in(row.get("file_size") or -1, f"{where}, file_size")
            attributes = _cell(row, "file_attributes", where)
            spool.add_image(image, (size, attributes))
            shape = _cell(row, "region_shape_attributes", where)
            if shape:
                box = _box(shape, _cell(row, "region_attributes", where), where)
                spool.add_box(image, box)
        except InputError as error:
            yield Problem(str(error))
    for image, (size, attributes), boxes in spool.images():
        yield _record(image, size, attributes, boxes)


def _cell(row: Mapping[str, str], column: str, where: str) -> Any:
    try:
        return json.loads(row.get(column) or "{}")
    except (json.JSONDecodeError, RecursionError):
        raise InputError(f"{where}, {column}: found {checks.shown(row[column])}, expected JSON") from None


def write_project(dataset: Dataset) -> Iterator[Part]:
    yield Part("via_project.json", _project(dataset))


def write_json(dataset: Dataset) -> Iterator[Part]:
    yield Part("via_annotations.json", _metadata(dataset))


def _project(dataset: Dataset) -> Iterator[str]:
    settings = {
        "ui": {
            "annotation_editor_height": 25,
            "annotation_editor_fontsize": 0.8,
            "leftsidebar_width": 18,
            "image_grid": {
                "img_height": 80,
                "rshape_fill": "none",
                "rshape_fill_opacity": 0.3,
                "rshape_stroke": "yellow",
                "rshape_stroke_width": 2,
                "show_region_shape": True,
                "show_image_policy": "all",
            },
            "image": {
                "region_label": "label",
                "region_color": "label",
                "region_label_font": "10px Sans",
                "on_image_annotation_editor_placement": "NEAR_REGION",
            },
        },
        "core": {"buffer_size": 18, "filepath": {}, "default_filepath": ""},
        "project": {"name": "dash-annotator"},
    }
    options = {label.name: label.name for label in dataset.labels}
    states = {state: state for state in STATES}
    attributes = {
        "region": {"label": {"type": "dropdown", "description": "", "options": options, "default_options": {}}},
        "file": {"state": {"type": "dropdown", "description": "", "options": states, "default_options": {}}},
    }
    yield f'{{"_via_settings": {_compact(settings)},\n"_via_img_metadata": '
    yield from _metadata(dataset)
    yield f',\n"_via_attributes": {_compact(attributes)},\n"_via_data_format_version": "2.0.10"'
    yield ',\n"_via_image_id_list": ['
    separator = ""
    for image in dataset.images():
        yield separator + _compact(_key(image))
        separator = ", "
    yield "]}\n"


def _metadata(dataset: Dataset) -> Iterator[str]:
    yield "{"
    separator = "\n"
    for image in dataset.images():
        regions = [{"shape_attributes": _shape(box), "region_attributes": _said(box)} for box in image.boxes]
        attributes = {"state": image.state} if image.state else {}
        fields = {"filename": image.image, "size": _size(image), "regions": regions, "file_attributes": attributes}
        yield f"{separator}{_compact(_key(image))}: {_compact(fields)}"
        separator = ",\n"
    yield "\n}"


def write_csv(dataset: Dataset) -> Iterator[Part]:
    yield Part("via_annotations.csv", _csv(dataset))


def _csv(dataset: Dataset) -> Iterator[str]:
    yield ",".join(HEADER) + "\n"
    for image in dataset.images():
        attributes = _compact({"state": image.state} if image.state else {})
        count = len(image.boxes)
        start = (image.image, _size(image), attributes, count)
        if not image.boxes:
            yield _row((*start, 0, "{}", "{}"))
        for number, box in enumerate(image.boxes):
            yield _row((*start, number, _compact(_shape(box)), _compact(_said(box))))


def _row(values: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()


def _said(box: BoxRecord) -> dict[str, Any]:
    return {"label": box.label, **{name: value for name, value in box.attributes.items() if name != "label"}}


def _shape(box: BoxRecord) -> dict[str, Any]:
    corners = {"x": box.x0, "y": box.y0, "width": extent(box.x0, box.x1), "height": extent(box.y0, box.y1)}
    return {"name": "rect", **{name: checks.plain_number(value) for name, value in corners.items()}}


def _size(image: ImageRecord) -> int:
    return -1 if image.size_bytes is None else image.size_bytes


def _key(image: ImageRecord) -> str:
    return f"{image.image}{_size(image)}"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_KEEPS = frozenset({"names", "empty", "states", "untouched", "attributes"})
PROJECT_FORMAT = Format(
    "via", "VIA 2 project", recognises_project, read_project, write_project, "via_project.json", _KEEPS
)
JSON_FORMAT = Format(
    "via-json", "VIA 2 annotations (JSON)", recognises_json, read_json, write_json, "via_annotations.json", _KEEPS
)
CSV_FORMAT = Format(
    "via-csv", "VIA 2 annotations (CSV)", recognises_csv, read_csv, write_csv, "via_annotations.csv", _KEEPS
)
