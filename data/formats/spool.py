"""Boxes put with their images on the disk, for formats that list the two apart and in any order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from data.formats.model import BoxRecord

ROWS_AT_ONCE = 5000


class Spool:
    """A temporary table of images and one of boxes. ``key`` joins them; both come out in the order they went in."""

    def __enter__(self) -> Spool:
        self._database = sqlite3.connect("")  # a file without a name, gone when it is closed
        self._database.executescript(
            "PRAGMA journal_mode = OFF;"  # nobody goes back, and it is gone in the end
            "CREATE TABLE image (key TEXT PRIMARY KEY, value BLOB);"
            "CREATE TABLE box (key TEXT, place TEXT, label TEXT, x0 REAL, y0 REAL, x1 REAL, y1 REAL, attributes TEXT);"
        )
        self._boxes: list[tuple[Any, ...]] = []
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add_image(self, key: str, value: str) -> bool:
        """Remember an image; false if there is one of this key already."""
        added = self._database.execute("INSERT OR IGNORE INTO image VALUES (?, ?)", (key, value))
        return added.rowcount == 1

    def add_box(self, key: str, box: BoxRecord) -> None:
        """Remember a box of an image, which may still be to come."""
        said = json.dumps(box.attributes) if box.attributes else ""
        self._boxes.append((key, box.where, box.label, box.x0, box.y0, box.x1, box.y1, said))
        if len(self._boxes) >= ROWS_AT_ONCE:
            self._flush()

    def images(self) -> Iterator[tuple[str, str, tuple[BoxRecord, ...]]]:
        """Yield (key, value, boxes) of each image."""
        for key, value in self._database.execute("SELECT key, value FROM image ORDER BY rowid"):
            yield key, value, self.boxes_of(key)

    def boxes_of(self, key: str) -> tuple[BoxRecord, ...]:
        """The boxes of one image."""
        self._flush()
        self._database.execute("CREATE INDEX IF NOT EXISTS box_by_key ON box (key)")
        query = "SELECT label, x0, y0, x1, y1, place, attributes FROM box WHERE key = ? ORDER BY rowid"
        rows = self._database.execute(query, (key,))
        return tuple(
            BoxRecord(label, x0, y0, x1, y1, place, attributes=json.loads(said) if said else {})
            for label, x0, y0, x1, y1, place, said in rows
        )

    def strays(self) -> Iterator[tuple[str, str]]:
        """Yield (place, key) of each box whose image never came."""
        self._flush()
        yield from self._database.execute(
            "SELECT place, key FROM box WHERE key NOT IN (SELECT key FROM image) ORDER BY rowid"
        )

    def _flush(self) -> None:
        self._database.executemany("INSERT INTO box VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._boxes)
        self._boxes.clear()
