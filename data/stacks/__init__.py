"""Pictures as instruments make them: several pages and channels, more than eight bits, too large to decode at once.

A stack is read in parts: TIFF by its tiles or strips, whatever else as a whole. `data.stack_views` shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.stacks.dicom import DICOM_MARK, open_dicom
from data.stacks.model import ORIENTATION_TAG, TURNS, Level, Region, Stack, Values
from data.stacks.png import is_deep_png, open_deep_png
from data.stacks.tiff import TIFF_MARKS, open_tiff, other_pages

__all__ = ["ORIENTATION_TAG", "TURNS", "Level", "Region", "Stack", "Values", "open_stack", "other_pages"]

HEAD_BYTES = 132


@contextmanager
def open_stack(path: Path) -> Iterator[Stack | None]:
    """The stack in a file; None for a picture that any reader shows as it is.

    Raises InputError for a file that says it is one and cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        head = b""  # whoever opens it next says why that fails
    if head.endswith(DICOM_MARK) and len(head) == HEAD_BYTES:
        yield open_dicom(path)
    elif is_deep_png(head):
        yield open_deep_png(path, head)
    elif head.startswith(TIFF_MARKS):
        with open_tiff(path) as stack:
            yield stack
    else:
        yield None
