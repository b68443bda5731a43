"""Pictures as instruments make them: several pages and channels, more than eight bits, too large to decode at once.

A stack is read in parts: TIFF by its tiles or strips, whatever else as a whole. `data.stack_views` shows them.
"""

from __future__ import annotations

import logging
import math
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from data.errors import InputError

Values = NDArray[Any]
Region = tuple[int, int, int, int]  # left, top, right, bottom

TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PNG_MARK = b"\x89PNG\r\n\x1a\n"
DICOM_MARK = b"DICM"
LARGEST_SEGMENT_PX = 64_000_000  # of a TIFF that counts as one that can be read in parts
READ_IN_PARTS_FROM_PX = 30_000_000
MOST_PAGES = 100_000
COLORS = ("RGB", "YCBCR")
COLOR_TYPES = ("uint8", "uint16")
GRAYS = ("MINISBLACK", "MINISWHITE")
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
ALPHA = (1, 2)  # kinds of an extra sample that are no channel: with the other samples multiplied by it, or not
REDUCED, MASK = 1, 4  # what a NewSubfileType says of a page

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # it warns of odd metadata; what matters raises


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
        """Values of a region that lies within a level: (height, width), or (height, width, 3 or 4) in colour."""


@contextmanager
def open_stack(path: Path) -> Iterator[Stack | None]:
    """The stack in a file; None for a picture that any reader shows as it is.

    Raises InputError for a file that says it is one and cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(132)
    except OSError:
        head = b""  # whoever opens it next says why that fails
    if head[128:] == DICOM_MARK:
        yield _dicom(path)
    elif head.startswith(PNG_MARK) and head[24:26] in (b"\x10\0",):  # sixteen bits of gray
        yield _deep_png(path, head)
    elif head[:4] in TIFF_MARKS:
        with _tiff(path) as stack:
            yield stack
    else:
        yield None


class _WholeStack:
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


def _deep_png(path: Path, head: bytes) -> Stack:
    """Sixteen bits of gray; the size stands in the first chunk."""

    def decode(_page: int) -> Values:
        try:
            with Image.open(path) as picture:
                return np.asarray(picture)
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise InputError(f"{path.name}: cannot be decoded ({error}); the file is damaged") from error

    width, height = struct.unpack(">II", head[16:24])
    return _WholeStack((width, height), 1, 16, decode)


def _dicom(path: Path) -> Stack:
    """Gray of any depth, and colour in eight bits; https://dicom.nema.org/medical/dicom/current/output/html/part05.html"""
    try:
        import pydicom
        from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
        from pydicom.pixels.utils import pixel_array
    except ImportError:
        raise InputError(f"{path.name}: DICOM needs another package: pip install pydicom 'pylibjpeg[all]'") from None

    def read(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Exception as error:  # what a reader of any file at all may raise
            raise InputError(f"{path.name}: the DICOM file cannot be read ({_reason(error)})") from error

    dataset = read(lambda: pydicom.dcmread(path))
    kind = str(dataset.get("PhotometricInterpretation", ""))
    is_color = kind == "PALETTE COLOR" or dataset.get("SamplesPerPixel", 1) == 3

    def decode(page: int) -> Values:
        values = read(lambda: pixel_array(dataset, index=page))  # three samples come as red, green and blue
        if kind == "PALETTE COLOR":
            values = read(lambda: apply_color_lut(values, dataset))
        if is_color:
            return cast(Values, values if values.dtype == np.uint8 else (values >> 8).astype(np.uint8))
        values = read(lambda: apply_modality_lut(values, dataset))
        if kind == "MONOCHROME1":  # there the lowest value is white
            values = values.max() + values.min() - values
        return cast(Values, values)

    size = read(lambda: (int(dataset.Columns), int(dataset.Rows)))
    pages = read(lambda: int(dataset.get("NumberOfFrames") or 1))
    if len(dataset.get("PixelData") or b"") == 0:
        raise InputError(f"{path.name}: the DICOM file cannot be read (there are no pixels in it)")
    return _WholeStack(size, pages, int(dataset.get("BitsStored", 16)), decode, is_color=is_color)


def _is_planar(frame: Any) -> bool:
    """Whether the samples of a pixel lie in tiles or strips of their own."""
    return bool(frame.planarconfig == 2 and frame.samplesperpixel > 1)


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


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
def _tiff(path: Path) -> Iterator[Stack | None]:
    try:
        file = _open_tiff(path)
    except Exception:  # noqa: BLE001 - Pillow reads some that this does not, and says what is wrong with the others
        yield None
        return
    with file:
        try:
            stack = _TiffStack(file, path)
            is_plain = stack.bits == 8 and stack.pages == stack.channels == 1 and not stack.is_for_parts
        except InputError:
            raise
        except Exception:  # noqa: BLE001 - as above
            yield None
            return
        yield None if is_plain else stack


def _on_white(values: Values, *, is_multiplied: bool) -> Values:
    """Eight bits whose last sample is how much they cover."""
    cover = values[..., -1:].astype(np.float32) / 255
    color = values[..., :-1] if is_multiplied else values[..., :-1] * cover
    return np.clip(color + 255 * (1 - cover), 0, 255).round().astype(np.uint8)


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
        """Raises InputError if pages, or the values of a series that lie together, would be beyond the end."""
        handle, tiff = self._file.filehandle, self._file.tiff
        end = handle.size
        following = 0  # where the page after the last one known would be
        place = self._file.pages.next_page_offset
        if place:
            handle.seek(place)
            pointer = handle.read(tiff.offsetsize)
            following = struct.unpack(tiff.offsetformat, pointer)[0] if len(pointer) == tiff.offsetsize else end + 1
        offset = self._series.dataoffset
        last = 0 if offset is None else offset + self._series.nbytes
        if max(following, last) > end:
            raise InputError(f"{self._path.name}: the end of the file is missing; copy it again")

    def read(self, page: int, channel: int, level: int, region: Region) -> Values:
        try:
            return self._read(page, channel, level, region)
        except InputError:
            raise
        except Exception as error:  # what a decoder of any file at all may raise
            raise InputError(f"{self._path.name}: cannot be decoded ({_reason(error)}); the file is damaged") from error

    def _read(self, page: int, channel: int, level: int, region: Region) -> Values:
        if self._is_contiguous:
            values = self._from_rows(page, channel, region)
        else:
            values = self._from_segments(self._page(page, channel, level), region)
        if self.is_color and values.dtype != np.uint8:
            values = (values >> 8).astype(np.uint8)
        if self._alpha and not self._samples_are_channels and values.dtype == np.uint8:
            values = _on_white(values, is_multiplied=self._alpha == ALPHA[0])
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
