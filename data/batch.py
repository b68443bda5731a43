"""The batch: which images there are, in which order, and what one annotator has left to do."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import time
from typing import Any

from sqlalchemy import Connection, Row, desc, func, not_, select, update

from data.database import Database
from data.edits import STATES, State
from data.errors import InputError, Unreachable
from data.listing import Listing
from data.pictures import Pictures
from data.sources import Source
from data.tables import annotation, edit, image

SIZE_KEY = "batch size"
PROBLEM_KEY = "source problem"  # why the source could not be listed the last time, "" if it could
GONE_KEY = "gone"  # what to tell of images that were worked on and vanished from the source, "" for none
LEASE_KEY = "indexing"  # "<turn> <until>": who lists the source, and until when that holds
LARGEST_WINDOW = 500
OPENED_AT_ONCE = 24  # pictures; gunicorn.conf.py has more threads than that, so that an edit always finds one


@dataclass(frozen=True, slots=True)
class Entry:
    """One image in a list: its ordinal in the list (from 1), and how far one annotator is with it.

    ``rank`` is what the list is ordered by, if that is not the batch's own order; ``view`` as `Picture` has it, or
    None if the file was never opened.
    """

    id: str
    ordinal: int
    version: str
    state: State
    boxes: int
    rank: float | None = None
    view: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the batch around a place.

    ``here`` is the index in ``entries`` of the image asked for, or of the one that
    follows its place when the filter leaves it out; it may be one past the end.
    ``problem`` says why the source cannot be listed at present, ``gone`` which images with work on them vanished.
    """

    total: int
    batch: int
    counts: dict[str, int]
    entries: list[Entry]
    here: int
    indexing: bool
    problem: str
    gone: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of one picture; sizes are None and ``error`` says why when it cannot be read.

    ``view`` says which looks it has, as `data.stack_views.view_of` writes it; "" for one look. ``passing`` is an error
    of the moment: the picture could not be had, and is asked for again the next time.
    """

    id: str
    location: str
    version: str
    size_bytes: int | None
    width: int | None
    height: int | None
    view: str
    error: str
    gone: bool
    passing: bool = False


def is_indexing(database: Database, connection: Connection) -> bool:
    """Whether some process is listing the source right now."""
    until = (database.recall(connection, LEASE_KEY) or "").partition(" ")[2]
    return bool(until) and float(until) > time()


class Batch:
    """Queries on the table `image`. Nothing here reads or returns the whole list."""

    def __init__(self, database: Database, source: Source, pictures: Pictures) -> None:
        self._database = database
        self._source = source
        self._pictures = pictures
        self._opened = threading.Semaphore(OPENED_AT_ONCE)
        self._broken: set[tuple[str, str]] = set()  # id and version of what this process could not read

    def size(self) -> int:
        """How many images the batch has."""
        with self._database.reading() as connection:
            return self._size(connection)

    def window(
        self,
        *,
        annotator_name: str,
        around: str = "",
        rank: float | None = None,
        at: int | None = None,
        before: int = 10,
        after: int = 30,
        **filters: str,
    ) -> Window:
        """A stretch of the filtered batch: around an image, or at an ordinal (from 1), or where the annotator left off.

        With both, the ordinal is where the image once was, should it be in the batch no more.

        ``filters`` are as `Listing` takes them. ``rank`` is what the image was ordered by when it was listed: work
        on it may have moved it since, and one goes on from where it was. Raises InputError for a filter or a length
        that does not exist.
        """
        if filters.get("state", "all") not in ("all", *STATES):
            raise InputError(f"state: found {filters['state']!r}, expected all or one of {', '.join(STATES)}")
        if not (0 <= before <= LARGEST_WINDOW and 0 <= after <= LARGEST_WINDOW):
            raise InputError(f"before, after: expected whole numbers from 0 to {LARGEST_WINDOW}")
        with self._database.reading() as connection:
            listing = Listing(connection, me=annotator_name, **filters)
            size = self._size(connection)
            position, ranked = self._place(connection, listing, around, at, size)
            is_before = listing.before(ranked if rank is None else rank, position)
            columns = (image.c.id, image.c.position, image.c.version, image.c.view)
            rows = listing.rows(*columns, annotation.c.state, annotation.c.boxes)
            earlier = list(connection.execute(listing.in_order(rows.where(is_before), backwards=True).limit(before)))
            earlier.reverse()
            later = connection.execute(listing.in_order(rows.where(not_(is_before))).limit(after + 1))
            if listing.is_batch:
                total, first = size, position - len(earlier)
            else:
                total, first = listing.count(), listing.count(is_before) + 1 - len(earlier)
            entries = [
                Entry(row.id, ordinal, row.version, row.state or "todo", row.boxes or 0, row.rank, row.view)
                for ordinal, row in enumerate([*earlier, *later], start=first)
            ]
            return Window(
                total,
                size,
                self._counts(connection, listing.mine, size),
                entries,
                len(earlier),
                is_indexing(self._database, connection),
                self._database.recall(connection, PROBLEM_KEY) or "",
                self._database.recall(connection, GONE_KEY) or "",
            )

    def picture(self, image_id: str) -> Picture | None:
        """What is known of one image; the file is opened the first time. None if there never was one.

        One that could not be read is tried again by each process: a setting or a package may have mended it.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(image).where(image.c.id == image_id)).one_or_none()
        if row is None:
            return None
        if row.view is not None and (not row.error or self._is_broken(row)):
            return self._known(row, looked_into=True)
        try:
            with self.opening():
                return self._known(row, looked_into=False)
        except Unreachable as problem:
            return replace(self._known(row, looked_into=True), error=str(problem), passing=True)

    def listed(self, image_id: str) -> Picture | None:
        """As `picture`, without opening the file."""
        with self._database.reading() as connection:
            row = connection.execute(select(image).where(image.c.id == image_id)).one_or_none()
        return None if row is None else self._known(row, looked_into=True)

    def pictures(self, image_ids: Sequence[str]) -> list[Picture]:
        """As `picture`, of some hundred images at most, in no order; sizes that a list gave are taken as they are."""
        with self._database.reading() as connection:
            rows = connection.execute(select(image).where(image.c.id.in_(image_ids))).all()
        return [self._known(row, looked_into=row.width is not None or self._is_broken(row)) for row in rows]

    def _is_broken(self, row: Row[Any]) -> bool:
        return (row.id, row.version) in self._broken

    def _known(self, row: Row[Any], *, looked_into: bool) -> Picture:
        picture = Picture(
            row.id, row.location, row.version, row.size_bytes, row.width, row.height, row.view or "", row.error,
            row.position is None,
        )  # fmt: skip
        return picture if looked_into or picture.gone else self._measured(picture)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Held by whoever answers a question that needs a picture's file: it may be long in coming.

        Raises Unreachable when there are so many of them that edits might have to wait.
        """
        if not self._opened.acquire(blocking=False):
            raise Unreachable("too many pictures are being opened at once; ask again in a moment")
        try:
            yield
        finally:
            self._opened.release()

    def file(self, picture: Picture) -> Path:
        """The picture's file, fetched if it lies elsewhere. Raises Unreachable or InputError when it cannot be had."""
        try:
            return self._source.fetch(picture.location, picture.version)
        except InputError as problem:
            raise problem.within(picture.id) from problem

    def presigned(self, picture: Picture, seconds: int) -> str | None:
        """Where a browser may load the picture's file by itself for so long, if it can."""
        return self._source.presigned(picture.location, seconds)

    def _measured(self, picture: Picture) -> Picture:
        try:
            file = self.file(picture)
        except InputError as problem:
            return replace(picture, error=str(problem), passing=True)
        values: dict[str, Any] = {"width": None, "height": None, "view": "", "error": ""}
        try:
            values |= asdict(self._pictures.measure(file))
        except InputError as problem:
            self._broken.add((picture.id, picture.version))
            values["error"] = str(problem).replace(file.name, picture.id.rpartition("/")[2])  # not that in the cache
        with self._database.writing() as connection:
            connection.execute(update(image).where(image.c.id == picture.id).values(values))
        return replace(picture, **values)

    def _size(self, connection: Connection) -> int:
        return int(self._database.recall(connection, SIZE_KEY) or 0)

    def _place(
        self, connection: Connection, listing: Listing, around: str, at: int | None, size: int
    ) -> tuple[int, float | None]:
        """The position in the batch that the window is around, and what it is ordered by."""
        if at is None or around:
            if not around and listing.mine is not None:
                latest = select(edit.c.image_id).where(edit.c.annotator_id == listing.mine, edit.c.import_id.is_(None))
                around = connection.scalar(latest.order_by(desc(edit.c.seq)).limit(1)) or ""
            position = connection.scalar(select(image.c.position).where(image.c.id == around))
            if position is not None:
                return position, listing.rank_of(around)
            at = at or 1
        if listing.is_batch:
            return max(1, min(at, size)), None
        found = connection.execute(
            listing.in_order(listing.rows(image.c.position)).offset(max(0, at - 1)).limit(1)
        ).first()
        return (found.position, found.rank) if found else (0, 0.0)

    def _counts(self, connection: Connection, who: int | None, batch: int) -> dict[str, int]:
        rows = connection.execute(
            select(annotation.c.state, func.count())
            .join(image, image.c.id == annotation.c.image_id)
            .where(annotation.c.annotator_id == who, image.c.position.is_not(None))
            .group_by(annotation.c.state)
        )
        counts = dict.fromkeys(STATES, 0) | {row[0]: row[1] for row in rows}
        counts["todo"] = batch - sum(count for name, count in counts.items() if name != "todo")
        return counts
