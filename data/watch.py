"""Long work says how far it is, and stops when it is asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


class Cancelled(Exception):  # noqa: N818 - no error: somebody asked for it
    """Raised by ``Watch.tell`` to stop the work; whoever does the work lets it pass and leaves nothing behind."""


def _silence(_doing: str, _count: int) -> None:
    pass


@dataclass
class Watch:
    """``tell(doing, count)`` is called for every item, so it must be quick; it may raise `Cancelled`."""

    tell: Callable[[str, int], None] = _silence
    doing: str = ""

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, each told when it is taken."""
        for count, item in enumerate(items):
            self.tell(self.doing, count)
            yield item
