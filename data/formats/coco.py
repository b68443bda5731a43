"""COCO detection JSON: images, categories, and boxes as [x, y, width, height] in pixels from the top-left corner.

https://cocodataset.org/#format-data. Written with ``state`` and ``annotator`` beside the standard fields of an image,
which other readers pass over; images without a box stay in the list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from typing import Any

import numpy as np

from data.errors import InputError
from data.formats import checks, json_arrays, jsons
from data.formats.model import (
    NOTHING,
    BoxRecord,
    Dataset,
    Format,
    ImageRecord,
    LabelRecord,
    Options,
    Part,
    Problem,
    Record,
    Split,
)
from data.formats.numbers import extent
from data.formats.splits import split_of_file
from data.formats.spool import Spool
from data.formats.tree import Tree
from data.words import counted

STATES = ("todo", "in progress", "done", "skipped")
FIRST_ID = 1  # of COCO itself; files that count from 0 are about as many
# What we say of a box ourselves; masks are not kept, since a box that is moved would leave its mask behind.
KNOWN = frozenset({"id", "image_id", "category_id", "bbox", "area", "iscrowd", "segmentation"})
PIECE = 50  # items that are looked at together
NUMBERS = {int, float}
FARTHEST = 1e15  # NaN and what is endless lie on neither side
OURS = KNOWN | {"attributes"}


def recognises(tree: Tree) -> bool:
    return any(_is_coco(tree, name) for name in tree.sample(".json"))


def _is_coco(tree: Tree, name: str) -> bool:
    seen = jsons.outline(tree, name)
    return "images.item.file_name" in seen.paths or {"annotations.item.bbox", "annotations.item.image_id"} <= seen.paths


def read(tree: Tree, _options: Options) -> Iterator[Record]:
    for name in tree.ending(".json"):
        if _is_coco(tree, name):
            with Spool() as spool:
                yield from _read_file(tree, name, spool)


def _read_file(tree: Tree, name: str, spool: Spool) -> Iterator[Record]:
    split = split_of_file(name)
    labels: dict[str, str] = {}
    ids: dict[str, int] = {}
    masks = failed = 0
    for key, first, values in _pieces(json_arrays.stretches(tree, name, "categories", "images", "annotations")):
        place = f"{name}: {key}"
        if key == "annotations" and (usual := _spool_usual(values, first, place, spool)) is not None:
            masks += usual
            continue
        for index, value in enumerate(values, first):
            where = f"{place}[{index}]"
            try:
                if key == "annotations":
                    masks += _spool_box(value, where, spool)
                elif key == "images":
                    _spool_image(value, where, spool)
                else:
                    _read_category(value, where, labels, ids)
            except InputError as error:
                failed += 1
                yield Problem(str(error))
    lowest = min(FIRST_ID, *ids.values()) if ids else FIRST_ID
    for label, category_id in ids.items():
        yield LabelRecord(label, category_id - lowest)
    if masks:
        yield Problem(
            f"{name}: {counted(masks, 'annotation')} with a segmentation; the boxes are taken, masks are not kept"
        )
    for key, box in spool.strays():
        yield Problem(f"{box.where}.image_id: found {key}, which is the id of no image; left out")
    unknown: list[BoxRecord] = []

    def make(fields: tuple[Any, ...]) -> BoxRecord:
        label = labels.get(fields[0])
        if label is None:
            unknown.append(BoxRecord(*fields))
        return BoxRecord(label or "", *fields[1:])

    for _, fields, boxes in spool.images(make):
        for box in unknown:
            failed += 1
            yield Problem(f"{box.where}.category_id: found {box.label}, which is the id of no category; left out")
        if unknown:
            boxes = [box for box in boxes if box.label]
            unknown.clear()
        if failed and not boxes:
            fields["state"] = fields["state"] or "todo"  # it may have had one that could not be read
        yield ImageRecord(**fields, split=split, boxes=tuple(boxes), beside=checks.beside(name, fields["image"]))


def _pieces(stretches: Iterable[json_arrays.Stretch]) -> Iterator[json_arrays.Stretch]:
    """Short enough that one odd box does not make many take the slow way."""
    for key, first, values in stretches:
        for start in range(0, len(values), PIECE):
            yield key, first + start, values[start : start + PIECE]


def _read_category(value: object, where: str, labels: dict[str, str], ids: dict[str, int]) -> None:
    fields = checks.object_in(value, where)
    label = checks.text_in(fields.get("name"), f"{where}.name")
    labels[_key(fields.get("id"), f"{where}.id")] = label
    ids[label] = int(checks.number_in(fields.get("id"), f"{where}.id"))


def _spool_image(value: object, where: str, spool: Spool) -> None:
    fields = checks.object_in(value, where)
    if not spool.add_image(_key(fields.get("id"), f"{where}.id"), _image_fields(fields, where)):
        raise InputError(f"{where}.id: {checks.shown(fields.get('id'))} is the id of an earlier image too; left out")


def _image_fields(fields: Any, where: str) -> dict[str, Any]:
    state = fields.get("state", "")
    annotator = fields.get("annotator", "")
    return {
        "image": checks.image_in(fields.get("file_name"), f"{where}.file_name"),
        "width": checks.whole_in(fields.get("width"), f"{where}.width"),
        "height": checks.whole_in(fields.get("height"), f"{where}.height"),
        "state": state if state in STATES else "",
        "annotator": annotator if isinstance(annotator, str) else "",
    }


def _spool_usual(values: list[Any], first: int, place: str, spool: Spool) -> int | None:
    """Spool boxes that are all as nearly all are, column by column, since there are millions.

    ``first`` is the place in the file of the first of ``values``. Returns how many have a mask; None if one of them is
    something else, and then none is spooled.
    """
    try:
        corners = [value["bbox"] for value in values]
        images = [value["image_id"] for value in values]
        categories = [value["category_id"] for value in values]
        numbers = list(chain.from_iterable(corners))
        is_usual = (
            set(map(len, corners)) == {4}
            and NUMBERS.issuperset(map(type, numbers))
            and {int}.issuperset(map(type, images))
            and {int}.issuperset(map(type, categories))
            and KNOWN.issuperset(chain.from_iterable(set(map(tuple, values))))
            and not any(value.get("iscrowd") for value in values)
        )
        changes = np.flatnonzero(np.diff(images))
        x, y, width, height = np.array(numbers if is_usual else [], dtype=float).reshape(-1, 4).T
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    x1, y1 = x + width, y + height
    if not (is_usual and (np.abs(x1 + y1) < FARTHEST).all()):
        return None
    where = [f"{place}[{index}]" for index in range(first, first + len(values))]
    boxes = list(zip(map(str, categories), x.tolist(), y.tolist(), x1.tolist(), y1.tolist(), where, strict=True))
    borders = [0, *(changes + 1).tolist(), len(boxes)]
    for start, end in pairwise(borders):  # those of an image mostly come together
        spool.extend(str(images[start]), boxes[start:end])
    return sum(1 for value in values if value.get("segmentation"))


def _spool_box(value: object, where: str, spool: Spool) -> bool:
    """The box goes by the id of its category, which may still be to come. Returns whether it has a mask."""
    fields = checks.object_in(value, where)
    if fields.get("iscrowd") in (1, True):
        raise InputError(f"{where}.iscrowd: found 1, a crowd and not one thing; left out")
    category = _key(fields.get("category_id"), f"{where}.category_id")
    x, y, width, height = checks.four_in(fields.get("bbox"), f"{where}.bbox")
    said = NOTHING
    if not KNOWN.issuperset(fields):
        said = checks.attributes_in(fields, without=OURS)
    if isinstance(fields.get("attributes"), dict):
        said = {**said, **fields["attributes"]}
    key = _key(fields.get("image_id"), f"{where}.image_id")
    spool.add_box(key, BoxRecord(category, x, y, x + width, y + height, where, attributes=said))
    return bool(fields.get("segmentation"))


def _key(value: object, where: str) -> str:
    if type(value) is int:
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InputError(f"{where}: found {checks.shown(value)}, expected an id")
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


def write(dataset: Dataset) -> Iterator[Part]:
    """One file; with splits, one for each under ``annotations/``."""
    splits = sorted({image.split for image in dataset.images()})
    for split in splits:
        yield Part(f"annotations/instances_{split}.json" if split else FORMAT.file, _document(dataset, split))


def _document(dataset: Dataset, split: Split) -> Iterator[str]:
    first = dataset.options.coco_first_id
    category_ids = {label.name: label.class_id + first for label in dataset.labels}
    info = {"description": "Bounding boxes by Dash Annotator", "version": "1.0"}
    yield f'{{"info": {_compact(info)}, "licenses": [],\n"categories": ['
    ordered = sorted(dataset.labels, key=lambda label: label.class_id)
    yield ", ".join(_compact({"id": category_ids[one.name], "name": one.name, "supercategory": ""}) for one in ordered)
    yield '],\n"images": ['
    separator = "\n"
    chosen = (image for image in dataset.images() if image.split == split)
    for number, image in enumerate(chosen, start=first):
        yield separator + _compact(_image(number, image))
        separator = ",\n"
    yield '\n],\n"annotations": ['
    separator, box_id = "\n", first
    chosen = (image for image in dataset.images() if image.split == split)
    for number, image in enumerate(chosen, start=first):
        for box in image.boxes:
            yield separator + _compact(_annotation(box_id, number, category_ids[box.label], box))
            separator = ",\n"
            box_id += 1
    yield "\n]}\n"


def _image(number: int, image: ImageRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": number, "file_name": image.image, "width": image.width, "height": image.height}
    if image.state:
        fields["state"] = image.state
    if image.annotator:
        fields["annotator"] = image.annotator
    return fields


def _annotation(box_id: int, image_id: int, category_id: int, box: BoxRecord) -> dict[str, Any]:
    width, height = extent(box.x0, box.x1), extent(box.y0, box.y1)
    bbox = [checks.plain_number(value) for value in (box.x0, box.y0, width, height)]
    area = checks.plain_number(width * height)
    fields = {"id": box_id, "image_id": image_id, "category_id": category_id, "bbox": bbox, "area": area, "iscrowd": 0}
    return {**fields, "attributes": box.attributes} if box.attributes else fields


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


FORMAT = Format(
    name="coco",
    title="COCO JSON",
    recognises=recognises,
    read=read,
    write=write,
    file="annotations.json",
    keeps=frozenset({"names", "empty", "sizes", "labels", "states", "attributes"}),
)
