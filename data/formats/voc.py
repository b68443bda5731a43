"""Pascal VOC XML: one file per image, under ``Annotations/``.

The devkit counts pixels from 1 and includes the last (a whole picture is 1, 1, width, height); most tools write corners
from 0. ``Options.voc_base`` says which; what is written here says so itself in ``source/annotation``.
http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element

from data.errors import InputError
from data.formats import checks
from data.formats.model import BoxRecord, Dataset, Doubt, Format, ImageRecord, Options, Part, Problem, Record
from data.formats.splits import split_of_file
from data.formats.stems import Stems
from data.formats.tree import Tree
from data.formats.xmls import UNREADABLE, parsed, plain_text, quoted, under

FLAGS = ("truncated", "difficult", "occluded")
BASE_NOTE = "corners from "


def recognises(tree: Tree) -> bool:
    first = next(iter(tree.sample(".xml")), None)
    if first is None:
        return False
    with tree.open(first) as stream:
        return bool(re.search(rb"<annotation[\s>]", stream.read(4096)))


def read(tree: Tree, options: Options) -> Iterator[Record]:
    told = False
    for name in tree.ending(".xml"):
        try:
            root = parsed(tree.content(name))
            if root.tag != "annotation":
                raise InputError(f"{name}: found <{root.tag}>, expected <annotation>")
            base = _base_of(root)
            if base is None and not told:
                told = True
                yield Doubt(
                    f"{name} does not say whether its pixels count from 0 or from 1, as those of the VOC devkit do; "
                    f"taken as from {options.voc_base}"
                )
            boxes, problems = _read_boxes(root, name, options.voc_base if base is None else base)
            yield from problems
            size = under(root, "size")
            width = checks.whole_in(size.findtext("width"), f"{name}: size/width")
            height = checks.whole_in(size.findtext("height"), f"{name}: size/height")
            image = _image_of(root, name)
            beside = checks.beside(name.replace("Annotations/", "JPEGImages/"), posixpath.basename(image))
            yield ImageRecord(image, width, height, boxes, split=split_of_file(name), beside=beside)
        except InputError as error:
            yield Problem(str(error))
        except UNREADABLE as error:
            yield Problem(f"{name}: is not XML that can be read ({error})")


def _read_boxes(root: Element, name: str, base: int) -> tuple[tuple[BoxRecord, ...], list[Problem]]:
    boxes, problems = [], []
    for index, item in enumerate(root.iter("object")):
        where = f"{name}: object[{index}]"
        try:
            label = checks.text_in(item.findtext("name"), f"{where}/name").strip()
            bndbox = under(item, "bndbox")
            x0, y0, x1, y1 = (
                checks.number_in(bndbox.findtext(corner), f"{where}/bndbox/{corner}")
                for corner in ("xmin", "ymin", "xmax", "ymax")
            )
            boxes.append(BoxRecord(label, x0 - base, y0 - base, x1, y1, where, attributes=_attributes(item)))
        except InputError as error:
            problems.append(Problem(str(error)))
    return tuple(boxes), problems


def _attributes(item: Element) -> dict[str, Any]:
    """Flags that are set, and what stands under ``attributes`` as CVAT writes it."""
    said: dict[str, Any] = {name: True for name in FLAGS if (item.findtext(name) or "").strip() == "1"}
    if item.findtext("pose", "Unspecified").strip() not in ("", "Unspecified"):
        said["pose"] = item.findtext("pose")
    for one in under(item, "attributes"):
        if one.findtext("name"):
            said[str(one.findtext("name"))] = one.findtext("value") or ""
    return said


def _base_of(root: Element) -> int | None:
    note = under(root, "source").findtext("annotation") or ""
    return int(note[len(BASE_NOTE)]) if note in (f"{BASE_NOTE}0", f"{BASE_NOTE}1") else None


def _image_of(root: Element, name: str) -> str:
    file = checks.image_in(root.findtext("filename"), f"{name}: filename")
    parts = PurePosixPath(name).parts
    if "Annotations" in parts:
        parts = parts[parts.index("Annotations") + 1 :]
    return file if "/" in file else "/".join((*parts[:-1], file))


def write(dataset: Dataset) -> Iterator[Part]:
    stems = Stems(dataset)
    sets: dict[str, list[str]] = {}
    for image in dataset.images():
        stem = stems.of(image.image)
        sets.setdefault(image.split, []).append(f"{stem}\n")
        yield Part(f"Annotations/{stem}.xml", _document(image, dataset.options))
    for split, lines in sets.items():
        if split:
            yield Part(f"ImageSets/Main/{split}.txt", lines)


def _document(image: ImageRecord, options: Options) -> Iterator[str]:
    path = PurePosixPath(image.image)
    yield f"<annotation>\n  <folder>{quoted(path.parent.as_posix())}</folder>\n"
    yield f"  <filename>{quoted(path.name)}</filename>\n"
    yield f"  <source><database>Unknown</database><annotation>{BASE_NOTE}{options.voc_base}</annotation></source>\n"
    yield f"  <size><width>{image.width or 0}</width><height>{image.height or 0}</height><depth>3</depth></size>\n"
    yield "  <segmented>0</segmented>\n"
    for box in image.boxes:
        corners = [box.x0 + options.voc_base, box.y0 + options.voc_base, box.x1, box.y1]
        x0, y0, x1, y1 = (str(round(value)) if options.voc_integers else f"{value!r}" for value in corners)
        yield f"  <object>\n    <name>{quoted(box.label)}</name>\n"
        yield from _said(box.attributes)
        yield f"    <bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox>\n"
        yield "  </object>\n"
    yield "</annotation>\n"


def _said(attributes: Mapping[str, Any]) -> Iterator[str]:
    yield f"    <pose>{quoted(str(attributes.get('pose', 'Unspecified')))}</pose>"
    for name in FLAGS:
        if name in attributes or name != "occluded":
            yield f"<{name}>{int(attributes.get(name) in (True, 1, '1'))}</{name}>"
    yield "\n"
    others = {name: value for name, value in attributes.items() if name not in (*FLAGS, "pose")}
    if others:
        yield "    <attributes>"
        for name, value in others.items():
            yield f"<attribute><name>{quoted(name)}</name><value>{quoted(plain_text(value))}</value></attribute>"
        yield "</attributes>\n"


FORMAT = Format(
    name="voc",
    title="Pascal VOC XML",
    recognises=recognises,
    read=read,
    write=write,
    keeps=frozenset({"names", "empty", "sizes", "attributes"}),
    picture_at=lambda image, _stem: f"JPEGImages/{image.image}",
)
