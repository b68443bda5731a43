"""A batch of many images with many boxes, written straight into the database, for measuring what asks of it."""

from __future__ import annotations

import random
from pathlib import Path

from sqlalchemy import insert, select

from data.database import Database, open_database
from data.label_book import LabelBook
from data.labels import read_labels
from data.tables import annotation, annotator, box, image, label

CHUNK = 2000
STATES = ("done", "done", "in progress", "skipped")
WHEN = "2026-{month:02}-{day:02}T12:00:00.000Z"


def fill(database: Database, images: int, boxes_each: int, *, everybody: tuple[str, ...] = ("ada",)) -> None:
    """Annotate ``images`` images as they come from a source; three of four are touched."""
    chance = random.Random(4)
    with database.writing() as connection:
        label_ids = list(connection.scalars(select(label.c.id)))
        connection.execute(insert(annotator), [{"name": name} for name in everybody])
        who = list(connection.scalars(select(annotator.c.id).where(annotator.c.name.in_(everybody))))
    for start in range(0, images, CHUNK):
        pictures, annotations, boxes = [], [], []
        for n in range(start, min(start + CHUNK, images)):
            image_id = f"folder{n // 1000:03}/img{n:06}.jpg"
            pictures.append({"id": image_id, "name": image_id.rpartition("/")[2], "location": image_id, "position": n + 1,
                             "version": "1", "size_bytes": 1, "width": 1920, "height": 1080, "scan": ""})  # fmt: skip
            when = WHEN.format(month=1 + n % 12, day=1 + n % 28)
            for annotator_id in who:
                if n % 4 == 3:
                    continue
                state = STATES[n % 4]
                annotations.append({"annotator_id": annotator_id, "image_id": image_id, "state": state, "register": state,
                                    "state_time": when, "last_box_time": when, "boxes": boxes_each, "revision": n})  # fmt: skip
                for k in range(boxes_each):
                    x0, y0 = chance.uniform(0, 1700), chance.uniform(0, 900)
                    boxes.append({"annotator_id": annotator_id, "image_id": image_id, "id": f"{n}-{k}",
                                  "label_id": chance.choice(label_ids), "x0": x0, "y0": y0,
                                  "x1": x0 + chance.uniform(5, 200), "y1": y0 + chance.uniform(5, 170), "created": when,
                                  "modified": when, "deleted": False, "stamp_time": when, "stamp_id": ""})  # fmt: skip
        with database.writing() as connection:
            for table, rows in ((image, pictures), (annotation, annotations), (box, boxes)):
                connection.execute(insert(table), rows)
            database.remember(connection, "batch size", str(min(start + CHUNK, images)))


def open_filled(url: str, labels: Path, images: int, boxes_each: int) -> Database:
    """A fresh database with that many images and boxes."""
    database = open_database(url)
    LabelBook(database).adopt(read_labels(labels))
    fill(database, images, boxes_each)
    return database
