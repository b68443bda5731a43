"""What a source lists and gives."""

from __future__ import annotations

from data.sources import Source


def ids(source: Source) -> list[str]:
    return [found.id for found in source.walk()]


def content(source: Source) -> dict[str, bytes]:
    return {found.id: source.fetch(found.location, found.version).read_bytes() for found in source.walk()}
