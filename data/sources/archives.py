"""Pictures in a .zip: one at a time is unpacked into the cache."""

from __future__ import annotations

import lzma
import shutil
import threading
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from data.cache import Cache
from data.errors import InputError, Unreachable
from data.sources.model import Found, Source, clean_id, is_picture, is_text, path_key

LARGEST_PICTURE_BYTES = 4_000_000_000


class ZipSource(Source):
    """The pictures in an archive. Ids are their paths in it."""

    def __init__(self, path: Path, cache: Cache) -> None:
        self.name = str(path)
        self._path = path
        self._cache = cache
        self._lock = threading.Lock()
        self._opened: tuple[tuple[int, int], zipfile.ZipFile] | None = None

    def walk(self) -> Iterator[Found]:
        """Yield the pictures in natural order; raises Unreachable when the archive cannot be read."""
        entries = [entry for entry in self._archive().infolist() if not entry.is_dir() and is_picture(entry.filename)]
        by_id = {clean_id(entry.filename): entry for entry in entries}  # of equal names the last
        for image_id, entry in sorted(by_id.items(), key=lambda one: path_key(one[0])):
            parts = entry.filename.split("/")
            if image_id and is_text(image_id) and not any(part.startswith((".", "__MACOSX")) for part in parts):
                yield Found(image_id, entry.filename, f"{entry.CRC:x}-{entry.file_size:x}", entry.file_size)

    def fetch(self, location: str, version: str) -> Path:
        """Unpack a picture. Raises InputError for one that cannot be."""

        def write(file: IO[bytes]) -> None:
            try:
                archive = self._archive()
                if archive.getinfo(location).file_size > LARGEST_PICTURE_BYTES:
                    raise InputError(f"more than {LARGEST_PICTURE_BYTES:,} bytes when unpacked")
                with archive.open(location) as packed:
                    shutil.copyfileobj(packed, file, 1 << 20)
            except KeyError:
                raise Unreachable(f"is no longer in {self._path.name}") from None
            except (OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError) as error:
                raise InputError(f"cannot be unpacked from {self._path.name} ({error})") from error

        suffix = PurePosixPath(location).suffix
        return self._cache.keep("zip", self.name, location, version, suffix=suffix, write=write)

    def _archive(self) -> zipfile.ZipFile:
        """The archive, opened again when another one lies in its place."""
        with self._lock:
            try:
                status = self._path.stat()
                state = (status.st_mtime_ns, status.st_size)
                if self._opened is None or self._opened[0] != state:
                    self._opened = (state, zipfile.ZipFile(self._path))
            except (OSError, zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError) as error:
                raise Unreachable(f"images: {self._path} cannot be read ({error})") from error
            return self._opened[1]
