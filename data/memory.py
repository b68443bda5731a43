"""Memory stays bounded: whatever is decoded at the same time shares one allowance of pixels."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ARENA_MAX = -8  # as <malloc.h> has it


def share_freed_memory() -> None:
    """Let every thread use what any thread has freed. To be called before there are any.

    The GNU C library else keeps a heap for each, and with it several times the memory of a large picture.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None:
        mallopt(ARENA_MAX, 1)


class Allowance:
    """So many pixels at once and no more; who comes first is served first, or a large picture might wait for ever."""

    def __init__(self, most_px: int) -> None:
        self._most = most_px
        self._taken = 0
        self._turn = threading.Lock()  # of the one who waits for room; the others wait for their turn
        self._given_back = threading.Condition()

    @contextmanager
    def take(self, pixels: int) -> Iterator[None]:
        """Wait until there is room for so many pixels, and hold them. More than there are at all count as all."""
        share = min(pixels, self._most)
        with self._turn, self._given_back:
            self._given_back.wait_for(lambda: self._taken + share <= self._most)
            self._taken += share
        try:
            yield
        finally:
            with self._given_back:
                self._taken -= share
                self._given_back.notify_all()
