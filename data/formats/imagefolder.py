"""Hugging Face imagefolder: ``metadata.jsonl`` with a line for each image, in a folder for each split.

``objects`` has ``bbox`` as [x, y, width, height] in pixels, ``categories`` as class ids and ``names`` as labels.
https://huggingface.co/docs/datasets/image_dataset#object-detection
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from typing import Any

from data.errors import InputError
from data.formats import checks
from data.formats.model import (
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
from data.formats.splits import split_named
from data.formats.tree import Tree

FILE = "metadata.jsonl"
FOLDERS: dict[Split, str] = {"": "", "train": "train/", "val": "validation/", "test": "test/"}
LONGEST_LINE_BYTES = 16_000_000


def recognises(tree: Tree) -> bool:
    for name in tree.sample(".jsonl"):
        with tree.open(name) as stream:
            if b'"file_name"' in stream.readline(LONGEST_LINE_BYTES):
                return True
    return False


def read(tree: Tree, _options: Options) -> Iterator[Record]:
    for name in tree.ending(".jsonl"):
        folder = posixpath.dirname(name)
        split = split_named(posixpath.basename(folder))
        known: set[str] = set()
        with tree.open(name) as stream:
            number = 0
            while line := stream.readline(LONGEST_LINE_BYTES):
                number += 1
                if line.strip():
                    yield from _read_line(line, f"{name}: line {number}", folder, split, known)


def _read_line(line: bytes, where: str, folder: str, split: Split, known: set[str]) -> Iterator[Record]:
    try:
        try:
            fields = checks.object_in(json.loads(line), where)
        except (ValueError, RecursionError):
            raise InputError(f"{where}: is not JSON; is the file complete?") from None
        image = checks.image_in(fields.get("file_name"), f"{where}.file_name")
        objects = checks.object_in(fields.get("objects", {"bbox": [], "names": []}), f"{where}.objects")
        corners = checks.list_in(objects.get("bbox"), f"{where}.objects.bbox")
        ids = objects.get("categories", objects.get("category", []))
        labels = checks.list_in(objects.get("names", ids), f"{where}.objects.names")
        if len(labels) != len(corners):
            raise InputError(f"{where}.objects: found {len(corners)} boxes and {len(labels)} labels, expected as many")
        boxes = []
        for index, (label, box) in enumerate(zip(labels, corners, strict=True)):
            try:
                boxes.append(_read_box(label, box, f"{where}.objects.bbox[{index}]"))
            except InputError as error:
                yield Problem(str(error))
        if "names" in objects and isinstance(ids, list):
            for label, class_id in zip(labels, ids, strict=False):
                if isinstance(label, str) and isinstance(class_id, int) and label not in known:
                    known.add(label)
                    yield LabelRecord(label, class_id)
        size = [checks.whole_in(fields.get(side), f"{where}.{side}") for side in ("width", "height")]
        beside = posixpath.join(folder, image)
        path = image if split else beside
        yield ImageRecord(path, size[0], size[1], tuple(boxes), split=split, beside=beside)
    except InputError as error:
        yield Problem(str(error))


def _read_box(label: object, box: object, where: str) -> BoxRecord:
    if isinstance(label, int) and not isinstance(label, bool):
        label = f"class {label}"  # the names stand in the data set's code, not in the file
    x, y, width, height = checks.four_in(box, where)
    return BoxRecord(checks.text_in(label, f"{where}: label"), x, y, x + width, y + height, where=where)


def write(dataset: Dataset) -> Iterator[Part]:
    class_ids = {label.name: label.class_id for label in dataset.labels}
    for split in sorted({image.split for image in dataset.images()}):
        yield Part(f"{FOLDERS[split]}{FILE}", _lines(dataset, split, class_ids))


def _lines(dataset: Dataset, split: Split, class_ids: dict[str, int]) -> Iterator[str]:
    for image in dataset.images():
        if image.split == split:
            yield json.dumps(_fields(image, class_ids), ensure_ascii=False) + "\n"


def _fields(image: ImageRecord, class_ids: dict[str, int]) -> dict[str, Any]:
    corners = [(box.x0, box.y0, extent(box.x0, box.x1), extent(box.y0, box.y1)) for box in image.boxes]
    return {
        "file_name": image.image,
        "width": image.width,
        "height": image.height,
        "objects": {
            "bbox": [[checks.plain_number(value) for value in box] for box in corners],
            "categories": [class_ids[box.label] for box in image.boxes],
            "names": [box.label for box in image.boxes],
        },
    }


FORMAT = Format(
    "imagefolder",
    "Hugging Face imagefolder",
    recognises,
    read,
    write,
    "",
    frozenset({"names", "empty", "sizes"}),
    picture_at=lambda image, _stem: f"{FOLDERS[image.split]}{image.image}",
)
