"""Finding the image of the batch that a file speaks of. What is not certain is left out, never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import unquote

from sqlalchemy import ColumnElement, and_, or_, select

from data.batch import Batch, Picture
from data.database import Database
from data.errors import InputError
from data.formats.model import ImageRecord
from data.formats.splits import split_named
from data.sources import SUFFIXES
from data.tables import image

MOST_NAMESAKES = 50
_ROBOFLOW = re.compile(r"(.+)_([A-Za-z]{3,4})\.rf\.[0-9A-Za-z]{16,}(?:\.\w+)?")


def find_picture(database: Database, batch: Batch, record: ImageRecord) -> Picture:
    """By path first: the whole, or beside the file that speaks of it; the longest end of it that names an image here;
    the one image whose path ends with it, if need be in a folder of the same split. Then by file name, if the size of
    picture or file agrees with just one.

    Raises InputError that says what was looked for.
    """
    path, beside = (unicodedata.normalize("NFC", one) for one in (record.image, record.beside))
    parts = path.split("/")
    readings = [
        ({path, beside} - {""}, True),
        *(({"/".join(parts[start:])}, True) for start in range(1, len(parts))),
        *(({end}, False) for end in (beside, path) if end),
    ]
    namesakes: list[str] = []
    for ends, whole in readings:
        namesakes = _ids(database, ends, record.exact, whole)
        if len(namesakes) > 1 and not whole:
            namesakes = [one for one in namesakes if _lies_in(one, record.split)] or namesakes
        if len(namesakes) == 1:
            return _known(batch, namesakes[0])
        if namesakes:
            break
    namesakes = namesakes or _ids(database, {parts[-1]}, record.exact, whole=False)
    fitting = [one for one in (_known(batch, found) for found in namesakes) if _size_agrees(one, record)]
    if len(fitting) == 1:
        return fitting[0]
    if len(namesakes) > 1:
        raise InputError(
            f"{record.image}: {len(namesakes)} images here have this name, such as {namesakes[0]} and "
            f"{namesakes[1]}; left out"
        )
    # VoTT and Label Studio write names as addresses: a%20b.jpg.
    for other_name in (_told_apart, unquote, renamed_from):
        other = record._replace(image=other_name(record.image), beside=other_name(record.beside))
        if record.exact and other.image not in ("", record.image):
            return find_picture(database, batch, other)
    raise InputError(f"{record.image}: no image of this path or name is in the batch; left out")


def _ids(database: Database, ends: Collection[str], exact: bool, whole: bool) -> list[str]:
    """Ids equal to one of some paths, or ending with it; an inexact path lacks the ending of the file name."""
    paths = list(ends)
    if not exact:
        paths = [path + suffix for path in ends for lower in sorted(SUFFIXES) for suffix in (lower, lower.upper())]
        for path in ends:
            stem, _, ending = path.rpartition("_")  # as data.formats.stems tells namesakes apart
            if stem and "." + ending.lower() in SUFFIXES:
                paths.append(f"{stem}.{ending}")
    named: ColumnElement[bool] = image.c.id.in_(paths)
    if not whole:
        named = or_(named, *[image.c.id.endswith("/" + path, autoescape=True) for path in paths])
        named = and_(image.c.name.in_({path.rpartition("/")[2] for path in paths}), named)  # names have an index
    with database.reading() as connection:
        query = select(image.c.id).where(image.c.position.is_not(None), named)
        return list(connection.scalars(query.order_by(image.c.position).limit(MOST_NAMESAKES)))


def _lies_in(image_id: str, split: str) -> bool:
    return bool(split) and any(split_named(folder) == split for folder in image_id.split("/")[:-1])


def _told_apart(path: str) -> str:
    """``1.jpg`` for ``1_jpg.jpg``, as data.formats.stems names the picture that goes with ``1_jpg.txt``; else ""."""
    stem, dot, ending = path.rpartition(".")
    return stem.removesuffix(f"_{ending}") + dot + ending if stem.endswith(f"_{ending}") else ""


def renamed_from(path: str) -> str:
    """``a.jpg`` for ``a_jpg.rf.0123456789abcdef.jpg``, as Roboflow names the copies that it makes; else ""."""
    found = _ROBOFLOW.fullmatch(path)
    return f"{found[1]}.{found[2]}" if found else ""


def _known(batch: Batch, image_id: str) -> Picture:
    picture = batch.picture(image_id)
    assert picture is not None  # it was listed a moment ago, and images are never deleted
    return picture


def _size_agrees(picture: Picture, record: ImageRecord) -> bool:
    if record.width and record.height:
        return (record.width, record.height) == (picture.width, picture.height)
    return bool(record.size_bytes) and record.size_bytes == picture.size_bytes
