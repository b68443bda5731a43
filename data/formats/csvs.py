"""Tables with one row a box: the columns of the TensorFlow tutorials, and those of VoTT; and what CSV readers share.

An image without a box has a row with its name and empty cells, as RetinaNet's readers have it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from data.errors import InputError
from data.formats import checks
from data.formats.model import BoxRecord, Dataset, Format, FoundState, ImageRecord, Options, Part, Problem, Record
from data.formats.splits import split_of_file
from data.formats.spool import Spool
from data.formats.tree import Tree

TENSORFLOW = ("filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax")
VOTT = ("image", "xmin", "ymin", "xmax", "ymax", "label")
LONGEST_CELL = 1_000_000
_COMMA_NUMBER = re.compile(r"-?\d+,\d+")


def is_csv_with(tree: Tree, name: str, columns: Sequence[str]) -> bool:
    """Whether a file is a table that has these columns, in any order."""
    with tree.open(name) as stream:
        first = stream.readline(10_000).decode("utf-8-sig", errors="replace")
    try:
        return set(columns) <= set(next(csv.reader([first], delimiter=_delimiter(first)), []))
    except csv.Error:
        return False


def _delimiter(first: str) -> str:
    """Spreadsheets write semicolons or tabs where the comma is the decimal sign."""
    return max(",;\t", key=first.count)


def rows(tree: Tree, name: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield each row with its place. Raises InputError where the table cannot be read on."""
    csv.field_size_limit(LONGEST_CELL)
    with tree.open(name) as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text)
        try:
            delimiter = _delimiter(text.readline(LONGEST_CELL))
            text.seek(0)
            reader = csv.DictReader(text, delimiter=delimiter)
            for row in reader:
                if delimiter != ",":
                    row = {column: _with_point(value) for column, value in row.items()}
                yield f"{name}: line {reader.line_num}", row
        except UnicodeDecodeError:
            raise InputError(f"{name}: line {reader.line_num + 1}: is not text in UTF-8") from None
        except csv.Error as error:
            raise InputError(f"{name}: line {reader.line_num + 1}: {error}") from None


def _with_point(value: object) -> Any:
    return value.replace(",", ".") if isinstance(value, str) and _COMMA_NUMBER.fullmatch(value) else value


def _recognises(columns: Sequence[str]) -> object:
    return lambda tree: any(is_csv_with(tree, name, columns) for name in tree.sample(".csv"))


def _reader(columns: Sequence[str], image_column: str, label_column: str) -> object:
    def read(tree: Tree, _options: Options) -> Iterator[Record]:
        for name in tree.ending(".csv"):
            if is_csv_with(tree, name, columns):
                with Spool() as spool:
                    yield from _read(tree, name, spool, image_column, label_column)

    return read


def _read(tree: Tree, name: str, spool: Spool, image_column: str, label_column: str) -> Iterator[Record]:
    failed = 0
    for where, row in rows(tree, name):
        try:
            image = checks.image_in(row.get(image_column), f"{where}, {image_column}")
            size = [checks.whole_in(row.get(side), f"{where}, {side}") for side in ("width", "height")]
            spool.add_image(image, size)
            if any((row.get(column) or "").strip() for column in (label_column, "xmin", "ymin", "xmax", "ymax")):
                label = checks.text_in(row.get(label_column), f"{where}, {label_column}")
                x0, y0, x1, y1 = (
                    checks.number_in(row.get(c), f"{where}, {c}") for c in ("xmin", "ymin", "xmax", "ymax")
                )
                spool.add_box(image, BoxRecord(label, x0, y0, x1, y1, where))
        except InputError as error:
            failed += 1
            yield Problem(str(error))
    for image, (width, height), boxes in spool.images():
        beside = checks.beside(name, image)
        state: FoundState = "todo" if failed and not boxes else ""  # it may have had one that could not be read
        yield ImageRecord(image, width, height, tuple(boxes), state=state, split=split_of_file(name), beside=beside)


def write_tensorflow(dataset: Dataset) -> Iterator[Part]:
    """One table; with splits, one for each."""
    yield from _tables(dataset, "annotations", TENSORFLOW, _tensorflow_row)


def write_vott(dataset: Dataset) -> Iterator[Part]:
    yield from _tables(dataset, "vott-csv-export", VOTT, _vott_row)


def _tables(dataset: Dataset, name: str, columns: Sequence[str], row: object) -> Iterator[Part]:
    for split in sorted({image.split for image in dataset.images()}):
        yield Part(f"{name}_{split}.csv" if split else f"{name}.csv", _table(dataset, split, columns, row))


def _table(dataset: Dataset, split: str, columns: Sequence[str], row: object) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    writer.writerow(columns)
    for image in dataset.images():
        if image.split != split:
            continue
        for box in image.boxes or (None,):
            writer.writerow(row(image, box))  # type: ignore[operator]
        yield line.getvalue()
        line.seek(0)
        line.truncate()
    yield line.getvalue()


def _corners(box: BoxRecord | None) -> list[object]:
    return [checks.plain_number(value) for value in (box.x0, box.y0, box.x1, box.y1)] if box else [""] * 4


def _tensorflow_row(image: ImageRecord, box: BoxRecord | None) -> list[object]:
    return [image.image, image.width or "", image.height or "", box.label if box else "", *_corners(box)]


def _vott_row(image: ImageRecord, box: BoxRecord | None) -> list[object]:
    return [image.image, *_corners(box), box.label if box else ""]


TENSORFLOW_FORMAT = Format(
    "csv", "CSV (TensorFlow columns)", _recognises(TENSORFLOW), _reader(TENSORFLOW, "filename", "class"),  # type: ignore[arg-type]
    write_tensorflow, "annotations.csv", frozenset({"names", "empty", "sizes"}),
)  # fmt: skip
VOTT_FORMAT = Format(
    "vott-csv", "VoTT CSV", _recognises(VOTT), _reader(VOTT, "image", "label"),  # type: ignore[arg-type]
    write_vott, "vott-csv-export.csv", frozenset({"names", "empty"}),
)  # fmt: skip
