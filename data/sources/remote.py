"""Pictures behind addresses: http(s), and buckets through fsspec. What was fetched is kept in the cache.

Credentials come from the environment, as each service has them. Messages name a host and never an address with its
query, since that may hold a signature.
"""

from __future__ import annotations

import logging
import math
import random
import shutil
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

import requests

from data.cache import Cache
from data.errors import InputError, Unreachable
from data.sources.model import Found, is_picture, is_text, path_key

# The package that fsspec needs for each kind of bucket.
BUCKETS = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
ATTEMPTS = 4
FIRST_PAUSE_S = 0.5  # doubled each time
LEFT_ALONE_S = 5  # a host that failed all attempts: meanwhile no thread waits for it
CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 30
PIECE_BYTES = 1 << 20
GONE = frozenset({404, 410})
REFUSED = frozenset({400, 401, 403, 405, 451})

log = logging.getLogger(__name__)
Result = TypeVar("Result")


def scheme_of(value: str) -> str:
    """``s3`` of ``s3://bucket/a.jpg``; "" for a path."""
    scheme, separator, _ = value.partition("://")
    return scheme.lower() if separator and scheme.isascii() and scheme.isalnum() else ""


def is_remote(value: str) -> bool:
    """Whether a value is an address that can be fetched from."""
    return scheme_of(value) in {"http", "https", *BUCKETS}


class Remote:
    """Fetches addresses, some times over, into the cache."""

    def __init__(self, cache: Cache, pause: Callable[[float], None] = time.sleep) -> None:
        self._cache = cache
        self._pause = pause
        self._systems: dict[str, Any] = {}
        self._failed: dict[str, tuple[float, str]] = {}  # by host: when, and how
        self._lock = threading.Lock()
        self._here = threading.local()  # a session is for one thread

    def fetch(self, url: str, version: str, shown: str) -> Path:
        """The file at an address; ``shown`` is what messages call it.

        Raises Unreachable when the service does not answer, InputError when it says no.
        """
        suffix = PurePosixPath(urlsplit(url).path).suffix
        return self._cache.keep(
            "remote", url, version, suffix=suffix, write=lambda file: self._download(url, file, shown)
        )

    def read(self, url: str, most_bytes: int) -> bytes:
        """A small file at an address, such as a list. Raises as `fetch` does."""
        path = self.fetch(url, str(time.time_ns()), url.partition("?")[0])
        content = path.read_bytes()
        path.unlink()
        if len(content) > most_bytes:
            raise InputError(f"{url.partition('?')[0]}: more than {most_bytes:,} bytes, too long for a list")
        return content

    def listed(self, url: str) -> list[tuple[str, dict[str, Any]]]:
        """Every file below a bucket's address: its path, beginning with the bucket, and what the service says of it."""
        system = self._system(url)

        def find() -> list[tuple[str, dict[str, Any]]]:
            system.invalidate_cache()
            return list(system.find(system._strip_protocol(url), detail=True).items())

        return self._patiently(find, url, url.partition("?")[0])

    def _download(self, url: str, file: IO[bytes], shown: str) -> None:
        def once() -> None:
            file.seek(0)
            file.truncate()
            if scheme_of(url) in BUCKETS:
                with self._system(url).open(url, "rb") as source:
                    shutil.copyfileobj(source, file, PIECE_BYTES)
            else:
                self._get(url, file)

        self._patiently(once, url, shown)

    def _get(self, url: str, file: IO[bytes]) -> None:
        if not hasattr(self._here, "session"):
            self._here.session = requests.Session()
        with self._here.session.get(url, stream=True, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S)) as answer:
            if answer.status_code in GONE:
                raise FileNotFoundError
            if answer.status_code in REFUSED:
                raise PermissionError(f"the server answers {answer.status_code}")
            if answer.status_code >= 400:
                raise ConnectionError(f"the server answers {answer.status_code}")
            for piece in answer.iter_content(PIECE_BYTES):
                file.write(piece)

    def _patiently(self, work: Callable[[], Result], url: str, shown: str) -> Result:
        host = urlsplit(url).netloc
        moment, why = self._failed.get(host, (-math.inf, ""))
        if time.monotonic() < moment + LEFT_ALONE_S:
            raise Unreachable(f"{shown}: cannot be fetched, {why}")
        for attempt in range(ATTEMPTS):
            try:
                result = work()
                self._failed.pop(host, None)
                return result
            except FileNotFoundError:
                raise InputError(f"{shown}: is no longer there") from None
            except PermissionError as error:
                raise Unreachable(f"{shown}: access is refused ({_plain(error)}); check the credentials") from error
            except InputError:
                raise
            except Exception as error:  # noqa: BLE001 - each service has its own kinds of errors
                log.warning("%s: attempt %d of %d failed: %s", shown, attempt + 1, ATTEMPTS, _plain(error))
                last = error
            if attempt + 1 < ATTEMPTS:
                self._pause(FIRST_PAUSE_S * 2**attempt * random.uniform(0.75, 1.25))
        why = f"tried {ATTEMPTS} times ({_plain(last)})"
        self._failed[host] = (time.monotonic(), why)
        raise Unreachable(f"{shown}: cannot be fetched, {why}") from last

    def _system(self, url: str) -> Any:
        scheme = scheme_of(url)
        with self._lock:
            if scheme not in self._systems:
                self._systems[scheme] = file_system(scheme)
            return self._systems[scheme]


def file_system(scheme: str) -> Any:
    """The fsspec file system of a kind of bucket. Raises InputError that names the package which is missing."""
    try:
        import fsspec

        return fsspec.filesystem(scheme, use_listings_cache=False)
    except ImportError:
        package = BUCKETS[scheme]
        raise InputError(
            f"images: {scheme}:// needs the package {package}; install it with: pip install {package}"
        ) from None


class BucketSource:
    """Every picture below an address such as ``s3://bucket/prefix``. Ids are paths below that prefix."""

    def __init__(self, url: str, remote: Remote) -> None:
        self.name = url.rstrip("/")
        self._scheme = scheme_of(url)
        self._remote = remote

    def walk(self) -> Iterator[Found]:
        """Yield the pictures in natural order; raises Unreachable when the bucket does not answer."""
        start = self.name.partition("://")[2] + "/"
        listed = [(path.removeprefix(start), said) for path, said in self._remote.listed(self.name)]
        pictures = [(path, said) for path, said in listed if is_picture(path) and is_text(path)]
        for path, said in sorted(pictures, key=lambda one: path_key(one[0])):
            token = said.get("ETag") or said.get("etag") or said.get("md5Hash") or said.get("LastModified") or ""
            version = f"{str(token).strip(chr(34))}-{said.get('size') or 0:x}"
            yield Found(unicodedata.normalize("NFC", path), path, version, said.get("size"))

    def fetch(self, location: str, version: str) -> Path:
        return self._remote.fetch(f"{self.name}/{location}", version, location)


def _plain(error: BaseException) -> str:
    """What an error says, without the addresses that it may name: those of buckets can hold signatures."""
    words = str(error).split()
    text = " ".join(word if "://" not in word and "?" not in word else "…" for word in words)
    return text[:200] or type(error).__name__
