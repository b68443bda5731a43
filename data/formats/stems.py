"""Names for files beside pictures: those of the pictures without their endings."""

from __future__ import annotations

from pathlib import PurePosixPath

from data.formats.model import Dataset


class Stems:
    """``cats/1`` for ``cats/1.jpg``; ``cats/1_jpg`` where the folder also holds a ``1.png``."""

    def __init__(self, dataset: Dataset) -> None:
        seen: dict[str, str] = {}
        self._shared: set[str] = set()
        for name in dataset.names() if dataset.names else (one.image for one in dataset.images()):
            stem = PurePosixPath(name).with_suffix("").as_posix()
            if seen.setdefault(stem, name) != name:
                self._shared.add(stem)

    def of(self, image: str) -> str:
        """The name without its ending."""
        path = PurePosixPath(image)
        stem = path.with_suffix("").as_posix()
        return f"{stem}_{path.suffix[1:]}" if stem in self._shared else stem
