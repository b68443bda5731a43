"""Which part of a training set a file or a folder is, by what it is called."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from data.formats.model import Split

SPLITS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_NAMED = re.compile(rf"(?:instances_)?({'|'.join(SPLITS)})(?:20\d\d)?")


def split_named(name: str) -> Split:
    """The split that a folder, or a file without its ending, is named for: ``valid``, ``instances_train2017``."""
    found = _NAMED.fullmatch(name.lower())
    return SPLITS[found[1]] if found else ""


def split_of_file(file: str) -> Split:
    """The split of a file of annotations: its own name says it, or else the nearest folder that does."""
    path = PurePosixPath(file)
    return next((split for name in (path.stem, *reversed(path.parts[:-1])) if (split := split_named(name))), "")
