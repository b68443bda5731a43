"""Bringing the batch in the database in line with its source, while people work."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import time

from sqlalchemy import Connection, case, delete, exists, func, null, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from data.batch import GONE_KEY, LEASE_KEY, PROBLEM_KEY, SIZE_KEY, is_indexing
from data.database import Database
from data.errors import InputError, PartlyListed
from data.sources import Found, Source
from data.tables import annotation, image, memo
from data.words import counted

CHUNK = 2000
LEASE_S = 15.0
LOOKED_AGAIN_S = 30.0  # how often the source is listed again, if that takes no longer than a part of it
PART_OF_TIME = 20
GONE_NAMED = 3
SCANNED_KEY = "scanned"  # when some process last listed the source

log = logging.getLogger(__name__)


class _LostTurn(Exception):  # noqa: N818 - nothing went wrong
    """Another process took the turn."""


class Indexer:
    """Lists the source into the table `image`. Several processes may each have one: they take turns."""

    def __init__(self, database: Database, source: Source) -> None:
        self._database = database
        self._source = source
        self._stop = threading.Event()
        self._left_out: PartlyListed | None = None  # why, when the source was last listed

    def start(self) -> threading.Thread:
        """Index in the background."""
        thread = threading.Thread(target=self._run, name="indexer", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Let the background work end at its next step."""
        self._stop.set()

    def index(self) -> int:
        """Index now, once it is this call's turn; returns the number of pictures.

        Raises PartlyListed after that where the source had entries that cannot be taken.
        """
        turn = uuid.uuid4().hex
        while not self._stop.is_set():
            if not self._take_turn(turn):
                self._stop.wait(0.2)
                continue
            try:
                count = self._unchanged()
                if count is None:
                    count = self._write(turn)
            except _LostTurn:
                continue  # this process was held up so long that another took over
            finally:
                self._end_turn(turn)
            if self._left_out is not None:
                raise self._left_out
            return count
        return 0

    def look(self) -> bool:
        """Index now, and keep for the page what is in the way. Returns whether the source was listed to its end."""
        problem, is_listed = "", True
        try:
            self.index()
        except InputError as error:
            problem, is_listed = str(error), isinstance(error, PartlyListed)
        except Exception:
            is_listed = False
            problem = "The pictures could not be listed; the log says why."
            log.exception("the source %s could not be indexed", self._source.name)
        with self._database.writing() as connection:
            if problem and problem != self._database.recall(connection, PROBLEM_KEY):
                log.warning("%s", problem)
            self._database.remember(connection, SCANNED_KEY, str(time()))
            self._database.remember(connection, PROBLEM_KEY, problem)
        return is_listed

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            started, is_listed = time(), False
            try:
                is_listed = (bool(pause) and not self._is_due(pause)) or self.look()
            except SQLAlchemyError:
                log.exception("the database did not answer; the source is listed again later")
            pause = max(LOOKED_AGAIN_S, PART_OF_TIME * (time() - started) if is_listed else 0)

    def _is_due(self, pause_s: float) -> bool:
        """Whether no other process listed the source meanwhile."""
        with self._database.reading() as connection:
            return time() - float(self._database.recall(connection, SCANNED_KEY) or 0) >= pause_s

    def _take_turn(self, turn: str) -> bool:
        with self._database.writing() as connection:
            if is_indexing(self._database, connection) and not self._has_turn(connection, turn):
                return False
            self._prolong(connection, turn)
            return True

    def _has_turn(self, connection: Connection, turn: str) -> bool:
        return (self._database.recall(connection, LEASE_KEY) or "").startswith(turn)

    def _prolong(self, connection: Connection, turn: str) -> None:
        self._database.remember(connection, LEASE_KEY, f"{turn} {time() + LEASE_S}")

    def _end_turn(self, turn: str) -> None:
        with self._database.writing() as connection:
            if self._has_turn(connection, turn):
                connection.execute(delete(memo).where(memo.c.key == LEASE_KEY))

    def _walk(self) -> Iterator[Found]:
        """The pictures of the source; entries that cannot be taken end nothing."""
        self._left_out = None
        try:
            yield from self._source.walk()
        except PartlyListed as error:
            self._left_out = error

    def _unchanged(self) -> int | None:
        """The size of the batch if the source lists just what the database has, else None."""
        count = 0
        for chunk in _chunks(self._walk()):
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

    def _write(self, turn: str) -> int:
        """Write every picture of the source, chunk by chunk so that work can begin, then let go of what is gone."""
        count = 0
        for chunk in _chunks(self._walk()):
            if self._stop.is_set():
                return count
            with self._writing_in(turn) as connection:
                self._upsert(connection, chunk, first=count + 1, scan=turn)
                count += len(chunk)
                size = max(count, int(self._database.recall(connection, SIZE_KEY) or 0))
                self._database.remember(connection, SIZE_KEY, str(size))
        with self._writing_in(turn) as connection:
            connection.execute(update(image).where(image.c.scan != turn).values(position=None))
            self._database.remember(connection, GONE_KEY, _what_is_gone(connection))
            self._database.remember(connection, SIZE_KEY, str(count))
        return count

    @contextmanager
    def _writing_in(self, turn: str) -> Iterator[Connection]:
        """A transaction that holds only if it is still this turn, and prolongs it."""
        with self._database.writing() as connection:
            if not self._has_turn(connection, turn):
                raise _LostTurn
            self._prolong(connection, turn)
            yield connection

    def _upsert(self, connection: Connection, chunk: list[Found], *, first: int, scan: str) -> None:
        # Two spellings of one id (composed and decomposed accents) can only be one picture: the first.
        rows = {
            found.id: {
                "id": found.id,
                "name": found.id.rpartition("/")[2],
                "location": found.location,
                "version": found.version,
                "position": position,
                "size_bytes": found.size_bytes,
                "width": found.width,
                "height": found.height,
            }
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
                "name": new.name,
                "size_bytes": new.size_bytes,
                "width": case((changed, new.width), else_=func.coalesce(image.c.width, new.width)),
                "height": case((changed, new.height), else_=func.coalesce(image.c.height, new.height)),
                "view": case((changed, null()), else_=image.c.view),
                "error": case((changed, ""), else_=image.c.error),
            },
        )
        connection.execute(statement, [{**row, "scan": scan} for row in rows.values()])


def _what_is_gone(connection: Connection) -> str:
    """A sentence on the images that somebody worked on and that are in the source no more."""
    work = exists().where(
        annotation.c.image_id == image.c.id, or_(annotation.c.state != "todo", annotation.c.boxes > 0)
    )
    gone = select(image.c.id).where(image.c.position.is_(None), work)
    count = connection.scalar(select(func.count()).select_from(gone.subquery())) or 0
    if not count:
        return ""
    names = list(connection.scalars(gone.order_by(image.c.id).limit(GONE_NAMED)))
    listed = ", ".join(names) + (f" and {count - len(names):,} more" if count > len(names) else "")
    are, their = ("is", "its") if count == 1 else ("are", "their")
    images = counted(count, "annotated image")
    return f"{images} {are} no longer in the source, and {their} annotations are kept: {listed}."


def _chunks(found: Iterable[Found]) -> Iterator[list[Found]]:
    chunk: list[Found] = []
    try:
        for one in found:
            chunk.append(one)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
    except InputError:  # of one source of several; the others' pictures count
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk
