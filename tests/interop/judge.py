"""Runs in an environment of its own, whose packages clash with ours: other people's readers on what we wrote.

``python judge.py FOLDER`` reads ``FOLDER/coco.json``, ``FOLDER/yolo/``, ``FOLDER/voc/`` and so on, and prints as JSON what each
reader found: {reader: [[image, label, x0, y0, x1, y1], ...]}. It also writes what they write, into ``FOLDER/theirs-*``.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

Rows = list[list[Any]]


def by_pycocotools(folder: Path) -> Rows:
    from pycocotools.coco import COCO

    coco = COCO(str(folder / "coco.json"))
    names = {c["id"]: c["name"] for c in coco.loadCats(coco.getCatIds())}
    files = {i["id"]: i["file_name"] for i in coco.loadImgs(coco.getImgIds())}
    return [
        [files[a["image_id"]], names[a["category_id"]], x, y, x + w, y + h]
        for a in coco.loadAnns(coco.getAnnIds())
        for x, y, w, h in [a["bbox"]]
    ]


def score_against_itself(folder: Path) -> float:
    """Mean average precision of the annotations as their own detections: 1.0 unless something is off."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = COCO(str(folder / "coco.json"))
    found = [
        {"image_id": a["image_id"], "category_id": a["category_id"], "bbox": a["bbox"], "score": 1.0}
        for a in truth.loadAnns(truth.getAnnIds())
    ]
    judged = COCOeval(truth, truth.loadRes(found), "bbox")
    judged.evaluate()
    judged.accumulate()
    judged.summarize()
    return float(judged.stats[0])


def by_globox(folder: Path) -> dict[str, Rows]:
    from globox import AnnotationSet

    sets = {
        "globox coco": AnnotationSet.from_coco(folder / "coco.json"),
        "globox cvat": AnnotationSet.from_cvat(folder / "cvat.xml"),
        "globox labelme": AnnotationSet.from_labelme(folder / "labelme"),
        "globox voc": AnnotationSet.from_pascal_voc(folder / "voc" / "Annotations"),
        "globox via": AnnotationSet.from_via_json(
            folder / "via-json.json", image_folder=folder / "pictures", label_key="label"
        ),
    }
    first = sets["globox coco"]
    first.save_coco(folder / "theirs-globox-coco.json", auto_ids=True)
    (folder / "theirs-globox-voc").mkdir()
    first.save_pascal_voc(folder / "theirs-globox-voc")
    first.save_cvat(folder / "theirs-globox-cvat.xml")
    return {
        name: [[one.image_id, box.label, box.xmin, box.ymin, box.xmax, box.ymax] for one in found for box in one.boxes]
        for name, found in sets.items()
    }


def by_supervision(folder: Path) -> dict[str, Rows]:
    import supervision as sv

    images = str(folder / "pictures")
    sets = {
        "supervision coco": sv.DetectionDataset.from_coco(images, str(folder / "coco.json")),
        "supervision yolo": sv.DetectionDataset.from_yolo(
            images, str(folder / "yolo" / "labels" / "train"), str(folder / "yolo" / "data.yaml")
        ),
        "supervision voc": sv.DetectionDataset.from_pascal_voc(images, str(folder / "voc" / "Annotations")),
    }
    first = sets["supervision coco"]
    first.as_yolo(annotations_directory_path=str(folder / "theirs-supervision-yolo" / "labels"),
                  data_yaml_path=str(folder / "theirs-supervision-yolo" / "data.yaml"))  # fmt: skip
    first.as_coco(annotations_path=str(folder / "theirs-supervision-coco.json"))
    return {
        name: [
            [Path(path).name, found.classes[int(class_id)], *map(float, corners)]
            for path, _image, detections in found
            for corners, class_id in zip(detections.xyxy, detections.class_id, strict=True)
        ]
        for name, found in sets.items()
    }


def by_datumaro(folder: Path) -> Rows:
    import datumaro

    place = folder / "datumaro"
    shutil.copytree(folder / "pictures", place / "images")
    shutil.copy(folder / "cvat.xml", place / "annotations.xml")
    data = datumaro.Dataset.import_from(str(place), "cvat")
    labels = [label.name for label in data.categories()[datumaro.AnnotationType.label]]
    return [
        [item.id, labels[box.label], *box.points]
        for item in data
        for box in item.annotations
        if box.type.name == "bbox"
    ]


def by_label_studio(folder: Path) -> Rows:
    from label_studio_sdk.converter import Converter

    config = (
        '<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image">'
        + "".join(f'<Label value="{name}"/>' for name in ("cat", "dog", "naïve"))
        + "</RectangleLabels></View>"
    )
    out = folder / "theirs-label-studio"
    Converter(config, str(folder)).convert(str(folder / "label-studio.json"), str(out), "JSON_MIN", is_dir=False)
    tasks = json.loads(next(out.glob("*.json")).read_text())
    return [
        [
            task["image"],
            one["rectanglelabels"][0],
            one["x"],
            one["y"],
            one["x"] + one["width"],
            one["y"] + one["height"],
        ]
        for task in tasks
        for one in task.get("label", [])
    ]


def main() -> None:
    folder = Path(sys.argv[1])
    found: dict[str, Any] = {"pycocotools": by_pycocotools(folder), "score": score_against_itself(folder)}
    found |= by_globox(folder) | by_supervision(folder)
    found["datumaro cvat"] = by_datumaro(folder)
    found["label-studio-sdk"] = by_label_studio(folder)
    (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
