"""Numbers in sentences."""

from __future__ import annotations

PLURALS = {"box": "boxes"}


def counted(count: int, noun: str) -> str:
    """``1 box``, ``2 boxes``, ``1,000 images``."""
    return f"{count:,} {noun if count == 1 else PLURALS.get(noun, noun + 's')}"
