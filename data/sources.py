"""Where the pictures come from."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from data.errors import InputError
from data.settings import SAMPLE

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})

# Pictures that come inside the scikit-image package, chosen for something to draw a box around.
SAMPLE_NAMES = (
    "astronaut.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png", "coins.png",
    "horse.png", "hubble_deep_field.jpg", "ihc.png", "motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg",
)  # fmt: skip

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """One picture of a source: its id, its name as the source spells it, and a token that changes with its bytes."""

    id: str
    location: str
    version: str


class Source(Protocol):
    """A batch of pictures. ``name`` tells sources apart; ``walk`` yields in natural order without opening any."""

    name: str

    def walk(self) -> Iterator[Found]: ...

    def path(self, location: str) -> Path: ...


def open_source(value: str) -> Source:
    """The source that a setting names. Raises InputError when there is nothing to annotate."""
    if value == SAMPLE:
        return SampleSource()
    root = Path(value).expanduser().absolute()
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise InputError(f"images: {value} {what}; give a folder of pictures with --images FOLDER")
    source = FolderSource(root)
    try:
        next(source.walk())
    except StopIteration:
        kinds = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        raise InputError(f"images: {value} holds no picture ({kinds}), nor does any folder in it") from None
    except OSError as error:
        raise InputError(f"images: {value} cannot be read ({error.strerror})") from error
    return source


class FolderSource:
    """Every picture below a folder. Ids are paths relative to it, so that the folder can move."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = str(root)

    def walk(self) -> Iterator[Found]:
        """Yield the pictures in natural order; raises OSError when the folder itself cannot be read."""
        yield from self._walk("", frozenset(), must=True)

    def path(self, location: str) -> Path:
        return self.root / location

    def _walk(self, prefix: str, parents: frozenset[tuple[int, int]], *, must: bool = False) -> Iterator[Found]:
        folder = self.root / prefix
        try:
            status = folder.stat()
            with os.scandir(folder) as entries:
                listed = sorted((natural_key(e.name), e.name, e) for e in entries if not e.name.startswith("."))
        except OSError:
            if must:
                raise
            return  # a folder that may not be read holds nothing that could be shown
        here = (status.st_dev, status.st_ino)
        if here in parents:
            return  # a link that leads back up
        for _key, name, entry in listed:
            if not _is_text(name):
                continue
            if os.path.splitext(name)[1].lower() in SUFFIXES:
                found = _stat(entry, prefix + name)
                if found:
                    yield found
            elif entry.is_dir():
                yield from self._walk(f"{prefix}{name}/", parents | {here})


class SampleSource:
    """The pictures that scikit-image brings along."""

    name = SAMPLE

    def __init__(self) -> None:
        import skimage

        self._root = Path(skimage.__file__).parent / "data"

    def walk(self) -> Iterator[Found]:
        for name in SAMPLE_NAMES:
            status = (self._root / name).stat()
            yield Found(id=name, location=name, version=f"{status.st_size:x}")

    def path(self, location: str) -> Path:
        return self._root / location


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key for one path component: img2 before img10, upper case beside lower case."""
    parts = _DIGITS.split(name.casefold())
    return tuple((0, int(p), "") if i % 2 else (1, 0, p) for i, p in enumerate(parts))


def _stat(entry: os.DirEntry[str], location: str) -> Found | None:
    try:
        if not entry.is_file():
            return None
        status = entry.stat()
    except OSError:
        return None  # vanished between listing and looking, or a link to nowhere
    version = f"{status.st_mtime_ns:x}-{status.st_size:x}"
    return Found(id=unicodedata.normalize("NFC", location), location=location, version=version)


def _is_text(name: str) -> bool:
    """Names that are no UTF-8 cannot be ids, addresses or entries of an export."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)
