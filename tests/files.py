"""Files as they come from a browser."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.formats.tree import Tree, open_files


@contextmanager
def opened(name: str, content: bytes) -> Iterator[Tree]:
    """One file by that name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "0"
        path.write_bytes(content)
        with open_files({name: path}) as tree:
            yield tree
