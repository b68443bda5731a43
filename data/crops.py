"""Single boxes cut out of their pictures, with a little around them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image

from data.cache import Cache
from data.pictures import RENDERING, Pictures, Served
from data.stack_views import PLAIN, SCREEN_PX, Look

FIT_PX = 192
MARGIN = 0.15  # of the longer side, so that one sees what the box leaves out
QUALITY = 85
KEPT_PX = 20_000_000
Corners = tuple[float, float, float, float]


class Crops:
    """Cuts boxes out. The picture decoded last is kept, since the boxes of a picture are asked for together."""

    def __init__(self, cache: Cache, pictures: Pictures) -> None:
        self._cache = cache
        self._pictures = pictures
        self._turn = threading.Lock()
        self._last: tuple[tuple[Path, str, Look], Image.Image] | None = None

    def crop(self, path: Path, version: str, size: tuple[int, int], corners: Corners, look: Look = PLAIN) -> Served:
        """A small JPEG of a box and its surroundings. ``size`` is the picture's."""
        left, top, right, bottom = region_of(size, corners)

        def write(file: IO[bytes]) -> None:
            scale = min(1.0, FIT_PX / max(right - left, bottom - top))
            fitting = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
            part = self._pictures.part(path, version, (left, top, right, bottom), fitting, look)
            if part is not None:
                part.save(file, "JPEG", quality=QUALITY)
                return
            with self._turn:
                # Mostly the size that a screen shows is fine enough; small boxes of large pictures need all there is.
                is_enough = max(right - left, bottom - top) * min(1, SCREEN_PX / max(size)) >= FIT_PX
                with self._decoded(path, version, look, fit_px=SCREEN_PX if is_enough else None) as picture:
                    by_x, by_y = picture.width / size[0], picture.height / size[1]
                    inner = round(left * by_x), round(top * by_y), round(right * by_x), round(bottom * by_y)
                    cut = picture.crop(inner)
            cut.thumbnail((FIT_PX, FIT_PX))
            cut.save(file, "JPEG", quality=QUALITY)

        kept = self._cache.keep(RENDERING, path, version, "crop", *corners, look, FIT_PX, suffix=".jpg", write=write)
        return Served(kept, "image/jpeg")

    @contextmanager
    def _decoded(self, path: Path, version: str, look: Look, *, fit_px: int | None) -> Iterator[Image.Image]:
        if fit_px is not None:
            path = self._pictures.shown(path, version, fit_px=fit_px, look=look).path
        if self._last is not None and self._last[0] == (path, version, look):
            yield self._last[1]
            return
        self._last = None  # two at once would take the memory of two
        with self._pictures.decoded(path, version, look) as picture:
            if picture.width * picture.height <= KEPT_PX:
                self._last = (path, version, look), picture
            yield picture


def region_of(size: tuple[int, int], corners: Corners) -> tuple[int, int, int, int]:
    """What is cut out for a box: left, top, right, bottom, within the picture wherever the box may lie."""
    width, height = size
    x0, x1 = (max(0.0, min(float(width), x)) for x in (corners[0], corners[2]))
    y0, y1 = (max(0.0, min(float(height), y)) for y in (corners[1], corners[3]))
    margin = max(4.0, MARGIN * max(x1 - x0, y1 - y0))
    left, top = max(0, min(width - 1, int(x0 - margin))), max(0, min(height - 1, int(y0 - margin)))
    return left, top, max(left + 1, min(width, round(x1 + margin))), max(top + 1, min(height, round(y1 + margin)))
