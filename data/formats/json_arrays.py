"""Reading the arrays of a JSON file some thousand items at a time: one pass, and memory for one stretch of the file.

The file is cut where its brackets say that an item ends, and a parser of whole texts reads what lies between. That is
faster than a parser of events. What it refuses, Python's own reads: ``NaN`` is no JSON, but many programs write it, and
so the one item that holds it can be named.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from data.errors import InputError
from data.formats.tree import Tree

DEEPEST = 200
CHUNK_BYTES = 1_000_000
LARGEST_ITEM_BYTES = 64_000_000
LONGEST_KEY_BYTES = 10_000
Stretch = tuple[str, int, list[Any]]

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_KEY = re.compile(rb'("(?:[^"\\]|\\.)*")\s*:\s*\Z')
_QUOTE, _OPEN, _CLOSE = 1, 2, 3
_KINDS = bytearray(256)
_KINDS[ord('"')] = _QUOTE
_KINDS[ord("[")] = _KINDS[ord("{")] = _OPEN
_KINDS[ord("]")] = _KINDS[ord("}")] = _CLOSE
_CLOSED_BY = {b"[": b"]", b"{": b"}"}


def items(tree: Tree, name: str, *keys: str) -> Iterator[tuple[str, str, Any]]:
    """Yield (key, place, item) for the items of arrays; see `stretches`."""
    for key, first, stretch in stretches(tree, name, *keys):
        for index, item in enumerate(stretch, first):
            yield key, f"{name}: {key}[{index}]", item


def stretches(tree: Tree, name: str, *keys: str) -> Iterator[Stretch]:
    """Yield (key, index of the first, items) for some items after each other of arrays in the file's object.

    The key ``""`` stands for a file that is an array itself. Raises InputError where the
    file is not JSON, is cut off, or is nested without end; what lies before is yielded.
    """
    cutter = _Cutter(name, keys)
    with tree.open(name) as stream:
        chunk = stream.read(CHUNK_BYTES).removeprefix(b"\xef\xbb\xbf")
        while chunk:
            yield from cutter.take(chunk)
            chunk = stream.read(CHUNK_BYTES)
    cutter.end()


@contextmanager
def _no_collection() -> Iterator[None]:
    """No search for garbage while a parser makes many objects, none of which is any: it would take as long again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Cutter:
    """Cuts chunks of a file into stretches of items.

    A member is an array or object in the file's object, or the file's array itself.
    """

    def __init__(self, name: str, keys: tuple[str, ...]) -> None:
        self._name = name
        self._keys = keys
        self._depth = 0
        self._in_text = False
        self._escaped = False
        self._member_depth = 0  # how deep in brackets the inside of a member is; 0 until the first bracket is known
        self._opener = b""  # of the member that is open
        self._key: str | None = None  # of the open member, if its items are wanted
        self._index = 0  # of the next item
        self._pending = b""  # of the open member: what was not handed out yet
        self._frame = b""  # the file with 0 for each member, to see whether the rest of it is JSON

    def take(self, chunk: bytes) -> Iterator[Stretch]:
        """The stretches that end in the next chunk."""
        places, opens, depths = self._brackets(chunk)
        if not self._member_depth and len(places):
            self._member_depth = 1 if chunk[places[0]] == ord("[") else 2
        borders = (opens & (depths == self._member_depth)) | (~opens & (depths == self._member_depth - 1))
        taken = 0  # how much of the chunk is in the frame, handed out or passed over
        for place, is_open in zip(places[borders].tolist(), opens[borders].tolist(), strict=True):
            between = chunk[taken:place]
            taken = place + 1
            if is_open:
                self._extend_frame(between)
                self._open(chunk[place : place + 1])
            else:
                yield from self._close(between, chunk[place : place + 1])
        if not self._opener:
            self._extend_frame(chunk[taken:])
        elif self._key is not None:
            ends = places[~opens & (depths == self._member_depth) & (places >= taken)]
            end = int(ends[-1]) + 1 if len(ends) else taken
            if end > taken:
                yield self._stretch(self._pending + chunk[taken:end])
                self._pending = b""
            self._pending += chunk[end:]
            self._check_length(self._pending, f"{self._key}[{self._index}]")

    def end(self) -> None:
        """Raises InputError unless the file was whole."""
        if self._depth or self._in_text:
            raise InputError(f"{self._name}: is cut off: {self._depth} brackets or quotes are not closed")
        self._parsed(self._frame, "")

    def _brackets(self, chunk: bytes) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.int64]]:
        """Where brackets outside of texts are, which of them open, and the depth after each."""
        clean = b" " + chunk[1:] if self._escaped else chunk
        self._escaped = False
        if b"\\" in clean:
            clean = _ESCAPED.sub(b"  ", clean)
            self._escaped = clean.endswith(b"\\")
        kinds = np.frombuffer(clean.translate(_KINDS), dtype=np.uint8)
        places = np.flatnonzero(kinds)
        kinds = kinds[places]
        inside = (np.cumsum(kinds == _QUOTE) + self._in_text) % 2 == 1
        self._in_text = bool(inside[-1]) if len(inside) else self._in_text
        outside = ~inside & (kinds != _QUOTE)
        places, opens = places[outside], kinds[outside] == _OPEN
        depths = self._depth + np.cumsum(np.where(opens, 1, -1))
        if len(depths):
            self._depth = int(depths[-1])
            if depths.max() > DEEPEST:
                raise InputError(f"{self._name}: is nested more than {DEEPEST} deep; this is no file of annotations")
            if depths.min() < 0:
                raise InputError(f"{self._name}: is not JSON: a bracket is closed that was not opened")
        return places, opens, depths

    def _open(self, opener: bytes) -> None:
        key = ""
        if self._member_depth == 2:
            found = _KEY.search(self._frame[-LONGEST_KEY_BYTES:])
            key = str(self._parsed(found[1], "a key")) if found else ""
        wanted = opener == b"[" and key in self._keys and bool(key) == (self._member_depth == 2)
        self._opener, self._key, self._index, self._pending = opener, key if wanted else None, 0, b""

    def _close(self, between: bytes, closer: bytes) -> Iterator[Stretch]:
        if closer != _CLOSED_BY[self._opener]:
            raise InputError(
                f"{self._name}: is not JSON: found {closer.decode()!r} where {self._opener.decode()!r} is open"
            )
        if self._key is not None and (self._pending + between).strip():
            yield self._stretch(self._pending + between)
        self._opener = b""
        self._key = None
        self._extend_frame(b"0")

    def _stretch(self, text: bytes) -> Stretch:
        assert self._key is not None
        text = text.strip()
        if self._index:
            if not text.startswith(b",") or text == b",":
                raise InputError(
                    f"{self._name}: {self._key}[{self._index}]: is not JSON: a comma is missing or too many"
                )
            text = text[1:]
        first = self._index
        stretch = self._items(b"[" + text + b"]")
        self._index += len(stretch)
        return self._key, first, stretch

    def _items(self, text: bytes) -> list[Any]:
        try:
            with _no_collection():
                found: list[Any] = orjson.loads(text)
        except orjson.JSONDecodeError:
            try:
                found = json.loads(text)  # which knows NaN, and numbers of any length
            except (ValueError, RecursionError):
                raise self._fault(text[1:-1]) from None
        return found

    def _fault(self, text: bytes) -> InputError:
        """What is wrong with the first bad item of some."""
        index, place = self._index, 0
        try:
            decoded = text.decode()
            while place < len(decoded):
                _, place = json.JSONDecoder().raw_decode(decoded, place)
                index += 1
                rest = decoded[place:].lstrip()
                place = len(decoded) - len(rest) + rest.startswith(",")
            why = "a comma is missing or too many"
        except UnicodeDecodeError:
            return InputError(f"{self._name}: {self._key}: is not text in UTF-8")
        except (ValueError, RecursionError) as error:
            why = str(error)
        return InputError(f"{self._name}: {self._key}[{index}]: is not JSON ({why})")

    def _parsed(self, text: bytes, what: str) -> Any:
        try:
            return json.loads(text.decode())
        except UnicodeDecodeError:
            raise InputError(f"{self._name}: {what}: is not text in UTF-8") from None
        except (ValueError, RecursionError) as error:
            raise InputError(f"{self._name}: {what}: is not JSON ({error})".replace(": :", ":")) from None

    def _extend_frame(self, text: bytes) -> None:
        self._frame += text
        self._check_length(self._frame, "what is not in arrays")

    def _check_length(self, text: bytes, what: str) -> None:
        if len(text) > LARGEST_ITEM_BYTES:
            raise InputError(f"{self._name}: {what}: more than {LARGEST_ITEM_BYTES:,} bytes; this is no annotation")
