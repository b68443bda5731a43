"""TIFF, read in parts: by its tiles or strips, or by the rows of what lies together in the file."""

from __future__ import annotations

import logging
import math
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from data.errors import InputError
from data.stacks.model import MOST_PAGES, ORIENTATION_TAG, Level, Region, Stack, Values, on_white, reason

TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
LARGEST_SEGMENT_PX = 64_000_000  # of a TIFF that counts as one that can be read in parts
READ_IN_PARTS_FROM_PX = 30_000_000
COLORS = ("RGB", "YCBCR")
COLOR_TYPES = ("uint8", "uint16")
PILLOW_DECODES = frozenset(
    {"NONE", "CCITTRLE", "CCITT_T4", "CCITT_T6", "LZW", "OJPEG", "JPEG", "ADOBE_DEFLATE", "DEFLATE", "PACKBITS"}
)
GRAYS = ("MINISBLACK", "MINISWHITE")
ALPHA = (1, 2)  # kinds of an extra sample that are no channel: with the other samples multiplied by it, or not
DESCRIPTION_TAG = 270
REDUCED, MASK = 1, 4  # what a NewSubfileType says of a page

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # it warns of odd metadata; what matters raises


def _is_planar(frame: Any) -> bool:
    """Whether the samples of a pixel lie in tiles or strips of their own."""
    return bool(frame.planarconfig == 2 and frame.samplesperpixel > 1)


def other_pages(path: Path) -> int:
    """How many pages a TIFF has beside its first; 0 for any other file."""
    try:
        with path.open("rb") as file:
            is_tiff = file.read(4) in TIFF_MARKS
        if not is_tiff:
            return 0
        with _open_tiff(path) as tiff:
            return len(tiff.series[0].pages) - 1 + _pages_beside(tiff)
    except Exception:  # noqa: BLE001 - Pillow reads some that this does not, and shows their first page
        return 0


def _open_tiff(path: Path) -> tifffile.TiffFile:
    return tifffile.TiffFile(path, _multifile=False)  # and no other file, whatever this one names


def _pages_beside(file: tifffile.TiffFile) -> int:
    """Pages outside the first series, but for smaller copies and masks, and for what comes with a slide."""
    if len(_levels(file.series[0])) > 1:
        return 0
    beside: list[Any] = [page.keyframe for series in file.series[1:] for page in series.pages if page is not None]
    dropped = len(file.series[0].levels) - 1  # of a fitting size, by chance
    return dropped + sum(not page.subfiletype & (REDUCED | MASK) for page in beside)


def _levels(series: Any) -> list[Any]:
    """The series and smaller copies of it: what only has a fitting size is none, unless it is in a maker's format."""
    levels = list(series.levels)
    if series.kind not in ("generic", "uniform", "shaped"):
        return levels
    copies = [one for one in levels[1:] if one.keyframe.is_subifd or one.keyframe.subfiletype & REDUCED]
    return [levels[0], *copies]


@contextmanager
def open_tiff(path: Path) -> Iterator[Stack | None]:
    """The first series of a file; None for a plain picture, and for what only Pillow may be able to read."""
    try:
        file = _open_tiff(path)
    except Exception:  # noqa: BLE001 - Pillow reads some that this does not, and says what is wrong with the others
        yield None
        return
    with file:
        try:
            _check_pages(file, path)
            stack = _TiffStack(file, path)
            has_one_look = stack.bits == 8 and stack.pages == stack.channels == 1
            is_plain = has_one_look and stack.is_for_pillow and not stack.is_for_parts
        except InputError:
            raise
        except Exception:  # noqa: BLE001 - as above
            yield None
            return
        yield None if is_plain else stack


def _check_pages(file: tifffile.TiffFile, path: Path) -> None:
    """Raises InputError if what describes a page is not whole in the file: tifffile would pass over that page."""
    handle, tiff = file.filehandle, file.tiff

    def number(place: int, form: str, length: int) -> int:
        handle.seek(place)
        found = handle.read(length)
        if len(found) < length:
            raise _cut_off(path)
        return int(struct.unpack(form, found)[0])

    place, seen = tiff.offsetsize, {0}  # the header says where the first page is, each page where the next, the last 0
    while (page := number(place, tiff.offsetformat, tiff.offsetsize)) not in seen and len(seen) <= MOST_PAGES:
        seen.add(page)
        place = page + tiff.tagnosize + number(page, tiff.tagnoformat, tiff.tagnosize) * tiff.tagsize


def _cut_off(path: Path) -> InputError:
    return InputError(f"{path.name}: the end of the file is missing; copy it again")


class _TiffStack:
    """The first series of a TIFF file; see https://www.iana.org/assignments/media-types/image/tiff and OME-TIFF."""

    def __init__(self, file: tifffile.TiffFile, path: Path) -> None:
        self._path = path
        self._file = file
        self._turn = threading.Lock()
        self._series = file.series[0]
        first: Any = self._series.keyframe
        axes, shape = self._series.axes, self._series.shape
        sizes = dict(zip(axes, shape, strict=True))
        if "Y" not in sizes or "X" not in sizes or set(axes[-3:]) - {"Y", "X", "S", "C", *axes[:-2]}:
            raise ValueError(axes)
        samples = self._samples = sizes.get("S", 1)
        if first.photometric.name not in (*COLORS, *GRAYS) or first.dtype.kind not in "uif":
            raise ValueError(first.photometric)  # a palette or printer's colours are Pillow's
        if first.dtype.itemsize == 1 and first.bitspersample != 8:
            raise ValueError(first.bitspersample)  # as are few bits
        if first.photometric.name == "YCBCR" and first.compression.name not in ("JPEG", "OJPEG"):
            raise ValueError(first.photometric)
        self._alpha = first.extrasamples[0] if first.extrasamples and first.extrasamples[0] in ALPHA else 0
        has_alpha = samples == 2 and self._alpha
        self._is_inverted = first.photometric.name == "MINISWHITE" and first.dtype.kind == "u"
        self.is_color = samples in (3, 4) and first.photometric.name in COLORS and first.dtype.name in COLOR_TYPES
        self._samples_are_channels = samples > 1 and not self.is_color and not has_alpha
        self.channels = samples if self._samples_are_channels else sizes.get("C", 1)
        self._page_axes = [(axis, size) for axis, size in zip(axes, shape, strict=True) if axis not in "YXSC"]
        self.pages = math.prod(size for _, size in self._page_axes)
        if self.pages > MOST_PAGES:
            raise InputError(f"{path.name}: has {self.pages:,} pages, more than the {MOST_PAGES:,} that are opened")
        self.others = _pages_beside(file)
        self.bits = 8 * first.dtype.itemsize
        tag = first.tags.get(ORIENTATION_TAG)
        self.orientation = int(tag.value) if tag and self.pages == 1 else 1
        self._levels = _levels(self._series)
        self.levels = [Level(one.sizes["width"], one.sizes["height"]) for one in self._levels]
        self._check_end()
        self._is_contiguous = self._series.dataoffset is not None and len(self.levels) == 1
        if not all(level.width and level.height for level in self.levels):
            raise ValueError("no size")
        high, wide = self._chunk(first)
        self.chunk = (wide, 1) if self._is_contiguous else (wide, high)
        self.in_parts = self._is_contiguous or math.prod(first.chunks) <= LARGEST_SEGMENT_PX
        pixels = self.levels[0].width * self.levels[0].height
        self.is_for_parts = self.in_parts and (len(self.levels) > 1 or pixels > READ_IN_PARTS_FROM_PX)
        self.is_for_pillow = first.compression.name in PILLOW_DECODES
        self.channel_names = self._names()

    def _names(self) -> list[str]:
        labels = (self._file.imagej_metadata or {}).get("Labels") if self.pages == 1 else None
        if self._file.is_ome and self._file.ome_metadata:
            pixels = tifffile.xml2dict(self._file.ome_metadata)["OME"]["Image"]
            pixels = (pixels[0] if isinstance(pixels, list) else pixels)["Pixels"]
            channels = pixels.get("Channel") or []
            labels = [one.get("Name", "") for one in (channels if isinstance(channels, list) else [channels])]
        labels = labels if isinstance(labels, list) else []
        return [str(labels[n]) if n < len(labels) else "" for n in range(self.channels)]

    def _check_end(self) -> None:
        """Raises InputError if the values of pages or the text about them would be beyond the end."""
        ends = [self._end_of_description(self._series.keyframe.offset)]
        if self._series.dataoffset is not None:
            ends.append(self._series.dataoffset + self._series.nbytes)
        else:
            for level in self._levels:
                last = level.pages[-1] or level.keyframe  # of a file that names others, where it is not there
                ends += [offset + count for offset, count in zip(last.dataoffsets, last.databytecounts, strict=False)]
        if max(ends) > self._file.filehandle.size:
            raise _cut_off(self._path)

    def _end_of_description(self, offset: int) -> int:
        """Where the text ends that says what the pages are; tifffile passes over one that is cut off."""
        handle, tiff = self._file.filehandle, self._file.tiff
        handle.seek(offset)
        (count,) = struct.unpack(tiff.tagnoformat, handle.read(tiff.tagnosize))
        end = 0
        for tag in struct.iter_unpack(tiff.tagheaderformat, handle.read(count * tiff.tagsize)):
            code, _, length, place = tag
            if code == DESCRIPTION_TAG and length > tiff.tagoffsetthreshold:
                end = struct.unpack(tiff.offsetformat, place)[0] + length
        return end

    def read(self, page: int, channel: int, level: int, region: Region) -> Values:
        try:
            return self._read(page, channel, level, region)
        except InputError:
            raise
        except Exception as error:  # what a decoder of any file at all may raise
            raise InputError(f"{self._path.name}: cannot be decoded ({reason(error)}); the file is damaged") from error

    def _read(self, page: int, channel: int, level: int, region: Region) -> Values:
        if self._is_contiguous:
            values = self._from_rows(page, channel, region)
        else:
            values = self._from_segments(self._page(page, channel, level), region)
        if self._alpha and not self._samples_are_channels and values.dtype.name in COLOR_TYPES:
            values = on_white(values, is_multiplied=self._alpha == ALPHA[0])
        if self.is_color:
            return values[..., :3]
        if values.ndim == 3:
            values = values[..., channel if self._samples_are_channels else 0]
        return np.iinfo(values.dtype).max - values if self._is_inverted else values

    def _index(self, page: int, channel: int) -> dict[str, int]:
        """Where a page and a channel lie in each axis that is neither of the plane nor of the samples."""
        index: dict[str, int] = {}
        for axis, size in reversed(self._page_axes):
            page, index[axis] = divmod(page, size)
        if not self._samples_are_channels:
            index["C"] = channel
        return index

    def _from_rows(self, page: int, channel: int, region: Region) -> Values:
        """Read values that lie in the file one after the other, row by row."""
        series: Any = self._series
        left, top, right, bottom = region
        dtype = series.dtype.newbyteorder(self._file.byteorder)
        steps: dict[str, int] = {}
        step = dtype.itemsize
        for axis, size in reversed(list(zip(series.axes, series.shape, strict=True))):
            steps[axis] = step
            step *= size
        first = series.dataoffset + sum(
            steps[axis] * n for axis, n in self._index(page, channel).items() if axis in steps
        )
        together = self._samples if steps.get("S", 0) == dtype.itemsize else 1  # samples that lie side by side
        apart = self._samples // together
        found = np.empty((bottom - top, right - left, self._samples), dtype)
        count = (right - left) * together * dtype.itemsize
        for sample in range(apart):
            for row in range(top, bottom):
                data = self._bytes(first + sample * steps.get("S", 0) + row * steps["Y"] + left * steps["X"], count)
                values = np.frombuffer(data, dtype).reshape(right - left, together)
                found[row - top, :, sample : sample + together] = values
        return found.astype(series.dtype, copy=False)

    def _page(self, page: int, channel: int, level: int) -> Any:
        series = self._levels[level]
        index = self._index(page, channel)
        number = 0
        for axis, size in zip(series.axes, series.shape, strict=True):
            if axis not in "YXS":
                number = number * size + index[axis]
        return series.pages[number]

    def _from_segments(self, page: Any, region: Region) -> Values:
        """Decode the tiles or strips that a region touches, and no others."""
        frame = page.keyframe
        left, top, right, bottom = region
        high, wide = self._chunk(frame)
        planar = _is_planar(frame)
        across = -(-frame.imagewidth // wide)
        per_plane = across * -(-frame.imagelength // high)
        depth = frame.samplesperpixel
        found = np.zeros((bottom - top, right - left, depth), frame.dtype)
        for sample in range(depth if planar else 1):
            for row in range(top // high, -(-bottom // high)):
                for column in range(left // wide, -(-right // wide)):
                    number = sample * per_plane + row * across + column
                    segment = self._segment(page, frame, number)
                    if segment is None:
                        continue  # a hole: nothing was written there
                    segment = segment[0]
                    y, x = row * high, column * wide
                    y0, y1 = max(top, y), min(bottom, y + segment.shape[0])
                    x0, x1 = max(left, x), min(right, x + segment.shape[1])
                    part = segment[y0 - y : y1 - y, x0 - x : x1 - x]
                    if planar:
                        found[y0 - top : y1 - top, x0 - left : x1 - left, sample] = part[..., 0]
                    else:
                        found[y0 - top : y1 - top, x0 - left : x1 - left] = part
        return found

    @staticmethod
    def _chunk(frame: Any) -> tuple[int, int]:
        """Height and width of a tile or strip."""
        if _is_planar(frame):
            return frame.chunks[-2], frame.chunks[-1]
        return frame.chunks[0], frame.chunks[1] if len(frame.chunks) > 1 else frame.imagewidth

    def _bytes(self, offset: int, count: int) -> bytes:
        """Bytes of the file; threads take turns, since each must find the place first."""
        with self._turn:
            self._file.filehandle.seek(offset)
            data: bytes = self._file.filehandle.read(count)
        if len(data) < count:
            raise ValueError("the end of the file is missing")
        return data

    def _segment(self, page: Any, frame: Any, number: int) -> Values | None:
        if number >= len(page.dataoffsets):
            raise ValueError("the end of the file is missing")
        count = page.databytecounts[number]
        if not count:
            return None
        data = self._bytes(page.dataoffsets[number], count)
        segment: Values | None = frame.decode(data, number, jpegtables=page.jpegtables)[0]
        return segment
