"""Reading JSON piece by piece, so that a file of a million boxes needs no more memory than one of ten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import ijson
import numpy as np

from data.errors import InputError
from data.formats.tree import Tree

DEEPEST = 200
LOOKED_AT_EVENTS = 4000
_CHANGE = np.zeros(256, dtype=np.int64)
_CHANGE[[ord("["), ord("{")]] = 1
_CHANGE[[ord("]"), ord("}")]] = -1


@dataclass(frozen=True)
class Outline:
    """What the beginning of a JSON file looks like: the paths in it as ijson writes them, and its short texts."""

    paths: frozenset[str]
    texts: dict[str, str]

    def has(self, *endings: str) -> bool:
        """Whether for each ending a path ends so."""
        return all(any(path == ending or path.endswith("." + ending) for path in self.paths) for ending in endings)


def outline(tree: Tree, name: str) -> Outline:
    """Look at the beginning of a JSON file. Empty for one that is not JSON."""
    if name not in tree.outlines:
        tree.outlines[name] = _outline(tree, name)
    found: Outline = tree.outlines[name]
    return found


def _outline(tree: Tree, name: str) -> Outline:
    paths: set[str] = set()
    texts: dict[str, str] = {}
    try:
        with tree.open(name) as stream:
            for prefix, event, value in islice(ijson.parse(_Guarded(stream), use_float=True), LOOKED_AT_EVENTS):
                paths.add(prefix)
                if event == "string" and len(value) < 200:
                    texts.setdefault(prefix, value)
                if event == "map_key":
                    paths.add(f"{prefix}.{value}" if prefix else value)
    except (ijson.JSONError, InputError, UnicodeDecodeError):
        pass  # cut off or faulty: what was seen so far may still tell what it is; reading it will say what is wrong
    return Outline(frozenset(paths), texts)


def items(tree: Tree, name: str, prefix: str) -> Iterator[Any]:
    """Yield the values at a prefix, such as ``info.version``. Raises InputError for faulty JSON."""
    with tree.open(name) as stream, _explained(name):
        yield from ijson.items(_Guarded(stream), prefix, use_float=True)


def pairs(tree: Tree, name: str, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of the object at a prefix ("" for the whole), one at a time."""
    with tree.open(name) as stream, _explained(name):
        yield from ijson.kvitems(_Guarded(stream), prefix, use_float=True)


def whole(tree: Tree, name: str) -> Any:
    """A small JSON file: one per image."""
    try:
        return json.loads(tree.text(name))
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: is not JSON, or is cut off ({_first_line(error)})") from None


def check(tree: Tree, name: str) -> None:
    """Read to the end. Raises InputError where the file is not JSON."""
    with tree.open(name) as stream, _explained(name):
        for _event in ijson.basic_parse(_Guarded(stream), use_float=True):
            pass


class _explained:  # noqa: N801 - reads as a word in a with statement
    """Turns what a JSON parser says into one line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, _trace: Any) -> None:
        if isinstance(error, ijson.JSONError | UnicodeDecodeError):
            raise InputError(f"{self._name}: is not JSON, or is cut off ({_first_line(error)})") from None
        if isinstance(error, InputError):
            raise error.within(self._name) from None


class _Guarded:
    """A stream that refuses brackets in brackets without end before a parser keeps them all."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._depth = 0
        self._in_text = False
        self._escaped = False
        self._started = False

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        if not self._started and chunk:
            self._started = True
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")
        outside = self._outside_of_text(chunk)
        if outside:
            depths = np.cumsum(_CHANGE[np.frombuffer(outside, dtype=np.uint8)])
            if self._depth + int(depths.max()) > DEEPEST:
                raise InputError(f"is nested more than {DEEPEST} deep; this is no file of annotations")
            self._depth += int(depths[-1])
        return chunk

    def _outside_of_text(self, chunk: bytes) -> bytes:
        if self._escaped:
            chunk = chunk[1:]
            self._escaped = False
        if b"\\" in chunk:
            head = chunk.replace(b"\\\\", b"")
            self._escaped = head.endswith(b"\\")
            chunk = head.replace(b'\\"', b"")
        segments = chunk.split(b'"')
        outside = b"".join(segments[1::2] if self._in_text else segments[0::2])
        self._in_text ^= len(segments) % 2 == 0
        return outside


def _first_line(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", errors="replace") if isinstance(said, bytes) else str(error)
    return text.strip().splitlines()[0][:120] if text.strip() else type(error).__name__
