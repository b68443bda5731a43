"""Huge pictures in tiles: a screen is sent the part that it shows, as fine as it can show it.

Level 0 has the picture's own pixels, each further level half as many to a side, until the whole fits a screen. All
tiles of a picture lie in one archive in the cache, made when the first is asked for; `assets/tiles.mjs` asks for them.
"""

from __future__ import annotations

import io
import threading
import zipfile
from pathlib import Path
from typing import IO

from PIL import Image

from data.cache import Cache
from data.errors import InputError
from data.pictures import Pictures
from data.stack_views import PLAIN, SCREEN_PX, Look

TILE_PX = 512
QUALITY = 90
HIGHEST_LEVEL = 20


class Tiles:
    """Cuts pictures up, those that must be read whole one at a time, since each takes the memory of all its pixels."""

    def __init__(self, cache: Cache, pictures: Pictures) -> None:
        self._cache = cache
        self._pictures = pictures
        self._turn = threading.Lock()

    def tile(
        self, path: Path, version: str, size: tuple[int, int], place: tuple[int, int, int], look: Look = PLAIN
    ) -> bytes:
        """A tile as a JPEG, at (level, column, row). Raises InputError for one that the picture does not have.

        ``size`` is the picture's. What can be read in parts is; the others are cut up whole, once.
        """
        level, column, row = place
        missing = InputError(f"tile: found level {level}, x {column}, y {row}, which {path.name} does not have")
        if level > HIGHEST_LEVEL:
            raise missing
        side = TILE_PX * 2**level
        box = column * side, row * side, min(size[0], (column + 1) * side), min(size[1], (row + 1) * side)
        if box[0] >= box[2] or box[1] >= box[3]:
            raise missing
        shown = -(-(box[2] - box[0]) // 2**level), -(-(box[3] - box[1]) // 2**level)
        part = self._pictures.part(path, version, box, shown, look)
        if part is not None:
            file = io.BytesIO()
            part.save(file, "JPEG", quality=QUALITY)
            return file.getvalue()

        def write(file: IO[bytes]) -> None:
            with self._turn, self._pictures.decoded(path, version, look) as image:
                _cut(image, file)

        kept = self._cache.keep(path, version, look, "tiles", TILE_PX, suffix=".zip", write=write)
        try:
            with zipfile.ZipFile(kept) as archive:
                return archive.read(_name(level, column, row))
        except KeyError:
            raise missing from None


def _cut(image: Image.Image, file: IO[bytes]) -> None:
    level = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        while max(image.size) > SCREEN_PX or level == 0:
            for top in range(0, image.height, TILE_PX):
                for left in range(0, image.width, TILE_PX):
                    right, bottom = min(left + TILE_PX, image.width), min(top + TILE_PX, image.height)
                    tile = io.BytesIO()
                    image.crop((left, top, right, bottom)).save(tile, "JPEG", quality=QUALITY)
                    archive.writestr(_name(level, left // TILE_PX, top // TILE_PX), tile.getvalue())
            image = image.reduce(2)
            level += 1


def _name(level: int, column: int, row: int) -> str:
    return f"{level}/{column}_{row}.jpg"
