"""Folders of pictures, and pictures of every kind."""

from __future__ import annotations

import io
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from data.cache import Cache
from data.errors import InputError
from data.pictures import Measured, Pictures
from data.sources import open_source
from data.sources.folders import FolderSource
from data.tiles import TILE_PX, Tiles
from tests.conftest import save_picture


def ids(root: Path) -> list[str]:
    return [found.id for found in FolderSource(root).walk()]


def test_a_folder_is_walked_in_natural_order(tmp_path: Path) -> None:
    for name in (
        "img10.jpg",
        "img2.JPG",
        "b/3.png",
        "b/20.png",
        "B2.gif",
        ".hidden.jpg",
        "notes.txt",
        ".d/x.jpg",
        "a/z.tiff",
        "c.webp",
    ):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(b"")
    assert ids(tmp_path) == ["a/z.tiff", "b/3.png", "b/20.png", "B2.gif", "c.webp", "img2.JPG", "img10.jpg"]


def test_ids_are_composed_text_and_find_their_file(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "Übung é.png")
    save_picture(tmp_path / name)
    [found] = FolderSource(tmp_path).walk()
    assert found.id == "Übung é.png"
    assert FolderSource(tmp_path).fetch(found.location, found.version).is_file()


def test_links_in_a_circle_and_to_nowhere_are_survived(tmp_path: Path) -> None:
    save_picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "up").symlink_to(tmp_path)
    (tmp_path / "in" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert "in/a.png" in ids(tmp_path)


def test_names_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).write_bytes(b"")
    except OSError:
        return  # this file system has only names that are text
    assert ids(tmp_path) == ["a.png"]


def test_versions_change_with_the_file(tmp_path: Path) -> None:
    path = save_picture(tmp_path / "a.png")
    [before] = FolderSource(tmp_path).walk()
    save_picture(path, (10, 10))
    [after] = FolderSource(tmp_path).walk()
    assert before.version != after.version


def test_a_source_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        open_source([str(tmp_path / "x")], Cache(tmp_path / "cache", 10**9))


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return Pictures(Cache(tmp_path / "cache", 10**9), max_pixels=10_000_000)


@pytest.mark.parametrize("kind", ["png", "tif", "jpg"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_stands_upright(pictures: Pictures, tmp_path: Path, orientation: int, kind: str) -> None:
    upright = np.zeros((40, 60, 3), np.uint8)
    upright[:10, :10] = (255, 0, 0)  # red in the top-left corner
    upright[:10, -10:] = (0, 255, 0)  # green in the top-right one
    back = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]  # Pillow's transpose that undoes the turn
    stored = Image.fromarray(upright)
    if back is not None:
        stored = stored.transpose(Image.Transpose(back))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{kind}"
    stored.save(path, exif=exif, quality=95)
    assert pictures.measure(path) == Measured(60, 40)
    thumbnail = pictures.thumbnail(path, "v", fit_px=60).path
    for file in (pictures.shown(path, "v").path, thumbnail, pictures.upright(path, "v")):
        with Image.open(file) as image:
            assert file == path or image.getexif().get(0x0112, 1) == 1
            shown = np.asarray(ImageOps.exif_transpose(image).convert("RGB"), int)  # as whoever opens it sees it
        assert shown.shape == (40, 60, 3)
        assert abs(shown[4, 4] - (255, 0, 0)).max() < 30
        assert abs(shown[4, -5] - (0, 255, 0)).max() < 30


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_can_be_shown(pictures: Pictures, tmp_path: Path, mode: str) -> None:
    ramp = np.linspace(0, 250, 64 * 48).reshape(48, 64)
    path = tmp_path / "a.tif"
    if mode == "I;16":
        image = Image.fromarray((ramp * 40 + 20_000).astype(np.uint16))
    elif mode == "I":
        image = Image.fromarray((ramp * 1000).astype(np.int32))
    elif mode == "F":
        image = Image.fromarray((ramp / 250).astype(np.float32))
    else:
        image = Image.fromarray(ramp.astype(np.uint8)).convert(mode)
    image.save(path)
    served = pictures.shown(path, "v")
    shown = Image.open(served.path)
    assert (served.media_type, shown.size, shown.mode in ("L", "RGB")) == ("image/png", (64, 48), True)
    values = np.asarray(shown.convert("L"))
    assert values.max() - values.min() > 150  # neither black nor white all over


def test_browser_pictures_are_sent_as_they_are_and_large_ones_smaller(pictures: Pictures, tmp_path: Path) -> None:
    path = save_picture(tmp_path / "a.jpg", (3000, 1000))
    assert pictures.shown(path, "v").path == path
    assert pictures.shown(path, "v", fit_px=4000).path == path
    small = pictures.shown(path, "v", fit_px=600)
    assert Image.open(small.path).size == (600, 200)
    assert pictures.shown(path, "v", fit_px=600).path == small.path
    assert pictures.shown(path, "other version", fit_px=600).path != small.path
    assert max(Image.open(pictures.thumbnail(path, "v", fit_px=144).path).size) == 144


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"<svg onload='alert(1)'/>", "is no picture that can be read"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "is no picture|cannot be opened"),
    ],
)
def test_what_is_no_picture_says_so(pictures: Pictures, tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"a.jpg: .*({says})"):
        pictures.measure(path)


def test_a_truncated_picture_says_so(pictures: Pictures, tmp_path: Path) -> None:
    path = save_picture(tmp_path / "a.jpg", (3000, 2000))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match="the end of the file is missing"):
        pictures.measure(path)
    with pytest.raises(InputError, match="cannot be decoded"):
        pictures.shown(path, "v", fit_px=100)
    assert list((tmp_path / "cache").glob("**/*.*")) == []


@pytest.mark.parametrize("name", ["a.bmp", "a.webp", "a.png", "a.jpg"])
def test_every_kind_of_picture_is_known_to_be_cut_off(pictures: Pictures, tmp_path: Path, name: str) -> None:
    """A browser would show the half that is there as if it were the whole."""
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    assert pictures.measure(tmp_path / name).width == 300
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=f"{name}: (the end of the file is missing|cannot be opened)"):
        pictures.measure(tmp_path / name)


def test_a_picture_beyond_the_limit_is_refused_before_it_is_decoded(pictures: Pictures, tmp_path: Path) -> None:
    path = save_picture(tmp_path / "bomb.png", (10_000, 1001))
    with pytest.raises(
        InputError, match="10,000 x 1,001 pixels, more than the 10,000,000 that are opened at once; raise --max-pixels"
    ):
        pictures.measure(path)


def test_a_picture_that_vanished_says_so(pictures: Pictures, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        pictures.measure(tmp_path / "gone.jpg")


def test_tiles_are_the_upright_picture_in_parts(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    upright = Image.fromarray(rng.integers(0, 255, (42, 21), dtype=np.uint8)).resize(
        (2100, 4200), Image.Resampling.NEAREST
    )
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its left side
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    lying.save(tmp_path / "a.png", exif=exif)
    cache = Cache(tmp_path / "cache", 10**9)
    tiles = Tiles(cache, Pictures(cache, max_pixels=10_000_000))
    for level, side in ((0, TILE_PX), (1, TILE_PX * 2)):
        joined = Image.new("L", upright.size)
        for top in range(0, upright.height, side):
            for left in range(0, upright.width, side):
                data = tiles.tile(tmp_path / "a.png", "v", upright.size, (level, left // side, top // side))
                tile = Image.open(io.BytesIO(data))
                joined.paste(tile.resize((tile.width * 2**level, tile.height * 2**level)), (left, top))
        difference = np.abs(np.asarray(joined, dtype=float) - np.asarray(upright, dtype=float))
        assert difference.mean() < 2
    for place in ((0, 5, 0), (2, 0, 0), (9, 9, 9)):
        with pytest.raises(InputError, match=r"which a\.png does not have"):
            tiles.tile(tmp_path / "a.png", "v", upright.size, place)
