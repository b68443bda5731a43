"""The files that are read: one file, a folder, or a zip archive; and what must not come out of them."""

from __future__ import annotations

import lzma
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from data.errors import InputError

SAMPLED_FILES = 20
MOST_FILES = 2_000_000
MOST_EXPANSION = 200  # times larger than packed: text of boxes packs to a tenth or a fiftieth
MOST_EXPANSION_FROM_BYTES = 10_000_000
LARGEST_SMALL_FILE_BYTES = 64_000_000  # of files that are read whole: one per image, a list of names


@dataclass(frozen=True)
class Tree:
    """Files by their names (forward slashes, relative), opened one at a time. ``name`` is what the person gave."""

    name: str
    names: tuple[str, ...]
    opener: Callable[[str], IO[bytes]]
    outlines: dict[str, Any] = field(default_factory=dict, repr=False)  # what data.formats.jsons has seen of them

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A file as a stream of bytes. Raises InputError when it cannot be read."""
        try:
            stream = self.opener(name)
        except (
            OSError,
            zipfile.BadZipFile,
            RuntimeError,
        ) as error:  # the last for one under a password or oddly packed
            raise InputError(f"{name}: cannot be read ({error})") from error
        try:
            with stream:
                yield stream
        except (OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
            raise InputError(f"{name}: cannot be read ({error})") from error

    def content(self, name: str) -> bytes:
        """A small file whole."""
        with self.open(name) as stream:
            content = stream.read(LARGEST_SMALL_FILE_BYTES + 1)
        if len(content) > LARGEST_SMALL_FILE_BYTES:
            raise InputError(f"{name}: more than {LARGEST_SMALL_FILE_BYTES:,} bytes, too large for a file of its kind")
        return content

    def text(self, name: str) -> str:
        """A small file whole, as text."""
        try:
            return self.content(name).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputError(f"{name}: is not text in UTF-8") from None

    def below(self, folder: str) -> Tree:
        """The files of one folder; of the whole for ""."""
        start = f"{folder}/" if folder else ""
        names = tuple(name.removeprefix(start) for name in self.names if name.startswith(start))
        return Tree(self.name, names, lambda name: self.opener(start + name))

    def ending(self, *suffixes: str) -> list[str]:
        """The names with one of the endings, in lower case, such as ``.json``."""
        return [name for name in self.names if name.lower().endswith(suffixes)]

    def sample(self, *suffixes: str) -> list[str]:
        """The first names with one of the endings: enough to tell a format by."""
        return list(islice((name for name in self.names if name.lower().endswith(suffixes)), SAMPLED_FILES))


@contextmanager
def open_tree(path: Path) -> Iterator[Tree]:
    """What lies at a path. Raises InputError when nothing does, or when an archive is not safe to read."""
    if path.is_dir():
        yield Tree(path.name, tuple(_walk(path)), lambda name: (path / name).open("rb"))
    elif zipfile.is_zipfile(path):
        with path.open("rb") as file, _open_zip(file, path.name) as archive:
            yield _tree_of_zip(archive, path.name)
    else:
        try:
            with path.open("rb") as file:
                _check_is_whole_zip(path.name, file.read(4))
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        yield Tree(path.name, (path.name,), lambda _name: path.open("rb"))


@contextmanager
def open_files(files: Mapping[str, Path]) -> Iterator[Tree]:
    """Files that lie anywhere, by the names they are to have; one archive alone is opened."""
    name, path = next(iter(files.items()), ("", None))
    if path is None:
        raise InputError("no file was given")
    if len(files) == 1 and zipfile.is_zipfile(path):
        with path.open("rb") as file, _open_zip(file, name) as archive:
            yield _tree_of_zip(archive, name)
    else:
        if len(files) == 1:
            with path.open("rb") as file:
                _check_is_whole_zip(name, file.read(4))
        shown = name if len(files) == 1 else name.partition("/")[0] if "/" in name else f"{len(files)} files"
        yield Tree(shown, tuple(files), lambda one: files[one].open("rb"))


def _check_is_whole_zip(name: str, beginning: bytes) -> None:
    """Called for what cannot be opened as an archive."""
    if beginning.startswith(b"PK\x03\x04") or name.lower().endswith(".zip"):
        raise InputError(f"{name}: is no .zip that can be read, or its end is missing; pack or download it again")


def _tree_of_zip(archive: zipfile.ZipFile, name: str) -> Tree:
    def opener(one: str) -> IO[bytes]:
        return archive.open(one)

    return Tree(name, tuple(_safe_names(archive, name)), opener)


def _walk(root: Path) -> Iterator[str]:
    count = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for file in sorted(files):
            count += 1
            if count > MOST_FILES:
                raise InputError(f"{root}: more than {MOST_FILES:,} files; give a folder with less")
            yield (Path(folder) / file).relative_to(root).as_posix()


def _open_zip(file: IO[bytes], name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError) as error:
        raise InputError(f"{name}: is no zip archive that can be read ({error})") from error


def _safe_names(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        raise InputError(f"{name}: {len(entries):,} files, expected at most {MOST_FILES:,}")
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or entry.filename.startswith(("/", "\\")) or ":" in parts[0]:
            raise InputError(f"{name}: holds {entry.filename!r}, a path that leads out of the archive; pack it again")
        packed = max(1, entry.compress_size)
        if entry.file_size > MOST_EXPANSION_FROM_BYTES and entry.file_size / packed > MOST_EXPANSION:
            raise InputError(
                f"{name}: {entry.filename!r} grows {entry.file_size // packed:,} times when unpacked, "
                f"expected at most {MOST_EXPANSION}; this is no file of annotations"
            )
        if not any(part.startswith((".", "__MACOSX")) for part in parts):
            yield entry.filename
