"""Pictures that a text or CSV file lists: addresses or paths, a line each, in the order that they are to have."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import posixpath
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from data.errors import InputError, PartlyListed, Unreachable
from data.sources.folders import found_file, present
from data.sources.model import Found, Source, clean_id, is_picture, is_text
from data.sources.remote import BUCKETS, Remote, is_remote, scheme_of, shown_address
from data.words import counted

LARGEST_BYTES = 500_000_000
PLACE_COLUMNS = ("url", "path", "image", "file", "filename", "file_name", "location")
NAME_COLUMNS = ("name", "id")
DELIMITERS = (",", ";", "\t")
ENDINGS = (".txt", ".csv", ".tsv", ".lst")


class ListSource(Source):
    """The pictures of a list, which is a file or itself behind an address.

    Ids are the names that the list gives, else paths as they stand, else the host and
    path of an address. A list from elsewhere cannot name a file of this machine.
    """

    def __init__(self, value: str, remote: Remote) -> None:
        self.name = shown_address(value) if is_remote(value) else value
        self._value = value
        self._remote = remote

    def walk(self) -> Iterator[Found]:
        """Yield the pictures as listed; raises PartlyListed at the end where lines had to be left out.

        Raises InputError for a list that cannot be read at all.
        """
        seen: dict[str, str] = {}
        problem: InputError | None = None
        left_out = 0
        try:
            for where, row in self._rows():
                try:
                    found = self._found(where, row)
                    if found.id in seen:
                        _check_same(where, found, seen[found.id])
                        continue
                except InputError as error:
                    problem = problem or error
                    left_out += 1
                    continue
                seen[found.id] = found.location
                yield found
        except csv.Error as error:
            raise InputError(f"images: {self.name}: is no table that can be read ({error})") from error
        if problem is not None and not seen:
            raise problem  # this is no list, and says nothing of what is gone
        if problem is not None:
            raise PartlyListed(f"{problem} ({counted(left_out, 'line')} left out; all others are taken)")
        if not seen:
            raise Unreachable(f"images: {self.name} is empty; expected a path or address in each line")

    def fetch(self, location: str, version: str) -> Path:
        if is_remote(location):
            return self._remote.fetch(location, version)
        return present(Path(location))

    def presigned(self, location: str, seconds: int) -> str | None:
        return self._remote.presigned(location, seconds) if scheme_of(location) in BUCKETS else None

    def _rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        text = self._text()
        first = text.lstrip().partition("\n")[0].strip()
        delimiter = max(DELIMITERS, key=first.count)
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
        try:
            location = self._location(where, place)
            name = next((row[column] for column in NAME_COLUMNS if row.get(column)), "")
            image_id = clean_id(name or self._own_name(place, location))
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"images: {where}: found no address that can be read ({error})") from None
        if not image_id or not is_text(image_id):
            raise InputError(f"images: {where}: {image_id!r} is no name for an image")
        width, height = (_pixels(row.get(side, ""), f"{where}, {side}") for side in ("width", "height"))
        if width is None or height is None:
            width = height = None
        if is_remote(location):
            return Found(image_id, location, "", None, width, height)
        try:
            file = found_file(location, os.stat(location))
        except (OSError, ValueError):  # the latter for a NUL in it
            return Found(image_id, location, "")  # its place in the batch will say what is wrong
        return Found(image_id, location, file.version, file.size_bytes, width, height)

    def _own_name(self, place: str, location: str) -> str:
        """What a picture without a name in the list is called: a path as it stands, an address without its query."""
        if is_remote(place):
            return _id_of(location)
        return _without_query(place) if scheme_of(location) in ("http", "https") else place

    def _location(self, where: str, place: str) -> str:
        from_web = scheme_of(self._value) in ("http", "https")
        if is_remote(place) and not (from_web and scheme_of(place) in BUCKETS):
            return place
        if "://" in place or not (is_picture(place) or is_picture(place.partition("?")[0])):
            kinds = ", ".join(["http", "https", *BUCKETS])
            shown = (shown_address(place) if "://" in place else place)[:60]
            raise InputError(
                f"images: {where}: found {shown!r}, expected the path of a picture or an address ({kinds})"
            )
        if not is_remote(self._value):
            folder = os.path.dirname(os.path.abspath(self._value))
            given = os.path.join(folder, os.path.expanduser(place))
            return given if os.path.exists(given) else given.replace("\\", "/")
        if place.startswith(("/", "\\", "~")) and scheme_of(self._value) in BUCKETS:
            raise InputError(f"images: {where}: found {place[:60]!r}, expected an address or a path beside the list")
        if scheme_of(self._value) in BUCKETS:
            return f"{posixpath.dirname(self._value)}/{place}"
        joined = urljoin(self._value, place.replace("\\", "/"))
        if scheme_of(joined) not in ("http", "https"):
            raise InputError(f"images: {where}: found {place[:60]!r}, expected an address or a path beside the list")
        return joined


def _check_same(where: str, found: Found, location: str) -> None:
    """A line may stand in a list twice. Raises InputError for two pictures of one name."""
    if found.location != location:
        raise InputError(f"images: {where}: another line has the name {found.id!r} too; give names in a column 'name'")


def _id_of(url: str) -> str:
    """Host and path of an address; where the path names no picture, with what the query comes to.

    The query itself may hold a signature, which must not be read out of an id.
    """
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.hostname or ''}/{_without_query(unquote(parts.path).strip('/') + query)}"


def _without_query(path: str) -> str:
    path, _, query = path.partition("?")
    mark = hashlib.sha256(query.encode()).hexdigest()[:12] if query and not is_picture(path) else ""
    return f"{path}{'~' if mark else ''}{mark}"


def _pixels(text: str, where: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise InputError(f"images: {where}: found {text!r}, expected a whole number of pixels")
    return int(text)
