"""Pictures that a text or CSV file lists: addresses or paths, a line each, in the order that they are to have."""

from __future__ import annotations

import csv
import io
import os
import posixpath
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

from data.errors import InputError, Unreachable
from data.sources.folders import found_file
from data.sources.model import Found, is_picture, is_text
from data.sources.remote import BUCKETS, Remote, is_remote, scheme_of

LARGEST_BYTES = 500_000_000
PLACE_COLUMNS = ("url", "path", "image", "file", "filename", "file_name", "location")
NAME_COLUMNS = ("name", "id")
ENDINGS = (".txt", ".csv", ".tsv", ".lst")


class ListSource:
    """The pictures of a list, which is a file or itself behind an address.

    Ids are the names that the list gives, else paths as they stand, else the host and
    path of an address. A list from elsewhere cannot name a file of this machine.
    """

    def __init__(self, value: str, remote: Remote) -> None:
        self.name = value.partition("?")[0]
        self._value = value
        self._remote = remote

    def walk(self) -> Iterator[Found]:
        """Yield the pictures as listed. Raises InputError, with the line, for a list that cannot be read."""
        seen: set[str] = set()
        for where, row in self._rows():
            found = self._found(where, row)
            if found.id not in seen:
                seen.add(found.id)
                yield found

    def fetch(self, location: str, version: str) -> Path:
        if is_remote(location):
            return self._remote.fetch(location, version, _id_of(location))
        return Path(location)

    def _rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        text = self._text()
        first = text.lstrip().partition("\n")[0].strip()
        delimiter = "\t" if "\t" in first else ","
        names = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
        if set(names) & set(PLACE_COLUMNS) and not is_remote(first):
            reader = csv.DictReader(io.StringIO(text.lstrip()), fieldnames=names, delimiter=delimiter)
            next(reader)
            for row in reader:
                yield f"{self.name}: line {reader.line_num}", {k: (v or "").strip() for k, v in row.items() if k}
            return
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                yield f"{self.name}: line {number}", {"path": line.strip()}

    def _text(self) -> str:
        try:
            if is_remote(self._value):
                content = self._remote.read(self._value, LARGEST_BYTES)
            else:
                content = Path(self._value).read_bytes()
            return content.decode("utf-8-sig")
        except OSError as error:
            raise Unreachable(f"images: {self.name} cannot be read ({error.strerror})") from error
        except UnicodeDecodeError:
            raise InputError(
                f"images: {self.name}: is not text in UTF-8; expected a path or address in each line"
            ) from None

    def _found(self, where: str, row: dict[str, str]) -> Found:
        place = next((row[column] for column in PLACE_COLUMNS if row.get(column)), "")
        if not place:
            raise InputError(f"images: {where}: found no {' or '.join(PLACE_COLUMNS[:2])}")
        location = self._location(where, place)
        width, height = (_pixels(row.get(side, ""), f"{where}, {side}") for side in ("width", "height"))
        name = next((row[column] for column in NAME_COLUMNS if row.get(column)), "")
        image_id = unicodedata.normalize("NFC", name or self._id(place, location))
        if not is_text(image_id):
            raise InputError(f"images: {where}: {image_id!r} is no name in UTF-8")
        if is_remote(location):
            return Found(image_id, location, "", None, width, height)
        try:
            file = found_file(location, os.stat(location))
        except OSError:
            return Found(image_id, location, "")  # its place in the batch will say what is wrong
        return Found(image_id, location, file.version, file.size_bytes, width, height)

    def _location(self, where: str, place: str) -> str:
        if is_remote(place):
            return place
        if "://" in place or not is_picture(place):
            kinds = ", ".join(["http", "https", *BUCKETS])
            raise InputError(
                f"images: {where}: found {place.partition('?')[0][:60]!r}, expected the path of a picture or an "
                f"address ({kinds})"
            )
        if not is_remote(self._value):
            return os.path.join(os.path.dirname(os.path.abspath(self._value)), os.path.expanduser(place))
        if place.startswith(("/", "\\", "~")) and scheme_of(self._value) in BUCKETS:
            raise InputError(f"images: {where}: found {place[:60]!r}, expected an address or a path beside the list")
        if scheme_of(self._value) in BUCKETS:
            return f"{posixpath.dirname(self._value)}/{place}"
        return urljoin(self._value, place)

    def _id(self, place: str, location: str) -> str:
        if is_remote(place):
            return _id_of(location)
        path = PurePosixPath(place.replace("\\", "/"))
        return posixpath.normpath(str(path)).lstrip("/").removeprefix("../")


def _id_of(url: str) -> str:
    """Host and path of an address; its query, which may be a signature, only where the path names no file."""
    parts = urlsplit(url)
    path = unquote(parts.path).strip("/")
    host = parts.hostname or ""
    return f"{host}/{path}" if PurePosixPath(path).suffix or not parts.query else f"{host}/{path}?{parts.query}"


def _pixels(text: str, where: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise InputError(f"images: {where}: found {text!r}, expected a whole number of pixels")
    return int(text)
