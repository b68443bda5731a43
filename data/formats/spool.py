"""Boxes put with their images on the disk, for formats that list the two apart and in any order."""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Iterator
from types import TracebackType

from data.formats.model import BoxRecord

BOXES_IN_MEMORY = 20_000


class Spool:
    """A temporary table of images and one of boxes. ``key`` joins them; both come out in the order they went in."""

    def __enter__(self) -> Spool:
        self._database = sqlite3.connect("")  # a file without a name, gone when it is closed
        self._database.executescript(
            "PRAGMA journal_mode = OFF;"  # nobody goes back, and it is gone in the end
            "CREATE TABLE image (key TEXT PRIMARY KEY, value BLOB);"
            "CREATE TABLE boxes (key TEXT, list BLOB);"  # some boxes of an image: mostly they come together
        )
        self._boxes: dict[str, list[tuple[object, ...]]] = {}
        self._count = 0
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
        """Remember a box of an image, which may still be to come. Its attributes must be what JSON has."""
        self._boxes.setdefault(key, []).append(tuple(box))
        self._count += 1
        if self._count >= BOXES_IN_MEMORY:
            self._flush()

    def images(self) -> Iterator[tuple[str, str, list[BoxRecord]]]:
        """Yield (key, value, boxes) of each image."""
        for key, value in self._database.execute("SELECT key, value FROM image ORDER BY rowid"):
            yield key, value, self.boxes_of(key)

    def boxes_of(self, key: str) -> list[BoxRecord]:
        """The boxes of one image."""
        self._flush()
        self._database.execute("CREATE INDEX IF NOT EXISTS boxes_by_key ON boxes (key)")
        rows = self._database.execute("SELECT list FROM boxes WHERE key = ? ORDER BY rowid", (key,))
        return [BoxRecord._make(box) for (packed,) in rows for box in marshal.loads(packed)]

    def strays(self) -> Iterator[tuple[str, BoxRecord]]:
        """Yield (key, box) of each box whose image never came."""
        self._flush()
        query = "SELECT key, list FROM boxes WHERE key NOT IN (SELECT key FROM image) ORDER BY rowid"
        for key, packed in self._database.execute(query):
            yield from ((key, BoxRecord._make(box)) for box in marshal.loads(packed))

    def _flush(self) -> None:
        rows = ((key, marshal.dumps(boxes)) for key, boxes in self._boxes.items())
        self._database.executemany("INSERT INTO boxes VALUES (?, ?)", rows)
        self._boxes.clear()
        self._count = 0
