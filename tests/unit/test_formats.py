"""One hard data set through every format and back, recognition, and files that are not what they should be."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from data import formats
from data.archives import zipped
from data.choices import Choice, parse_choice, split_of
from data.errors import InputError
from data.export_report import ExportReport
from data.formats.model import BoxRecord, Dataset, ImageRecord, LabelRecord, Options, Problem
from data.formats.numbers import yolo_span
from data.formats.tree import Tree, open_tree
from data.formats.xmls import UNREADABLE, parsed
from data.services import Services
from tests.conftest import save_picture
from tests.files import opened
from tests.unit.test_storage import open_services

SMALLEST_DIFFERENCE_PX = 1e-9
NAMES = [
    "cat",
    'comma, "quote"',
    "naïve 日本 😀",
    "<script>&amp;",
    "  two  words".strip(),
    *[f"label {n}" for n in range(20)],
]
LABELS = [
    LabelRecord(name, class_id, f"#{class_id * 99991 % 0xFFFFFF:06x}") for class_id, name in enumerate(NAMES[::-1])
]
TIME = "2026-01-01T00:00:00.000Z"
TREES = [name for name, one in formats.WRITTEN.items() if not one.file]


def box(number: int, label: str, *corners: float) -> BoxRecord:
    x0, y0, x1, y1 = map(float, corners)
    return BoxRecord(label, x0, y0, x1, y1, id=f"box-{number}", created=TIME, modified=TIME)


def image(name: str, width: int, height: int, *boxes: BoxRecord, state: str = "done", split: str = "") -> ImageRecord:
    return ImageRecord(name, width, height, boxes, "ada", state, state_time=TIME, split=split)  # type: ignore[arg-type]


HARD = [
    image("a/1.jpg", 640, 480, box(1, "cat", 0, 0, 640, 480), box(2, NAMES[1], 1.123456, 2.654321, 639.999999, 3.654321)),
    image("b/1.jpg", 333, 777, box(3, NAMES[2], 332, 776, 333, 777), box(4, NAMES[3], 0.1, 0.2, 332.7, 776.9)),
    image("b/1.png", 333, 777, box(5, NAMES[4], 0, 0, 1, 1), state="in progress"),
    image('empty, "quoted".jpg', 100, 100),
    image("ünï/日本 x.tif", 7919, 6007, *[box(10 + n, name, 300.1 * n, 7.3 * n, 300.1 * (n + 1), 240.1 * (n + 1)) for n, name in enumerate(NAMES)]),
]  # fmt: skip


def read_one(content: bytes | str, name: str = "a.json") -> tuple[list[ImageRecord], list[str]]:
    content = content.encode() if isinstance(content, str) else content
    with opened(name, content) as tree:
        found = list(formats.records(tree))
    return [r for r in found if isinstance(r, ImageRecord)], [r.text for r in found if isinstance(r, Problem)]


def assert_same(name: str, back: list[ImageRecord], meant: list[ImageRecord]) -> None:
    """The same images with the same boxes, as far as the format keeps them."""
    keeps = formats.WRITTEN[name].keeps
    by_name = {one.image: one for one in back}
    assert len(by_name) == len(back) == len(meant)
    for one in meant:
        stem, _, ending = one.image.rpartition(".")
        found = by_name.get(one.image) or by_name[f"{stem}_{ending}" if stem == "b/1" else stem]
        assert found.exact == ("names" in keeps)
        width, height = (one.width or 0, one.height or 0) if found.relative else (1, 1)
        assert [b.label for b in found.boxes] == [b.label for b in one.boxes]
        for a, b in zip(one.boxes, found.boxes, strict=True):
            corners = (b.x0 * width, b.y0 * height, b.x1 * width, b.y1 * height)
            assert corners == pytest.approx((a.x0, a.y0, a.x1, a.y1), abs=SMALLEST_DIFFERENCE_PX)
            assert min(corners) >= 0
            assert corners[2] <= (one.width or 0)
            assert corners[3] <= (one.height or 0)
            if "ids" in keeps:
                assert (b.id, b.created, b.modified) == (a.id, a.created, a.modified)
        if "sizes" in keeps and not found.relative:
            assert (found.width, found.height) in {(one.width, one.height), (None, None)}
        if "states" in keeps and one.state == "done":
            assert found.state == "done"
        if "annotators" in keeps:
            assert found.annotator == "ada"


@pytest.mark.parametrize("packed", [False, True], ids=["files", "zip"])
@pytest.mark.parametrize("name", formats.WRITTEN)
def test_the_hard_set_survives_every_format(tmp_path: Path, name: str, packed: bool) -> None:
    chosen = formats.WRITTEN[name]
    target = tmp_path / (chosen.file if chosen.file and not packed else "out")
    if packed:
        target = tmp_path / "out.zip"
        assert chosen.write is not None
        target.write_bytes(b"".join(zipped(chosen.write(Dataset(LABELS, lambda: iter(HARD))))))
    else:
        formats.write(name, HARD, target, labels=LABELS)
    with open_tree(target) as tree:
        assert [one.name for one in formats.candidates(tree)] == [name]
    back, problems = formats.read(target)
    assert problems == []
    assert_same(name, back, HARD)


@pytest.mark.parametrize("name", ["coco", "yolo", "imagefolder", "csv", "cvat"])
def test_splits_survive(tmp_path: Path, name: str) -> None:
    splits = ["train", "val", "val", "test", "train"]
    meant = [
        ImageRecord(one.image, one.width, one.height, one.boxes, split=s) for one, s in zip(HARD, splits, strict=True)
    ]  # type: ignore[arg-type]
    formats.write(name, meant, tmp_path / "out", labels=LABELS)
    back, problems = formats.read(tmp_path / "out")
    assert problems == []
    if name != "csv":
        found = sorted(one.split for one in back)
        assert found == sorted(splits)
    assert sum(len(one.boxes) for one in back) == sum(len(one.boxes) for one in meant)


@pytest.mark.parametrize("name", ["coco", "yolo", "imagefolder", "json"])
def test_class_ids_are_those_that_were_pinned(tmp_path: Path, name: str) -> None:
    formats.write(name, HARD, tmp_path / "out", labels=LABELS)
    with open_tree(tmp_path / "out") as tree:
        found = {r.name: r.class_id for r in formats.records(tree) if isinstance(r, LabelRecord)}
    assert found == {label.name: label.class_id for label in LABELS if label.name in found}
    assert len(found) == len(LABELS)


@pytest.mark.parametrize(("base", "integers", "corners"), [(1, True, [1, 1, 640, 480]), (0, False, [0, 0, 640, 480])])
def test_voc_counts_as_asked_and_reads_back(tmp_path: Path, base: int, integers: bool, corners: list[int]) -> None:
    options = Options(voc_base=base, voc_integers=integers)
    whole = [image("1.jpg", 640, 480, box(1, "cat", 0, 0, 640, 480))]
    formats.write("voc", whole, tmp_path / "out", options=options)
    text = (tmp_path / "out" / "Annotations" / "1.xml").read_text()
    for side, value in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True):
        assert f"<{side}>{value}" in text
    [back], _ = formats.read(tmp_path / "out")
    assert (back.boxes[0].x0, back.boxes[0].x1) == (0, 640)


def test_yolo_never_leaves_the_picture() -> None:
    chance = random.Random(1)
    for _ in range(20_000):
        whole = chance.randint(1, 9000)
        low, high = sorted((chance.uniform(0, whole), whole if chance.random() < 0.5 else chance.uniform(0, whole)))
        centre, length = yolo_span(low, high, whole)
        assert centre - length / 2 >= 0
        assert centre + length / 2 <= 1
        assert (centre - length / 2) * whole == pytest.approx(low, abs=SMALLEST_DIFFERENCE_PX)


def test_a_split_never_moves_an_image() -> None:
    names = [f"{n}.jpg" for n in range(5000)]
    shares = (80, 10, 10)
    found = [split_of(name, shares, 0) for name in names]
    for split, share in zip(("train", "val", "test"), shares, strict=True):
        assert found.count(split) == pytest.approx(50 * share, rel=0.15)
    assert found == [split_of(name, (0.8, 0.1, 0.1), 0) for name in names]
    assert found != [split_of(name, shares, 1) for name in names]


@pytest.mark.parametrize("given", ["80", "a/b", "-1/2", "0/0", "1/2/3/4", "nan/1", "inf/1"])
def test_a_faulty_split_is_refused(given: str) -> None:
    with pytest.raises(InputError, match=r"split: found .* expected shares of train, val and test"):
        parse_choice({"split": given})


# ---- through the database ----


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of the hard set; one lies on its side by EXIF."""
    for one in HARD:
        size = (one.width or 1, one.height or 1)
        save_picture(tmp_path / "hard" / one.image, size, compression="tiff_deflate")  # or the TIFF has 140 MB
    turned = Image.new("RGB", (480, 640))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "hard" / "a" / "1.jpg", exif=exif)
    return tmp_path / "hard"


@pytest.fixture
def full(tmp_path: Path, folder: Path) -> Iterator[Services]:
    made = open_services(str(tmp_path / "a.db"), tmp_path, folder)
    made.labels.add(NAMES)
    formats.write("json", HARD, tmp_path / "hard.json", labels=LABELS)
    with open_tree(tmp_path / "hard.json") as tree:
        report = made.imports.bring_in(tree, annotator_name="ada")
    assert report.notes == []
    yield made
    made.database.engine.dispose()


@pytest.mark.parametrize("pictures", [False, True], ids=["alone", "with pictures"])
@pytest.mark.parametrize("name", formats.WRITTEN)
def test_every_format_goes_through_the_database_and_back(
    tmp_path: Path, folder: Path, full: Services, name: str, pictures: bool
) -> None:
    report: ExportReport = full.exports.to_path(name, tmp_path / "out.zip", Choice(pictures=pictures))
    boxes = sum(len(one.boxes) for one in HARD)
    assert (report.boxes, report.read_back, report.left_out) == (boxes, boxes, [])
    assert report.largest_difference_px is not None
    assert report.largest_difference_px < SMALLEST_DIFFERENCE_PX
    other = open_services(str(tmp_path / "b.db"), tmp_path, folder)
    with open_tree(tmp_path / "out.zip") as tree:
        taken = other.imports.bring_in(tree, annotator_name="ada")
    assert (taken.boxes_added, taken.notes) == (boxes, [])
    for one in HARD:
        [kept] = other.annotations.read(one.image, "ada")
        found = sorted((k.box.label, k.box.x0, k.box.y0, k.box.x1, k.box.y1) for k in kept.boxes)
        meant = sorted((b.label, b.x0, b.y0, b.x1, b.y1) for b in one.boxes)
        assert [f[0] for f in found] == [m[0] for m in meant]
        for a, b in zip(found, meant, strict=True):
            assert a[1:] == pytest.approx(b[1:], abs=SMALLEST_DIFFERENCE_PX)
    with open_tree(tmp_path / "out.zip") as tree:
        again = other.imports.bring_in(tree, annotator_name="ada")
    assert (again.boxes_added, again.boxes_changed, again.step) == (0, 0, "")
    other.imports.take_back(taken.step)
    assert all(not other.annotations.read(one.image, "ada")[0].boxes for one in HARD)
    other.database.engine.dispose()


def test_a_vott_project_without_its_assets_says_where_the_boxes_are() -> None:
    with opened("mine.vott", b'{"name": "mine", "assets": {"x": {"path": "file:a.jpg"}}}') as tree:
        assert [one.name for one in formats.candidates(tree)] == ["vott"]
        with pytest.raises(InputError, match=r"-asset\.json beside it; give the folder"):
            list(formats.records(tree))


def test_labels_are_mapped_left_out_or_added(tmp_path: Path, full: Services) -> None:
    content = {"images": [{"id": 1, "file_name": "a/1.jpg", "width": 640, "height": 480}],
               "categories": [{"id": n, "name": name} for n, name in enumerate(("dog", "cow", "bird"))],
               "annotations": [{"id": n, "image_id": 1, "category_id": n, "bbox": [9 * n, 5, 20, 20]} for n in range(3)]}  # fmt: skip
    with opened("coco.json", json.dumps(content).encode()) as tree:
        dry = full.imports.bring_in(tree, annotator_name="bob", renames={"dog": "cat", "cow": ""}, dry_run=True)
        assert full.annotations.read("a/1.jpg", "bob")[0].boxes == []
        report = full.imports.bring_in(tree, annotator_name="bob", renames={"dog": "cat", "cow": ""})
    assert dry.labels_added == report.labels_added == {"bird": 1}
    assert dry.step == ""
    assert sorted(kept.box.label for kept in full.annotations.read("a/1.jpg", "bob")[0].boxes) == ["bird", "cat"]


def test_what_matches_no_image_is_listed_and_never_guessed(tmp_path: Path, full: Services) -> None:
    rows = ["filename,width,height,class,xmin,ymin,xmax,ymax"]
    rows += [f"{name},{size},cat,1,2,30,40" for name, size in (
        ("C:\\data\\b\\1.jpg", "333,777"), ("1.jpg", "640,480"), ("elsewhere/1.jpg", "5,5"), ("c/1.png", "333,777"), ("none.jpg", "9,9"),
    )]  # fmt: skip
    with opened("a.csv", "\n".join(rows).encode()) as tree:
        report = full.imports.bring_in(tree, annotator_name="bob")
    assert report.boxes_added == 3
    assert [len(full.annotations.read(name, "bob")[0].boxes) for name in ("a/1.jpg", "b/1.jpg", "b/1.png")] == [1, 1, 1]
    assert any("elsewhere/1.jpg: 2 images here have this name" in note for note in report.notes)
    assert any("none.jpg: no image of this path or name" in note for note in report.notes)


# ---- files that are not what they should be ----


def test_an_archive_with_a_way_out_or_a_bomb_is_refused() -> None:
    for name, content, says in (
        ("../a.json", b"{}", "leads out of the archive"),
        ("a.json", b"[" * 50_000_000, "grows"),
    ):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        with pytest.raises(InputError, match=says), opened("a.zip", file.getvalue()):
            pass


class Brackets(io.RawIOBase):
    """A file of nothing but brackets, as long as wanted, made as it is read."""

    def __init__(self, length: int) -> None:
        self.left = length
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        size = min(self.left, size if size >= 0 else self.left)
        self.left -= size
        self.given += size
        return b"[" * size


def test_half_a_gigabyte_of_brackets_is_refused_at_once() -> None:
    given: list[Brackets] = []

    def opener(_name: str) -> Brackets:
        given.append(Brackets(500_000_000))
        return given[-1]

    with pytest.raises(InputError, match="nested more than 200 deep"):
        list(formats.records(Tree("a.json", ("a.json",), opener)))  # type: ignore[arg-type]
    assert all(one.given < 10_000_000 for one in given)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "cp1140", "latin-1", "big5"]
)
def test_no_encoding_hides_entities(encoding: str) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx">]><annotation><filename>&x;</filename></annotation>'
    for head in ("", f'<?xml version="1.0" encoding="{encoding}"?>'):
        for content in (f"{head}{bomb}".encode(encoding), head.encode() + bomb.encode(encoding)):
            with pytest.raises(UNREADABLE):
                parsed(content)


def test_entities_in_a_file_are_refused() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx">]><annotation><filename>&x;</filename></annotation>'
    images, problems = read_one(bomb, "a.xml")
    assert images == []
    assert "is not XML that can be read" in problems[0]
    with pytest.raises(InputError, match="is not XML that can be read"):
        read_one(bomb.replace("annotation>", "annotations>"), "a.xml")


def test_xml_is_read_in_the_encoding_it_names() -> None:
    document = '<?xml version="1.0" encoding="{}"?><annotation><filename>\u00fc.jpg</filename></annotation>'
    for encoding in ("utf-8", "utf-8-sig", "latin-1", "cp1252"):
        images, problems = read_one(document.format(encoding.removesuffix("-sig")).encode(encoding), "a.xml")
        assert [image.image for image in images] == ["\u00fc.jpg"]
        assert problems == []
    images, problems = read_one(document.format("big5").encode("utf-8"), "a.xml")
    assert images == []
    assert "a.xml: is not XML that can be read (multi-byte encodings are not supported)" in problems[0]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", {"images": [{"id": 1, "file_name": "1.jpg"}], "categories": [{"id": 1, "name": "cat"}],
                    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 2, "x", 4]}]}, "annotations[0].bbox[2]: found 'x', expected a number"),
        ("a.json", {"images": [{"id": 1, "file_name": "1.jpg"}], "categories": [], "annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4]}]},
         "category_id: found 7, which is the id of no category"),
        ("a.json", {"shapes": [{"label": "cat", "points": [[1, 2], [3, 4], [5, 6]], "shape_type": "polygon"}], "imagePath": "1.jpg"},
         "shape_type: found 'polygon', expected 'rectangle'; left out"),
        ("a.json", [{"data": {"image": "1.jpg"}, "annotations": [{"result": [{"type": "choices"}]}]}], "type: found 'choices'"),
        ("a.json", [{"image": "1.jpg", "annotations": [{"label": "cat", "coordinates": {"x": 1}}]}], "coordinates.y: found None, expected a number"),
        ("a.xml", "<annotations><image name='1.jpg'><polygon/><box label='cat' xtl='1' ytl='x'/></image></annotations>", "ytl: found 'x'"),
        ("a.csv", "filename,width,height,class,xmin,ymin,xmax,ymax\n1.jpg,10,10,cat,1,2,,4\n", "a.csv: line 2, xmax: found '', expected a number"),
    ],
)  # fmt: skip
def test_a_faulty_item_is_named_with_file_place_found_and_expected(name: str, content: object, says: str) -> None:
    images, problems = read_one(content if isinstance(content, str) else json.dumps(content), name)
    assert any(says in problem for problem in problems), problems
    assert all(problem.startswith(f"{name}: ") for problem in problems)
    assert len(images) == 1


def test_the_table_of_the_docs_is_that_of_the_registry() -> None:
    from data.formats.__main__ import table

    assert table() in (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
