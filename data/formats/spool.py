"""Boxes put with their images on the disk, for formats that list the two apart and in any order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import Any

ROWS_AT_ONCE = 5000


class Spool:
    """A temporary table of images and one of boxes. ``key`` joins them; both come out in the order they went in."""

    def __enter__(self) -> Spool:
        self._database = sqlite3.connect("")  # a file without a name, gone when it is closed
        self._database.executescript(
            "CREATE TABLE image (key TEXT PRIMARY KEY, value BLOB);"
            "CREATE TABLE box (key TEXT, place TEXT, label TEXT, x0 REAL, y0 REAL, x1 REAL, y1 REAL);"
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

    def add_box(self, key: str, place: str, label: str, x0: float, y0: float, x1: float, y1: float) -> None:
        """Remember a box of an image, which may still be to come."""
        self._boxes.append((key, place, label, x0, y0, x1, y1))
        if len(self._boxes) >= ROWS_AT_ONCE:
            self._flush()

    def images(self) -> Iterator[tuple[str, str, list[tuple[str, str, float, float, float, float]]]]:
        """Yield (key, value, boxes as (place, label, x0, y0, x1, y1)) of each image."""
        for key, value in self._database.execute("SELECT key, value FROM image ORDER BY rowid"):
            yield key, value, self.boxes_of(key)

    def boxes_of(self, key: str) -> list[tuple[str, str, float, float, float, float]]:
        """The boxes of one image, as (place, label, x0, y0, x1, y1)."""
        self._flush()
        self._database.execute("CREATE INDEX IF NOT EXISTS box_by_key ON box (key)")
        query = "SELECT place, label, x0, y0, x1, y1 FROM box WHERE key = ? ORDER BY rowid"
        return self._database.execute(query, (key,)).fetchall()

    def strays(self) -> Iterator[tuple[str, str]]:
        """Yield (place, key) of each box whose image never came."""
        self._flush()
        yield from self._database.execute(
            "SELECT place, key FROM box WHERE key NOT IN (SELECT key FROM image) ORDER BY rowid"
        )

    def _flush(self) -> None:
        self._database.executemany("INSERT INTO box VALUES (?, ?, ?, ?, ?, ?, ?)", self._boxes)
        self._boxes.clear()
