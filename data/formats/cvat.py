"""CVAT for images 1.1: one XML with every image and its boxes. https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml import ElementTree as SafeTree

from data.errors import InputError
from data.formats import checks
from data.formats.model import BoxRecord, Dataset, Format, ImageRecord, Options, Part, Problem, Record
from data.formats.splits import split_named
from data.formats.tree import Tree
from data.formats.xmls import UNREADABLE, plain_text, quoted

DEEPEST = 50
OTHER_SHAPES = ("polygon", "polyline", "points", "ellipse", "mask", "cuboid", "skeleton", "tag")


def recognises(tree: Tree) -> bool:
    for name in tree.sample(".xml"):
        with tree.open(name) as stream:
            if b"<annotations>" in stream.read(4096):
                return True
    return False


def read(tree: Tree, _options: Options) -> Iterator[Record]:
    for name in tree.ending(".xml"):
        try:
            yield from _read_file(tree, name)
        except InputError:
            raise
        except UNREADABLE as error:
            raise InputError(f"{name}: is not XML that can be read ({error}); is the file complete?") from None


def _read_file(tree: Tree, name: str) -> Iterator[Record]:
    index = depth = 0
    root: Element | None = None
    with tree.open(name) as stream:
        for event, element in SafeTree.iterparse(stream, events=("start", "end")):
            if event == "start":
                depth += 1
                root = element if root is None else root
                if depth > DEEPEST:
                    raise InputError(f"{name}: is nested more than {DEEPEST} deep; this is no file of annotations")
                continue
            depth -= 1
            if element.tag == "track" and depth == 1:
                yield Problem(f"{name}: found a <track>, expected <image>: export a video as CVAT for images; left out")
            if element.tag == "image" and depth == 1:
                yield from _read_image(element, f"{name}: image[{index}]")
                index += 1
            if depth == 1 and root is not None:
                root.clear()  # what was read is let go of


def _read_image(element: Element, where: str) -> Iterator[Record]:
    try:
        image = checks.image_in(element.get("name"), f"{where} name")
        boxes, problems = checks.apart(checks.each(element.iter("box"), _read_box, f"{where} box"))
        yield from problems
        for shape in OTHER_SHAPES:
            count = len(element.findall(shape))
            if count:
                yield Problem(f"{where} ({image}): {count} of <{shape}>, expected <box>; left out")
        size = [checks.whole_in(element.get(side), f"{where} {side}") for side in ("width", "height")]
        split = split_named(element.get("subset") or "")
        yield ImageRecord(image, size[0], size[1], tuple(boxes), split=split)
    except InputError as error:
        yield Problem(str(error))


def _read_box(element: Element, where: str) -> BoxRecord:
    if checks.number_in(element.get("rotation") or 0, f"{where} rotation") % 360:
        raise InputError(f"{where} rotation: found {element.get('rotation')}, expected an upright box; left out")
    label = checks.text_in(element.get("label"), f"{where} label")
    x0, y0, x1, y1 = (checks.number_in(element.get(side), f"{where} {side}") for side in ("xtl", "ytl", "xbr", "ybr"))
    return BoxRecord(label, x0, y0, x1, y1, where=where, attributes=_attributes(element))


def _attributes(element: Element) -> dict[str, Any]:
    said: dict[str, Any] = {"occluded": True} if element.get("occluded") == "1" else {}
    if element.get("z_order", "0") != "0":
        said["z_order"] = element.get("z_order")
    if element.get("group_id"):
        said["group_id"] = element.get("group_id")
    return said | {one.get("name", ""): one.text or "" for one in element.iterfind("attribute") if one.get("name")}


def write(dataset: Dataset) -> Iterator[Part]:
    yield Part(FORMAT.file, _document(dataset))


def _document(dataset: Dataset) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
    yield "  <meta><task><name>dash-annotator</name><labels>\n"
    for label in dataset.labels:
        color = quoted(label.color or "#808080")
        yield f"    <label><name>{quoted(label.name)}</name><color>{color}</color>"
        yield "<type>rectangle</type><attributes></attributes></label>\n"
    yield "  </labels></task></meta>\n"
    for number, image in enumerate(dataset.images()):
        subset = f' subset="{image.split}"' if image.split else ""
        size = f'width="{image.width or 0}" height="{image.height or 0}"'
        yield f'  <image id="{number}" name="{quoted(image.image)}"{subset} {size}>\n'
        for box in image.boxes:
            corners = " ".join(
                f'{side}="{value!r}"'
                for side, value in zip(("xtl", "ytl", "xbr", "ybr"), (box.x0, box.y0, box.x1, box.y1), strict=True)
            )
            said = dict(box.attributes)
            occluded = int(said.pop("occluded", False) in (True, 1, "1"))
            z_order = quoted(plain_text(said.pop("z_order", 0)))
            group = f' group_id="{quoted(plain_text(said.pop("group_id")))}"' if "group_id" in said else ""
            yield f'    <box label="{quoted(box.label)}" source="manual" occluded="{occluded}" {corners}'
            yield f' z_order="{z_order}"{group}>'
            for name, value in said.items():
                yield f'<attribute name="{quoted(name)}">{quoted(plain_text(value))}</attribute>'
            yield "</box>\n"
        yield "  </image>\n"
    yield "</annotations>\n"


FORMAT = Format(
    "cvat",
    "CVAT for images 1.1 XML",
    recognises,
    read,
    write,
    "annotations.xml",
    frozenset({"names", "empty", "sizes", "attributes"}),
)
