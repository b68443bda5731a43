"""Exports, imports and taking imports back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from data.choices import Choice
from data.errors import InputError
from data.services import Services
from tests.files import opened
from tests.unit.test_storage import delete, open_services, put, seen, state


@pytest.fixture
def services(tmp_path: Path, pictures: Path) -> Iterator[Services]:
    made = open_services(str(tmp_path / "a.db"), tmp_path, pictures)
    yield made
    made.database.engine.dispose()


@pytest.fixture
def other(tmp_path: Path, pictures: Path) -> Iterator[Services]:
    made = open_services(str(tmp_path / "b.db"), tmp_path, pictures)
    yield made
    made.database.engine.dispose()


def export(services: Services) -> dict[str, Any]:
    _, pieces = services.exports.stream("json", Choice(untouched=False))
    return json.loads(b"".join(pieces))


def bring_in(services: Services, document: object, **options: str) -> Any:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    with opened("a.json", content) as tree:
        return services.imports.bring_in(tree, **{"annotator_name": "ada", **options})


def test_what_is_exported_comes_back_the_same(services: Services, other: Services) -> None:
    services.annotations.take(
        "ada", [put("a", 1, 1.123456), put("b", 2, label="cup"), state("skipped", 3, 'Ünsure, "quoted"')]
    )
    services.annotations.take("Grace 'G' Hopper", [{**put("c", 4), "image": "img7.jpg"}])
    document = export(services)
    report = bring_in(other, document)
    assert (report.boxes_added, report.notes, report.images) == (3, [], 2)
    again = export(other)
    for one, two in zip(document["images"], again["images"], strict=True):
        for annotation in (*one["annotations"], *two["annotations"]):
            annotation.pop("state_time")
        assert one == two
    assert bring_in(other, document).boxes_unchanged == 3


def test_an_import_never_undoes_a_later_correction_or_deletes(services: Services) -> None:
    services.annotations.take("ada", [put("a", 1, 1)])
    document = export(services)
    services.annotations.take("ada", [put("a", 5, 9), put("b", 6)])
    report = bring_in(services, document)
    assert seen(services)[1] == [("a", "cat", 9), ("b", "cat", 1)]
    assert "changed here later" in report.notes[0]


def test_an_import_restores_what_was_removed(services: Services) -> None:
    services.annotations.take("ada", [put("a", 1)])
    document = export(services)
    services.annotations.take("ada", [delete("a", 5)])
    assert bring_in(services, document).boxes_added == 1
    assert seen(services)[1] == [("a", "cat", 1)]


def test_an_import_is_taken_back_whole_but_for_what_was_changed_since(services: Services) -> None:
    services.annotations.take("ada", [put("a", 1, 1)])
    document = export(services)
    for box_id, x0 in (("a", 2), ("new", 3), ("touched", 4)):
        box = {
            **document["images"][0]["annotations"][0]["boxes"][0],
            "id": box_id,
            "x0": x0,
            "modified": "2026-02-01T00:00:00.000Z",
        }
        document["images"][0]["annotations"][0]["boxes"].append(box)
    document["images"][0]["annotations"][0]["boxes"].pop(0)
    report = bring_in(services, document)
    assert [x0 for _, _, x0 in seen(services)[1]] == [2, 3, 4]
    touched = put("touched", 1, 7)
    services.annotations.take("ada", [{**touched, "time": f"{datetime.now(UTC).year + 2}-01-01T00:00:00Z"}])
    assert "1 kept" in services.imports.take_back(report.step)
    assert seen(services)[1] == [("a", "cat", 1), ("touched", "cat", 7)]
    with pytest.raises(InputError, match="taken back already"):
        services.imports.take_back(report.step)
    with pytest.raises(InputError, match="not found"):
        services.imports.take_back("nothing")


def test_taking_an_import_back_makes_untouched_images_todo_again(services: Services, other: Services) -> None:
    services.annotations.take("ada", [put("a", 1), state("done", 2)])
    report = bring_in(other, export(services))
    assert seen(other)[0] == "done"
    other.imports.take_back(report.step)
    assert seen(other) == ("todo", [])


def test_the_demo_of_2020_is_read_half_a_pixel_aside(services: Services) -> None:
    shape = {"line": {"color": "#0DF9FF"}, "x0": "9.50", "y0": 19.5, "x1": 99.5, "y1": "29.50", "timestamp": 5}
    flipped = {**shape, "x0": "600", "x1": "-20", "timestamp": None}
    odd = {**shape, "line": {"color": "#123456"}}
    thin = {**shape, "y1": 19.9}
    document = {
        "assets/img2.jpg": {"shapes": [shape, flipped, odd, thin]},
        "other.jpg": {"shapes": []},
        "starttime": 1605000000,
    }
    report = bring_in(services, document, annotator_name="demo")
    [one] = services.annotations.read("img2.jpg", "demo")
    assert [(k.box.label, k.box.x0, k.box.y0, k.box.x1, k.box.y1) for k in one.boxes] == [
        ("car", 10, 20, 100, 30),
        ("car", 0, 20, 600.5, 30),
    ]
    assert one.boxes[0].created == "2020-11-10T09:20:05.000Z"
    assert report.labels_added == {"car": 3}
    assert len(report.notes) == 4
    assert sum("; clipped" in note for note in report.notes) == 1
    assert "shapes[2].line.color: found '#123456'" in report.notes[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "a.json: is not JSON, or is cut off"),
        (b"\xff\xfe\x00", "is text in UTF-16; save it as UTF-8"),
        (b"\xff\x00", "is not JSON, or is cut off"),
        (b"[1, 2]", "no known format; expected one of: COCO JSON, "),
        (b"{}", "no known format"),
        (b"[" * 100_000, "a.json: is nested more than 200 deep"),
        (b'{"format": "dash-annotator", "version": 99, "images": []}', "version: found 99, expected 1"),
        (b'{"format": "dash-annotator", "version": 1, "images": {}}', "images: found an object, expected a list"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason_and_changes_nothing(
    services: Services, content: bytes, says: str
) -> None:
    before = export(services)
    with pytest.raises(InputError, match=says):
        bring_in(services, content)
    assert {**export(services), "exported": ""} == {**before, "exported": ""}


def test_bad_items_are_named_and_the_rest_is_taken(services: Services) -> None:
    services.annotations.take("ada", [put("a", 1)])
    document = export(services)
    [image] = document["images"]
    boxes = image["annotations"][0]["boxes"]
    boxes += [
        {**boxes[0], "id": "outside", "x0": 900, "x1": 990},
        {**boxes[0], "id": "text", "y0": "tall"},
        7,
        {**boxes[0], "id": "fine"},
    ]
    document["images"] += [
        {**image, "id": "unknown.jpg"},
        {**image, "id": "img2.jpg", "width": 99},
        "img3",
        {"id": "img4.jpg"},
    ]
    report = bring_in(services, document)
    assert report.boxes_added == 1
    notes = "\n".join(report.notes)
    for text in ("boxes[1]: 900, 2, 990, 60 leaves less", "boxes[2].y0: found 'tall'", "boxes[3]: found a number", "unknown.jpg: no image",
                 "img2.jpg: the file says 99 x 480 pixels, the picture here has 640 x 480", "images[3]: found text", "images[4].annotations: found null"):  # fmt: skip
        assert text in notes
