"""YOLO as Ultralytics reads it, and the older Darknet layout on reading.

``data.yaml`` names the classes; ``labels/SPLIT/NAME.txt`` lies where ``images/SPLIT/NAME.jpg`` does and has a line
``class x_centre y_centre width height`` for each box, in shares of the picture. An empty file is a picture with nothing
in it.
https://docs.ultralytics.com/datasets/detect/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import yaml

from data.errors import InputError
from data.formats import checks
from data.formats.model import (
    BoxRecord,
    Dataset,
    Format,
    ImageRecord,
    LabelRecord,
    Options,
    Part,
    Problem,
    Record,
    Split,
)
from data.formats.numbers import yolo_span
from data.formats.splits import split_named, split_of_file
from data.formats.stems import Stems
from data.formats.tree import Tree

SPLITS: tuple[Split, ...] = ("train", "val", "test")
NOT_LABELS = {
    "classes.txt",
    "obj.names",
    "train.txt",
    "val.txt",
    "valid.txt",
    "test.txt",
    "notes.txt",
    "readme.txt",
    "requirements.txt",
}
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")
_LINE = re.compile(r"\s*\d+(\s+[-+.\deE]+){4,5}\s*")


def recognises(tree: Tree) -> bool:
    if _names_file(tree):
        return bool(_label_files(tree)) or bool(tree.ending(".yaml", ".yml"))
    first = next(iter(_label_files(tree)), None)
    if first is None:
        return False
    lines = [line for line in tree.text(first).splitlines() if line.strip()]
    return bool(lines) and all(_LINE.fullmatch(line) for line in lines[:20])


def read(tree: Tree, _options: Options) -> Iterator[Record]:
    names = _read_names(tree)
    for class_id, name in names.items():
        yield LabelRecord(name, class_id)
    pictures = {PurePosixPath(name).with_suffix("").as_posix(): name for name in tree.ending(*PICTURES)}
    for file in _label_files(tree):
        try:
            lines = tree.text(file).splitlines()
        except InputError as error:
            yield Problem(str(error))
            continue
        boxes = []
        for number, line in enumerate(lines, start=1):
            try:
                if line.strip():
                    boxes.append(_read_line(line, f"{file}: line {number}", names))
            except InputError as error:
                yield Problem(str(error))
        image, split = _image_of(file)
        beside = PurePosixPath(re.sub(r"(^|/)labels/", r"\1images/", file)).with_suffix("").as_posix()
        picture = pictures.get(beside) or pictures.get(PurePosixPath(file).with_suffix("").as_posix())
        ending = PurePosixPath(picture).suffix if picture else ""
        yield ImageRecord(
            image + ending,
            boxes=tuple(boxes),
            split=split,
            beside=beside + ending,
            exact=bool(picture),
            relative=True,
        )


def _read_line(line: str, where: str, names: dict[int, str]) -> BoxRecord:
    words = line.split()
    if len(words) not in (5, 6):
        what = "a polygon" if len(words) > 6 else f"{len(words)} words"
        raise InputError(f"{where}: found {what}, expected: class x_centre y_centre width height; left out")
    if not words[0].isascii() or not words[0].isdigit():
        raise InputError(f"{where}: found class {checks.shown(words[0])}, expected a class id")
    class_id = int(words[0])
    if class_id not in names:
        raise InputError(f"{where}: found class {class_id}, which data.yaml or classes.txt does not name; left out")
    x, y, width, height = (checks.number_in(word, where) for word in words[1:5])
    return BoxRecord(names[class_id], x - width / 2, y - height / 2, x + width / 2, y + height / 2, where=where)


def _image_of(file: str) -> tuple[str, Split]:
    parts = PurePosixPath(file).with_suffix("").parts
    start = next((parts.index(folder) + 1 for folder in ("labels", "obj_train_data") if folder in parts), 0)
    above, below = parts[:start], parts[start:]
    if len(below) > 1 and split_named(below[0]):
        return "/".join(below[1:]), split_named(below[0])
    return "/".join(below), split_of_file("/".join((*above, "")))


def _label_files(tree: Tree) -> list[str]:
    files = [name for name in tree.ending(".txt") if PurePosixPath(name).name.lower() not in NOT_LABELS]
    inside = [name for name in files if "labels" in PurePosixPath(name).parts[:-1]]
    return inside or files


def _names_file(tree: Tree) -> str | None:
    for ending in ("data.yaml", "data.yml", ".yaml", ".yml", "classes.txt", "obj.names"):
        for name in tree.ending(ending):
            if not ending.endswith(("yaml", "yml")) or "names" in tree.text(name):
                return name
    return None


def _read_names(tree: Tree) -> dict[int, str]:
    file = _names_file(tree)
    if file is None:
        raise InputError(
            f"{tree.name}: no data.yaml, classes.txt or obj.names, so the classes have no names; "
            "put one beside the labels"
        )
    text = tree.text(file)
    if not file.endswith(("yaml", "yml")):
        return dict(enumerate(line.strip() for line in text.splitlines() if line.strip()))
    try:
        names = (yaml.safe_load(text) or {}).get("names")
    except (yaml.YAMLError, AttributeError, RecursionError) as error:
        raise InputError(f"{file}: is not YAML with names: {str(error).splitlines()[0]}") from None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not all(isinstance(key, int) and not isinstance(key, bool) for key in names):
        raise InputError(f"{file}: names: found {checks.shown(names)}, expected a list, or class ids with names")
    return {key: str(name) for key, name in names.items()}


def write(dataset: Dataset) -> Iterator[Part]:
    """``data.yaml`` and a file of lines for each image; without splits all images are in ``train``."""
    class_ids = {label.name: label.class_id for label in dataset.labels}
    splits: set[Split] = set()
    stems = Stems(dataset)
    for image in dataset.images():
        split = image.split or "train"
        splits.add(split)
        name = f"labels/{split}/{stems.of(image.image)}.txt"
        yield Part(name, [_line(class_ids[box.label], box, image) for box in image.boxes])
    yield Part("data.yaml", _yaml(class_ids, splits))


def _line(class_id: int, box: BoxRecord, image: ImageRecord) -> str:
    if not image.width or not image.height:
        raise InputError(f"{image.image}: the size of the picture is not known, and YOLO needs it")
    x, width = yolo_span(box.x0, box.x1, image.width)
    y, height = yolo_span(box.y0, box.y1, image.height)
    return f"{class_id} {x!r} {y!r} {width!r} {height!r}\n"


def _yaml(class_ids: dict[str, int], splits: set[Split]) -> Iterator[str]:
    yield "# Written by Dash Annotator; https://docs.ultralytics.com/datasets/detect/\npath: .\n"
    for split in SPLITS:
        fallback = "train" if "train" in splits else next(iter(sorted(splits)), "train")
        if split in splits or split != "test":
            yield f"{split}: images/{split if split in splits else fallback}\n"
    ordered: dict[str, Any] = {
        "names": {class_id: name for name, class_id in sorted(class_ids.items(), key=lambda kv: kv[1])}
    }
    yield yaml.safe_dump(ordered, allow_unicode=True, sort_keys=True)


FORMAT = Format(
    name="yolo",
    title="YOLO (Ultralytics)",
    recognises=recognises,
    read=read,
    write=write,
    keeps=frozenset({"empty", "labels", "sizes", "relative"}),
    picture_at=lambda image, stem: f"images/{image.split or 'train'}/{stem}{PurePosixPath(image.image).suffix}",
)
