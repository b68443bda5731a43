"""The one exception that carries a message meant for a person."""

from __future__ import annotations


class InputError(ValueError):
    """Something given from outside is wrong: a file, a setting, an edit.

    The message is one line that says where, what was found, what was expected
    and the mend. It is shown to people as it is, on the terminal and in the page.
    """

    def within(self, where: str) -> InputError:
        """The same error with the place it was met put in front: ``a.json: images[3]: ...``."""
        return type(self)(f"{where}: {self}")


class PartlyListed(InputError):  # noqa: N818 - nothing is wrong with what was listed
    """Some entries of a source cannot be taken; it was listed to its end, and all others are there."""


class Unreachable(InputError):  # noqa: N818 - reads as what it is
    """Something that is not there right now, such as a bucket behind a network that is down; later it may be."""
