"""What the charts of the gallery show: boxes per label, sizes and shapes, places, progress. All of what a query leaves.

Labels and progress are counted; sizes and places come from a sample of the images, the same each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, func, not_, select

from data.database import Database
from data.listing import Listing
from data.query_terms import BOX, WORK
from data.tables import image, label

SAMPLED_IMAGES = 1500
SAMPLED_BOXES = 2000
HEAT_CELLS = 20


@dataclass(frozen=True, slots=True)
class LabelCount:
    """The boxes of a label."""

    label: str
    color: str
    boxes: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """Boxes of the sample: side of a square of the same area in pixels, width by height, label and its colour."""

    side: list[float]
    aspect: list[float]
    label: list[str]
    color: list[str]


Counted = list[LabelCount]
Heat = list[list[int]]  # rows from the top, cells from the left
Progress = list[tuple[str, int]]  # day and images done on it


@dataclass(frozen=True, slots=True)
class Charts:
    """All four; ``step`` says that each step-th image is in the sample."""

    images: int
    step: int
    labels: Counted
    sizes: Sizes
    places: Heat
    progress: Progress


def charts_of(database: Database, *, me: str, query: str) -> Charts:
    """What the charts show for a query. Raises InputError for one that is none."""
    with database.reading() as connection:
        listing = Listing(connection, me=me, query=query)
        images = listing.count()
        step = max(1, -(-images // SAMPLED_IMAGES))
        sample = _sample(connection, listing, step)
        return Charts(
            images, step, _counted(connection, listing), _sizes(sample), _places(sample), _progress(connection, listing)
        )


def _counted(connection: Connection, listing: Listing) -> Counted:
    conditions = [not_(BOX.c.deleted), *_theirs(BOX, listing)]
    conditions.append(BOX.c.image_id.in_(select(image.c.id).where(listing.where)))
    counts = select(BOX.c.label_id, func.count().label("boxes")).where(*conditions).group_by(BOX.c.label_id).subquery()
    rows = connection.execute(
        select(label.c.name, label.c.color, counts.c.boxes).join(counts, counts.c.label_id == label.c.id)
    )
    return [LabelCount(row.name, row.color, row.boxes) for row in rows]


def _sample(connection: Connection, listing: Listing, step: int) -> list[Any]:
    nth = func.row_number().over(order_by=image.c.position).label("nth")
    all_of_them = select(image.c.id, image.c.width, image.c.height, nth).where(listing.where).subquery()
    some = select(all_of_them).where(all_of_them.c.nth % step == 0).limit(SAMPLED_IMAGES).subquery()
    rows = (
        select(BOX.c.x0, BOX.c.y0, BOX.c.x1, BOX.c.y1, some.c.width, some.c.height, label.c.name, label.c.color)
        .select_from(some)
        .join(BOX, and_(BOX.c.image_id == some.c.id, not_(BOX.c.deleted), *_theirs(BOX, listing)))
        .join(label, label.c.id == BOX.c.label_id)
        .limit(SAMPLED_BOXES * 40)
    )
    return list(connection.execute(rows))


def _sizes(sample: list[Any]) -> Sizes:
    some = sample[:: max(1, -(-len(sample) // SAMPLED_BOXES))]
    return Sizes(
        side=[round(((row.x1 - row.x0) * (row.y1 - row.y0)) ** 0.5, 1) for row in some],
        aspect=[round((row.x1 - row.x0) / (row.y1 - row.y0), 3) for row in some],
        label=[row.name for row in some],
        color=[row.color for row in some],
    )


def _places(sample: list[Any]) -> Heat:
    known = [row for row in sample if row.width]  # of a picture that changed, the size is not known yet
    across = [(row.x0 + row.x1) / 2 / row.width for row in known]
    down = [(row.y0 + row.y1) / 2 / row.height for row in known]
    counts, _, _ = np.histogram2d(down, across, bins=HEAT_CELLS, range=((0, 1), (0, 1)))
    return counts.astype(int).tolist()  # type: ignore[no-any-return]


def _progress(connection: Connection, listing: Listing) -> Progress:
    day = func.substr(WORK.c.state_time, 1, 10)
    rows = (
        select(day, func.count(func.distinct(WORK.c.image_id)))
        .select_from(WORK.join(image, image.c.id == WORK.c.image_id))
        .where(WORK.c.state == "done", listing.where, *_theirs(WORK, listing))
        .group_by(day)
        .order_by(day)
    )
    return [(row[0], row[1]) for row in connection.execute(rows)]


def _theirs(table: Any, listing: Listing) -> list[Any]:
    return [] if listing.who is None else [table.c.annotator_id == listing.who]
