"""Opening pictures, each kind for the first time and then from the cache: what the server takes for one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from data.cache import Cache
from data.pictures import Pictures
from data.stack_views import SCREEN_PX
from data.tiles import Tiles

THUMBNAIL_PX = 256
Size = tuple[int, int]


def noise(width: int, height: int, bands: int = 3) -> np.ndarray:
    """Soft noise, which compresses about as photographs do."""
    small = np.random.default_rng(1).integers(0, 255, (height // 16, width // 16, bands), dtype=np.uint8)
    return np.asarray(Image.fromarray(small.squeeze()).resize((width, height), Image.Resampling.BICUBIC))


def photograph(path: Path, width: int, height: int) -> Size:
    Image.fromarray(noise(width, height)).save(path, quality=88)
    return width, height


def microscopy(path: Path) -> Size:
    values = np.stack([noise(2048, 2048, 1).astype(np.uint16) * 200] * 3)
    tifffile.imwrite(path, values, metadata={"axes": "CYX"}, ome=True, compression="zlib")
    return 2048, 2048


def slide(path: Path, levels: bool) -> Size:
    """1.2 gigapixels in JPEG tiles, with smaller copies of itself or without."""
    width, height, side = 40_000, 30_000, 512
    tile = noise(side, side)

    def tiles(by: int) -> Iterator[np.ndarray]:
        for _ in range(-(-height // by // side) * -(-width // by // side)):
            yield tile

    options = {"dtype": np.uint8, "tile": (side, side), "compression": "jpeg", "photometric": "rgb"}
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        file.write(tiles(1), shape=(height, width, 3), subifds=2 if levels else 0, **options)
        for by in (4, 16) if levels else ():
            file.write(tiles(by), shape=(height // by, width // by, 3), subfiletype=1, **options)
    return width, height


def run(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield rows of (what, figure) as they are measured."""
    kinds: dict[str, Callable[[Path], Size]] = {
        "photograph of 12 megapixels (JPEG)": lambda path: photograph(path, 4000, 3000),
        "photograph of 40 megapixels (JPEG)": lambda path: photograph(path, 7300, 5480),
        "photograph of 100 megapixels (JPEG)": lambda path: photograph(path, 11_600, 8620),
        "three channels of 16 bits, 4 megapixels (TIFF)": microscopy,
        "slide of 1.2 gigapixels with its pyramid (TIFF)": lambda path: slide(path, levels=True),
        "the same without a pyramid": lambda path: slide(path, levels=False),
    }
    for number, (name, make) in enumerate(kinds.items()):
        path = folder / f"picture{number}{'.tif' if 'TIFF' in name or 'same' in name else '.jpg'}"
        yield name, figures(path, make(path), folder / f"cache{number}")


def figures(path: Path, size: Size, cached: Path) -> str:
    cache = Cache(cached, 10**10)
    pictures = Pictures(cache, 2 * 10**8)
    tiles = Tiles(cache, pictures)
    middle = size[0] // 2 // 512, size[1] // 2 // 512
    asked: dict[str, Callable[[], object]] = {
        "measured": lambda: pictures.measure(path),
        "shown": lambda: pictures.shown(path, "v", fit_px=SCREEN_PX),
        "thumbnail": lambda: pictures.thumbnail(path, "v", fit_px=THUMBNAIL_PX),
    }
    if size[0] * size[1] > 30_000_000:
        asked["first tile"] = lambda: tiles.tile(path, "v", size, (0, *middle))
        asked["another"] = lambda: tiles.tile(path, "v", size, (1, middle[0] // 2, middle[1] // 2))
    taken = [f"{name} {milliseconds(work)}" for name, work in asked.items()]
    return f"{', '.join(taken)}; shown again {milliseconds(asked['shown'])}"


def milliseconds(work: Callable[[], object]) -> str:
    started = time.perf_counter()
    work()
    return f"{1000 * (time.perf_counter() - started):.0f} ms"
