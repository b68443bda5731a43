"""Somebody's files come in, one box is corrected, the files go out: nothing else may have changed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from data import formats
from data.boxes import Box
from data.choices import Choice
from data.edits import later_than
from data.formats.model import BoxRecord, ImageRecord, LabelRecord
from data.formats.tree import open_tree
from data.services import Services
from tests.conftest import save_picture
from tests.unit.test_storage import open_services

SAID = {"occluded": True, "group_id": "7", "note": 'é "x" <&>', "score": 0.5}
KEEPING = [name for name, one in formats.WRITTEN.items() if "attributes" in one.keeps]
LABELS = [LabelRecord("zebra", 3), LabelRecord("ant", 7)]

COCO = {
    "images": [{"id": 40, "file_name": "a.jpg", "width": 640, "height": 480}],
    "categories": [{"id": 5, "name": "ant"}, {"id": 18, "name": "zebra"}],
    "annotations": [
        {"id": 900, "image_id": 40, "category_id": 18, "bbox": [10, 20, 30.5, 40], "area": 1220.0, "iscrowd": 0,
         "attributes": {"occluded": False, "colour": "striped"}},
        {"id": 901, "image_id": 40, "category_id": 5, "bbox": [100, 200, 50, 60], "area": 3000.0, "iscrowd": 0},
    ],
}  # fmt: skip

VOC = """<annotation><folder>.</folder><filename>a.jpg</filename><source><database>Mine</database></source>
<size><width>640</width><height>480</height><depth>3</depth></size><segmented>0</segmented>
<object><name>zebra</name><pose>Left</pose><truncated>1</truncated><difficult>0</difficult>
<bndbox><xmin>10</xmin><ymin>20</ymin><xmax>40.5</xmax><ymax>60</ymax></bndbox></object>
<object><name>ant</name><pose>Unspecified</pose><truncated>0</truncated><difficult>1</difficult>
<bndbox><xmin>100</xmin><ymin>200</ymin><xmax>150</xmax><ymax>260</ymax></bndbox></object></annotation>"""

CVAT = """<annotations><version>1.1</version><image id="0" name="a.jpg" width="640" height="480">
<box label="zebra" source="manual" occluded="1" xtl="10.0" ytl="20.0" xbr="40.5" ybr="60.0" z_order="2">
<attribute name="colour">striped</attribute></box>
<box label="ant" source="manual" occluded="0" xtl="100.0" ytl="200.0" xbr="150.0" ybr="260.0" z_order="0"></box>
</image></annotations>"""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    save_picture(tmp_path / "pictures" / "a.jpg", (640, 480))
    made = open_services(str(tmp_path / "a.db"), tmp_path, tmp_path / "pictures")
    yield made
    made.database.engine.dispose()


def bring_in(services: Services, path: Path) -> str:
    with open_tree(path) as tree:
        report = services.imports.bring_in(tree, annotator_name="ada")
    assert report.notes == []
    return report.step


def correct(services: Services, label: str) -> None:
    """Move the right edge of a box, as the page does."""
    [kept] = [one for one in services.annotations.read("a.jpg", "ada")[0].boxes if one.box.label == label]
    box = {**{name: getattr(kept.box, name) for name in Box.__slots__}, "x1": 333.0}
    edit = {"id": str(uuid.uuid4()), "image": "a.jpg", "kind": "put", "time": later_than(kept.stamp[0]), "box": box}
    assert services.annotations.take("ada", [edit]).refused == []


@pytest.mark.parametrize("name", KEEPING)
def test_what_a_file_says_beside_stays_with_the_box(tmp_path: Path, services: Services, name: str) -> None:
    boxes = (BoxRecord("zebra", 1, 2, 30, 40, attributes=SAID), BoxRecord("ant", 5, 6, 70, 80))
    if name == "json":
        time = "2026-01-01T00:00:00.000Z"
        boxes = tuple(BoxRecord(b.label, b.x0, b.y0, b.x1, b.y1, "", f"box-{n}", time, time, b.attributes) for n, b in enumerate(boxes))  # fmt: skip
    meant = ImageRecord("a.jpg", 640, 480, boxes, "ada", "done")
    formats.write(name, [meant], tmp_path / "in", labels=LABELS)
    bring_in(services, tmp_path / "in")
    bring_in(services, tmp_path / "in")  # which adds nothing
    correct(services, "zebra")
    report = services.exports.to_path(name, tmp_path / "out", Choice())
    assert report.left_out == []
    [image] = formats.read(tmp_path / "out")[0]
    found = {box.label: (round(box.x1, 9), as_text(box.attributes)) for box in image.boxes}
    assert found == {"zebra": (333, as_text(SAID)), "ant": (70, {})}


def as_text(attributes: Any) -> dict[str, str]:
    """XML knows only text."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in attributes.items()}


@pytest.mark.parametrize("name", [name for name in formats.WRITTEN if name not in KEEPING])
def test_what_a_format_has_no_place_for_is_named(tmp_path: Path, services: Services, name: str) -> None:
    boxes = (BoxRecord("zebra", 1, 2, 30, 40, attributes=SAID),)
    formats.write("coco", [ImageRecord("a.jpg", 640, 480, boxes)], tmp_path / "in.json", labels=LABELS)
    bring_in(services, tmp_path / "in.json")
    [line] = services.exports.to_path(name, tmp_path / "out", Choice()).left_out
    assert "has no place for: occluded of 1, group_id of 1, note of 1, score of 1" in line


def test_two_boxes_in_one_place_keep_what_is_said_of_each(tmp_path: Path, services: Services) -> None:
    twins = tuple(BoxRecord("zebra", 1, 2, 30, 40, attributes={"number": number}) for number in range(2))
    formats.write("coco", [ImageRecord("a.jpg", 640, 480, twins)], tmp_path / "in.json", labels=LABELS)
    assert bring_in(services, tmp_path / "in.json")
    assert len(services.annotations.read("a.jpg", "ada")[0].boxes) == 2
    assert bring_in(services, tmp_path / "in.json") == ""


def test_numbers_and_flags_survive_a_format_of_texts(tmp_path: Path, services: Services) -> None:
    boxes = (BoxRecord("zebra", 1, 2, 30, 40, attributes={"number": 3, "sharp": False}),)
    formats.write("coco", [ImageRecord("a.jpg", 640, 480, boxes)], tmp_path / "in.json", labels=LABELS)
    bring_in(services, tmp_path / "in.json")
    services.exports.to_path("cvat", tmp_path / "out.xml", Choice())
    assert bring_in(services, tmp_path / "out.xml") == ""
    assert list(services.annotations.attributes(["a.jpg"]).values()) == [{"number": 3, "sharp": False}]


def test_taking_an_import_back_brings_back_what_was_said_before(tmp_path: Path, services: Services) -> None:
    steps = []
    for number in range(2):
        boxes = (BoxRecord("zebra", 1, 2, 30, 40, attributes={"number": number}),)
        formats.write("coco", [ImageRecord("a.jpg", 640, 480, boxes)], tmp_path / "in.json", labels=LABELS)
        steps.append(bring_in(services, tmp_path / "in.json"))
        assert list(services.annotations.attributes(["a.jpg"]).values()) == [{"number": number}]
    services.imports.take_back(steps[1])
    assert list(services.annotations.attributes(["a.jpg"]).values()) == [{"number": 0}]
    services.imports.take_back(steps[0])
    assert services.annotations.attributes(["a.jpg"]) == {}


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
def test_coco_of_somebody_else(tmp_path: Path, services: Services, start: str) -> None:
    (tmp_path / "in.json").write_text(start + json.dumps(COCO))
    bring_in(services, tmp_path / "in.json")
    correct(services, "ant")
    services.exports.to_path("coco", tmp_path / "out.json", Choice())
    out = json.loads((tmp_path / "out.json").read_text())
    names = {one["id"]: one["name"] for one in out["categories"]}
    assert (names[5], names[18]) == ("ant", "zebra")
    zebra, ant = sorted(out["annotations"], key=lambda one: one["bbox"])
    numbers = ("id", "image_id")
    assert {k: v for k, v in zebra.items() if k not in numbers} == {
        k: v for k, v in COCO["annotations"][0].items() if k not in numbers
    }
    assert ant["bbox"] == [100, 200, 233, 60]


def test_masks_that_are_not_kept_are_named(tmp_path: Path, services: Services) -> None:
    masked = {**COCO, "annotations": [{**COCO["annotations"][0], "segmentation": [[10, 20, 40, 20, 40, 60]]}]}
    (tmp_path / "in.json").write_text(json.dumps(masked))
    with open_tree(tmp_path / "in.json") as tree:
        report = services.imports.bring_in(tree, annotator_name="ada")
    assert report.boxes_added == 1
    assert report.notes == ["in.json: 1 annotation with a segmentation; the boxes are taken, masks are not kept"]


def test_pascal_voc_of_somebody_else(tmp_path: Path, services: Services) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xml").write_text(VOC)
    bring_in(services, tmp_path / "in")
    correct(services, "ant")
    services.exports.to_path("voc", tmp_path / "out", Choice())
    before, after = (
        {one.findtext("name"): flat(one) for one in ElementTree.fromstring(text).iter("object")}
        for text in (VOC, (tmp_path / "out" / "Annotations" / "a.xml").read_text())
    )
    assert after["zebra"] == before["zebra"]
    assert after["ant"] == before["ant"] | {"xmax": 333}


def test_cvat_of_somebody_else(tmp_path: Path, services: Services) -> None:
    (tmp_path / "in.xml").write_text(CVAT)
    bring_in(services, tmp_path / "in.xml")
    correct(services, "ant")
    services.exports.to_path("cvat", tmp_path / "out.xml", Choice())
    before, after = (
        {one.get("label"): (dict(one.attrib), flat(one)) for one in ElementTree.fromstring(text).iter("box")}
        for text in (CVAT, (tmp_path / "out.xml").read_text())
    )
    assert after["zebra"] == before["zebra"]
    assert after["ant"] == (before["ant"][0] | {"xbr": "333.0"}, before["ant"][1])


def flat(element: ElementTree.Element) -> dict[str, Any]:
    """The texts below an element; numbers as numbers, since 40 and 40.0 are one coordinate."""
    found = {one.tag: (one.text or "").strip() for one in element.iter() if one is not element and len(one) == 0}
    return {tag: float(text) if text.replace(".", "").isdigit() else text for tag, text in found.items()}
