"""The gallery: the whole batch as cards, and every box of a label as a crop. A stretch at a time, never the whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, and_, asc, desc, func, not_, or_, select

from data.crops import region_of
from data.database import Database
from data.edits import State
from data.errors import InputError
from data.label_book import find_label
from data.listing import Listing
from data.query_terms import ASPECT, BOX, SIZE
from data.tables import annotation, annotator, box, image, label

MOST_CARDS = 500
OWN = (annotation.c.state, annotation.c.reason, annotation.c.state_time, annotation.c.last_box_time)
MOST_BOXES_SHOWN = 200  # on one card
WALL_ORDERS = {
    "position": "As in the source",
    "-size": "Largest box first",
    "size": "Smallest box first",
    "-aspect": "Widest shape first",
    "aspect": "Tallest shape first",
    "-changed": "Latest change first",
    "changed": "Oldest change first",
}
_WALL_KEYS = {"position": image.c.position, "size": SIZE, "aspect": ASPECT, "changed": BOX.c.modified}


@dataclass(frozen=True, slots=True)
class Work:
    """What one annotator has done with an image."""

    annotator: str
    state: State
    boxes: int
    reason: str


@dataclass(frozen=True, slots=True)
class Card:
    """One image of the gallery. ``mine`` is the own state, with its ``reason`` and the time of the last word on it.

    ``boxes`` are label, x0, y0, x1, y1 in pixels of the picture, not all if very many."""

    id: str
    ordinal: int
    version: str
    view: str
    width: int | None
    height: int | None
    error: str
    rank: float | None
    mine: State
    reason: str
    stamp: str
    work: list[Work] = field(default_factory=list)
    boxes: list[tuple[str, float, float, float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the filtered batch. ``total`` is None unless it was asked for."""

    total: int | None
    whose: str
    cards: list[Card]


@dataclass(frozen=True, slots=True)
class Crop:
    """One box of the wall; ``region`` is what its crop shows: left, top, right, bottom.

    ``state``, ``reason`` and number of ``boxes`` are those of the whole annotation. ``stamp`` is the time of the edit
    that made the box so, ``edit`` its id: whoever changes the box must be later, and know that nothing came between.
    """

    image: str
    version: str
    annotator: str
    id: str
    label: str
    state: State
    reason: str
    boxes: int
    view: str
    corners: tuple[float, float, float, float]
    region: tuple[int, int, int, int]
    stamp: str
    edit: str


class Gallery:
    """Queries on images, annotations and boxes together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, *, me: str, query: str = "", order: str = "position", at: int = 1, most: int = 60, counted: bool = True
    ) -> Page:
        """Cards from an ordinal (from 1) on. Raises InputError for a query that is none."""
        _check(at, most)
        with self._database.reading() as connection:
            listing = Listing(connection, me=me, query=query, order=order)
            picture = (image.c.version, image.c.view, image.c.width, image.c.height, image.c.error)
            rows = listing.rows(image.c.id, *picture, *OWN)
            # On the batch itself a position is an ordinal, and nothing needs to be passed over.
            if listing.is_batch:
                chosen = listing.in_order(rows.where(image.c.position.between(at, at + most - 1)))
            else:
                chosen = listing.in_order(rows).offset(at - 1).limit(most)
            cards = [
                Card(r.id, ordinal, r.version, r.view or "", r.width, r.height, r.error, r.rank, *_own(r))
                for ordinal, r in enumerate(connection.execute(chosen), start=at)
            ]
            by_id = {card.id: card for card in cards}
            self._add_work(connection, by_id, listing.who)
            self._add_boxes(connection, by_id, listing.who)
            return Page(listing.count() if counted else None, listing.whose, cards)

    def ids(
        self, *, me: str, query: str = "", order: str = "position", at: int = 1, most: int = 60
    ) -> list[tuple[str, State, str, str]]:
        """Id, own state, its reason and its time of the images from an ordinal on: enough to choose many."""
        _check(at, most)
        with self._database.reading() as connection:
            listing = Listing(connection, me=me, query=query, order=order)
            rows = listing.in_order(listing.rows(image.c.id, *OWN))
            found = connection.execute(rows.offset(at - 1).limit(most))
            return [(row.id, *_own(row)) for row in found]

    def crops(
        self,
        *,
        me: str,
        label_name: str,
        query: str = "",
        order: str = "position",
        at: int = 1,
        most: int = 60,
        counted: bool = True,
    ) -> tuple[int | None, list[Crop]]:
        """The boxes of a label on the images that match, in one of `WALL_ORDERS`, and how many there are."""
        _check(at, most)
        if order not in WALL_ORDERS:
            raise InputError(f"order: found {order!r}, expected one of {', '.join(WALL_ORDERS)}")
        with self._database.reading() as connection:
            listing = Listing(connection, me=me, query=query)
            label_id = find_label(connection, label_name)
            conditions = [BOX.c.label_id == label_id, not_(BOX.c.deleted), listing.boxes, listing.where]
            if listing.who is not None:
                conditions.append(BOX.c.annotator_id == listing.who)
            joined = BOX.join(image, image.c.id == BOX.c.image_id)
            key, turned = _WALL_KEYS[order.removeprefix("-")], desc if order.startswith("-") else asc
            chosen = (
                select(BOX.c.annotator_id, BOX.c.image_id, BOX.c.id, key.label("rank"))
                .select_from(joined)
                .where(*conditions)
                .order_by(turned(key), image.c.position, BOX.c.annotator_id, BOX.c.id)
                .offset(at - 1)
                .limit(most)
            )
            crops = [_crop(row) for row in connection.execute(_with_work(chosen.subquery(), turned))]
            total = select(func.count()).select_from(joined).where(*conditions)
            return (connection.scalar(total) or 0) if counted else None, crops

    def _add_work(self, connection: Connection, cards: dict[str, Card], who: int | None) -> None:
        rows = select(annotation, annotator.c.name).join(annotator).where(annotation.c.image_id.in_(list(cards)))
        if who is not None:
            rows = rows.where(annotation.c.annotator_id == who)
        rows = rows.where(or_(annotation.c.state != "todo", annotation.c.boxes > 0))  # what was taken back is no work
        for row in connection.execute(rows.order_by(annotator.c.name)):
            cards[row.image_id].work.append(Work(row.name, row.state, row.boxes, row.reason))

    def _add_boxes(self, connection: Connection, cards: dict[str, Card], who: int | None) -> None:
        nth = func.row_number().over(partition_by=box.c.image_id, order_by=box.c.id).label("nth")
        columns = (box.c.image_id, box.c.x0, box.c.y0, box.c.x1, box.c.y1, label.c.name, nth)
        rows = select(*columns).join(label).where(box.c.image_id.in_(list(cards)), not_(box.c.deleted))
        if who is not None:
            rows = rows.where(box.c.annotator_id == who)
        some = rows.subquery()
        for row in connection.execute(select(some).where(some.c.nth <= MOST_BOXES_SHOWN)):
            cards[row.image_id].boxes.append((row.name, row.x0, row.y0, row.x1, row.y1))


def _with_work(chosen: Any, turned: Any) -> Any:
    """Chosen boxes in their order, with what is known of their images and annotations."""
    columns = (image.c.version, image.c.width, image.c.height, image.c.view)
    work = (annotation.c.state, annotation.c.reason, annotation.c.boxes)
    same = [BOX.c[name] == chosen.c[name] for name in ("annotator_id", "image_id", "id")]
    of_box = and_(annotation.c.annotator_id == BOX.c.annotator_id, annotation.c.image_id == BOX.c.image_id)
    return (
        select(BOX, annotator.c.name, label.c.name.label("label"), *columns, *work)
        .select_from(chosen)
        .join(BOX, and_(*same))
        .join(image, image.c.id == BOX.c.image_id)
        .join(annotator, annotator.c.id == BOX.c.annotator_id)
        .join(label, label.c.id == BOX.c.label_id)
        .join(annotation, of_box)
        .order_by(turned(chosen.c.rank), image.c.position, BOX.c.annotator_id, BOX.c.id)
    )


def _crop(row: Row[Any]) -> Crop:
    corners = row.x0, row.y0, row.x1, row.y1
    return Crop(
        image=row.image_id,
        version=row.version,
        annotator=row.name,
        id=row.id,
        label=row.label,
        state=row.state,
        reason=row.reason,
        boxes=row.boxes,
        view=row.view or "",
        corners=corners,
        region=region_of((row.width or 1, row.height or 1), corners),
        stamp=row.stamp_time,
        edit=row.stamp_id,
    )


def _own(row: Row[Any]) -> tuple[State, str, str]:
    return row.state or "todo", row.reason or "", max(row.state_time or "", row.last_box_time or "")


def _check(at: int, most: int) -> None:
    if at < 1 or not 1 <= most <= MOST_CARDS:
        raise InputError(f"at, most: expected whole numbers from 1, and most up to {MOST_CARDS}")
