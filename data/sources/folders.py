"""Pictures on this machine: below a folder, fitting a pattern, or those that come with scikit-image."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from data.errors import Unreachable
from data.settings import SAMPLE
from data.sources.model import SUFFIXES, Found, Source, is_text, natural_key

# Pictures that come inside the scikit-image package, chosen for something to draw a box around.
SAMPLE_NAMES = (
    "astronaut.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png", "coins.png",
    "horse.png", "hubble_deep_field.jpg", "ihc.png", "motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg",
)  # fmt: skip
_LINE_BREAK = re.compile(r"[\r\n]")
_WILD = re.compile(r"[*?\[]")


class FolderSource(Source):
    """Every picture below a folder but those in ``without``. Ids are paths relative to it, so that it can move."""

    def __init__(self, root: Path, without: Path | None = None) -> None:
        self.root = root
        self.name = str(root)
        self._without = without

    def walk(self) -> Iterator[Found]:
        """Yield the pictures in natural order; raises Unreachable when the folder itself cannot be read."""
        try:
            yield from self._walk("", frozenset(), must=True)
        except OSError as error:
            raise Unreachable(f"images: {self.root} cannot be read ({error.strerror})") from error

    def fetch(self, location: str, _version: str) -> Path:
        return present(self.root / location)

    def _walk(self, prefix: str, parents: frozenset[tuple[int, int]], *, must: bool = False) -> Iterator[Found]:
        folder = self.root / prefix
        if folder == self._without:
            return
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
            if not is_text(name):
                continue
            if os.path.splitext(name)[1].lower() in SUFFIXES:
                found = _stat(entry, prefix + name)
                if found:
                    yield found
            elif entry.is_dir():
                yield from self._walk(f"{prefix}{name}/", parents | {here})


class PatternSource(Source):
    """The pictures that a pattern such as ``photos/2026-*/**/*.jpg`` fits; ids start at its first wildcard."""

    def __init__(self, pattern: str, without: Path | None = None) -> None:
        root, *parts = Path(pattern).parts
        folder = Path(root)
        while len(parts) > 1 and (folder / parts[0]).is_dir():
            folder /= parts.pop(0)
        self._folder = FolderSource(folder, without)
        self._parts = tuple(parts)
        self.name = pattern

    def walk(self) -> Iterator[Found]:
        """Yield the pictures in natural order; raises Unreachable when the folder they are in cannot be read."""
        return (found for found in self._folder.walk() if _fits(tuple(found.location.split("/")), self._parts))

    def fetch(self, location: str, version: str) -> Path:
        return self._folder.fetch(location, version)


def _fits(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(parts[start:], pattern[1:]) for start in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


class SampleSource(Source):
    """The pictures that scikit-image brings along."""

    name = SAMPLE

    def __init__(self) -> None:
        import skimage

        self._root = Path(skimage.__file__).parent / "data"

    def walk(self) -> Iterator[Found]:
        for name in SAMPLE_NAMES:
            status = (self._root / name).stat()
            yield Found(id=name, location=name, version=f"{status.st_size:x}", size_bytes=status.st_size)

    def fetch(self, location: str, _version: str) -> Path:
        return self._root / location


def _stat(entry: os.DirEntry[str], location: str) -> Found | None:
    try:
        if not entry.is_file():
            return None
        status = entry.stat()
    except OSError:
        return None  # vanished between listing and looking, or a link to nowhere
    return found_file(location, status)


def found_file(location: str, status: os.stat_result) -> Found:
    """A picture of a local file; the id is its location with accents composed, and in one line."""
    version = f"{status.st_mtime_ns:x}-{status.st_size:x}"
    image_id = _LINE_BREAK.sub("_", unicodedata.normalize("NFC", location))
    return Found(image_id, location, version, status.st_size)


def is_pattern(value: str) -> bool:
    """Whether there are wildcards in it."""
    return bool(_WILD.search(value))


def present(path: Path) -> Path:
    """The path of a file that is there. Raises Unreachable for another: a disk may be back in a moment."""
    if not path.is_file():
        raise Unreachable("is not there at present")
    return path
