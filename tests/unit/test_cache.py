"""The cache for what is fetched, unpacked and converted."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import IO

import pytest

from data.cache import Cache


def test_a_cache_that_is_used_quickly_is_within_its_bound_a_little_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in use is deleted; afterwards it is, though nobody writes any more."""
    monkeypatch.setattr("data.cache.IN_USE_S", 0.2)
    cache = Cache(tmp_path / "cache", 10_000)
    for number in range(30):
        cache.keep(number, suffix=".x", write=lambda file: file.write(bytes(1000)))
        assert cache.find(number, suffix=".x")

    def size() -> int:
        return sum(one.stat().st_size for one in cache.folder.rglob("*.x"))

    assert size() > 10_000
    until = time.monotonic() + 20
    while size() > 10_000:
        assert time.monotonic() < until
    assert size() > 0


def test_the_cache_stays_within_its_bound_and_keeps_what_was_used_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.cache.IN_USE_S", -1)
    cache = Cache(tmp_path / "cache", 10_000)
    for number in range(30):
        cache.keep(number, suffix=".x", write=lambda file: file.write(bytes(1000)))
        assert cache.find(0, suffix=".x")  # used again and again
        for age, one in enumerate(sorted(cache.folder.rglob("*.x"), key=os.path.getmtime, reverse=True)):
            os.utime(one, (1e9 - age, 1e9 - age))
    kept = list(cache.folder.rglob("*.x"))
    assert len(kept) <= 11
    assert cache.find(0, suffix=".x") in kept


def test_what_is_being_made_is_not_deleted_however_long_it_takes(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", 1000)

    def write(file: IO[bytes]) -> None:
        file.write(bytes(2000))
        file.flush()
        for one in cache.folder.rglob("making-*"):
            os.utime(one, (time.time() - 600, time.time() - 600))
        cache.prune()

    assert cache.keep("slow", suffix=".x", write=write).stat().st_size == 2000
    left = cache.folder / "aa"
    left.mkdir()
    (left / "making-abc").write_bytes(bytes(5000))
    os.utime(left / "making-abc", (1e9, 1e9))
    cache.prune()
    assert not list(cache.folder.rglob("making-*"))


def test_the_same_file_is_made_once_however_many_ask(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", 10**6)
    made = []
    begun = threading.Barrier(4)

    def ask() -> None:
        begun.wait()
        cache.keep("a", suffix=".x", write=lambda file: (made.append(1), file.write(b"x")))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
