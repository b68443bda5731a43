"""Files that can be had again, fetched or converted: kept on the disk up to a bound, the least used going first."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from data.errors import InputError

IN_USE_S = 10.0  # nothing that was asked for so lately goes
BEING_MADE = "making-"  # begins the name of what is being written
GIVEN_UP_S = 3600.0  # after which nobody is writing it any more
LOOKED_AFTER_SHARE = 20  # the folder is looked over each time this part of its bound was written

log = logging.getLogger(__name__)


class Cache:
    """A folder that may be deleted at any time. Several processes may use it at once."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """Raises InputError if nothing can be kept in the folder."""
        self.folder = folder
        self._max_bytes = max_bytes
        self._written = 0
        self._lock = threading.Lock()
        self._making: dict[Path, threading.Lock] = {}
        self._is_waiting = False  # to be looked over once what is in use is not any more
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            raise InputError(
                f"--cache {folder}: nothing can be written there ({error.strerror}); give another folder"
            ) from error

    def find(self, *key: object, suffix: str) -> Path | None:
        """The file kept under a key, if there is one."""
        kept = self._place(key, suffix)
        try:
            os.utime(kept)  # it was used now
        except OSError:
            return None
        return kept

    def keep(self, *key: object, suffix: str, write: Callable[[IO[bytes]], None]) -> Path:
        """The file under a key, written now unless it is there; at the same time only once.

        It is written under another name first, so that a reader never meets half a
        file. What ``write`` raises is let through, with nothing kept.
        """
        kept = self._place(key, suffix)
        with self._lock:
            making = self._making.setdefault(kept, threading.Lock())
        with making:
            try:
                found = self.find(*key, suffix=suffix)
                return found or self._write(kept, write)
            finally:
                with self._lock:
                    self._making.pop(kept, None)

    def _write(self, kept: Path, write: Callable[[IO[bytes]], None]) -> Path:
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=kept.parent, prefix=BEING_MADE)
        except FileNotFoundError:  # the folder was deleted in that moment
            kept.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=kept.parent, prefix=BEING_MADE)
        try:
            with os.fdopen(handle, "wb") as file:
                write(file)
                size = file.tell()
            os.utime(name)  # it is used from now on
            os.replace(name, kept)
        except BaseException:
            os.unlink(name)
            raise
        with self._lock:
            self._written += size
            is_due = self._written > self._max_bytes / LOOKED_AFTER_SHARE
            if is_due:
                self._written = 0
        if is_due:
            self.prune()
        return kept

    def prune(self) -> None:
        """Delete what was not used for longest until the rest is within the bound; what is in use, a little later."""
        files = []
        now = time.time()
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    status = os.stat(path)
                except OSError:
                    continue  # another process was quicker
                free_from = status.st_mtime + (GIVEN_UP_S if name.startswith(BEING_MADE) else IN_USE_S)
                files.append((free_from, status.st_size, path))
        excess = sum(size for _, size, _ in files) - self._max_bytes
        for free_from, size, path in sorted(files):
            if excess <= 0:
                return
            if free_from > now:
                self._prune_later()
                return
            try:
                os.unlink(path)
            except OSError as error:
                log.warning("%s could not be deleted: %s", path, error)
            excess -= size

    def _prune_later(self) -> None:
        def prune() -> None:
            self._is_waiting = False
            self.prune()

        with self._lock:
            if self._is_waiting:
                return
            self._is_waiting = True
        timer = threading.Timer(IN_USE_S, prune)
        timer.daemon = True
        timer.start()

    def _place(self, key: tuple[object, ...], suffix: str) -> Path:
        digest = hashlib.sha256("\0".join(map(str, key)).encode()).hexdigest()
        return self.folder / digest[:2] / (digest[2:] + suffix)
