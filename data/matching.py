"""Finding the image of the batch that a file speaks of. What is not certain is left out, never guessed."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from sqlalchemy import ColumnElement, select

from data.batch import Batch, Picture
from data.database import Database
from data.errors import InputError
from data.formats.model import ImageRecord
from data.sources import SUFFIXES
from data.tables import image

MOST_NAMESAKES = 50


def find_picture(database: Database, batch: Batch, record: ImageRecord) -> Picture:
    """By path first: the whole, else the longest end of it that names an image here, else the one image whose path
    ends with it. Then by file name, if the size of picture or file agrees with just one.

    Raises InputError that says what was looked for.
    """
    path = unicodedata.normalize("NFC", record.image)
    parts = path.split("/")
    for start in range(len(parts)):
        ids = _ids(database, "/".join(parts[start:]), record.exact, whole=True)
        if len(ids) == 1:
            return _known(batch, ids[0])
    ids = _ids(database, path, record.exact, whole=False)
    if len(ids) == 1:
        return _known(batch, ids[0])
    namesakes = ids or _ids(database, parts[-1], record.exact, whole=False)
    fitting = [one for one in (_known(batch, found) for found in namesakes) if _size_agrees(one, record)]
    if len(fitting) == 1:
        return fitting[0]
    if len(namesakes) > 1:
        raise InputError(
            f"{record.image}: {len(namesakes)} images here have this name, such as {namesakes[0]} and "
            f"{namesakes[1]}; left out"
        )
    told_apart = _told_apart(record.image)
    if record.exact and told_apart:
        return find_picture(database, batch, replace(record, image=told_apart))
    raise InputError(f"{record.image}: no image of this path or name is in the batch; left out")


def _ids(database: Database, path: str, exact: bool, *, whole: bool) -> list[str]:
    """Ids equal to a path, or ending with it; an inexact path lacks the ending of the file name."""
    with database.reading() as connection:
        query = select(image.c.id).where(image.c.position.is_not(None), _named(path, exact, whole))
        return list(connection.scalars(query.order_by(image.c.position).limit(MOST_NAMESAKES)))


def _named(path: str, exact: bool, whole: bool) -> ColumnElement[bool]:
    if exact:
        return image.c.id == path if whole else (image.c.id == path) | image.c.id.endswith("/" + path, autoescape=True)
    endings = [suffix for lower in sorted(SUFFIXES) for suffix in (lower, lower.upper())]
    named: ColumnElement[bool] = image.c.id.in_([path + ending for ending in endings])
    stem, _, ending = path.rpartition("_")  # as data.formats.stems tells namesakes apart
    if stem and "." + ending.lower() in SUFFIXES:
        named = named | (image.c.id == f"{stem}.{ending}")
    if not whole:
        for suffix in endings:
            named = named | image.c.id.endswith(f"/{path}{suffix}", autoescape=True)
    return named


def _told_apart(path: str) -> str:
    """``1.jpg`` for ``1_jpg.jpg``, as data.formats.stems names the picture that goes with ``1_jpg.txt``; else ""."""
    stem, dot, ending = path.rpartition(".")
    return stem.removesuffix(f"_{ending}") + dot + ending if stem.endswith(f"_{ending}") else ""


def _known(batch: Batch, image_id: str) -> Picture:
    picture = batch.picture(image_id)
    assert picture is not None  # it was listed a moment ago, and images are never deleted
    return picture


def _size_agrees(picture: Picture, record: ImageRecord) -> bool:
    if record.width and record.height:
        return (record.width, record.height) == (picture.width, picture.height)
    if record.size_bytes and picture.path.is_file():
        return picture.path.stat().st_size == record.size_bytes
    return False
