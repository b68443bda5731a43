"""Pictures as a browser can show them: upright, eight bits a channel, no larger than asked for."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from data.cache import Cache
from data.errors import InputError
from data.memory import Allowance
from data.stack_views import BLOCK_PX, PLAIN, Box, Look, StackViews, view_of, view_of_one
from data.stacks import ORIENTATION_TAG, TURNS, Stack, open_stack, other_pages

# What a browser shows as it is; anything else is converted once and kept.
BROWSER_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "BMP": "image/bmp"}
BROWSER_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA"})
FORMATS = (*BROWSER_TYPES, "TIFF")  # a JPEG with several pictures (MPO) opens as JPEG
TYPES = {".jpg": "image/jpeg", ".png": "image/png"}  # of what is converted
LOSSLESS_UP_TO_PX = 4_000_000
LONGEST_SIDE_PX = 2_000_000
TIMES_IN_PARTS = 100  # how much larger than one decoded whole a picture may be that is read in parts
TAIL_BYTES = 65_536  # some cameras write more after the end of the picture

RENDERING = 3  # raised when pictures come out otherwise, so that those in the cache are made anew
Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before anything is decoded


@dataclass(frozen=True, slots=True)
class Served:
    """A file that can be sent to a browser, with its media type."""

    path: Path
    media_type: str


@dataclass(frozen=True, slots=True)
class Measured:
    """Size in pixels of the upright picture, and for one with several looks what they are: see `view_of`."""

    width: int
    height: int
    view: str = ""


class Pictures:
    """Measures and converts pictures, and keeps what it converted in a folder that may be deleted at any time.

    Decoded at the same time are no more pixels than the largest picture may have.
    """

    def __init__(self, cache: Cache, max_pixels: int) -> None:
        self._cache = cache
        self._max_pixels = max_pixels
        self._allowance = Allowance(max_pixels)
        self._views = StackViews(cache)

    def measure(self, path: Path) -> Measured:
        """What is to be known of a picture before it is shown. Raises InputError for a file that is none."""
        with self._stack(path) as stack:
            if stack is not None:
                return Measured(*_upright_stack(stack), view_of(stack))
        with self._open(path) as picture:
            if _is_cut_off(path, str(picture.format)):
                raise InputError(f"{path.name}: the end of the file is missing; copy it again")
            return Measured(*_upright_size(picture), view_of_one(other_pages(path)))

    def shown(self, path: Path, version: str, *, fit_px: int | None = None, look: Look = PLAIN) -> Served:
        """The picture for a browser, at most ``fit_px`` on its longer side; the file itself where that will do."""
        with self._stack(path) as stack:
            if stack is not None:
                return self._of_stack(stack, path, version, look, fit_px=fit_px)
        with self._open(path) as picture:
            small_enough = fit_px is None or max(picture.size) <= fit_px
            if small_enough and _browser_shows(picture):
                return Served(path, BROWSER_TYPES[str(picture.format)])
        return self._converted(path, version, fit_px=fit_px)

    def browser_shows(self, path: Path) -> bool:
        """Whether a browser shows the file itself as it is to be seen."""
        with self._stack(path) as stack:
            if stack is not None:
                return False
        with self._open(path) as picture:
            return _browser_shows(picture)

    def upright(self, path: Path, version: str) -> Path:
        """The picture as it is, or where EXIF says it lies, turned and written again in the same format."""
        with self._stack(path) as stack:
            if stack is not None:
                return path  # whoever trains on it reads it as it is
        with self._open(path) as picture:
            if _stored_orientation(picture) == 1:
                return path
            kind = "JPEG" if picture.format == "MPO" else str(picture.format)
            profile = picture.info.get("icc_profile")

            def write(file: IO[bytes]) -> None:
                with self._allowance.take(_area(picture)), _decoding(path):
                    picture.load()  # which turns a TIFF
                    ImageOps.exif_transpose(picture).save(file, kind, quality=95, icc_profile=profile)

            return self._cache.keep(RENDERING, path, version, "upright", suffix=path.suffix, write=write)

    @contextmanager
    def decoded(self, path: Path, version: str, look: Look = PLAIN) -> Iterator[Image.Image]:
        """The whole picture, upright and with eight bits a channel. Raises InputError where that fails."""
        with self._stack(path) as stack:
            if stack is not None:
                width, height = _upright_stack(stack)
                self._check_size(path, width, height)
                with self._allowance.take(width * height):
                    yield self._views.part(stack, (path, version), look, (0, 0, width, height), (width, height))
                return
        with self._open(path) as picture, self._allowance.take(_area(picture)):
            with _decoding(path):
                image = _displayable(picture, None)
            yield image

    def part(self, path: Path, version: str, box: Box, size: tuple[int, int], look: Look = PLAIN) -> Image.Image | None:
        """A box of a picture that can be read in parts, scaled to ``size``; None for one that must be read whole."""
        with self._stack(path) as stack:
            if stack is None or not stack.in_parts:
                return None
            with self._allowance.take(_read_at_once(stack)):
                return self._views.part(stack, (path, version), look, box, size)

    def thumbnail(self, path: Path, version: str, *, fit_px: int, look: Look = PLAIN) -> Served:
        """A small JPEG of the picture, at most ``fit_px`` on its longer side."""
        with self._stack(path) as stack:
            if stack is not None:
                return self._of_stack(stack, path, version, look, fit_px=fit_px, always_jpeg=True)
        return self._converted(path, version, fit_px=fit_px, always_jpeg=True)

    @contextmanager
    def _stack(self, path: Path) -> Iterator[Stack | None]:
        with open_stack(path) as stack:
            if stack is not None:
                full = stack.levels[0]
                if max(full.width, full.height) > LONGEST_SIDE_PX:
                    raise InputError(f"{path.name}: {full.width:,} x {full.height:,} pixels, which no picture has")
                more = TIMES_IN_PARTS if stack.in_parts else 1
                self._check_size(path, full.width, full.height, more)
            yield stack

    def _of_stack(
        self, stack: Stack, path: Path, version: str, look: Look, *, fit_px: int | None, always_jpeg: bool = False
    ) -> Served:
        width, height = _upright_stack(stack)
        scale = 1.0 if fit_px is None else min(1.0, fit_px / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        self._check_size(path, *size)
        suffix = ".png" if size[0] * size[1] <= LOSSLESS_UP_TO_PX and not always_jpeg else ".jpg"

        def write(file: IO[bytes]) -> None:
            with self._allowance.take(_read_at_once(stack)):
                image = self._views.part(stack, (path, version), look, (0, 0, width, height), size)
            _save(image, file, suffix)

        return Served(self._cache.keep(RENDERING, path, version, look, size, suffix=suffix, write=write), TYPES[suffix])

    def _check_size(self, path: Path, width: int, height: int, times: int = 1) -> None:
        most = self._max_pixels * times
        if width * height > most:
            mend = "raise --max-pixels if the machine has the memory"
            whole = f" at once; {mend}, or store it as a tiled TIFF" if times == 1 else f"; {mend}"
            raise InputError(
                f"{path.name}: {width:,} x {height:,} pixels, more than the {most:,} that are opened{whole}"
            )

    def _converted(self, path: Path, version: str, *, fit_px: int | None, always_jpeg: bool = False) -> Served:
        key = (RENDERING, path, version, fit_px, always_jpeg)
        for suffix, media_type in TYPES.items():
            kept = self._cache.find(*key, suffix=suffix)
            if kept:
                return Served(kept, media_type)
        with self._open(path) as picture:
            lossless = not always_jpeg and picture.format not in ("JPEG", "MPO") and _area(picture) <= LOSSLESS_UP_TO_PX
            suffix = ".png" if lossless else ".jpg"

            def write(file: IO[bytes]) -> None:
                with self._allowance.take(_area(picture)):
                    with _decoding(path):
                        image = _displayable(picture, fit_px)
                    _save(image, file, suffix)

            return Served(self._cache.keep(*key, suffix=suffix, write=write), TYPES[suffix])

    def _open(self, path: Path) -> Image.Image:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns of odd metadata; what matters raises
                picture = Image.open(path, formats=FORMATS)
        except UnidentifiedImageError:
            found = "is empty" if path.stat().st_size == 0 else "is no picture that can be read"
            raise InputError(f"{path.name}: {found}; expected {', '.join(BROWSER_TYPES)}, TIFF or DICOM") from None
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"{path.name}: cannot be opened ({reason})") from error
        try:
            self._check_size(path, *picture.size)
        except InputError:
            picture.close()
            raise
        return picture


@contextmanager
def _decoding(path: Path) -> Iterator[None]:
    """Say which file it is where Pillow cannot go on."""
    try:
        yield
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise InputError(f"{path.name}: cannot be decoded ({error}); the file is damaged") from error


def _save(image: Image.Image, file: IO[bytes], suffix: str) -> None:
    image.save(file, "PNG", compress_level=3) if suffix == ".png" else image.save(file, "JPEG", quality=90)


def _area(picture: Image.Image) -> int:
    return picture.width * picture.height


def _read_at_once(stack: Stack) -> int:
    """How many pixels of a stack are in memory together while it is shown."""
    full = stack.levels[0]
    whole = full.width * full.height
    return min(whole, BLOCK_PX**2) if stack.in_parts else whole


def _orientation(picture: Image.Image) -> int:
    """How a picture that Pillow has opened is to be turned: not at all if it is a TIFF, which Pillow does by itself."""
    return 1 if picture.format == "TIFF" else _stored_orientation(picture)


def _stored_orientation(picture: Image.Image) -> int:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in _open
            return int(picture.getexif().get(ORIENTATION_TAG, 1))
    except (ValueError, TypeError, SyntaxError, OSError):
        return 1  # metadata that cannot be read turns nothing, in browsers too


def _upright_stack(stack: Stack) -> tuple[int, int]:
    full = stack.levels[0]
    return (full.height, full.width) if stack.orientation in (5, 6, 7, 8) else (full.width, full.height)


def _upright_size(picture: Image.Image) -> tuple[int, int]:
    turned = _orientation(picture) in (5, 6, 7, 8)
    return (picture.height, picture.width) if turned else (picture.width, picture.height)


def _is_cut_off(path: Path, kind: str) -> bool:
    """Whether the end of a file is missing: browsers show what is there, and boxes would end in the void."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
    if kind in ("BMP", "WEBP"):  # which say in the beginning how long they are
        said = int.from_bytes(head[2:6], "little") if kind == "BMP" else int.from_bytes(head[4:8], "little") + 8
        return size < said
    mark = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}.get(kind)
    return mark is not None and mark not in tail


def _browser_shows(picture: Image.Image) -> bool:
    return (
        picture.format in BROWSER_TYPES
        and picture.mode in BROWSER_MODES
        and _orientation(picture) == 1
        and not getattr(picture, "is_animated", False)
    )


def _displayable(picture: Image.Image, fit_px: int | None) -> Image.Image:
    """Decode, scale down, turn upright and bring to eight bits a channel."""
    turn = TURNS.get(_orientation(picture))
    if fit_px is not None:
        picture.draft("RGB" if picture.mode in ("RGB", "YCbCr") else None, (fit_px, fit_px))
    picture.load()
    image: Image.Image = picture
    if image.mode[:1] in ("I", "F"):
        image = _stretched(image)
    has_alpha = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
    if has_alpha:
        image = image.convert("RGBA")
    elif image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    if fit_px is not None:
        image.thumbnail((fit_px, fit_px), reducing_gap=2.0)
    if turn is not None:
        image = image.transpose(turn)
    if has_alpha:
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image).convert("RGB")
    return image


def _stretched(image: Image.Image) -> Image.Image:
    """16-bit and float pictures between their 0.5th and 99.5th percentile, since their range is seldom all used."""
    values = np.asarray(image, dtype=np.float64)
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, (0.5, 99.5)) if finite.size else (0.0, 1.0)
    scaled = np.clip((np.nan_to_num(values) - low) / max(high - low, 1e-12), 0, 1)
    return Image.fromarray((scaled * 255).round().astype(np.uint8))
