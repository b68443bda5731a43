"""Other people's readers read what we write, and we read what they write. Needs `make test-interop`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from data import formats
from data.formats.model import BoxRecord, ImageRecord, LabelRecord
from tests.conftest import save_picture

LABELS = [LabelRecord("dog", 0), LabelRecord("cat", 1), LabelRecord("naïve", 2)]
IMAGES = [
    ImageRecord("one.jpg", 640, 480, (BoxRecord("cat", 0, 0, 640, 480), BoxRecord("dog", 10.25, 20.5, 99.75, 120.125)), "ada", "done"),
    ImageRecord("two.jpg", 333, 777, (BoxRecord("naïve", 100.5, 200.25, 333, 777),), "ada", "done"),
    ImageRecord("nothing.jpg", 50, 60, (), "ada", "done"),
]  # fmt: skip
# What readers do to numbers: supervision rounds VOC and keeps 32 bits; datumaro keeps two decimals.
TOLERANCE_PX = {"supervision coco": 0.001, "supervision yolo": 0.01, "supervision voc": 1.0, "datumaro cvat": 0.01}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what we wrote, what they found in it, and what they wrote."""
    folder = tmp_path_factory.mktemp("interop")
    for image in IMAGES:
        save_picture(folder / "pictures" / image.image, (image.width or 1, image.height or 1))
    for name, place in (("coco", "coco.json"), ("yolo", "yolo"), ("voc", "voc"), ("cvat", "cvat.xml"),
                        ("labelme", "labelme"), ("via-json", "via-json.json"), ("label-studio", "label-studio.json")):  # fmt: skip
        formats.write(name, IMAGES, folder / place, labels=LABELS)
    python = os.environ["INTEROP_PYTHON"]
    script = Path(__file__).with_name("judge.py")
    subprocess.run([python, str(script), str(folder)], check=True, stdout=subprocess.DEVNULL)
    return folder


def found(folder: Path, reader: str) -> list[tuple[str, str, float, float, float, float]]:
    rows = json.loads((folder / "found.json").read_text())[reader]
    return sorted((Path(image).stem, label, *corners) for image, label, *corners in rows)


def meant(scale: bool = False) -> list[tuple[str, str, float, float, float, float]]:
    rows = []
    for image in IMAGES:
        across, down = (100 / (image.width or 1), 100 / (image.height or 1)) if scale else (1, 1)
        for box in image.boxes:
            corners = (box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down)
            rows.append((Path(image.image).stem, box.label, *corners))
    return sorted(rows)


@pytest.mark.parametrize(
    "reader",
    ["pycocotools", "globox coco", "globox cvat", "globox labelme", "globox voc", "globox via", "supervision coco",
     "supervision yolo", "supervision voc", "datumaro cvat", "label-studio-sdk"],
)  # fmt: skip
def test_they_read_what_we_write(judged: Path, reader: str) -> None:
    expected, rows = meant(scale=reader == "label-studio-sdk"), found(judged, reader)
    assert [row[:2] for row in rows] == [row[:2] for row in expected]
    for a, b in zip(rows, expected, strict=True):
        assert a[2:] == pytest.approx(b[2:], abs=TOLERANCE_PX.get(reader, 1e-9))


def test_coco_scores_one_against_itself(judged: Path) -> None:
    assert json.loads((judged / "found.json").read_text())["score"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("place", "tolerance_px"),
    [("theirs-globox-coco.json", 1e-9), ("theirs-globox-voc", 1.0), ("theirs-globox-cvat.xml", 0.01),
     ("theirs-supervision-coco.json", 0.01), ("theirs-supervision-yolo", 0.01)],
)  # fmt: skip
def test_we_read_what_they_write(judged: Path, place: str, tolerance_px: float) -> None:
    images, problems = formats.read(judged / place)
    assert problems == []
    sizes = {Path(image.image).stem: (image.width or 1, image.height or 1) for image in IMAGES}
    rows = []
    for image in images:
        stem = Path(image.image).stem
        across, down = sizes[stem] if image.relative else (1, 1)
        rows += [(stem, b.label, b.x0 * across, b.y0 * down, b.x1 * across, b.y1 * down) for b in image.boxes]
    for a, b in zip(sorted(rows), meant(), strict=True):
        assert a[:2] == b[:2]
        assert a[2:] == pytest.approx(b[2:], abs=tolerance_px)
