"""PNG of sixteen bits, gray or in colour, whose lower eight Pillow would drop."""

from __future__ import annotations

import struct
from pathlib import Path

import imagecodecs
import numpy as np

from data.errors import InputError
from data.stacks.model import Stack, Values, WholeStack, on_white, reason

PNG_MARK = b"\x89PNG\r\n\x1a\n"
HEADER = struct.Struct(">8x8xIIBB")  # after the mark and the head of the first chunk: size, depth, kind of colour
COLOR = 2  # a bit of the kind of colour


def is_deep_png(head: bytes) -> bool:
    """Whether a file that begins so has sixteen bits a value."""
    return head.startswith(PNG_MARK) and len(head) >= HEADER.size and HEADER.unpack_from(head)[2] == 16


def open_deep_png(path: Path, head: bytes) -> Stack:
    """A stack of one page; see https://www.w3.org/TR/png-3/#11IHDR"""

    def decode(_page: int) -> Values:
        try:
            values = np.asarray(imagecodecs.png_decode(path.read_bytes()))
        except Exception as error:  # what a decoder of any file at all may raise
            raise InputError(f"{path.name}: cannot be decoded ({reason(error)}); the file is damaged") from error
        if values.ndim == 3 and values.shape[-1] in (2, 4):
            values = on_white(values, is_multiplied=False)
        return values[..., 0] if values.ndim == 3 and values.shape[-1] == 1 else values

    width, height, bits, kind = HEADER.unpack_from(head)
    return WholeStack((width, height), 1, bits, decode, is_color=bool(kind & COLOR))
