"""VoTT: the JSON export both ways, and on reading also a project with its ``*-asset.json`` files.

An asset's path is an address such as ``file:/photos/1.jpg``. https://github.com/microsoft/VoTT
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from data.errors import InputError
from data.formats import checks, jsons
from data.formats.model import BoxRecord, Dataset, Format, ImageRecord, Options, Part, Problem, Record
from data.formats.numbers import extent
from data.formats.tree import Tree

VISITED, TAGGED = 1, 2  # an asset's states
STATE_OF = {"done": TAGGED, "in progress": TAGGED, "skipped": VISITED}


def recognises(tree: Tree) -> bool:
    return bool(tree.sample("-asset.json", ".vott")) or any(_is_export(tree, name) for name in tree.sample(".json"))


def _is_export(tree: Tree, name: str) -> bool:
    seen = jsons.outline(tree, name).paths
    return "assets" in seen and any(path.startswith("assets.") and path.endswith(".asset.path") for path in seen)


def read(tree: Tree, _options: Options) -> Iterator[Record]:
    if tree.names == tuple(tree.ending(".vott")):
        raise InputError(
            f"{tree.name}: is a VoTT project, whose boxes are in the files ending in -asset.json beside it; "
            "give the folder that holds them all"
        )
    for name in tree.ending("-asset.json"):
        try:
            yield from _read_asset(jsons.whole(tree, name), name)
        except InputError as error:
            yield Problem(str(error))
    for name in tree.ending(".json"):
        if not name.endswith("-asset.json") and _is_export(tree, name):
            for key, value in jsons.pairs(tree, name, "assets"):
                try:
                    yield from _read_asset(value, f"{name}: assets.{key}")
                except InputError as error:
                    yield Problem(str(error))


def _read_asset(value: object, where: str) -> Iterator[Record]:
    fields = checks.object_in(value, where)
    asset = checks.object_in(fields.get("asset"), f"{where}.asset")
    size = checks.object_in(asset.get("size") or {}, f"{where}.asset.size")
    boxes, problems = checks.apart(
        checks.each(checks.list_in(fields.get("regions", []), f"{where}.regions"), _read_region, f"{where}.regions")
    )
    yield from problems
    yield ImageRecord(
        checks.image_in(asset.get("path") or asset.get("name"), f"{where}.asset.path"),
        checks.whole_in(size.get("width"), f"{where}.asset.size.width"),
        checks.whole_in(size.get("height"), f"{where}.asset.size.height"),
        tuple(boxes),
        state="" if asset.get("state", TAGGED) == TAGGED else "todo",  # a visit alone says nothing of what is there
    )


def _read_region(value: object, where: str) -> BoxRecord:
    fields = checks.object_in(value, where)
    if fields.get("type") not in ("RECTANGLE", "SQUARE"):
        raise InputError(f"{where}.type: found {checks.shown(fields.get('type'))}, expected 'RECTANGLE'; left out")
    tags = checks.list_in(fields.get("tags"), f"{where}.tags")
    if len(tags) != 1:
        raise InputError(f"{where}.tags: found {len(tags)}, expected one; left out")
    place = checks.object_in(fields.get("boundingBox"), f"{where}.boundingBox")
    left, top, width, height = (
        checks.number_in(place.get(name), f"{where}.boundingBox.{name}") for name in ("left", "top", "width", "height")
    )
    return BoxRecord(checks.text_in(tags[0], f"{where}.tags[0]"), left, top, left + width, top + height, where=where)


def write(dataset: Dataset) -> Iterator[Part]:
    yield Part(FORMAT.file, _document(dataset))


def _document(dataset: Dataset) -> Iterator[str]:
    tags = [{"name": label.name, "color": label.color or "#808080"} for label in dataset.labels]
    head = {"name": "dash-annotator", "version": "2.2.0", "videoSettings": {"frameExtractionRate": 15}, "tags": tags}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ',\n"assets": {'
    separator = "\n"
    for image in dataset.images():
        key = hashlib.md5(image.image.encode(), usedforsecurity=False).hexdigest()
        yield f"{separator}{json.dumps(key)}: {json.dumps(_asset(key, image), ensure_ascii=False)}"
        separator = ",\n"
    yield "\n}}\n"


def _asset(key: str, image: ImageRecord) -> dict[str, Any]:
    path = PurePosixPath(image.image)
    return {
        "asset": {
            "format": path.suffix[1:].lower(),
            "id": key,
            "name": path.name,
            "path": f"file:{image.image}",
            "size": {"width": image.width, "height": image.height},
            "state": STATE_OF.get(image.state, 0),
            "type": 1,
        },
        "regions": [_region(f"{key}-{number}", box) for number, box in enumerate(image.boxes)],
        "version": "2.2.0",
    }


def _region(region_id: str, box: BoxRecord) -> dict[str, Any]:
    width, height = extent(box.x0, box.x1), extent(box.y0, box.y1)
    corners = [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]
    return {
        "id": region_id,
        "type": "RECTANGLE",
        "tags": [box.label],
        "boundingBox": {
            "left": checks.plain_number(box.x0),
            "top": checks.plain_number(box.y0),
            "width": checks.plain_number(width),
            "height": checks.plain_number(height),
        },
        "points": [{"x": checks.plain_number(x), "y": checks.plain_number(y)} for x, y in corners],
    }


FORMAT = Format(
    "vott",
    "VoTT JSON",
    recognises,
    read,
    write,
    "vott-export.json",
    frozenset({"names", "empty", "sizes", "untouched"}),
)
