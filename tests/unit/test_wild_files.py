"""What tools in the wild write, and what becomes of it here: nothing is lost without a word, nothing comes twice."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data import formats
from data.choices import Choice, parse_choice
from data.edits import later_than
from data.errors import InputError
from data.import_report import Report
from data.services import Services
from tests.conftest import save_picture
from tests.files import opened
from tests.unit.test_storage import open_services, put

HEADER = "filename,width,height,class,xmin,ymin,xmax,ymax\n"
CAR = {"id": 1, "image_id": 1, "category_id": 3, "bbox": [10, 20, 30, 40]}
COCO: dict[str, Any] = {
    "images": [{"id": n, "file_name": f"{name}.jpg", "width": 640, "height": 480} for n, name in ((1, "a"), (2, "b"))],
    "categories": [{"id": 3, "name": "car"}, {"id": 9, "name": "tram"}],
    "annotations": [CAR],
}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        save_picture(tmp_path / "pictures" / name, (640, 480))
    made = open_services(str(tmp_path / "a.db"), tmp_path, tmp_path / "pictures")
    yield made
    made.database.engine.dispose()


def bring_in(services: Services, name: str, content: object, **more: Any) -> Report:
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    with opened(name, text if isinstance(text, bytes) else text.encode()) as tree:
        return services.imports.bring_in(tree, annotator_name="ada", **more)


def state_of(services: Services, image: str) -> str:
    return services.annotations.read(image, "ada")[0].state


# ---- images without a box ----


def test_an_empty_image_of_a_training_set_stays_one(tmp_path: Path, services: Services) -> None:
    report = bring_in(services, "coco.json", COCO)
    assert (state_of(services, "a.jpg"), state_of(services, "b.jpg")) == ("in progress", "done")
    assert report.doubts == ["1 image without a box: taken as looked at and empty"]
    services.exports.to_path("coco", tmp_path / "out.json", Choice(untouched=False))
    assert [one["file_name"] for one in json.loads((tmp_path / "out.json").read_text())["images"]] == ["a.jpg", "b.jpg"]
    assert bring_in(services, "coco.json", COCO).step == ""


@pytest.mark.parametrize("name", [name for name, one in formats.WRITTEN.items() if "empty" in one.keeps])
def test_empty_images_go_out_and_come_back(tmp_path: Path, services: Services, name: str) -> None:
    done = {"id": str(uuid.uuid4()), "image": "b.jpg", "kind": "state", "state": "done", "time": later_than("")}
    services.annotations.take("ada", [{**put("one", 1), "image": "a.jpg"}, done])
    services.exports.to_path(name, tmp_path / "out", Choice())
    other = open_services(str(tmp_path / "b.db"), tmp_path, tmp_path / "pictures")
    with formats.open_tree(tmp_path / "out") as tree:
        other.imports.bring_in(tree, annotator_name="ada")
    assert (state_of(other, "b.jpg"), state_of(other, "c.jpg")) == ("done", "todo")
    other.database.engine.dispose()


@pytest.mark.parametrize("bad", [{"bbox": [1, 2, 3]}, {"iscrowd": 1}, {"category_id": 77}])
def test_an_image_whose_boxes_cannot_be_read_is_not_called_empty(services: Services, bad: dict[str, Any]) -> None:
    bring_in(services, "coco.json", {**COCO, "annotations": [{**CAR, "image_id": 2, **bad}]})
    assert state_of(services, "b.jpg") == "todo"


def test_lines_that_cannot_be_read_make_no_empty_image(tmp_path: Path, services: Services) -> None:
    (tmp_path / "set" / "labels").mkdir(parents=True)
    (tmp_path / "set" / "data.yaml").write_text("names: [car]\n")
    for name, text in (("a", "7 0.5 0.5 0.1 0.1\n"), ("b", "")):
        (tmp_path / "set" / "labels" / f"{name}.txt").write_text(text)
    with formats.open_tree(tmp_path / "set") as tree:
        services.imports.bring_in(tree, annotator_name="ada")
    assert (state_of(services, "a.jpg"), state_of(services, "b.jpg")) == ("todo", "done")


def test_an_import_that_was_taken_back_leaves_no_empty_images(tmp_path: Path, services: Services) -> None:
    services.annotations.take("bob", [{**put("one", 1), "image": "c.jpg"}])
    services.imports.take_back(bring_in(services, "coco.json", COCO).step)
    services.exports.to_path("csv", tmp_path / "out.csv", Choice())
    assert "a.jpg" not in (tmp_path / "out.csv").read_text()
    assert "b.jpg" not in (tmp_path / "out.csv").read_text()


@pytest.mark.parametrize("name", [name for name, one in formats.WRITTEN.items() if "states" not in one.keeps])
def test_what_nobody_called_empty_is_no_negative(tmp_path: Path, services: Services, name: str) -> None:
    skip = {"id": str(uuid.uuid4()), "image": "b.jpg", "kind": "state", "state": "skipped", "time": later_than("")}
    services.annotations.take("ada", [{**put("one", 1), "image": "a.jpg"}, skip])
    report = services.exports.to_path(name, tmp_path / "out", Choice(untouched=False))
    assert report.images == 1
    assert report.left_out == ["b.jpg: has no box and is not marked done (skipped)"]


# ---- nothing to write, or something in the way ----


@pytest.mark.parametrize("name", [name for name, one in formats.WRITTEN.items() if "ids" not in one.keeps])
def test_an_export_of_nothing_says_so(tmp_path: Path, services: Services, name: str) -> None:
    choice = Choice(untouched=False)
    for work in (
        lambda: services.exports.to_path(name, tmp_path / "out", choice),
        lambda: services.exports.stream(name, choice),
        lambda: services.exports.preview(name, choice),
    ):
        with pytest.raises(InputError, match="there is nothing to export as"):
            work()


def test_a_name_that_nobody_has_is_refused(tmp_path: Path, services: Services) -> None:
    services.annotations.take("bob", [{**put("one", 1), "image": "c.jpg"}])
    with pytest.raises(InputError, match="annotator: found 'nobody', expected one of bob"):
        services.exports.to_path("voc", tmp_path / "out", Choice(annotators=("nobody",)))


def test_old_files_are_not_mixed_with_new_ones(tmp_path: Path, services: Services) -> None:
    services.annotations.take("bob", [{**put("one", 1), "image": "c.jpg"}])
    (tmp_path / "out").mkdir()
    services.exports.to_path("voc", tmp_path / "out", Choice())
    with pytest.raises(InputError, match="holds files already"):
        services.exports.to_path("voc", tmp_path / "out", Choice())


@pytest.mark.parametrize("split", ["80/10", "50/60", "0/0", "a/b", "100"])
def test_shares_that_do_not_add_up_are_refused(split: str) -> None:
    with pytest.raises(InputError, match="add up to 100"):
        parse_choice({"split": split})


# ---- coming in again ----


@pytest.mark.parametrize("deleted", [False, True])
def test_a_box_that_was_changed_here_does_not_come_in_again(services: Services, deleted: bool) -> None:
    bring_in(services, "coco.json", COCO)
    [kept] = services.annotations.read("a.jpg", "ada")[0].boxes
    edit = {**put(kept.box.id, 55), "image": "a.jpg", "time": later_than(kept.stamp[0])}
    if deleted:
        edit = {
            "id": str(uuid.uuid4()),
            "image": "a.jpg",
            "kind": "delete",
            "box_id": kept.box.id,
            "time": edit["time"],
        }
    services.annotations.take("ada", [edit])
    report = bring_in(services, "coco.json", COCO)
    assert (report.boxes_added, report.step) == (0, "")
    assert report.notes == [
        "coco.json: annotations[0]: came in before and was changed or deleted here since; kept as it is here"
    ]


def test_after_taking_it_back_it_comes_in_again(services: Services) -> None:
    services.imports.take_back(bring_in(services, "coco.json", COCO).step)
    assert bring_in(services, "coco.json", COCO).boxes_added == 1


# ---- labels ----


def test_labels_without_a_box_come_along(tmp_path: Path, services: Services) -> None:
    report = bring_in(services, "coco.json", COCO)
    assert report.labels_added == {"car": 1, "tram": 0}
    services.exports.to_path("coco", tmp_path / "out.json", Choice())
    ids = {one["name"]: one["id"] for one in json.loads((tmp_path / "out.json").read_text())["categories"]}
    assert (ids["car"], ids["tram"]) == (3, 9)


def test_a_label_to_map_that_is_not_in_the_file_is_refused(services: Services) -> None:
    with pytest.raises(InputError, match="map: found 'cra', expected one of the file's labels: car, tram"):
        bring_in(services, "coco.json", COCO, renames={"cra": "car"})
    assert services.annotations.read("a.jpg", "ada")[0].boxes == []


# ---- how others write ----


def test_labelimg_marks_what_was_checked(services: Services) -> None:
    box = "<xmin>10</xmin><ymin>20</ymin><xmax>40</xmax><ymax>60</ymax>"
    voc = f'<annotation verified="yes"><filename>a.jpg</filename><object><name>car</name><bndbox>{box}</bndbox></object></annotation>'
    assert bring_in(services, "a.xml", voc).boxes_added == 1


def test_names_that_roboflow_gave_find_their_pictures(services: Services) -> None:
    name = "a_jpg.rf.0123456789abcdef0123456789abcdef.jpg"
    assert bring_in(services, "x.csv", f"{HEADER}{name},640,480,car,10,20,40,60\n").boxes_added == 1
    twice = f"{HEADER}{name},640,480,car,9,20,40,60\n{name.replace('rf.0', 'rf.f')},640,480,car,5,20,40,60\n"
    report = bring_in(services, "x.csv", twice)
    assert report.boxes_added == 0  # the copies of an augmented set
    assert "a.jpg would be in" in report.notes[0]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_table_from_a_spreadsheet(services: Services, delimiter: str) -> None:
    table = f"{HEADER}a.jpg,640,480,car,10.5,20,40,60\n".replace(",", delimiter).replace("10.5", "10,5")
    assert bring_in(services, "x.csv", table.encode("utf-8-sig")).boxes_added == 1
    assert services.annotations.read("a.jpg", "ada")[0].boxes[0].box.x0 == 10.5


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (
            "x.csv",
            f"{HEADER}a.jpg,640,480,car,1,2,30,40\n".encode("utf-16"),
            "x.csv: is text in UTF-16; save it as UTF-8",
        ),
        ("x.zip", b"PK\x03\x04 and no end", "is no .zip that can be read, or its end is missing"),
        ("x.zip", b"anything", "is no .zip that can be read"),
    ],
)
def test_what_cannot_be_read_is_told_why(services: Services, name: str, content: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        bring_in(services, name, content)


def test_shares_in_a_format_of_pixels_are_recognised(services: Services) -> None:
    report = bring_in(services, "x.csv", f"{HEADER}a.jpg,640,480,car,0.1,0.2,0.5,0.6\n")
    assert "these look like shares of it, and the format has pixels" in report.notes[0]


def test_an_archive_that_is_damaged_inside_names_the_file(services: Services) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("coco.json", json.dumps({**COCO, "info": {str(n): n for n in range(500)}}))
    content = bytearray(file.getvalue())
    content[200:260] = bytes(60)
    with pytest.raises(InputError, match=r"coco\.json: cannot be read|known format"):
        bring_in(services, "x.zip", bytes(content))


def test_an_archive_that_is_whole_is_read(services: Services) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("coco.json", json.dumps(COCO))
    assert bring_in(services, "x.zip", file.getvalue()).boxes_added == 1
