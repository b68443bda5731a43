"""Bringing the batch in the database in line with its source, while people work."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from time import time

from sqlalchemy import Connection, case, delete, select, update

from data.batch import SIZE_KEY
from data.database import Database
from data.sources import Found, Source
from data.tables import image, memo

CHUNK = 2000
LEASE_KEY = "indexing"
LEASE_S = 15.0

log = logging.getLogger(__name__)


class Indexer:
    """Lists the source into the table `image`. Several processes may each have one: they take turns."""

    def __init__(self, database: Database, source: Source) -> None:
        self._database = database
        self._source = source
        self._me = uuid.uuid4().hex
        self._stop = threading.Event()

    def start(self) -> threading.Thread:
        """Index in the background."""
        thread = threading.Thread(target=self._run, name="indexer", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Let the background work end at its next step."""
        self._stop.set()

    def index(self) -> int:
        """Index now, once it is this process's turn; returns the number of pictures."""
        while not self._take_turn():
            if self._stop.wait(0.5):
                return 0
        try:
            count = self._unchanged()
            if count is None:
                count = self._write()
            return count
        finally:
            self._end_turn()

    def _run(self) -> None:
        try:
            self.index()
        except Exception:
            log.exception("the source %s could not be indexed; restart to try again", self._source.name)

    def _take_turn(self) -> bool:
        with self._database.writing() as connection:
            holder, _, until = (self._database.recall(connection, LEASE_KEY) or "").partition(" ")
            if holder not in ("", self._me) and float(until) > time():
                return False
            self._database.remember(connection, LEASE_KEY, f"{self._me} {time() + LEASE_S}")
            return True

    def _end_turn(self) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(memo).where(memo.c.key == LEASE_KEY))

    def _unchanged(self) -> int | None:
        """The size of the batch if the source lists just what the database has, else None."""
        count = 0
        for chunk in _chunks(self._source.walk()):
            with self._database.reading() as connection:
                rows = connection.execute(
                    select(image.c.position, image.c.id, image.c.location, image.c.version)
                    .where(image.c.position.between(count + 1, count + len(chunk)))
                    .order_by(image.c.position)
                ).all()
            expected = [(count + i, f.id, f.location, f.version) for i, f in enumerate(chunk, start=1)]
            if [tuple(row) for row in rows] != expected:
                return None
            count += len(chunk)
        with self._database.reading() as connection:
            more = connection.scalar(select(image.c.id).where(image.c.position > count).limit(1))
        return None if more is not None else count

    def _write(self) -> int:
        """Write every picture of the source, chunk by chunk so that work can begin, then let go of what is gone."""
        scan = uuid.uuid4().hex
        count = 0
        for chunk in _chunks(self._source.walk()):
            if self._stop.is_set():
                return count
            with self._database.writing() as connection:
                self._upsert(connection, chunk, first=count + 1, scan=scan)
                count += len(chunk)
                size = max(count, int(self._database.recall(connection, SIZE_KEY) or 0))
                self._database.remember(connection, SIZE_KEY, str(size))
                self._database.remember(connection, LEASE_KEY, f"{self._me} {time() + LEASE_S}")
        with self._database.writing() as connection:
            connection.execute(update(image).where(image.c.scan != scan).values(position=None))
            self._database.remember(connection, SIZE_KEY, str(count))
        return count

    def _upsert(self, connection: Connection, chunk: list[Found], *, first: int, scan: str) -> None:
        # Two spellings of one id (composed and decomposed accents) can only be one picture: the first.
        rows = {
            found.id: {"id": found.id, "location": found.location, "version": found.version, "position": position}
            for position, found in reversed(list(enumerate(chunk, start=first)))
        }
        statement = self._database.insert(image)
        new = statement.excluded
        changed = image.c.version != new.version
        statement = statement.on_conflict_do_update(
            index_elements=["id"],
            set_={
                "position": new.position,
                "location": new.location,
                "version": new.version,
                "scan": new.scan,
                "width": case((changed, None), else_=image.c.width),
                "height": case((changed, None), else_=image.c.height),
                "error": case((changed, ""), else_=image.c.error),
            },
        )
        connection.execute(statement, [{**row, "scan": scan} for row in rows.values()])


def _chunks(found: Iterable[Found]) -> Iterator[list[Found]]:
    iterator = iter(found)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
