"""Pictures as instruments make them, for tests: ramps, spots and slides, and how they are shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from data.pictures import Pictures
from data.stack_views import PLAIN, Look

WIDTH, HEIGHT = 60, 40


def ramp(dtype: Any = np.uint16, *, factor: float = 100.0, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Values that grow to the right."""
    return np.tile(np.arange(width) * factor, (height, 1)).astype(dtype)


def spot(x: int, y: int, dtype: Any = np.uint16) -> np.ndarray:
    """A bright square of four pixels on black."""
    values = np.zeros((HEIGHT, WIDTH), dtype)
    values[y : y + 4, x : x + 4] = 1000 if dtype == np.uint16 else 250
    return values


def shown(reader: Pictures, path: Path, look: Look = PLAIN, **more: Any) -> np.ndarray:
    return np.asarray(Image.open(reader.shown(path, "v", look=look, **more).path))


def brightest(values: np.ndarray) -> tuple[int, int]:
    """x and y of the first of the brightest pixels."""
    y, x = np.unravel_index(values.argmax(), values.shape)
    return int(x), int(y)


def view(reader: Pictures, path: Path) -> dict[str, Any]:
    return json.loads(reader.measure(path).view)


def slide(path: Path, *, width: int, height: int, levels: int, compression: str | None = "zlib") -> np.ndarray:
    """A tiled colour TIFF with smaller copies of itself; returns its pixels."""
    y, x = np.mgrid[0:height, 0:width]
    values = np.stack([x % 251, y % 241, (x + y) % 256], axis=-1).astype(np.uint8)
    with tifffile.TiffWriter(path) as file:
        options = {"tile": (128, 128), "photometric": "rgb", "compression": compression}
        file.write(values, subifds=levels, **options)
        for level in range(1, levels + 1):
            file.write(values[:: 4**level, :: 4**level], subfiletype=1, **options)
    return values
