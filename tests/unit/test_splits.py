"""Training sets whose splits hold pictures of equal names: the folder of the file decides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data import formats
from data.choices import Choice
from data.formats.splits import split_of_file
from data.formats.tree import open_tree
from data.services import Services
from tests.conftest import save_picture
from tests.unit.test_storage import open_services, put

SIZE = (640, 480)
LEFT = {"train": 10, "valid": 20}  # x0 of the one box of each split's a.jpg


def coco(x0: int) -> str:
    return json.dumps({
        "images": [{"id": 0, "file_name": "a.jpg", "width": 640, "height": 480}],
        "categories": [{"id": 1, "name": "cup"}],
        "annotations": [{"id": 0, "image_id": 0, "category_id": 1, "bbox": [x0, 5, 40, 30]}],
    })  # fmt: skip


def yolo(x0: int) -> str:
    return f"0 {(x0 + 20) / 640} {20 / 480} {40 / 640} {30 / 480}\n"


def voc(x0: int) -> str:
    box = f"<xmin>{x0}</xmin><ymin>5</ymin><xmax>{x0 + 40}</xmax><ymax>35</ymax>"
    return f"<annotation><filename>a.jpg</filename><object><name>cup</name><bndbox>{box}</bndbox></object></annotation>"


def csv(x0: int) -> str:
    return f"filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,640,480,cup,{x0},5,{x0 + 40},35\n"


def createml(x0: int) -> str:
    place = {"x": x0 + 20, "y": 20, "width": 40, "height": 30}
    return json.dumps([{"image": "a.jpg", "annotations": [{"label": "cup", "coordinates": place}]}])


def labelme(x0: int) -> str:
    shape = {"label": "cup", "shape_type": "rectangle", "points": [[x0, 5], [x0 + 40, 35]]}
    return json.dumps({"imagePath": "a.jpg", "imageWidth": 640, "imageHeight": 480, "shapes": [shape]})


def imagefolder(x0: int) -> str:
    return json.dumps({"file_name": "a.jpg", "objects": {"bbox": [[x0, 5, 40, 30]], "names": ["cup"]}}) + "\n"


LAYOUTS = {
    "yolo": ("{split}/labels/a.txt", yolo, "{split}/images/a.jpg"),
    "yolo, split below": ("labels/{split}/a.txt", yolo, "images/{split}/a.jpg"),
    "coco": ("{split}/_annotations.coco.json", coco, "{split}/a.jpg"),
    "coco, one folder": ("annotations/instances_{split}2017.json", coco, "{split}2017/a.jpg"),
    "voc": ("{split}/a.xml", voc, "{split}/a.jpg"),
    "voc, devkit": ("{split}/Annotations/a.xml", voc, "{split}/JPEGImages/a.jpg"),
    "csv": ("{split}/_annotations.csv", csv, "{split}/a.jpg"),
    "createml": ("{split}/_annotations.createml.json", createml, "{split}/a.jpg"),
    "labelme": ("{split}/a.json", labelme, "{split}/a.jpg"),
    "imagefolder": ("{split}/metadata.jsonl", imagefolder, "{split}/a.jpg"),
}


def made(tmp_path: Path, layout: str) -> tuple[Path, dict[str, str]]:
    """A data set without its pictures, and where each split's picture belongs."""
    file, content, picture = LAYOUTS[layout]
    for split, x0 in LEFT.items():
        path = tmp_path / "set" / file.format(split=split)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content(x0))
    if layout.startswith("yolo"):
        (tmp_path / "set" / "data.yaml").write_text("names: [cup]\n")
    return tmp_path / "set", {split: picture.format(split=split) for split in LEFT}


def lefts(services: Services, ids: dict[str, str]) -> dict[str, list[float]]:
    return {
        split: [round(one.box.x0, 6) for one in services.annotations.read(image_id, "bob")[0].boxes]
        for split, image_id in ids.items()
    }


@pytest.mark.parametrize("above", ["", "sets/new/"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_split_finds_its_own(tmp_path: Path, layout: str, above: str) -> None:
    path, pictures = made(tmp_path, layout)
    ids = {split: above + name for split, name in pictures.items()}
    for name in ids.values():
        save_picture(tmp_path / "pictures" / name, SIZE)
    services = open_services(str(tmp_path / "a.db"), tmp_path, tmp_path / "pictures")
    with open_tree(path) as tree:
        report = services.imports.bring_in(tree, annotator_name="bob")
    assert (report.notes, lefts(services, ids)) == ([], {split: [x0] for split, x0 in LEFT.items()})
    services.database.engine.dispose()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_boxes_of_one_split_never_go_to_the_other(tmp_path: Path, layout: str) -> None:
    path, _ = made(tmp_path, layout)
    save_picture(tmp_path / "pictures" / "a.jpg", SIZE)  # of which split, nobody can say
    services = open_services(str(tmp_path / "a.db"), tmp_path, tmp_path / "pictures")
    with open_tree(path) as tree:
        report = services.imports.bring_in(tree, annotator_name="bob")
    assert (report.boxes_added, report.step) == (0, "")
    assert "a.jpg would be in train and in val" in report.notes[0]
    services.database.engine.dispose()


@pytest.mark.parametrize("name", formats.WRITTEN)
def test_a_namesake_that_is_not_exported_is_told_apart(tmp_path: Path, name: str) -> None:
    for file in ("d.jpg", "d.png", "train/d.jpg"):
        save_picture(tmp_path / "pictures" / file, SIZE)
    services = open_services(str(tmp_path / "a.db"), tmp_path, tmp_path / "pictures")
    services.annotations.take("ada", [{**put("one", 1), "image": "d.jpg"}])
    services.exports.to_path(name, tmp_path / "out", Choice(untouched=False))
    other = open_services(str(tmp_path / "b.db"), tmp_path, tmp_path / "pictures")
    with open_tree(tmp_path / "out") as tree:
        report = other.imports.bring_in(tree, annotator_name="ada")
    assert (report.boxes_added, report.notes) == (1, [])
    assert len(other.annotations.read("d.jpg", "ada")[0].boxes) == 1
    for one in (services, other):
        one.database.engine.dispose()


def test_the_split_of_a_file() -> None:
    found = {
        name: split_of_file(name)
        for name in ("annotations/instances_val2017.json", "set/test/labels/a.txt", "validated/trainer.json", "a.txt")
    }
    assert list(found.values()) == ["val", "test", "", ""]
