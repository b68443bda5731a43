"""Boxes put with their images on the disk, for formats that list the two apart and in any order."""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import Any

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

    def add_image(self, key: str, value: Any) -> bool:
        """Remember an image, with plain values such as JSON has; false if there is one of this key already."""
        added = self._database.execute("INSERT OR IGNORE INTO image VALUES (?, ?)", (key, marshal.dumps(value)))
        return added.rowcount == 1

    def add_box(self, key: str, box: BoxRecord) -> None:
        """Remember a box of an image, which may still be to come. Its attributes must be what JSON has."""
        self.extend(key, [tuple(box)])

    def extend(self, key: str, boxes: list[tuple[object, ...]]) -> None:
        """As `add_box`, for the first fields of many: making a record of each would take as long as the rest."""
        self._boxes.setdefault(key, []).extend(boxes)
        self._count += len(boxes)
        if self._count >= BOXES_IN_MEMORY:
            self._flush()

    def images(
        self, make: Callable[[tuple[Any, ...]], BoxRecord] = lambda fields: BoxRecord(*fields)
    ) -> Iterator[tuple[str, Any, list[BoxRecord]]]:
        """Yield (key, value, boxes) of each image; ``make`` makes a box of its fields."""
        self._index()
        rows = self._database.execute(
            "SELECT image.key, value, list FROM image LEFT JOIN boxes ON boxes.key = image.key "
            "ORDER BY image.rowid, boxes.rowid"
        )
        for (key, value), lists in groupby(rows, key=itemgetter(0, 1)):
            packed = (one for _, _, one in lists if one is not None)
            yield key, marshal.loads(value), [make(box) for one in packed for box in marshal.loads(one)]

    def boxes_of(self, key: str) -> list[BoxRecord]:
        """The boxes of one image."""
        self._index()
        rows = self._database.execute("SELECT list FROM boxes WHERE key = ? ORDER BY rowid", (key,))
        return [BoxRecord(*box) for (packed,) in rows for box in marshal.loads(packed)]

    def strays(self) -> Iterator[tuple[str, BoxRecord]]:
        """Yield (key, box) of each box whose image never came."""
        self._flush()
        query = "SELECT key, list FROM boxes WHERE key NOT IN (SELECT key FROM image) ORDER BY rowid"
        for key, packed in self._database.execute(query):
            yield from ((key, BoxRecord(*box)) for box in marshal.loads(packed))

    def _index(self) -> None:
        self._flush()
        self._database.execute("CREATE INDEX IF NOT EXISTS boxes_by_key ON boxes (key)")

    def _flush(self) -> None:
        rows = ((key, marshal.dumps(boxes)) for key, boxes in self._boxes.items())
        self._database.executemany("INSERT INTO boxes VALUES (?, ?)", rows)
        self._boxes.clear()
        self._count = 0
