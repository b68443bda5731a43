"""The report on an export: what was written, and that it reads back as it was meant."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from data.choices import SPLITS
from data.errors import InputError
from data.formats import records
from data.formats.model import Dataset, Format, ImageRecord
from data.formats.spool import Spool
from data.formats.stems import Stems
from data.formats.tree import Tree
from data.watch import Watch
from data.words import counted

MOST_NOTES = 1000


@dataclass
class ExportReport:
    """What was written, what was left out and why, and how exactly it reads back. Lengths in pixels."""

    format: str
    images: int = 0
    empty: int = 0
    boxes: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    read_back: int | None = None
    largest_difference_px: float | None = None

    def summary(self) -> str:
        """One sentence or two for a person."""
        text = f"{self.format}: {counted(self.boxes, 'box')} in {counted(self.images, 'image')}, {self.empty:,} empty"
        if self.splits:
            text += f" ({', '.join(f'{count} {name}' for name, count in self.splits.items())})"
        if self.read_back is not None:
            text += (
                f". Read back: {counted(self.read_back, 'box')}, the farthest {self.largest_difference_px:.2g} pixels "
                "from where it should be"
            )
        return text + "."

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "summary": self.summary()}


def summarise(chosen: Format, dataset: Dataset, report: ExportReport) -> None:
    """Count what will be written, and name what looks wrong in it; added to what the report has already."""
    labels = Counter(report.labels)
    splits = Counter(report.splits)
    attributes: Counter[str] = Counter()
    for image in dataset.images():
        report.images += 1
        report.empty += not image.boxes
        report.boxes += len(image.boxes)
        attributes.update(name for box in image.boxes for name in box.attributes)
        labels.update(box.label for box in image.boxes)
        splits.update([image.split] if image.split else [])
        same = Counter((box.label, box.x0, box.y0, box.x1, box.y1) for box in image.boxes)
        for corners, times in same.items():
            if times > 1 and len(report.notes) < MOST_NOTES:
                report.notes.append(f"{image.image}: {times} boxes of {corners[0]} at the very same place")
    if attributes and "attributes" not in chosen.keeps:
        named = ", ".join(f"{name} of {boxes}" for name, boxes in attributes.most_common())
        report.left_out.append(f"attributes of boxes that {chosen.title} has no place for: {named}")
    report.labels = dict(labels.most_common())
    report.splits = {split: splits[split] for split in SPLITS if split in splits}


def compare(chosen: Format, dataset: Dataset, tree: Tree, report: ExportReport, watch: Watch) -> None:
    """Read back what was written and set it beside what was meant. Raises InputError if a box is missing."""
    farthest = report.largest_difference_px or 0.0
    found_boxes = report.read_back or 0
    with Spool() as meant:
        stems = Stems(dataset)
        sizes: dict[str, tuple[int, int]] = {}
        for image in dataset.images():
            key = _key(chosen, image, stems)
            meant.add_image(key, "")
            if "relative" in chosen.keeps:
                sizes[key] = (image.width or 1, image.height or 1)
            for box in image.boxes:
                meant.add_box(key, box)
        for record in watch.over(records(tree, dataset.options)):
            if not isinstance(record, ImageRecord):
                continue
            key = f"{record.image}\0{record.annotator}" if "annotators" in chosen.keeps else record.image
            if "names" not in chosen.keeps and record.exact:
                key = PurePosixPath(key).with_suffix("").as_posix()  # its picture is there, and tells the ending
            width, height = sizes.get(key, (1, 1)) if record.relative else (1, 1)
            expected = meant.boxes_of(key)
            if len(expected) != len(record.boxes):
                raise InputError(
                    f"{record.image}: {len(expected)} boxes were meant, {len(record.boxes)} can be read back"
                )
            for one, box in zip(expected, record.boxes, strict=True):
                if one.label != box.label:
                    raise InputError(f"{record.image}: a box of {one.label!r} reads back as one of {box.label!r}")
                across = max(abs(one.x0 - box.x0 * width), abs(one.x1 - box.x1 * width))
                down = max(abs(one.y0 - box.y0 * height), abs(one.y1 - box.y1 * height))
                farthest = max(farthest, across, down)
                found_boxes += 1
    report.read_back = found_boxes
    report.largest_difference_px = farthest


def _key(chosen: Format, image: ImageRecord, stems: Stems) -> str:
    if "names" not in chosen.keeps:
        return stems.of(image.image)
    return f"{image.image}\0{image.annotator}" if "annotators" in chosen.keeps else image.image
