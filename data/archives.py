"""Zip archives that are written as they are made."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from typing import Any

from data.formats.model import Part

COPIED_AT_ONCE_BYTES = 1 << 20


def zipped(parts: Iterator[Part]) -> Iterator[bytes]:
    """A zip archive of the parts, in pieces, as they are made. Pictures are not packed: they are already."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for part in parts:
            entry = zipfile.ZipInfo(part.name, time.localtime()[:6])
            entry.compress_type = zipfile.ZIP_STORED if part.copy_of else zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                for piece in _bytes_of(part):
                    file.write(piece)
                    if sink.size > io.DEFAULT_BUFFER_SIZE:
                        yield sink.take()
    yield sink.take()


def _bytes_of(part: Part) -> Iterator[bytes]:
    if part.copy_of is None:
        yield from (text.encode() for text in part.text)
        return
    with part.copy_of.open("rb") as file:
        while piece := file.read(COPIED_AT_ONCE_BYTES):
            yield piece


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def take(self) -> bytes:
        pieces, self._pieces, self.size = self._pieces, [], 0
        return b"".join(pieces)
