"""What every source of pictures is, and what they share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".btf", ".svs", ".lsm", ".dcm"}
)

_DIGITS = re.compile(r"(\d+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Found:
    """One picture of a source: its id, its name as the source spells it, and a token that changes with its bytes.

    ``location`` stays on the server: no browser ever sees it or can name one. Sizes are
    None where the source does not say.
    """

    id: str
    location: str
    version: str
    size_bytes: int | None = None
    width: int | None = None
    height: int | None = None


class Source(Protocol):
    """A batch of pictures. ``name`` tells sources apart, without secrets.

    ``walk`` yields in natural order without opening any, and raises Unreachable when
    the source does not answer. ``fetch`` gives a picture as a local file; it raises
    Unreachable when that may work later, InputError when it will not, and leaves it to
    the caller to say which picture that is: people know it by its id alone.
    """

    name: str

    def walk(self) -> Iterator[Found]: ...

    def fetch(self, location: str, version: str) -> Path: ...

    def presigned(self, location: str, seconds: int) -> str | None:
        """An address at which a browser may load a picture by itself for so long; None where there is none."""
        return None


def clean_id(path: str) -> str:
    """The id for a path that somebody else wrote: with forward slashes, and nothing in it that leads anywhere.

    "" where nothing is left. Ids become names of files in exports, so ``..`` must not be in one.
    """
    parts = unicodedata.normalize("NFC", path).replace("\\", "/").split("/")
    plain = (_CONTROL.sub("_", part) for part in parts)
    return "/".join(part for part in plain if part not in ("", ".", ".."))


def is_picture(name: str) -> bool:
    """Whether a name ends as that of a picture does."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key for one path component: img2 before img10, upper case beside lower case."""
    parts = _DIGITS.split(name.casefold())
    return tuple((0, int(p), "") if i % 2 else (1, 0, p) for i, p in enumerate(parts))


def path_key(path: str) -> tuple[object, ...]:
    """Sort key for a path: each component in natural order."""
    return tuple((natural_key(part), part) for part in path.split("/"))


def is_text(name: str) -> bool:
    """Names that are no UTF-8 cannot be ids, addresses or entries of an export."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)
