"""What surrounds the formats: pictures, one folder for each annotator, doubts, decisions, stopping half-way."""

from __future__ import annotations

import gc
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from data import formats
from data.choices import Choice
from data.errors import InputError
from data.exports import file_names
from data.formats.tree import open_files, open_tree
from data.import_report import Report
from data.services import Services
from data.tables import image, import_step, label
from data.watch import Cancelled, Watch
from tests.conftest import Site, save_picture
from tests.files import opened
from tests.unit.test_storage import open_services, put

OURS = {"X-Requested-With": "test"}
VOC = """<annotation><filename>a.jpg</filename><size><width>640</width><height>480</height><depth>3</depth></size>
<object><name>cup</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>20</xmax><ymax>20</ymax></bndbox></object></annotation>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures; the second lies on its side."""
    save_picture(tmp_path / "pictures" / "a.jpg", (640, 480))
    lying = Image.new("RGB", (800, 500), "white")
    lying.paste("black", (0, 0, 400, 500))
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "pictures" / "b").mkdir()
    lying.save(tmp_path / "pictures" / "b" / "lying.png", exif=exif)
    return tmp_path / "pictures"


@pytest.fixture
def services(tmp_path: Path, folder: Path) -> Iterator[Services]:
    made = open_services(str(tmp_path / "a.db"), tmp_path, folder)
    made.annotations.take("ada", [{**put("one", 1), "image": "a.jpg"}, {**put("two", 2), "image": "b/lying.png"}])
    made.annotations.take("Bob / Ltd", [{**put("three", 3), "image": "a.jpg"}])
    yield made
    made.database.engine.dispose()


@pytest.mark.parametrize("name", formats.WRITTEN)
def test_pictures_stand_where_the_format_looks_for_them(tmp_path: Path, services: Services, name: str) -> None:
    report = services.exports.to_path(name, tmp_path / "out.zip", Choice(pictures=True))
    assert (report.boxes, report.read_back) == (3, 3)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        pictures = sorted(one for one in archive.namelist() if one.endswith((".jpg", ".png")))
        lying = Image.open(archive.open(pictures[-1]))
        assert archive.read(pictures[0]) == (tmp_path / "pictures" / "a.jpg").read_bytes()
        assert (lying.size, lying.getexif().get(0x0112, 1)) == ((500, 800), 1)
        assert [lying.getpixel(place) for place in ((250, 100), (250, 700))] == [(0, 0, 0), (255, 255, 255)]
    beginning = {"yolo": "images/train/", "voc": "JPEGImages/", "labelme": "", "createml": "", "imagefolder": ""}
    assert pictures == [f"{beginning.get(name, 'images/')}{one}" for one in ("a.jpg", "b/lying.png")]
    other = open_services(str(tmp_path / "b.db"), tmp_path, tmp_path / "pictures")
    with open_tree(tmp_path / "out.zip") as tree:
        assert other.imports.bring_in(tree, annotator_name="ada").boxes_added == 3
    other.database.engine.dispose()


@pytest.mark.parametrize("name", formats.WRITTEN)
def test_each_annotator_has_a_folder(tmp_path: Path, services: Services, name: str) -> None:
    report = services.exports.to_path(name, tmp_path / "out", Choice(each=True))
    assert (report.boxes, report.read_back) == (3, 3)
    found = {}
    for one in sorted((tmp_path / "out").iterdir()):
        images, problems = formats.read(one)
        assert problems == []
        found[one.name] = sum(len(image.boxes) for image in images)
    assert found == {"Bob_Ltd": 1, "ada": 2}


def test_names_of_folders_are_plain_and_different() -> None:
    names = ["a/b", "a:b", "A B", "日本", "..", ""]
    assert list(file_names(names).values()) == ["a_b", "a_b_2", "A_B_3", "日本", "annotator", "annotator_2"]


def test_several_files_do_not_go_into_one(tmp_path: Path, services: Services) -> None:
    for choice in (Choice(pictures=True), Choice(each=True), Choice(shares=(80, 20))):
        with pytest.raises(InputError, match=r"give a folder or a \.zip"):
            services.exports.to_path("coco", tmp_path / "out.json", choice)
    assert not (tmp_path / "out.json").exists()


def test_a_picture_that_is_gone_is_named_and_its_boxes_stay(tmp_path: Path, services: Services, folder: Path) -> None:
    (folder / "a.jpg").unlink()
    services.indexer.index()
    report = services.exports.to_path("coco", tmp_path / "out.zip", Choice(pictures=True))
    assert report.boxes == 3
    assert any("a.jpg: its picture, which cannot be read" in line for line in report.left_out)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert [one for one in archive.namelist() if one.startswith("images/")] == ["images/b/lying.png"]


def stop_at(stage: str) -> Watch:
    def tell(doing: str, _count: int) -> None:
        if doing == stage:
            raise Cancelled

    return Watch(tell)


@pytest.mark.parametrize("stage", ["Counting", "Writing", "Reading back"])
def test_a_stopped_export_leaves_nothing(tmp_path: Path, services: Services, stage: str) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(Cancelled):
        services.exports.to_path("yolo", tmp_path / "out" / "set.zip", Choice(), watch=stop_at(stage))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("stage", ["Looking at images", "Bringing in images"])
def test_a_stopped_import_leaves_nothing(services: Services, stage: str) -> None:
    content = VOC.replace("cup", "anvil").encode()
    with opened("a.xml", content) as tree, pytest.raises(Cancelled):
        services.imports.bring_in(tree, annotator_name="eve", watch=stop_at(stage))
    with services.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(import_step)) == 0
        assert connection.scalar(select(func.count()).select_from(label).where(label.c.name == "anvil")) == 0
    assert services.annotations.read("a.jpg", "eve")[0].boxes == []


def bring_in(services: Services, files: dict[str, str], tmp_path: Path, **options: Any) -> Report:
    paths = {}
    for number, (name, content) in enumerate(files.items()):
        paths[name] = tmp_path / str(number)
        paths[name].write_text(content)
    with open_files(paths) as tree:
        return services.imports.bring_in(tree, annotator_name="eve", **options)


def test_what_a_file_does_not_say_is_said(services: Services, tmp_path: Path) -> None:
    report = bring_in(services, {"a.xml": VOC}, tmp_path, only_if_clear=True)
    assert "does not say whether its pixels count from 0 or from 1" in report.doubts[0]
    assert (report.step, report.is_clear) == ("", False)
    report = bring_in(services, {"a.xml": VOC}, tmp_path)
    assert report.step
    assert report.boxes_added == 1


def test_a_folder_of_two_formats_is_read_as_the_likelier_and_the_other_can_be_chosen(
    services: Services, tmp_path: Path
) -> None:
    coco = {"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "person"}],
            "annotations": [{"id": n, "image_id": 1, "category_id": 1, "bbox": [n, n, 9, 9]} for n in range(2)]}  # fmt: skip
    files = {"set/coco.json": json.dumps(coco), "set/Annotations/a.xml": VOC}
    report = bring_in(services, files, tmp_path, dry_run=True)
    assert (report.file, list(report.candidates), report.boxes_added) == ("set", ["coco", "voc"], 2)
    assert report.doubts == ["set may also be Pascal VOC XML; taken as COCO JSON"]
    report = bring_in(services, files, tmp_path, chosen=formats.find("voc"))
    assert report.boxes_added == 1


def test_a_box_that_reaches_out_of_the_picture_is_clipped_and_reported(services: Services, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,640,480,person,-5,1,20,480.001\na.jpg,640,480,person,700,1,720,20"
    )
    with open_tree(tmp_path / "a.csv") as tree:
        report = services.imports.bring_in(tree, annotator_name="eve")
    [kept] = services.annotations.read("a.jpg", "eve")[0].boxes
    assert (kept.box.x0, kept.box.y0, kept.box.x1, kept.box.y1) == (0, 1, 20, 480)
    assert (report.boxes_added, report.boxes_failed) == (1, 1)
    assert "reaches 5 pixels out of the picture of 640 x 480; clipped" in report.notes[0]
    assert "leaves less than one pixel inside the picture" in report.notes[1]


CVAT_VIDEO = """<annotations><version>1.1</version><track id="0" label="cup"><box frame="0" outside="0" occluded="0"
xtl="1" ytl="1" xbr="20" ybr="20" keyframe="1"></box></track></annotations>"""
PREDICTED = [{"id": 1, "data": {"image": "a.jpg"}, "annotations": [], "predictions": [{"result": []}]}]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("video.xml", CVAT_VIDEO, "found a <track>, expected <image>"),
        ("tasks.json", json.dumps(PREDICTED), "1 by a model, expected annotations; left out"),
    ],
)
def test_what_is_not_taken_is_named(services: Services, name: str, content: str, says: str) -> None:
    with opened(name, content.encode()) as tree:
        report = services.imports.bring_in(tree, annotator_name="eve")
    assert says in report.notes[0]
    assert not report.is_clear


def test_a_class_id_that_is_another_here_is_said(services: Services) -> None:
    """Training code knows labels by their numbers: whoever brings a set along must know that they moved."""
    document = {
        "categories": [{"id": 1, "name": "cup"}, {"id": 2, "name": "person"}, {"id": 70, "name": "anvil"}],
        "images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40]}],
    }
    with opened("a.json", json.dumps(document).encode()) as tree:
        report = services.imports.bring_in(tree, annotator_name="eve")
    assert report.renumbered == {"cup": (0, 3), "person": (1, 0)}
    assert "other class ids here than in the file, counted from 0: cup 0 -> 3, person 1 -> 0" in report.summary()


def test_an_unused_label_that_gives_way_to_one_of_the_file_is_said(services: Services) -> None:
    before = {one.name: one.class_id for one in services.labels.all()}
    unused = next(name for name, number in before.items() if number == 4)
    document = {
        "categories": [{"id": 5, "name": "brandnew"}],
        "images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 5, "bbox": [1, 2, 30, 40]}],
    }
    with opened("a.json", json.dumps(document).encode()) as tree:
        report = services.imports.bring_in(tree, annotator_name="eve")
    now = {one.name: one.class_id for one in services.labels.all()}
    assert now["brandnew"] == 4
    assert report.moved == {unused: (4, now[unused])}
    said = f"labels that nobody used got other class ids, counted from 0: {unused} 4 -> {now[unused]}"
    assert said in report.summary()


def test_corners_the_wrong_way_round_are_turned_and_named(services: Services) -> None:
    table = "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,640,480,cup,50,20,10,60\n"
    with opened("a.csv", table.encode()) as tree:
        report = services.imports.bring_in(tree, annotator_name="eve")
    [kept] = services.annotations.read("a.jpg", "eve")[0].boxes
    assert (kept.box.x0, kept.box.x1) == (10, 50)
    assert report.notes == [
        "a.csv: line 2: its second corner lies left of or above its first; taken the other way round"
    ]


def test_a_name_written_as_an_address_is_found(tmp_path: Path) -> None:
    save_picture(tmp_path / "pictures" / "käse 1.jpg", (640, 480))
    asset = {"asset": {"name": "k%C3%A4se%201.jpg", "path": "file:/home/x/k%C3%A4se%201.jpg"}, "regions": []}
    region = {
        "id": "1",
        "type": "RECTANGLE",
        "tags": ["cup"],
        "boundingBox": {"left": 1, "top": 2, "width": 30, "height": 40},
    }
    services = open_services(str(tmp_path / "a.db"), tmp_path, tmp_path / "pictures")
    with opened("export.json", json.dumps({"assets": {"x": {**asset, "regions": [region]}}}).encode()) as tree:
        assert services.imports.bring_in(tree, annotator_name="eve").boxes_added == 1
    services.database.engine.dispose()


def test_label_studio_keeps_what_is_in_progress(tmp_path: Path, services: Services) -> None:
    services.exports.to_path("label-studio", tmp_path / "out.json", Choice(annotators=("ada",)))
    with open_tree(tmp_path / "out.json") as tree:
        report = services.imports.bring_in(tree, annotator_name="ada")
    assert report.states == 0
    assert services.annotations.read("a.jpg", "ada")[0].state == "in progress"


def test_images_of_somebody_without_a_proper_name_are_named(services: Services, tmp_path: Path) -> None:
    csv = "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,640,480,person,1,1,20,20"
    (tmp_path / "a.csv").write_text(csv)
    with open_tree(tmp_path / "a.csv") as tree:
        report = services.imports.bring_in(tree, annotator_name="")
    assert report.boxes_added == 0
    assert report.notes[0].startswith("a.jpg: annotator: ")


def test_a_name_that_leads_elsewhere_stays_a_name(services: Services, tmp_path: Path) -> None:
    report = bring_in(services, {"../../x/Annotations/a.xml": VOC}, tmp_path)
    assert report.boxes_added == 1
    assert not (tmp_path.parent.parent / "x").exists()


# ---- over HTTP ----


def told(answer: Any) -> dict[str, Any]:
    lines = [json.loads(line) for line in answer.get_data(as_text=True).splitlines() if line]
    assert all("doing" in line for line in lines[:-1])
    answer.close()
    return lines[-1]


def test_an_import_over_http_looks_asks_and_does(site: Site) -> None:
    client = site.app.server.test_client()
    voc = VOC.replace("a.jpg", "img1.jpg")

    def send(**fields: str) -> Any:
        data = {"file": (io.BytesIO(voc.encode()), "set/Annotations/x.xml"), "annotator": "ada", **fields}
        return client.post("/api/imports", data=data, content_type="multipart/form-data", headers=OURS)

    for mode in ("look", "ask"):
        report = told(send(mode=mode))["result"]
        assert (report["boxes_added"], report["step"], report["clear"]) == (1, "", False)
        assert site.services.annotations.read("img1.jpg", "ada")[0].boxes == []
    report = told(send(mode="do", map='{"cup": "person"}', voc_base="1"))["result"]
    [kept] = site.services.annotations.read("img1.jpg", "ada")[0].boxes
    assert (kept.box.label, kept.box.x0, kept.box.y0, kept.box.x1, kept.box.y1) == ("person", 0, 0, 20, 20)
    answer = client.post(f"/api/imports/{report['step']}/undo", headers=OURS)
    assert "2 changes undone" in answer.get_json()["summary"]
    assert site.services.annotations.read("img1.jpg", "ada")[0].boxes == []
    assert client.post(f"/api/imports/{report['step']}/undo", headers=OURS).status_code == 400
    assert client.post(f"/api/imports/{report['step']}/undo").status_code == 403
    assert client.post("/api/imports", data={"annotator": "ada"}).status_code == 403
    assert "mode: found" in send(mode="now").get_json()["error"]
    assert "map: expected" in send(map="[1]").get_json()["error"]
    twice = {"file": [(io.BytesIO(b"{}"), "a.json"), (io.BytesIO(b"[]"), "a.json")]}
    assert "a.json: was given twice" in client.post("/api/imports", data=twice, headers=OURS).get_json()["error"]
    assert client.get("/api/export/csv?untouched=maybe").status_code == 400
    assert "format: found" in send(format="x").get_json()["error"]
    assert "no file was given" in told(client.post("/api/imports", data={"annotator": "ada"}, headers=OURS))["error"]


def test_the_report_on_an_export_over_http(site: Site) -> None:
    site.services.annotations.take("ada", [put("one", 1)])
    client = site.app.server.test_client()
    report = told(client.get("/api/export/yolo/report?split=80/20"))["result"]
    assert (report["boxes"], report["read_back"], report["annotators"]) == (1, 1, ["ada"])
    assert report["preview"].startswith("--- labels/")
    assert client.get("/api/export/nothing/report").status_code == 404
    answer = client.get("/api/export/coco?pictures=1&each=yes")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="coco.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert sorted(archive.namelist()) == ["ada/annotations.json", "ada/images/img1.jpg"]


@pytest.mark.parametrize("name", ["yolo", "voc", "labelme"])
def test_no_name_of_an_image_leads_out_of_an_export(tmp_path: Path, services: Services, name: str) -> None:
    with services.database.writing() as connection:
        row = connection.execute(select(image).where(image.c.id == "a.jpg")).one()
        connection.execute(image.insert().values({**row._mapping, "id": "../../../../up.jpg", "name": "up.jpg"}))
    with pytest.raises(InputError, match="leads out of the export"):
        services.exports.to_path(name, tmp_path / "out", Choice(untouched=True))


def test_an_import_that_was_stopped_in_another_thread_is_over_when_it_says_so(services: Services) -> None:
    """Its temporary database belongs to that thread; whoever collects garbage later could not close it."""
    kept: list[BaseException] = []
    count = 0

    def tell(_doing: str, _count: int) -> None:
        nonlocal count
        count += 1
        if count == 2:
            raise Cancelled

    def work() -> None:
        lines = "".join(f"{name}.jpg,640,480,cup,1,1,9,9\n" for name in "abc")
        content = f"filename,width,height,class,xmin,ymin,xmax,ymax\n{lines}".encode()
        try:
            with opened("a.csv", content) as tree:
                services.imports.bring_in(tree, annotator_name="eve", watch=Watch(tell))
        except Cancelled as stopped:
            kept.append(stopped)  # and with it all that was going on

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(kept) == 1
    kept.clear()
    gc.collect()  # a warning, which would be an error here, if anything were left to close
