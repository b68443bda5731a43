"""Settings: what a deployment can choose, each an option and an environment variable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import InputError

HERE = Path(__file__).resolve().parent.parent
SAMPLE = "sample"
LONGEST_PRESIGNED_S = 604_800  # a week: S3 signs for no longer


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: the option is its name with dashes, the variable is ``variable``."""

    name: str
    variable: str
    default: str
    help: str


SETTINGS = (
    Setting(
        "images",
        "IMAGES",
        SAMPLE,
        "folder with the pictures (recursive), pattern such as 'a/**/*.png', .zip, list (.txt, .csv) of paths or "
        "addresses, address of such a list, s3://, gs:// or az:// prefix, or 'sample'; several: repeat it",
    ),
    Setting("labels", "LABELS", "data/labels.toml", "labels file"),
    Setting("database", "DATABASE_URL", "instance/annotations.db", "SQLite file or postgresql:// URL"),
    Setting("cache", "CACHE", "instance/cache", "folder for fetched and converted pictures; safe to delete"),
    Setting("cache_mb", "CACHE_MB", "10000", "megabytes that the cache may grow to"),
    Setting(
        "presign",
        "PRESIGN",
        "0",
        "seconds for which browsers may load pictures of a bucket from it themselves, by presigned URLs; 0: all "
        "pictures pass through the app",
    ),
    Setting("host", "HOST", "127.0.0.1", "address to listen on; 0.0.0.0 for all"),
    Setting("port", "PORT", "8050", "port to listen on; 0 for any free one"),
    Setting(
        "max_pixels",
        "MAX_PIXELS",
        "200000000",
        "pixels of the largest picture that is opened as a whole, and of all that are at once",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """A checked choice of every setting. Paths are absolute, ``database`` is a SQLAlchemy URL."""

    images: tuple[str, ...]
    labels: Path
    database: str
    cache: Path
    cache_mb: int
    presign: int
    host: str
    port: int
    max_pixels: int


def make_settings(given: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Settle each setting: the given option wins, then the variable, then the default.

    Whatever else is in ``given`` is passed over; an option that may be repeated is a sequence.

    Raises InputError for a value that cannot be, and for a SQLite file on a disk
    that does not last (Heroku sets ``DYNO``).
    """
    typed = {s.name: given.get(s.name) or () for s in SETTINGS}
    lines = {name: value if isinstance(value, str) else "\n".join(value) for name, value in typed.items()}
    chosen = {s.name: lines[s.name] or environment.get(s.variable) or s.default for s in SETTINGS}
    if environment.get("DYNO") and not chosen["database"].startswith(("postgres://", "postgresql://")):
        raise InputError(
            "DATABASE_URL names no PostgreSQL, and a SQLite file would be lost at the next restart of this dyno; "
            "add a database with: heroku addons:create heroku-postgresql"
        )
    return Settings(
        images=tuple(one for line in chosen["images"].splitlines() for one in re.split(r";\s+", line.strip()) if one),
        labels=_absolute(chosen["labels"], from_default=chosen["labels"] == "data/labels.toml"),
        database=database_url(chosen["database"]),
        cache=_absolute(chosen["cache"], from_default=chosen["cache"] == "instance/cache"),
        cache_mb=_whole(chosen["cache_mb"], "cache_mb", 1, 10**9),
        presign=_whole(chosen["presign"], "presign", 0, LONGEST_PRESIGNED_S),
        host=chosen["host"],
        port=_whole(chosen["port"], "port", 0, 65535),
        max_pixels=_whole(chosen["max_pixels"], "max_pixels", 1, 10**12),
    )


def database_url(value: str) -> str:
    """The SQLAlchemy URL for what was given: a URL, a `postgres://` URL or a path to a SQLite file."""
    for spelling in ("postgres://", "postgresql://"):
        if value.startswith(spelling):
            return "postgresql+psycopg://" + value.removeprefix(spelling)
    if "://" in value:
        return value
    return f"sqlite:///{_absolute(value, from_default=value == 'instance/annotations.db')}"


def _absolute(value: str, *, from_default: bool) -> Path:
    """Defaults lie beside the code; what a person types is relative to where they are."""
    return HERE / value if from_default else Path(value).expanduser().absolute()


def _whole(value: str, name: str, low: int, high: int) -> int:
    name = f"--{name.replace('_', '-')}"
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise InputError(f"{name}: found {value!r}, expected a whole number from {low} to {high}")
    return int(value)
