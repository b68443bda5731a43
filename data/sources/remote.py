"""Pictures behind addresses: http(s), and buckets through fsspec. What was fetched is kept in the cache.

Credentials come from the environment, as each service has them. Messages name a host and never an address with its
query, since that may hold a signature.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

import requests

from data.cache import Cache
from data.errors import InputError, Unreachable
from data.sources.model import Found, Source, clean_id, is_picture, is_text, path_key

# The package that fsspec needs for each kind of bucket.
BUCKETS = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
ATTEMPTS = 4
RETRY_THEMSELVES = frozenset(
    {"gs", "gcs", "az", "abfs"}
)  # their packages, for half a minute, and cannot be told not to
FIRST_PAUSE_S = 0.5  # doubled each time
LEFT_ALONE_S = 5  # a host that did not answer, or an address that did and failed: meanwhile no thread waits for it
CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 30
LONGEST_S = 600  # for one file
LARGEST_BYTES = 4_000_000_000
PIECE_BYTES = 1 << 20
GONE = frozenset({404, 410})
OVERBURDENED = frozenset({429, 502, 503, 504})  # which say something of the host, where others speak of the address
REFUSED = frozenset({400, 401, 403, 405, 451})

log = logging.getLogger(__name__)


class _UselessAnswerError(ConnectionError):
    """The host is there; what it answers for this address is of no use."""


Result = TypeVar("Result")


def scheme_of(value: str) -> str:
    """``s3`` of ``s3://bucket/a.jpg``; "" for a path."""
    scheme, separator, _ = value.partition("://")
    return scheme.lower() if separator and scheme.isascii() and scheme.isalnum() else ""


def shown_address(url: str) -> str:
    """An address without what may be secret in it: name, password and query."""
    scheme, _, rest = url.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def is_remote(value: str) -> bool:
    """Whether a value is an address that can be fetched from."""
    return scheme_of(value) in {"http", "https", *BUCKETS}


class Remote:
    """Fetches addresses, some times over, into the cache."""

    def __init__(self, cache: Cache, pause: Callable[[float], None] = time.sleep) -> None:
        self._cache = cache
        self._pause = pause
        self._systems: dict[str, Any] = {}
        self._failed: dict[str, tuple[float, str]] = {}  # by host or address: when, and how
        self._unsigned: set[str] = set()  # hosts for which that was said
        self._lock = threading.Lock()
        self._here = threading.local()  # a session is for one thread

    def fetch(self, url: str, version: str, most_bytes: int = LARGEST_BYTES) -> Path:
        """The file at an address. Raises Unreachable when it cannot be had for now, InputError when it is too large.

        The message does not say which file that is: whoever asks knows by what name people know it.
        """
        suffix = PurePosixPath(urlsplit(url).path).suffix
        return self._cache.keep(
            "remote", url, version, suffix=suffix, write=lambda file: self._download(url, file, most_bytes)
        )

    def read(self, url: str, most_bytes: int) -> bytes:
        """A small file at an address, such as a list. Raises as `fetch` does, and says which."""
        try:
            path = self.fetch(url, str(time.time_ns()), most_bytes)
        except InputError as error:
            raise error.within(shown_address(url)) from error
        content = path.read_bytes()
        path.unlink()
        return content

    def listed(self, url: str) -> list[tuple[str, dict[str, Any]]]:
        """Every file below a bucket's address: its path, beginning with the bucket, and what the service says of it."""
        system = self._system(url)

        def find() -> list[tuple[str, dict[str, Any]]]:
            system.invalidate_cache()
            return list(system.find(system._strip_protocol(url), detail=True).items())

        try:
            return self._patiently(find, url)
        except InputError as error:
            raise error.within(shown_address(url)) from error

    def presigned(self, url: str, seconds: int) -> str | None:
        """An address of something in a bucket that holds for so long; None where the credentials cannot sign one."""
        try:
            address = str(self._system(url).sign(url, expiration=seconds))
        except Exception as error:  # noqa: BLE001 - each service has its own kinds of errors
            host = urlsplit(url).netloc
            if host not in self._unsigned:
                log.warning("%s: no presigned URLs, so pictures pass through the app: %s", host, _plain(error))
            self._unsigned.add(host)
            return None
        return address if scheme_of(address) in ("http", "https") else None

    def _download(self, url: str, file: IO[bytes], most_bytes: int) -> None:
        def once() -> None:
            file.seek(0)
            file.truncate()
            if scheme_of(url) in BUCKETS:
                with self._system(url).open(url, "rb") as source:
                    _copy(iter(lambda: source.read(PIECE_BYTES), b""), file, most_bytes)
            else:
                self._get(url, file, most_bytes)

        self._patiently(once, url)

    def _get(self, url: str, file: IO[bytes], most_bytes: int) -> None:
        if not hasattr(self._here, "session"):
            self._here.session = requests.Session()
        with self._here.session.get(url, stream=True, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S)) as answer:
            if answer.status_code in GONE:
                raise FileNotFoundError
            if answer.status_code in REFUSED:
                raise PermissionError(f"the server answers {answer.status_code}")
            if answer.status_code >= 400:
                kind = ConnectionError if answer.status_code in OVERBURDENED else _UselessAnswerError
                raise kind(f"the server answers {answer.status_code}")
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                raise _UselessAnswerError("the server answers with a web page")  # such as that of a login
            _copy(answer.iter_content(PIECE_BYTES), file, most_bytes)

    def _patiently(self, work: Callable[[], Result], url: str) -> Result:
        host = urlsplit(url).netloc
        attempts = 1 if scheme_of(url) in RETRY_THEMSELVES else ATTEMPTS
        for place in (host, url):
            moment, why = self._failed.get(place, (-math.inf, ""))
            if time.monotonic() < moment + LEFT_ALONE_S:
                raise Unreachable(f"cannot be fetched, {why}")
        for attempt in range(attempts):
            try:
                result = work()
                self._failed.pop(host, None)
                return result
            except FileNotFoundError:
                raise Unreachable("is not there") from None
            except PermissionError as error:
                raise Unreachable(f"access is refused ({_plain(error)}); check the credentials") from error
            except InputError:
                raise
            except Exception as error:  # noqa: BLE001 - each service has its own kinds of errors
                log.warning("%s: attempt %d of %d failed: %s", shown_address(url), attempt + 1, attempts, _plain(error))
                last = error
            if attempt + 1 < attempts:
                self._pause(FIRST_PAUSE_S * 2**attempt * random.uniform(0.75, 1.25))
        why = f"tried {attempts} times ({_plain(last)})" if attempts > 1 else _plain(last)
        self._note_failure(url if isinstance(last, _UselessAnswerError) else host, why)
        raise Unreachable(f"cannot be fetched, {why}") from last

    def _note_failure(self, place: str, why: str) -> None:
        now = time.monotonic()
        with self._lock:
            recent = {one: said for one, said in self._failed.items() if now < said[0] + LEFT_ALONE_S}
            self._failed = {**recent, place: (now, why)}

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

        if scheme != "s3":
            return fsspec.filesystem(scheme, use_listings_cache=False)
        timeouts = {"connect_timeout": CONNECT_TIMEOUT_S, "read_timeout": READ_TIMEOUT_S}
        once = {"retries": {"total_max_attempts": 1}, **timeouts}  # `Remote` tries again, and knows when to stop
        system = fsspec.filesystem(scheme, use_listings_cache=False, config_kwargs=once)
        system.retries = 1
        return system
    except ImportError:
        package = BUCKETS[scheme]
        raise InputError(
            f"images: {scheme}:// needs the package {package}; install it with: pip install {package}"
        ) from None


class BucketSource(Source):
    """Every picture below an address such as ``s3://bucket/prefix``. Ids are paths below that prefix."""

    def __init__(self, url: str, remote: Remote) -> None:
        self.name = url.rstrip("/")  # a bucket's address holds no secret
        self._scheme = scheme_of(url)
        self._remote = remote

    def walk(self) -> Iterator[Found]:
        """Yield the pictures in natural order; raises Unreachable when the bucket does not answer."""
        start = self.name.partition("://")[2] + "/"
        listed = [(path.removeprefix(start), said) for path, said in self._remote.listed(self.name)]
        pictures = [(path, said) for path, said in listed if is_picture(path) and is_text(path) and clean_id(path)]
        for path, said in sorted(pictures, key=lambda one: path_key(one[0])):
            token = said.get("ETag") or said.get("etag") or said.get("md5Hash") or said.get("LastModified") or ""
            version = f"{str(token).strip(chr(34))}-{said.get('size') or 0:x}"
            yield Found(clean_id(path), path, version, said.get("size"))

    def fetch(self, location: str, version: str) -> Path:
        return self._remote.fetch(f"{self.name}/{location}", version)

    def presigned(self, location: str, seconds: int) -> str | None:
        return self._remote.presigned(f"{self.name}/{location}", seconds)


def _copy(pieces: Iterable[bytes], file: IO[bytes], most_bytes: int) -> None:
    """Write what comes, within bounds of size and time."""
    until = time.monotonic() + LONGEST_S
    for piece in pieces:
        file.write(piece)
        if file.tell() > most_bytes:
            raise InputError(f"more than {most_bytes:,} bytes")
        if time.monotonic() > until:
            raise TimeoutError(f"not complete after {LONGEST_S} seconds")


def _plain(error: BaseException) -> str:
    """What an error says, without the addresses that it may name: those can hold signatures."""
    if isinstance(error, requests.RequestException):
        return "no answer in time" if isinstance(error, requests.Timeout) else "no connection, or it broke off"
    words = str(error).split()
    text = " ".join(word if "://" not in word and "?" not in word else "…" for word in words)
    return text[:200] or type(error).__name__
