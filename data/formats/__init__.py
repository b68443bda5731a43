"""The formats, each a module with one `Format`, and reading and writing them from Python.

    from data import formats

    images, problems = formats.read("dataset/")          # a file, a folder or a zip, of any format here
    formats.write("voc", images, "out/")                 # class ids in the order of first use, or give labels=

See `data.formats.model` for what an image and a box are.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from data.errors import InputError
from data.formats import (
    coco,
    createml,
    csvs,
    cvat,
    demo2020,
    imagefolder,
    jsons,
    labelme,
    labelstudio,
    native,
    via,
    voc,
    vott,
    yolo,
)  # fmt: skip
from data.formats.model import Dataset, Format, ImageRecord, LabelRecord, Options, Part, Problem, Record
from data.formats.tree import Tree, open_tree

# In the order in which they are tried on an unknown file: the most telling first.
FORMATS: tuple[Format, ...] = (
    native.FORMAT,
    via.PROJECT_FORMAT,
    coco.FORMAT,
    labelstudio.FORMAT,
    vott.FORMAT,
    labelme.FORMAT,
    createml.FORMAT,
    via.JSON_FORMAT,
    demo2020.FORMAT,
    cvat.FORMAT,
    voc.FORMAT,
    imagefolder.FORMAT,
    via.CSV_FORMAT,
    csvs.TENSORFLOW_FORMAT,
    csvs.VOTT_FORMAT,
    yolo.FORMAT,
)
WRITTEN: dict[str, Format] = {one.name: one for one in FORMATS if one.write}


def written(name: str) -> Format:
    """A format that can be written, by its name. Raises InputError that lists them."""
    if name not in WRITTEN:
        raise InputError(f"format: found {name!r}, expected one of {', '.join(sorted(WRITTEN))}")
    return WRITTEN[name]


def find(name: str) -> Format:
    """A format that can be read, by its name. Raises InputError that lists them."""
    for one in FORMATS:
        if one.name == name:
            return one
    raise InputError(f"format: found {name!r}, expected one of {', '.join(sorted(one.name for one in FORMATS))}")


def candidates(tree: Tree) -> list[Format]:
    """The formats that what is there looks like, the likeliest first. Raises InputError if there is none."""
    found = [one for one in FORMATS if one.recognises(tree)]
    if found:
        return found
    for name in tree.sample(".json", ".csv", ".xml", ".txt"):
        with tree.open(name) as stream:
            if stream.read(2) in (b"\xff\xfe", b"\xfe\xff"):
                raise InputError(f"{name}: is text in UTF-16; save it as UTF-8")
    for name in tree.ending(".json"):
        jsons.check(tree, name)
    kinds = ", ".join(sorted(one.title for one in FORMATS))
    raise InputError(f"{tree.name}: is of no known format; expected one of: {kinds}")


def records(tree: Tree, options: Options | None = None) -> Iterator[Record]:
    """Read whatever is there, record by record."""
    yield from candidates(tree)[0].read(tree, options or Options())


def read(path: str | Path, options: Options | None = None) -> tuple[list[ImageRecord], list[Problem]]:
    """Read a file, a folder or a zip archive of any known format.

    Returns the images and, for each item that could not be read, why. Raises
    InputError when the whole is of no use.
    """
    images: list[ImageRecord] = []
    problems: list[Problem] = []
    with open_tree(Path(path)) as tree:
        for record in records(tree, options):
            if isinstance(record, ImageRecord):
                images.append(record)
            elif isinstance(record, Problem):
                problems.append(record)
    return images, problems


def write(
    name: str,
    images: Sequence[ImageRecord],
    path: str | Path,
    *,
    labels: Sequence[LabelRecord] | None = None,
    options: Options | None = None,
) -> None:
    """Write images as a file of a format, or as a folder where the format is one of many files.

    Raises InputError for an unknown format, and for what the format cannot hold.
    """
    chosen = written(name)
    if labels is None:
        found = dict.fromkeys(box.label for image in images for box in image.boxes)
        labels = [LabelRecord(label, class_id) for class_id, label in enumerate(found)]
    dataset = Dataset(labels, lambda: iter(images), options or Options())
    write_parts(parts_of(chosen, dataset), chosen, Path(path))


def parts_of(chosen: Format, dataset: Dataset) -> Iterator[Part]:
    """The files of a data set in a format that can be written."""
    assert chosen.write is not None
    return chosen.write(dataset)


def write_parts(parts: Iterable[Part], chosen: Format, path: Path) -> None:
    """Write the files of a format: the one there is to that path, several into that folder."""
    for part in parts:
        target = path if part.name == chosen.file and path.suffix else path / part.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if part.copy_of:
            try:
                shutil.copyfile(part.copy_of, target)
            except OSError as error:
                raise InputError(f"{part.copy_of}: cannot be copied ({error.strerror})") from error
            continue
        with target.open("w", encoding="utf-8", newline="") as file:
            file.writelines(part.text)
