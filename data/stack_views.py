"""Stacks as a screen shows them: one page, one channel or all in colours, contrast between two percentiles.

Whatever is shown, whole or in part, is a region of the stack scaled to a size; contrast is that of the whole plane,
so that tiles fit together.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO

import numpy as np
from PIL import Image

from data.cache import Cache
from data.errors import InputError
from data.stacks import TURNS, Level, Region, Stack, Values
from data.words import counted

SCREEN_PX = 2048  # the longer side of a picture that a screen shows whole
BLOCK_PX = 4096  # a side of what is in memory while a large plane is made small
DECODERS = min(4, os.cpu_count() or 1)  # threads that make one together; more would need more memory
REDUCED_BY = 8  # how much smaller the copy is that is made of a large plane without smaller levels of its own
# Of channels shown together, first red, then green ...; each adds light.
TINTS = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0))
LOW, HIGH = 0.5, 99.5
PERCENTILES = np.linspace(0, 100, 1001)
SAMPLED_VALUES = 300_000  # of a plane, for its percentiles
ROUNDING = 1.001  # levels are seldom smaller by whole numbers
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """How a stack is shown. ``page`` and ``channel`` count from 1; channel 0 is all together."""

    page: int = 1
    channel: int = 0
    low: float = LOW
    high: float = HIGH


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class _Plane:
    """One page and channel of a stack; ``key`` names the file and its version."""

    stack: Stack
    key: tuple[object, ...]
    page: int
    channel: int

    def read(self, level: int, region: Region) -> Values:
        return self.stack.read(self.page, self.channel, level, region)


def parse_look(given: Mapping[str, str]) -> Look:
    """Read a look from an address. Raises InputError for numbers that cannot be."""
    values: dict[str, float] = {}
    for name, lowest, highest in (("page", 1, 10**6), ("channel", 0, 10**4), ("low", 0, 100), ("high", 0, 100)):
        text = given.get(name, "")
        if not text:
            continue
        try:
            values[name] = float(text)
        except ValueError:
            values[name] = math.nan
        if not lowest <= values[name] <= highest:
            raise InputError(f"{name}: found {text[:30]!r}, expected a number from {lowest} to {highest}")
    look = Look(
        page=int(values.get("page", 1)),
        channel=int(values.get("channel", 0)),
        low=values.get("low", LOW),
        high=values.get("high", HIGH),
    )
    if look.low >= look.high:
        raise InputError(f"low, high: found {look.low:g} and {look.high:g}, expected low below high")
    return look


def view_of(stack: Stack) -> str:
    """What the page must know to offer the choice of a look: JSON for the database, "" where there is none."""
    names = stack.channel_names if any(stack.channel_names) else []
    return _view(stack.pages, stack.channels, stack.bits, names, stack.others)


def view_of_one(others: int) -> str:
    """The same for the first page of a file that is shown as it is."""
    return _view(1, 1, 8, [], others)


def _view(pages: int, channels: int, bits: int, names: list[str], others: int) -> str:
    if pages == channels == 1 and bits <= 8 and not others:
        return ""
    view = {"pages": pages, "channels": channels, "bits": bits, "names": names}
    return json.dumps(view | ({"others": others} if others else {}))


class StackViews:
    """Renders parts of stacks. Smaller copies of large planes are kept in the cache."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def part(self, stack: Stack, key: tuple[object, ...], look: Look, box: Box, size: tuple[int, int]) -> Image.Image:
        """A box of the upright picture, in its pixels, scaled to ``size``: eight bits, gray or RGB.

        ``key`` names the file and its version. Raises InputError for a page or channel that is not there.
        """
        if look.page > stack.pages or look.channel > stack.channels:
            there = f"there are {counted(stack.pages, 'page')} and {counted(stack.channels, 'channel')}"
            raise InputError(f"page, channel: found {look.page} and {look.channel}, where {there}")
        box, size, turn = _stored(stack, box, size)
        together = look.channel == 0 and stack.channels > 1
        channels = range(min(stack.channels, len(TINTS))) if together else [max(0, look.channel - 1)]
        planes = [_Plane(stack, key, look.page - 1, channel) for channel in channels]
        shown = [self._shown(plane, look, box, size) for plane in planes]
        image = Image.fromarray(_tinted(shown) if together else shown[0])
        return image if turn is None else image.transpose(turn)

    def _shown(self, plane: _Plane, look: Look, box: Box, size: tuple[int, int]) -> Values:
        """In eight bits."""
        values = self._scaled(plane, box, size)
        if values.dtype == np.uint8:
            return values
        low, high = self._contrast(plane, look)
        share = np.clip((np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-12), 0, 1)
        return (share * 255).round().astype(np.uint8)

    def _contrast(self, plane: _Plane, look: Look) -> tuple[float, float]:
        """The values at the two percentiles of a look."""

        def write(file: IO[bytes]) -> None:
            full = plane.stack.levels[0]
            by = max(1, max(full.width, full.height) / SCREEN_PX)
            size = math.ceil(full.width / by), math.ceil(full.height / by)
            values = self._scaled(plane, (0, 0, full.width, full.height), size)
            finite = values[np.isfinite(values)]
            step = max(1, finite.size // SAMPLED_VALUES)
            finite = finite[:: step if step % 3 else step + 1]  # or only one of three colours would be looked at
            np.save(file, np.percentile(finite, PERCENTILES) if finite.size else PERCENTILES / 100)

        kept = self._cache.keep(*plane.key, plane.page, plane.channel, "percentiles", suffix=".npy", write=write)
        low, high = np.interp((look.low, look.high), PERCENTILES, np.load(kept))
        return float(low), float(high)

    def _scaled(self, plane: _Plane, box: Box, size: tuple[int, int]) -> Values:
        """The values of a box at a size: as they are in eight bits, else as floats."""
        levels = plane.stack.levels
        full = levels[0]
        by = max(1.0, (box[2] - box[0]) / size[0])
        number = max(n for n, level in enumerate(levels) if n == 0 or full.width / level.width <= by * ROUNDING)
        level = levels[number]
        by_x, by_y = level.width / full.width, level.height / full.height
        copy = None
        if by * by_x >= REDUCED_BY and max(level.width, level.height) > BLOCK_PX:
            copy = self._reduced(plane, number)
            level = Level(copy.shape[1], copy.shape[0])
            by_x, by_y = by_x / REDUCED_BY, by_y / REDUCED_BY
        in_memory = (box[2] - box[0]) * by_x * (box[3] - box[1]) * by_y
        if in_memory > BLOCK_PX**2 and size[1] > 1:  # in two halves, and so on; each row of the result is its own
            middle = size[1] // 2
            down = box[1] + (box[3] - box[1]) * middle / size[1]
            upper = self._scaled(plane, (box[0], box[1], box[2], down), (size[0], middle))
            lower = self._scaled(plane, (box[0], down, box[2], box[3]), (size[0], size[1] - middle))
            return np.concatenate([upper, lower])
        left, top = box[0] * by_x, box[1] * by_y
        right, bottom = min(box[2] * by_x, level.width), min(box[3] * by_y, level.height)
        x, y = max(0, math.floor(left)), max(0, math.floor(top))
        region = x, y, min(level.width, math.ceil(right)), min(level.height, math.ceil(bottom))
        values = plane.read(number, region) if copy is None else _cut(copy, region)
        return _resized(values, (left - x, top - y, right - x, bottom - y), size)

    def _reduced(self, plane: _Plane, number: int) -> Values:
        """A copy of a level that is smaller by `REDUCED_BY`, made block by block the first time it is asked for."""
        level = plane.stack.levels[number]

        def small_block(region: Region) -> Values:
            return _averaged(plane.read(number, region))

        def write(file: IO[bytes]) -> None:
            first = plane.read(number, (0, 0, 1, 1))
            shape = (-(-level.height // REDUCED_BY), -(-level.width // REDUCED_BY), *first.shape[2:])
            small = np.zeros(shape, first.dtype)
            regions = list(_blocks(level, plane.stack.chunk))
            with ThreadPoolExecutor(DECODERS) as pool:
                for (left, top, _, _), block in zip(regions, pool.map(small_block, regions), strict=True):
                    y, x = top // REDUCED_BY, left // REDUCED_BY
                    small[y : y + block.shape[0], x : x + block.shape[1]] = block
            np.save(file, small)

        kept = self._cache.keep(*plane.key, plane.page, plane.channel, number, "reduced", suffix=".npy", write=write)
        copy: Values = np.load(kept, mmap_mode="r")
        return copy


def _blocks(level: Level, chunk: tuple[int, int]) -> Iterator[Region]:
    """Regions that cover a level, of whole tiles or strips where these are small enough: few are decoded twice."""
    most = BLOCK_PX**2 // DECODERS
    wide = level.width if chunk[0] >= level.width else _rounded(math.isqrt(most), chunk[0])
    high = _rounded(most // wide, chunk[1])
    for top in range(0, level.height, high):
        for left in range(0, level.width, wide):
            yield left, top, min(left + wide, level.width), min(top + high, level.height)


def _rounded(most: int, part: int) -> int:
    """The largest length up to ``most`` of whole parts that are averaged whole, or of what is averaged at least."""
    unit = math.lcm(REDUCED_BY, part)
    return most // unit * unit or max(REDUCED_BY, most // REDUCED_BY * REDUCED_BY)


def _tinted(shown: list[Values]) -> Values:
    """Channels together, each in its colour."""
    light = np.zeros((*shown[0].shape, 3), np.uint16)
    for gray, tint in zip(shown, TINTS, strict=False):
        for color in np.flatnonzero(tint):
            light[..., color] += gray
    return np.minimum(light, 255).astype(np.uint8)


def _cut(values: Values, region: Region) -> Values:
    left, top, right, bottom = region
    return np.asarray(values[top:bottom, left:right])


def _averaged(values: Values) -> Values:
    """Means of blocks of `REDUCED_BY` a side; the last ones of a row or column may be of fewer values."""
    if values.ndim == 3 and values.dtype != np.uint8:
        return np.stack([_averaged(values[..., n]) for n in range(values.shape[-1])], axis=-1)
    image = Image.fromarray(values if values.dtype == np.uint8 else values.astype(np.float32))
    means = np.asarray(image.reduce(REDUCED_BY))
    if values.dtype.kind == "f" or values.dtype == np.uint8:
        return means.astype(values.dtype)
    range_ = np.iinfo(values.dtype)  # whose ends a mean of floats may pass by a rounding
    return means.astype(np.float64).round().clip(range_.min, range_.max).astype(values.dtype)


def _resized(values: Values, inner: Box, size: tuple[int, int]) -> Values:
    """A box of values, in their own pixels, scaled to a size; floats unless they are of eight bits."""
    if values.shape[:2] == (size[1], size[0]) and list(inner) == [0, 0, *size]:
        return values if values.dtype == np.uint8 else values.astype(np.float32)
    if values.ndim == 3 and values.dtype != np.uint8:
        return np.stack([_resized(values[..., n], inner, size) for n in range(values.shape[-1])], axis=-1)
    image = Image.fromarray(values if values.dtype == np.uint8 else values.astype(np.float32))
    shrinks = inner[2] - inner[0] > size[0]
    how = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    return np.asarray(image.resize(size, how, box=inner))


def _stored(stack: Stack, box: Box, size: tuple[int, int]) -> tuple[Box, tuple[int, int], Image.Transpose | None]:
    """A box of the upright picture as it lies in the file, the size to scale it to, and how to turn the result."""
    full = stack.levels[0]
    left, top, right, bottom = box
    across, down = full.width, full.height
    kind = stack.orientation
    if kind in (5, 6, 7, 8):
        left, top, right, bottom = top, left, bottom, right
        size = size[1], size[0]
    if kind in (2, 3, 7, 8):
        left, right = across - right, across - left
    if kind in (3, 4, 6, 7):
        top, bottom = down - bottom, down - top
    return (left, top, right, bottom), size, TURNS.get(kind)
