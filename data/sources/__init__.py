"""Where the pictures come from: one source, or several behind each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from data.cache import Cache
from data.errors import InputError, PartlyListed, Unreachable
from data.settings import SAMPLE
from data.sources.archives import ZipSource
from data.sources.folders import FolderSource, PatternSource, SampleSource, is_pattern
from data.sources.lists import ENDINGS, ListSource
from data.sources.model import SUFFIXES, Found, Source, clean_id
from data.sources.remote import BUCKETS, BucketSource, Remote, file_system, is_remote, scheme_of, shown_address

_NAME = re.compile(r"\w[\w .+-]*")
_MARK = "\x1f"  # stands in no path
__all__ = ["SUFFIXES", "Found", "Several", "Source", "open_source"]


def open_source(values: Sequence[str], cache: Cache) -> Source:
    """The source that a setting names. Raises InputError when there is nothing to annotate.

    A bucket or address is not asked for anything yet: it may be down at the start.
    """
    remote = Remote(cache)
    if len(values) == 1:
        return _open(_value_of(values[0]), cache, remote)
    named = {_name_of(value) if index else "": value for index, value in enumerate(values)}
    if len(named) < len(values):
        listed = ", ".join(_shown(one) for one in values)
        raise InputError(f"images: two of {listed} have the same name before their images; give one as NAME=SOURCE")
    first = Path(_value_of(values[0])).expanduser()
    for name in named:
        if name and (first / name).exists():
            raise InputError(f"images: {values[0]} holds a {name} too; give the other source as NAME=SOURCE")
    return Several({name: _open(_value_of(value), cache, remote) for name, value in named.items()})


def _open(value: str, cache: Cache, remote: Remote) -> Source:
    if value == SAMPLE:
        return SampleSource()
    scheme = scheme_of(value)
    if scheme in BUCKETS and not value.lower().endswith(ENDINGS):
        file_system(scheme)
        return BucketSource(value, remote)
    if is_remote(value):
        return ListSource(value, remote)
    if "://" in value:
        kinds = ", ".join(f"{one}://" for one in ("http", "https", *BUCKETS))
        raise InputError(f"images: found {_shown(value)}, expected a folder, a file or one of {kinds}")
    return _opened_here(Path(value).expanduser().absolute(), value, cache, remote)


def _opened_here(path: Path, value: str, cache: Cache, remote: Remote) -> Source:
    source: Source
    if path.is_dir():
        source = FolderSource(path, cache.folder)
        what = "nor does any folder in it"
    elif path.is_file() and path.suffix.lower() == ".zip":
        source = ZipSource(path, cache)
        what = "pack some in"
    elif path.is_file() and path.suffix.lower() in ENDINGS:
        source = ListSource(str(path), remote)
        what = "expected a path or address in each line"
    elif is_pattern(value):
        source = PatternSource(str(path), cache.folder)
        what = "that is, nothing fits it"
    else:
        found = "is no folder, .zip or list (.txt, .csv)" if path.exists() else "does not exist"
        raise InputError(f"images: {value} {found}; give a folder of pictures with --images FOLDER")
    if next(source.walk(), None) is None:
        kinds = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        raise InputError(f"images: {value} holds no picture ({kinds}), {what}")
    return source


def _shown(value: str) -> str:
    return shown_address(value) if "://" in value else value


def _name_of(value: str) -> str:
    name, equals, _ = value.partition("=")
    if equals and _NAME.fullmatch(name):
        return name
    return clean_id(PurePosixPath(_shown(value).rstrip("/").replace("\\", "/")).stem)


def _value_of(value: str) -> str:
    name, equals, rest = value.partition("=")
    return rest if equals and _NAME.fullmatch(name) and not Path(value).exists() else value


class Several(Source):
    """Sources behind each other. The first keeps its ids, each other has its name and a slash before them."""

    def __init__(self, sources: dict[str, Source]) -> None:
        self._prefixes = [f"{name}/" if name else "" for name in sources]
        self._sources = list(sources.values())
        self.name = ", ".join(source.name for source in sources.values())

    def walk(self) -> Iterator[Found]:
        """Yield the pictures of all that can be listed, then raise what was in the way of the others.

        Of two that have one id, since the first source's own names look like another's, the first is taken.
        """
        problem: InputError | None = None
        prefixes = tuple(filter(None, self._prefixes))
        taken: set[str] = set()
        for number, (prefix, source) in enumerate(zip(self._prefixes, self._sources, strict=True)):
            try:
                for found in source.walk():
                    image_id = prefix + found.id
                    if image_id in taken:
                        problem = problem or PartlyListed(
                            f"images: {source.name}: its {found.id} is left out, since a picture of "
                            f"{self._sources[0].name} is called {image_id}; give it as NAME=SOURCE, with another name"
                        )
                        continue
                    if not prefix and image_id.startswith(prefixes):
                        taken.add(image_id)
                    location = f"{_MARK}{number}{_MARK}{found.location}" if number else found.location
                    yield replace(found, id=image_id, location=location)
            except InputError as error:
                if problem is None or isinstance(problem, PartlyListed):  # what is missing whole is said first
                    problem = error
        if problem is not None:
            raise problem

    def fetch(self, location: str, version: str) -> Path:
        source, own = self._of(location)
        return source.fetch(own, version)

    def presigned(self, location: str, seconds: int) -> str | None:
        source, own = self._of(location)
        return source.presigned(own, seconds)

    def _of(self, location: str) -> tuple[Source, str]:
        """The source that a location is of, and what it is called there."""
        _, mark, rest = location.partition(_MARK)
        number, _, own = rest.partition(_MARK)
        if not mark:
            return self._sources[0], location
        if int(number) >= len(self._sources):
            raise Unreachable("its source was taken away")
        return self._sources[int(number)], own
