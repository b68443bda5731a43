"""Slides and planes too large to be opened whole, and files that are cut off or damaged."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from data.cache import Cache
from data.crops import Crops
from data.errors import InputError
from data.pictures import Pictures
from data.stack_views import PLAIN, Look
from data.stacks import open_stack
from data.tiles import Tiles
from tests.conftest import Site
from tests.stacks import HEIGHT, WIDTH, ramp, shown, slide


@pytest.mark.parametrize("levels", [0, 2])
def test_parts_of_a_slide_are_what_lies_there(cache: Cache, tmp_path: Path, levels: int) -> None:
    values = slide(tmp_path / "a.tif", width=7000, height=5000, levels=levels)
    pictures = Pictures(cache, 10**6)  # it is never opened whole
    assert pictures.measure(tmp_path / "a.tif").width == 7000
    for box in ((0, 0, 512, 512), (6488, 4488, 7000, 5000), (1000, 3000, 1001, 3001), (127, 127, 129, 129)):
        part = pictures.part(tmp_path / "a.tif", "v", box, (box[2] - box[0], box[3] - box[1]))
        assert (np.asarray(part) == values[box[1] : box[3], box[0] : box[2]]).all()
    whole = Image.open(pictures.shown(tmp_path / "a.tif", "v", fit_px=700).path)
    assert whole.size == (700, 500)
    tiles = Tiles(cache, pictures)
    tile = tiles.tile(tmp_path / "a.tif", "v", (7000, 5000), (0, 13, 9))
    assert Image.open(io.BytesIO(tile)).size == (344, 392)
    with pytest.raises(InputError, match=r"which a\.tif does not have"):
        tiles.tile(tmp_path / "a.tif", "v", (7000, 5000), (0, 14, 0))


@pytest.mark.parametrize("options", [{"tile": (1024, 1024)}, {"tile": (16, 1008)}, {"rowsperstrip": 13}])
def test_a_large_plane_without_levels_is_made_small_once(cache: Cache, tmp_path: Path, options: dict[str, Any]) -> None:
    """Each part of the overview is the mean of what lies there; the last row and column are not drawn out."""
    side = 20_000
    values = np.zeros((side, side), np.uint16)
    values[: side // 2, side // 2 :] = 1000
    values[-1000:, :1000] = 3000
    tifffile.imwrite(tmp_path / "a.tif", values, compression="zlib", **options)
    reader = Pictures(cache, 10**7)
    overview = shown(reader, tmp_path / "a.tif", Look(low=0, high=100), fit_px=1000)
    assert overview.shape == (1000, 1000)
    assert set(overview[:499, 501:].ravel()) == {85}
    assert set(overview[:499, :499].ravel()) == {0}
    assert set(overview[951:, :49].ravel()) == {255}
    assert set(overview[:948, :498].ravel()) == {0}
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "b.tif").write_bytes(content[:50_000] + b"?" * 50_000 + content[100_000:])
    with pytest.raises(InputError, match=r"b\.tif: (cannot be decoded .*; the file is damaged|the end of .*)"):
        shown(reader, tmp_path / "b.tif", fit_px=1000)


def test_a_slide_of_a_gigapixel_takes_little_memory(cache: Cache, tmp_path: Path) -> None:
    """Holes are what nothing was written to; the file is small and its picture 1.6 gigapixels."""

    def tiles() -> Iterator[np.ndarray | None]:
        for number in range(40 * 40):
            value = {0: 0, 20 * 40 + 20: 200}.get(number)
            yield None if value is None else np.full((1024, 1024), value, np.uint8)

    side = 40 * 1024
    tifffile.imwrite(
        tmp_path / "a.tif", tiles(), shape=(side, side), dtype=np.uint8, tile=(1024, 1024), compression="zlib"
    )
    pictures = Pictures(cache, 2 * 10**7)  # a hundred times as many may be read in parts
    middle = 20 * 1024
    part = pictures.part(tmp_path / "a.tif", "v", (middle - 2, middle - 2, middle + 2, middle + 2), (4, 4))
    assert (np.asarray(part) == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 200, 200], [0, 0, 200, 200]]).all()


def test_a_picture_beyond_all_bounds_is_refused_before_it_is_read(cache: Cache, tmp_path: Path) -> None:
    def holes(dtype: Any) -> Iterator[np.ndarray | None]:
        yield np.zeros((16, 16), dtype)
        while True:
            yield None

    tifffile.imwrite(
        tmp_path / "a.tif", holes(np.uint8), shape=(16, 3_000_000), dtype=np.uint8, tile=(16, 16), compression="zlib"
    )
    with pytest.raises(InputError, match=r"3,000,000 x 16 pixels, which no picture has"):
        Pictures(cache, 10**8).measure(tmp_path / "a.tif")
    tifffile.imwrite(
        tmp_path / "b.tif", holes(np.uint16), shape=(2000, 2000), dtype=np.uint16, tile=(16, 16), compression="zlib"
    )
    with pytest.raises(
        InputError, match=r"2,000 x 2,000 pixels, more than the 100,000 that are opened; raise --max-pixels"
    ):
        Pictures(cache, 1000).measure(tmp_path / "b.tif")


def test_a_deep_png_is_refused_by_its_head(cache: Cache, tmp_path: Path) -> None:
    """What follows is no picture at all: it would fail in another way if it were decoded."""
    Image.fromarray(ramp()).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[:16] + (30_000).to_bytes(4) * 2 + content[24:26] + b"\0" * 100)
    with pytest.raises(InputError, match=r"30,000 x 30,000 pixels, more than the 1,000,000 that are opened at once"):
        Pictures(cache, 10**6).measure(tmp_path / "a.png")


def test_tiles_of_what_must_be_read_whole_are_cut_once_and_in_its_look(cache: Cache, tmp_path: Path) -> None:
    Image.fromarray(ramp(factor=10, width=3000, height=1100)).save(tmp_path / "a.png")
    pictures = Pictures(cache, 10**7)
    assert pictures.part(tmp_path / "a.png", "v", (0, 0, 9, 9), (9, 9)) is None
    tiles = Tiles(cache, pictures)
    for look, first, last in ((PLAIN, 0, 255), (Look(low=99, high=100), 0, 255)):
        row = [
            np.asarray(Image.open(io.BytesIO(tiles.tile(tmp_path / "a.png", "v", (3000, 1100), (0, n, 0), look))))
            for n in range(6)
        ]
        assert abs(int(row[0][5, 5]) - first) < 3
        assert abs(int(row[-1][5, -5]) - last) < 60
    assert int(row[3][5, 5]) == 0  # white at the very end only


def test_a_large_plane_is_scaled_in_blocks(cache: Cache, tmp_path: Path) -> None:
    """Where the factor is too small for a copy, the whole plane would be there as floats at once."""
    values = ramp(factor=4, width=9000, height=9000)
    tifffile.imwrite(tmp_path / "a.tif", values, tile=(1024, 1024), compression="zlib")
    overview = shown(Pictures(cache, 10**8), tmp_path / "a.tif", Look(low=0, high=100), fit_px=2000)
    expected = np.linspace(0, 255, 2000)
    assert np.abs(overview[1000].astype(float) - expected).max() < 2
    assert (overview == overview[0]).all()


def test_a_picture_without_a_size_is_refused(reader: Pictures, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", ramp())
    content = bytearray((tmp_path / "a.tif").read_bytes())
    place = next(
        match.start() for match in re.finditer(rb"\x00\x01[\x03\x04]\x00\x01\x00\x00\x00", content)
    )  # the width
    content[place + 8 : place + 12] = b"\0\0\0\0"
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.tif: "):
        reader.measure(tmp_path / "a.tif")


def test_what_cannot_be_read_in_parts_must_fit(cache: Cache, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((9000, 9000), np.uint16), rowsperstrip=9000, compression="zlib")
    with pytest.raises(
        InputError, match=r"9,000 x 9,000 pixels, more than the 1,000,000 that are opened at once; raise --max-p"
    ):
        Pictures(cache, 10**6).measure(tmp_path / "a.tif")


def for_each_page(reader: Pictures, path: Path) -> None:
    for page in (1, 2, 3):
        shown(reader, path, Look(page=page))


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16), "compression": "zlib"}])
def test_a_tiff_that_is_cut_off_says_so(reader: Pictures, tmp_path: Path, cut: float, options: dict[str, Any]) -> None:
    path = tmp_path / "a.tif"
    noise = np.random.default_rng(0).integers(0, 60_000, (3, HEIGHT, WIDTH), np.uint16)
    tifffile.imwrite(path, noise, photometric="minisblack", **options)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(InputError, match=r"a\.tif: "):
        for_each_page(reader, path)


def test_a_tiff_that_is_cut_off_while_it_is_read_says_so(tmp_path: Path) -> None:
    """A file that were mapped into memory would end the whole process here."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ramp(width=2000, height=2000))
    with open_stack(path) as stack:
        assert stack is not None
        os.truncate(path, 5000)
        with pytest.raises(InputError, match=r"a\.tif: cannot be decoded \(the end of the file is missing\)"):
            stack.read(0, 0, 0, (0, 0, 2000, 2000))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # which says what is wrong with a file, and goes on
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6), head=st.booleans())
def test_a_damaged_tiff_is_shown_or_refused(tmp_path: Path, places: list[tuple[float, int]], head: bool) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.stack([ramp(), ramp()]), tile=(16, 16), compression="zlib", photometric="minisblack")
    content = bytearray(path.read_bytes())
    for place, value in places:
        content[int(place * (min(400, len(content)) if head else len(content) - 1))] = value
    path.write_bytes(content)
    pictures = Pictures(Cache(tmp_path / "cache", 10**9), 10**6)
    try:
        pictures.measure(path)
        pictures.shown(path, content.hex())
    except InputError as error:
        said = str(error)
    else:
        said = "a.tif: is shown"
    assert said.startswith(("a.tif: ", "page, channel: "))


def test_crops_of_a_deep_picture_have_the_look_that_is_asked_for(cache: Cache, tmp_path: Path) -> None:
    """A small box needs the picture decoded whole, which is kept for the next box."""
    Image.fromarray(ramp(width=600, height=400)).save(tmp_path / "a.png")
    crops = Crops(cache, Pictures(cache, 10**6))

    def cut(look: Look) -> np.ndarray:
        return np.asarray(Image.open(crops.crop(tmp_path / "a.png", "v", (600, 400), (300, 200, 330, 230), look).path))

    assert cut(PLAIN).mean() == pytest.approx(133, abs=5)
    assert cut(Look(low=60, high=99.5)).mean() < 5


@pytest.mark.parametrize("dtype", [np.uint32, np.int32, np.uint16, np.int16])
def test_the_ends_of_a_range_stay_its_ends_when_a_plane_is_made_small(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: Any
) -> None:
    monkeypatch.setattr("data.stacks.tiff.READ_IN_PARTS_FROM_PX", 10**6)
    values = np.full((400, 17_000), np.iinfo(dtype).min, dtype)
    values[:, :8000] = np.iinfo(dtype).max
    tifffile.imwrite(tmp_path / "a.tif", values, tile=(256, 256), compression="zlib", photometric="minisblack")
    overview = shown(Pictures(cache, 10**7), tmp_path / "a.tif", Look(low=0, high=100), fit_px=2048)
    assert set(overview[:, :950].ravel()) == {255}
    assert set(overview[:, 980:].ravel()) == {0}


def test_crops_of_a_slide(cache: Cache, tmp_path: Path) -> None:
    values = slide(tmp_path / "a.tif", width=7000, height=5000, levels=1)
    crop = Crops(cache, Pictures(cache, 10**6)).crop(tmp_path / "a.tif", "v", (7000, 5000), (3000, 2000, 3100, 2100))
    cut = np.asarray(Image.open(crop.path), np.int16)
    assert cut.shape == (130, 130, 3)
    assert np.abs(cut[15:-15, 15:-15].mean(axis=(0, 1)) - values[2000:2100, 3000:3100].mean(axis=(0, 1))).max() < 3


def test_what_could_not_be_read_is_tried_again_after_a_restart(serve: Callable[..., Site]) -> None:
    """Or nobody could do what the message says: raise a limit, install a package."""
    batch = serve(max_pixels="1000").services.batch
    refused = batch.picture("img1.jpg")
    assert refused is not None
    assert "640 x 480 pixels, more than the 1,000 that are opened at once; raise --max-pixels" in refused.error
    assert batch.picture("img1.jpg") == refused
    assert [one.error for one in batch.pictures(["img1.jpg"])] == [refused.error]
    found = serve().services.batch.picture("img1.jpg")
    assert found is not None
    assert (found.width, found.height, found.error) == (640, 480, "")
