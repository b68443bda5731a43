"""Single boxes cut out of their pictures, with a little around them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import IO

from PIL import Image

from data.cache import Cache
from data.errors import InputError
from data.pictures import Pictures, Served
from data.stack_views import PLAIN, SCREEN_PX, Look

FIT_PX = 192
MARGIN = 0.15  # of the longer side, so that one sees what the box leaves out
QUALITY = 85
Corners = tuple[float, float, float, float]


class Crops:
    """Cuts boxes out. The picture decoded last is kept, since the boxes of a picture are asked for together."""

    def __init__(self, cache: Cache, pictures: Pictures) -> None:
        self._cache = cache
        self._pictures = pictures
        self._turn = threading.Lock()
        self._last: tuple[tuple[Path, str], Image.Image] | None = None

    def crop(self, path: Path, version: str, size: tuple[int, int], corners: Corners, look: Look = PLAIN) -> Served:
        """A small JPEG of a box and its surroundings. ``size`` is the picture's. Raises InputError for no box in it."""
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
                picture = self._decoded(path, version, fit_px=SCREEN_PX if is_enough else None)
                by_x, by_y = picture.width / size[0], picture.height / size[1]
                cut = picture.crop((round(left * by_x), round(top * by_y), round(right * by_x), round(bottom * by_y)))
            cut.thumbnail((FIT_PX, FIT_PX))
            cut.save(file, "JPEG", quality=QUALITY)

        kept = self._cache.keep(path, version, "crop", *corners, look, FIT_PX, suffix=".jpg", write=write)
        return Served(kept, "image/jpeg")

    def _decoded(self, path: Path, version: str, *, fit_px: int | None) -> Image.Image:
        source = path if fit_px is None else self._pictures.shown(path, version, fit_px=fit_px).path
        if self._last is None or self._last[0] != (source, version):
            self._last = None  # two at once would take the memory of two
            self._last = (source, version), self._pictures.upright_pixels(source)
        return self._last[1]


def region_of(size: tuple[int, int], corners: Corners) -> tuple[int, int, int, int]:
    """What is cut out for a box: left, top, right, bottom. Raises InputError for corners outside the picture."""
    width, height = size
    x0, y0, x1, y1 = corners
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise InputError(f"crop: found {x0}, {y0}, {x1}, {y1}, which is no box in a picture of {width} x {height}")
    margin = max(4.0, MARGIN * max(x1 - x0, y1 - y0))
    left, top = max(0, int(x0 - margin)), max(0, int(y0 - margin))
    return left, top, min(width, round(x1 + margin)), min(height, round(y1 + margin))
