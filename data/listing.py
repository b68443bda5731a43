"""The images of the batch that a query leaves, in an order, with what the page shows of each beside its picture."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, cast, desc, func, null, or_, select

from data.errors import InputError
from data.query import compile_query
from data.tables import annotation, annotator, image

NEVER = 2**62  # where nobody worked, or what nobody could open, comes last, whichever way
ORDERS = {
    "position": "As in the source",
    "-position": "From the end of the source",
    "-boxes": "Most boxes first",
    "boxes": "Fewest boxes first",
    "-changed": "Latest work first",
    "changed": "Oldest work first",
    "-pixels": "Largest picture first",
    "pixels": "Smallest picture first",
}


class Listing:
    """The filtered batch as one annotator sees it.

    ``query`` is as `data.query` takes it; ``state`` and ``search`` are the simple filters of the panel beside the
    picture: one's own state, and a part of the name. Raises InputError for what is none.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        me: str,
        query: str = "",
        order: str = "position",
        state: str = "all",
        search: str = "",
    ) -> None:
        if order not in ORDERS:
            raise InputError(f"order: found {order!r}, expected one of {', '.join(ORDERS)}")
        self._connection = connection
        self.mine = connection.scalar(select(annotator.c.id).where(annotator.c.name == me))
        compiled = compile_query(connection, query, me=me)
        self.who, self.whose, self.boxes = compiled.who, compiled.whose, compiled.boxes
        is_filtered = state != "all" or bool(search or query.strip())
        conditions: list[ColumnElement[bool]] = [image.c.position.is_not(None)]
        if query.strip():
            conditions.append(compiled.condition)
        if state == "todo":
            conditions.append(or_(annotation.c.state.is_(None), annotation.c.state == "todo"))
        elif state != "all":
            conditions.append(annotation.c.state == state)
        if search:
            conditions.append(image.c.id.icontains(search, autoescape=True))
        self.where = and_(*conditions)
        # One's own annotation is joined only where it matters, so that counting stays cheap.
        self._needs_join = state != "all"
        self._down = order.startswith("-")
        self._key = self._order_key(order.removeprefix("-"))
        self.is_batch = not is_filtered and order == "position"

    def rows(self, *columns: Any) -> Select[Any]:
        """The images with their own annotation joined, in no order yet; ``rank`` is what they are ordered by."""
        rank = null() if self._key is None else self._key
        return select(*columns, rank.label("rank")).select_from(self._joined()).where(self.where)

    def in_order(self, rows: Select[Any], *, backwards: bool = False) -> Select[Any]:
        """Order rows as the listing is, or from its end. What ties stands as in the source."""
        keys: list[tuple[ColumnElement[Any], bool]] = [(image.c.position, self._down)]
        if self._key is not None:
            keys = [(self._key, self._down), (image.c.position, False)]
        return rows.order_by(*(desc(key) if down != backwards else key for key, down in keys))

    def before(self, rank: Any, position: int) -> ColumnElement[bool]:
        """What comes before a place in the order."""
        if self._key is None:
            return image.c.position > position if self._down else image.c.position < position
        further = self._key > rank if self._down else self._key < rank
        return or_(further, and_(self._key == rank, image.c.position < position))

    def count(self, *conditions: ColumnElement[bool]) -> int:
        """How many images there are, or how many of them also meet conditions."""
        joined = self._joined() if self._needs_join else image
        query = select(func.count()).select_from(joined).where(self.where, *conditions)
        return int(self._connection.scalar(query) or 0)

    def rank_of(self, image_id: str) -> Any:
        """What an image is ordered by at present; None if that is its position."""
        if self._key is None:
            return None
        return self._connection.scalar(select(self._key).select_from(image).where(image.c.id == image_id))

    def _joined(self) -> Any:
        return image.outerjoin(
            annotation, and_(annotation.c.image_id == image.c.id, annotation.c.annotator_id == self.mine)
        )

    def _order_key(self, name: str) -> ColumnElement[Any] | None:
        theirs = annotation.alias("theirs")
        of_image = theirs.c.image_id == image.c.id
        by = [] if self.who is None else [theirs.c.annotator_id == self.who]
        if name == "boxes":
            return select(func.coalesce(func.sum(theirs.c.boxes), 0)).where(of_image, *by).scalar_subquery()
        if name == "changed":
            return (
                select(func.coalesce(func.max(theirs.c.revision), 0 if self._down else NEVER))
                .where(of_image, *by)
                .scalar_subquery()
            )
        if name == "pixels":
            return func.coalesce(cast(image.c.width, BigInteger) * image.c.height, 0 if self._down else NEVER)
        return None
