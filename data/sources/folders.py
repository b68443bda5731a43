"""Pictures on this machine: below a folder, fitting a pattern, or those that come with scikit-image."""

from __future__ import annotations

import glob
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from data.errors import Unreachable
from data.settings import SAMPLE
from data.sources.model import SUFFIXES, Found, is_picture, is_text, natural_key, path_key

# Pictures that come inside the scikit-image package, chosen for something to draw a box around.
SAMPLE_NAMES = (
    "astronaut.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png", "coins.png",
    "horse.png", "hubble_deep_field.jpg", "ihc.png", "motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg",
)  # fmt: skip
_WILD = re.compile(r"[*?\[]")


class FolderSource:
    """Every picture below a folder. Ids are paths relative to it, so that the folder can move."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = str(root)

    def walk(self) -> Iterator[Found]:
        """Yield the pictures in natural order; raises Unreachable when the folder itself cannot be read."""
        try:
            yield from self._walk("", frozenset(), must=True)
        except OSError as error:
            raise Unreachable(f"images: {self.root} cannot be read ({error.strerror})") from error

    def fetch(self, location: str, _version: str) -> Path:
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
            if not is_text(name):
                continue
            if os.path.splitext(name)[1].lower() in SUFFIXES:
                found = _stat(entry, prefix + name)
                if found:
                    yield found
            elif entry.is_dir():
                yield from self._walk(f"{prefix}{name}/", parents | {here})


class PatternSource:
    """The pictures that a pattern such as ``photos/2026-*/**/*.jpg`` fits; ids start where its wildcards do."""

    def __init__(self, pattern: str) -> None:
        parts = Path(pattern).parts
        first = next(index for index, part in enumerate(parts) if is_pattern(part))
        self._root = Path(*parts[:first])
        self._pattern = os.path.join(*parts[first:])
        self.name = pattern

    def walk(self) -> Iterator[Found]:
        """Yield the pictures in natural order."""
        fitting = glob.iglob(self._pattern, root_dir=self._root, recursive=True)
        for location in sorted({one for one in fitting if is_picture(one) and is_text(one)}, key=path_key):
            try:
                status = (self._root / location).stat()
            except OSError:
                continue  # vanished between listing and looking, or a link to nowhere
            yield found_file(location.replace(os.sep, "/"), status)

    def fetch(self, location: str, _version: str) -> Path:
        return self._root / location


class SampleSource:
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
    """A picture of a local file; the id is its location with accents composed."""
    version = f"{status.st_mtime_ns:x}-{status.st_size:x}"
    return Found(unicodedata.normalize("NFC", location), location, version, status.st_size)


def is_pattern(value: str) -> bool:
    """Whether there are wildcards in it."""
    return bool(_WILD.search(value))
