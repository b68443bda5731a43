"""What every stack is, and what readers of stacks share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Values = NDArray[Any]
Region = tuple[int, int, int, int]  # left, top, right, bottom

MOST_PAGES = 100_000
ORIENTATION_TAG = 0x0112
# The EXIF orientation says how the stored picture must be turned to stand upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Level:
    """A size in which a stack can be read; the first is the full one."""

    width: int
    height: int


class Stack(Protocol):
    """Planes of one size. ``channels`` is 1 for gray and for colour, ``bits`` is of one value."""

    levels: list[Level]
    chunk: tuple[int, int]  # width and height of the least that is read of level 0
    pages: int
    others: int  # pages of the file that are not shown
    channels: int
    channel_names: list[str]
    bits: int
    is_color: bool
    in_parts: bool
    orientation: int

    def read(self, page: int, channel: int, level: int, region: Region) -> Values:
        """Values of a region that lies within a level: (height, width), or (height, width, 3) in colour."""


class WholeStack:
    """One of which a page is decoded whole, once it is read."""

    channels = 1
    others = 0
    in_parts = False
    orientation = 1

    def __init__(
        self, size: tuple[int, int], pages: int, bits: int, decode: Callable[[int], Values], *, is_color: bool = False
    ) -> None:
        self._decode = decode
        self._decoded: tuple[int, Values] | None = None
        self.pages = pages
        self.bits = bits
        self.is_color = is_color
        self.channel_names: list[str] = [""]
        self.levels = [Level(*size)]
        self.chunk = size

    def read(self, page: int, channel: int, level: int, region: Region) -> Values:
        if self._decoded is None or self._decoded[0] != page:
            self._decoded = page, self._decode(page)
        left, top, right, bottom = region
        return self._decoded[1][top:bottom, left:right]


def on_white(values: Values, *, is_multiplied: bool) -> Values:
    """Whole numbers whose last sample is how much they cover, on a white ground."""
    white = np.iinfo(values.dtype).max
    cover = values[..., -1:].astype(np.float32) / white
    color = values[..., :-1] if is_multiplied else values[..., :-1] * cover
    return np.clip(color + white * (1 - cover), 0, white).round().astype(values.dtype)


def reason(error: Exception) -> str:
    """The first line of what an error says."""
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
