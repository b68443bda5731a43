"""Pictures as instruments make them: pages, channels, sixteen bits and floats, tiled slides, DICOM."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
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
from data.pictures import Measured, Pictures
from data.stack_views import PLAIN, Look, parse_look
from data.tiles import Tiles

WIDTH, HEIGHT = 60, 40


@pytest.fixture
def pictures(cache: Cache) -> Pictures:
    return Pictures(cache, 10**8)


def ramp(dtype: Any = np.uint16, *, factor: float = 100.0, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Values that grow to the right."""
    return np.tile(np.arange(width) * factor, (height, 1)).astype(dtype)


def spot(x: int, y: int, dtype: Any = np.uint16) -> np.ndarray:
    """A bright square of four pixels on black."""
    values = np.zeros((HEIGHT, WIDTH), dtype)
    values[y : y + 4, x : x + 4] = 1000 if dtype == np.uint16 else 250
    return values


def shown(pictures: Pictures, path: Path, look: Look = PLAIN, **more: Any) -> np.ndarray:
    return np.asarray(Image.open(pictures.shown(path, "v", look=look, **more).path))


def brightest(values: np.ndarray) -> tuple[int, int]:
    """x and y of the first of the brightest pixels."""
    y, x = np.unravel_index(values.argmax(), values.shape)
    return int(x), int(y)


def view(pictures: Pictures, path: Path) -> dict[str, Any]:
    return json.loads(pictures.measure(path).view)


@pytest.mark.parametrize(
    ("dtype", "suffix"),
    [(one, ".tif") for one in (np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64)]
    + [(np.uint16, ".png")],
)
def test_more_than_eight_bits_are_stretched_between_percentiles(
    pictures: Pictures, tmp_path: Path, dtype: Any, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    Image.fromarray(ramp(dtype)).save(path) if suffix == ".png" else tifffile.imwrite(path, ramp(dtype))
    assert view(pictures, path) == {"pages": 1, "channels": 1, "bits": 8 * np.dtype(dtype).itemsize, "names": []}
    plain = shown(pictures, path)
    assert plain.shape == (HEIGHT, WIDTH)
    assert (plain[0, 0], plain[0, -1]) == (0, 255)
    assert list(plain[0]) == sorted(plain[0])
    narrow = shown(pictures, path, Look(low=25, high=75))
    assert (narrow[0, : WIDTH // 4 - 1] == 0).all()
    assert (narrow[0, 3 * WIDTH // 4 + 1 :] == 255).all()


def test_values_that_are_no_numbers_do_not_spoil_the_contrast(pictures: Pictures, tmp_path: Path) -> None:
    values = ramp(np.float32)
    values[0, :3] = np.nan, np.inf, -np.inf
    tifffile.imwrite(tmp_path / "a.tif", values)
    assert list(shown(pictures, tmp_path / "a.tif")[1, [0, -1]]) == [0, 255]
    tifffile.imwrite(tmp_path / "b.tif", np.full((4, 4), np.nan, np.float32))
    assert shown(pictures, tmp_path / "b.tif").shape == (4, 4)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}, {"bigtiff": True},
                                     {"byteorder": ">"}, {"rowsperstrip": 7, "compression": "lzw"}])  # fmt: skip
def test_every_page_is_shown(pictures: Pictures, tmp_path: Path, options: dict[str, Any]) -> None:
    places = [(10, 10), (20, 20), (30, 30)]
    tifffile.imwrite(
        tmp_path / "a.tif", np.stack([spot(*place) for place in places]), photometric="minisblack", **options
    )
    assert view(pictures, tmp_path / "a.tif")["pages"] == 3
    for page, place in enumerate(places, start=1):
        assert brightest(shown(pictures, tmp_path / "a.tif", Look(page=page))) == place
    with pytest.raises(InputError, match=r"found 4 and 0, where there are 3 pages and 1 channel"):
        shown(pictures, tmp_path / "a.tif", Look(page=4))


@pytest.mark.parametrize(
    ("axes", "kind"),
    [(axes, kind) for axes in ("CYX", "ZCYX", "TCYX", "TZCYX") for kind in ("ome", "imagej")] + [("CZYX", "ome")],
)
def test_channels_are_shown_one_by_one_and_together(pictures: Pictures, tmp_path: Path, axes: str, kind: str) -> None:
    sizes = {"T": 2, "Z": 3, "C": 2, "Y": HEIGHT, "X": WIDTH}
    values = np.zeros([sizes[axis] for axis in axes], np.uint16)
    pages = int(np.prod([sizes[axis] for axis in axes if axis not in "CYX"]))
    for channel, place in enumerate([(10, 12), (40, 22)]):
        index = tuple(channel if axis == "C" else slice(None) for axis in axes)
        values[index] = spot(*place)
    path = tmp_path / ("a.ome.tif" if kind == "ome" else "a.tif")
    tifffile.imwrite(path, values, metadata={"axes": axes}, **{kind: True})
    assert {name: view(pictures, path)[name] for name in ("pages", "channels")} == {"pages": pages, "channels": 2}
    for page in {1, pages}:
        assert brightest(shown(pictures, path, Look(page=page, channel=1))) == (10, 12)
        assert brightest(shown(pictures, path, Look(page=page, channel=2))) == (40, 22)
    together = shown(pictures, path)
    assert list(together[12, 10]) == [255, 0, 0]
    assert list(together[22, 40]) == [0, 255, 0]


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "tile": (16, 16)}])
def test_samples_of_a_pixel_that_are_no_colours_are_channels(
    pictures: Pictures, tmp_path: Path, planar: str, options: dict[str, Any]
) -> None:
    places = [(5 * n, 3 * n) for n in range(1, 6)]
    planes = np.stack([spot(*place, dtype=np.uint8) for place in places])
    values = planes if planar == "separate" else np.moveaxis(planes, 0, -1)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", planarconfig=planar, **options)
    assert view(pictures, tmp_path / "a.tif")["channels"] == 5
    for channel, place in enumerate(places, start=1):
        assert brightest(shown(pictures, tmp_path / "a.tif", Look(channel=channel))) == place


def test_colour_of_sixteen_bits_is_colour(pictures: Pictures, tmp_path: Path) -> None:
    values = np.zeros((HEIGHT, WIDTH, 3), np.uint16)
    values[..., 1] = 65535
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb")
    assert list(shown(pictures, tmp_path / "a.tif")[3, 3]) == [0, 255, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_pictures_stand_upright(pictures: Pictures, tmp_path: Path, orientation: int) -> None:
    upright = spot(50, 3)
    back = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]  # Pillow's transpose that undoes the turn
    stored = upright if back is None else np.asarray(Image.fromarray(upright).transpose(Image.Transpose(back)))
    tifffile.imwrite(tmp_path / "a.tif", stored, extratags=[(274, 3, 1, orientation, True)])
    measured = pictures.measure(tmp_path / "a.tif")
    assert (measured.width, measured.height) == (WIDTH, HEIGHT)
    assert brightest(shown(pictures, tmp_path / "a.tif")) == (50, 3)
    part = pictures.part(tmp_path / "a.tif", "v", (48, 2, 56, 8), (8, 6))
    assert part is not None
    assert brightest(np.asarray(part)) == (2, 1)


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


def test_a_large_plane_without_levels_is_made_small_once(cache: Cache, tmp_path: Path) -> None:
    """Each part of the overview is the mean of what lies there; the last row and column are not drawn out."""
    side = 20_000
    values = np.zeros((side, side), np.uint16)
    values[: side // 2, side // 2 :] = 1000
    values[-1000:, :1000] = 3000
    tifffile.imwrite(tmp_path / "a.tif", values, tile=(1024, 1024), compression="zlib")
    overview = shown(Pictures(cache, 10**7), tmp_path / "a.tif", Look(low=0, high=100), fit_px=1000)
    assert overview.shape == (1000, 1000)
    assert set(overview[:499, 501:].ravel()) == {85}
    assert set(overview[:499, :499].ravel()) == {0}
    assert set(overview[951:, :49].ravel()) == {255}
    assert set(overview[:948, :498].ravel()) == {0}


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
    with pytest.raises(InputError, match=r"3000000 x 16 pixels, which no picture has"):
        Pictures(cache, 10**8).measure(tmp_path / "a.tif")
    tifffile.imwrite(
        tmp_path / "b.tif", holes(np.uint16), shape=(2000, 2000), dtype=np.uint16, tile=(16, 16), compression="zlib"
    )
    with pytest.raises(
        InputError, match=r"2000 x 2000 pixels, more than the 100000 that are opened; raise --max-pixels"
    ):
        Pictures(cache, 1000).measure(tmp_path / "b.tif")


def test_a_deep_png_is_refused_by_its_head(cache: Cache, tmp_path: Path) -> None:
    """What follows is no picture at all: it would fail in another way if it were decoded."""
    Image.fromarray(ramp()).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[:16] + (30_000).to_bytes(4) * 2 + content[24:26] + b"\0" * 100)
    with pytest.raises(InputError, match=r"30000 x 30000 pixels, more than the 1000000 that are opened at once"):
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


def test_a_picture_without_a_size_is_refused(pictures: Pictures, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", ramp())
    content = bytearray((tmp_path / "a.tif").read_bytes())
    place = next(
        match.start() for match in re.finditer(rb"\x00\x01[\x03\x04]\x00\x01\x00\x00\x00", content)
    )  # the width
    content[place + 8 : place + 12] = b"\0\0\0\0"
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.tif: "):
        pictures.measure(tmp_path / "a.tif")


def test_channels_have_the_names_that_the_file_gives(pictures: Pictures, tmp_path: Path) -> None:
    values = np.zeros((2, HEIGHT, WIDTH), np.uint16)
    tifffile.imwrite(
        tmp_path / "a.ome.tif", values, metadata={"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]}}, ome=True
    )
    assert view(pictures, tmp_path / "a.ome.tif")["names"] == ["DAPI", "GFP"]


def test_what_cannot_be_read_in_parts_must_fit(cache: Cache, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((9000, 9000), np.uint16), rowsperstrip=9000, compression="zlib")
    with pytest.raises(
        InputError, match=r"9000 x 9000 pixels, more than the 1000000 that are opened at once; raise --max-p"
    ):
        Pictures(cache, 10**6).measure(tmp_path / "a.tif")


def for_each_page(pictures: Pictures, path: Path) -> None:
    for page in (1, 2, 3):
        shown(pictures, path, Look(page=page))


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16), "compression": "zlib"}])
def test_a_tiff_that_is_cut_off_says_so(
    pictures: Pictures, tmp_path: Path, cut: float, options: dict[str, Any]
) -> None:
    path = tmp_path / "a.tif"
    noise = np.random.default_rng(0).integers(0, 60_000, (3, HEIGHT, WIDTH), np.uint16)
    tifffile.imwrite(path, noise, photometric="minisblack", **options)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(InputError, match=r"a\.tif: "):
        for_each_page(pictures, path)


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
        pictures.shown(path, content.hex()[:40])
    except InputError as error:
        said = str(error)
    else:
        said = "a.tif: is shown"
    assert said.startswith(("a.tif: ", "page, channel: "))


def dicom(path: Path, values: np.ndarray, **more: Any) -> None:
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    one = pydicom.Dataset()
    one.file_meta = meta
    one.SOPClassUID, one.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    one.Rows, one.Columns = values.shape[-2:]
    one.SamplesPerPixel, one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 1, 16, 12, 11, 0
    one.PhotometricInterpretation = "MONOCHROME2"
    if values.ndim == 3:
        one.NumberOfFrames = len(values)
    for name, value in more.items():
        setattr(one, name, value)
    one.PixelData = values.astype("<u2").tobytes()
    one.save_as(path, enforce_file_format=True)


def test_dicom(pictures: Pictures, tmp_path: Path) -> None:
    dicom(tmp_path / "a.dcm", np.stack([spot(10, 10), spot(20, 20)]))
    assert pictures.measure(tmp_path / "a.dcm") == Measured(
        WIDTH, HEIGHT, '{"pages": 2, "channels": 1, "bits": 12, "names": []}'
    )
    assert brightest(shown(pictures, tmp_path / "a.dcm", Look(page=2))) == (20, 20)
    dicom(
        tmp_path / "b.dcm", spot(10, 10), PhotometricInterpretation="MONOCHROME1", RescaleSlope=2, RescaleIntercept=-5
    )
    assert brightest(255 - shown(pictures, tmp_path / "b.dcm")) == (10, 10)
    (tmp_path / "c.dcm").write_bytes((tmp_path / "a.dcm").read_bytes()[:500])
    with pytest.raises(InputError, match=r"c\.dcm: the DICOM file cannot be read"):
        pictures.measure(tmp_path / "c.dcm")


def test_dicom_names_the_package_it_needs(pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dicom(tmp_path / "a.dcm", spot(10, 10))
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    with pytest.raises(InputError, match=r"a\.dcm: DICOM needs another package: pip install pydicom"):
        pictures.measure(tmp_path / "a.dcm")


def test_crops_of_a_slide(cache: Cache, tmp_path: Path) -> None:
    values = slide(tmp_path / "a.tif", width=7000, height=5000, levels=1)
    crop = Crops(cache, Pictures(cache, 10**6)).crop(tmp_path / "a.tif", "v", (7000, 5000), (3000, 2000, 3100, 2100))
    cut = np.asarray(Image.open(crop.path), np.int16)
    assert cut.shape == (130, 130, 3)
    assert np.abs(cut[15:-15, 15:-15].mean(axis=(0, 1)) - values[2000:2100, 3000:3100].mean(axis=(0, 1))).max() < 3


@pytest.mark.parametrize(
    ("given", "said"),
    [({"page": "0"}, "page: found '0'"), ({"page": "x"}, "page: found 'x'"), ({"low": "nan"}, "low: found 'nan'"),
     ({"low": "60", "high": "40"}, "low, high: found 60 and 40"), ({"channel": "-1"}, "channel: found '-1'"),
     ({"high": "101"}, "high: found '101', expected a number from 0 to 100")],
)  # fmt: skip
def test_a_look_that_is_none_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_look(given)
    assert said in str(refused.value)
