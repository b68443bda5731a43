"""Pictures as instruments make them: pages, channels, sixteen bits and floats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from data.errors import InputError
from data.pictures import Pictures
from data.stack_views import Look, parse_look
from tests.stacks import HEIGHT, WIDTH, brightest, ramp, shown, spot, view


@pytest.mark.parametrize(
    ("dtype", "suffix"),
    [(one, ".tif") for one in (np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64)]
    + [(np.uint16, ".png")],
)
def test_more_than_eight_bits_are_stretched_between_percentiles(
    reader: Pictures, tmp_path: Path, dtype: Any, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    Image.fromarray(ramp(dtype)).save(path) if suffix == ".png" else tifffile.imwrite(path, ramp(dtype))
    assert view(reader, path) == {"pages": 1, "channels": 1, "bits": 8 * np.dtype(dtype).itemsize, "names": []}
    plain = shown(reader, path)
    assert plain.shape == (HEIGHT, WIDTH)
    assert (plain[0, 0], plain[0, -1]) == (0, 255)
    assert list(plain[0]) == sorted(plain[0])
    narrow = shown(reader, path, Look(low=25, high=75))
    assert (narrow[0, : WIDTH // 4 - 1] == 0).all()
    assert (narrow[0, 3 * WIDTH // 4 + 1 :] == 255).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pages_of_other_sizes_are_counted_and_the_first_is_shown(reader: Pictures, tmp_path: Path, dtype: Any) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for page in (spot(10, 10, dtype), np.zeros((9, 9), dtype), np.zeros((7, 7), dtype)):
            file.write(page, photometric="minisblack")
    assert view(reader, tmp_path / "a.tif")["others"] == 2
    assert brightest(shown(reader, tmp_path / "a.tif")) == (10, 10)


def _two_pages(path: Path, first: Image.Image, second: Image.Image, **options: Any) -> None:
    first.save(path, save_all=True, append_images=[second], **options)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
@pytest.mark.parametrize("second", [(WIDTH, HEIGHT), (9, 9)])
def test_a_further_page_changes_no_colour(reader: Pictures, tmp_path: Path, mode: str, second: tuple[int, int]) -> None:
    values = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 4), np.uint8)
    picture = (
        Image.fromarray(values, "RGBA").convert(mode)
        if mode in ("LA", "RGBA")
        else Image.fromarray(values[..., :3]).convert(mode)
    )
    picture.save(tmp_path / "alone.tif")
    _two_pages(tmp_path / "two.tif", picture, picture.resize(second))
    alone = np.asarray(Image.open(reader.shown(tmp_path / "alone.tif", "v").path).convert("RGB"), int)
    two = np.asarray(Image.open(reader.shown(tmp_path / "two.tif", "v").path).convert("RGB"), int)
    assert abs(alone - two).max() <= 2
    told = view(reader, tmp_path / "two.tif")
    assert told["pages"] + told.get("others", 0) == 2


def test_few_bits_are_as_bright_as_many(reader: Pictures, tmp_path: Path) -> None:
    values = np.full((HEIGHT, WIDTH), 15, np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for _ in range(2):
            file.write(values, photometric="minisblack", bitspersample=4)
    assert shown(reader, tmp_path / "a.tif").min() == 255


def test_what_only_has_a_fitting_size_is_no_smaller_copy(reader: Pictures, tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for side, color in ((2000, 200), (500, 20)):
            file.write(np.full((side, side, 3), color, np.uint8), photometric="rgb", metadata=None)
    small = np.asarray(Image.open(reader.thumbnail(tmp_path / "a.tif", "v", fit_px=50).path).convert("L"))
    assert abs(small.mean() - 200) < 3
    assert view(reader, tmp_path / "a.tif")["others"] == 1


def test_a_file_shows_nothing_of_the_others_that_it_names(reader: Pictures, tmp_path: Path) -> None:
    """A dataset may be spread over files; each of them is a picture of its own here."""
    names = {
        "a.ome.tif": "urn:uuid:11111111-1111-1111-1111-111111111111",
        "b.ome.tif": "urn:uuid:22222222-2222-2222-2222-222222222222",
    }
    planes = "".join(
        f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1"><UUID FileName="{name}">{uuid}</UUID></TiffData>'
        for z, (name, uuid) in enumerate(names.items())
    )
    for (name, uuid), place in zip(names.items(), ((10, 10), (20, 20)), strict=True):
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="{uuid}"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
            f'SizeX="{WIDTH}" SizeY="{HEIGHT}" SizeZ="2" SizeC="1" SizeT="1">{planes}</Pixels></Image></OME>'
        )
        tifffile.imwrite(tmp_path / name, spot(*place), description=xml, metadata=None)
    for name, place in zip(names, ((10, 10), (20, 20)), strict=True):
        assert view(reader, tmp_path / name)["pages"] == 1
        assert brightest(shown(reader, tmp_path / name)) == place


def test_values_that_are_no_numbers_do_not_spoil_the_contrast(reader: Pictures, tmp_path: Path) -> None:
    values = ramp(np.float32)
    values[0, :3] = np.nan, np.inf, -np.inf
    tifffile.imwrite(tmp_path / "a.tif", values)
    assert list(shown(reader, tmp_path / "a.tif")[1, [0, -1]]) == [0, 255]
    tifffile.imwrite(tmp_path / "b.tif", np.full((4, 4), np.nan, np.float32))
    assert shown(reader, tmp_path / "b.tif").shape == (4, 4)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}, {"bigtiff": True},
                                     {"byteorder": ">"}, {"rowsperstrip": 7, "compression": "lzw"}])  # fmt: skip
def test_every_page_is_shown(reader: Pictures, tmp_path: Path, options: dict[str, Any]) -> None:
    places = [(10, 10), (20, 20), (30, 30)]
    tifffile.imwrite(
        tmp_path / "a.tif", np.stack([spot(*place) for place in places]), photometric="minisblack", **options
    )
    assert view(reader, tmp_path / "a.tif")["pages"] == 3
    for page, place in enumerate(places, start=1):
        assert brightest(shown(reader, tmp_path / "a.tif", Look(page=page))) == place
    with pytest.raises(InputError, match=r"found 4 and 0, where there are 3 pages and 1 channel"):
        shown(reader, tmp_path / "a.tif", Look(page=4))


@pytest.mark.parametrize(
    ("axes", "kind"),
    [(axes, kind) for axes in ("CYX", "ZCYX", "TCYX", "TZCYX") for kind in ("ome", "imagej")] + [("CZYX", "ome")],
)
def test_channels_are_shown_one_by_one_and_together(reader: Pictures, tmp_path: Path, axes: str, kind: str) -> None:
    sizes = {"T": 2, "Z": 3, "C": 2, "Y": HEIGHT, "X": WIDTH}
    values = np.zeros([sizes[axis] for axis in axes], np.uint16)
    pages = int(np.prod([sizes[axis] for axis in axes if axis not in "CYX"]))
    for channel, place in enumerate([(10, 12), (40, 22)]):
        index = tuple(channel if axis == "C" else slice(None) for axis in axes)
        values[index] = spot(*place)
    path = tmp_path / ("a.ome.tif" if kind == "ome" else "a.tif")
    tifffile.imwrite(path, values, metadata={"axes": axes}, **{kind: True})
    assert {name: view(reader, path)[name] for name in ("pages", "channels")} == {"pages": pages, "channels": 2}
    for page in {1, pages}:
        assert brightest(shown(reader, path, Look(page=page, channel=1))) == (10, 12)
        assert brightest(shown(reader, path, Look(page=page, channel=2))) == (40, 22)
    together = shown(reader, path)
    assert list(together[12, 10]) == [255, 0, 0]
    assert list(together[22, 40]) == [0, 255, 0]


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "tile": (16, 16)}])
def test_samples_of_a_pixel_that_are_no_colours_are_channels(
    reader: Pictures, tmp_path: Path, planar: str, options: dict[str, Any]
) -> None:
    places = [(5 * n, 3 * n) for n in range(1, 6)]
    planes = np.stack([spot(*place, dtype=np.uint8) for place in places])
    values = planes if planar == "separate" else np.moveaxis(planes, 0, -1)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", planarconfig=planar, **options)
    assert view(reader, tmp_path / "a.tif")["channels"] == 5
    for channel, place in enumerate(places, start=1):
        assert brightest(shown(reader, tmp_path / "a.tif", Look(channel=channel))) == place


def test_colour_of_sixteen_bits_is_colour(reader: Pictures, tmp_path: Path) -> None:
    values = np.zeros((HEIGHT, WIDTH, 3), np.uint16)
    values[..., 1] = 65535
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb")
    assert list(shown(reader, tmp_path / "a.tif")[3, 3]) == [0, 255, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_pictures_stand_upright(reader: Pictures, tmp_path: Path, orientation: int) -> None:
    upright = spot(50, 3)
    back = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]  # Pillow's transpose that undoes the turn
    stored = upright if back is None else np.asarray(Image.fromarray(upright).transpose(Image.Transpose(back)))
    tifffile.imwrite(tmp_path / "a.tif", stored, extratags=[(274, 3, 1, orientation, True)])
    measured = reader.measure(tmp_path / "a.tif")
    assert (measured.width, measured.height) == (WIDTH, HEIGHT)
    assert brightest(shown(reader, tmp_path / "a.tif")) == (50, 3)
    part = reader.part(tmp_path / "a.tif", "v", (48, 2, 56, 8), (8, 6))
    assert part is not None
    assert brightest(np.asarray(part)) == (2, 1)


def test_channels_have_the_names_that_the_file_gives(reader: Pictures, tmp_path: Path) -> None:
    values = np.zeros((2, HEIGHT, WIDTH), np.uint16)
    tifffile.imwrite(
        tmp_path / "a.ome.tif", values, metadata={"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]}}, ome=True
    )
    assert view(reader, tmp_path / "a.ome.tif")["names"] == ["DAPI", "GFP"]


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}])
@pytest.mark.parametrize("missing", [1, 7, 200])
def test_a_stack_that_is_cut_off_is_no_stack_of_other_pages(
    reader: Pictures, tmp_path: Path, options: dict[str, Any], missing: int
) -> None:
    """What says which pages are channels stands at the end: without it, each would count as a page."""
    path = tmp_path / "a.ome.tif"
    values = np.random.default_rng(1).integers(0, 60_000, (4, 3, HEIGHT, WIDTH), dtype=np.uint16)
    tifffile.imwrite(path, values, metadata={"axes": "ZCYX"}, ome=True, **options)
    assert (view(reader, path)["pages"], view(reader, path)["channels"]) == (4, 3)
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(InputError, match=r"a\.ome\.tif: the end of the file is missing"):
        reader.measure(path)


@pytest.mark.parametrize(
    "options", [{}, {"imagej": True}, {"bigtiff": True}, {"byteorder": ">"}, {"compression": "zlib"}]
)
def test_a_stack_that_is_cut_off_anywhere_is_whole_or_refused(
    reader: Pictures, tmp_path: Path, options: dict[str, Any]
) -> None:
    """What says where the pages are stands at the end. Without it, the first page would be a plain picture."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.stack([ramp(dtype=np.uint16)] * 3), photometric="minisblack", **options)
    content, whole = path.read_bytes(), reader.measure(path).view
    assert whole
    for missing in range(1, 400, 7):
        path.write_bytes(content[:-missing])
        try:
            found = reader.measure(path).view
        except InputError as error:
            found = str(error)
        assert found in (whole, "a.tif: the end of the file is missing; copy it again")


def test_a_slide_whose_smaller_copies_are_cut_off_says_so(reader: Pictures, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    noise = np.random.default_rng(0).integers(0, 255, (512, 512, 3), np.uint8)
    with tifffile.TiffWriter(path) as file:
        options: dict[str, Any] = {"photometric": "rgb", "tile": (64, 64), "compression": "zlib"}
        file.write(noise, subifds=1, **options)
        file.write(noise[::2, ::2], subfiletype=1, **options)
    assert reader.measure(path).width == 512
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError, match="the end of the file is missing"):
        reader.measure(path)


def test_a_count_of_bytes_that_is_too_great_hides_no_picture(reader: Pictures, tmp_path: Path) -> None:
    """It is known how many there are where nothing is compressed."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ramp(dtype=np.uint16), photometric="minisblack")
    with tifffile.TiffFile(path, mode="r+b") as file:
        tag = file.pages[0].tags["StripByteCounts"]  # type: ignore[union-attr]
        tag.overwrite(tag.value[0] + 512)
    assert reader.measure(path).width == WIDTH


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


# ---- deep colour, and what Pillow does not decode ----


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_deep_colour_is_stretched_like_deep_gray(reader: Pictures, tmp_path: Path, name: str) -> None:
    """Twelve bits in sixteen, as cameras write them, are not almost black; hues stay."""
    values = np.stack([ramp(factor=60), ramp(factor=30), np.zeros((HEIGHT, WIDTH))], axis=-1).astype(np.uint16)
    if name.endswith("png"):
        (tmp_path / name).write_bytes(imagecodecs.png_encode(values))
    else:
        tifffile.imwrite(tmp_path / name, values, photometric="rgb")
    assert view(reader, tmp_path / name) == {"pages": 1, "channels": 1, "bits": 16, "names": []}
    found = shown(reader, tmp_path / name, Look(low=0, high=100)).astype(int)
    assert list(found[5, -1]) == [255, 128, 0]
    assert np.abs(found[..., 0] - 2 * found[..., 1]).max() <= 2
    darker = shown(reader, tmp_path / name, Look(low=50, high=100)).astype(int)
    assert darker.mean() < found.mean()
    small = shown(reader, tmp_path / name, Look(low=0, high=100), fit_px=30).astype(int)
    assert small.shape == (20, 30, 3)
    assert np.abs(small[3, 10] - found[6:8, 20:22].mean(axis=(0, 1))).max() <= 2


@pytest.mark.parametrize("mode", [2, 4])
def test_a_deep_png_that_covers_in_part_stands_on_white(reader: Pictures, tmp_path: Path, mode: int) -> None:
    values = np.zeros((HEIGHT, WIDTH, mode), np.uint16)
    values[:, : WIDTH // 2, -1] = 65535
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(values))
    found = shown(reader, tmp_path / "a.png", Look(low=0, high=100))
    assert found.ndim == (2 if mode == 2 else 3)
    assert found[:, : WIDTH // 2].max() == 0
    assert found[:, WIDTH // 2 :].min() == 255


def test_a_deep_png_that_is_damaged_says_so(reader: Pictures, tmp_path: Path) -> None:
    content = bytearray(imagecodecs.png_encode(ramp()))
    content[60:90] = bytes(30)
    (tmp_path / "a.png").write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"a\.png: cannot be decoded \(.*\); the file is damaged"):
        shown(reader, tmp_path / "a.png")


@pytest.mark.parametrize("compression", ["jpeg2000", "jpegxl", "lerc", "webp", "zstd", "lzma", "jpeg", "lzw"])
@pytest.mark.parametrize("tile", [None, (64, 64)])
def test_a_small_tiff_is_shown_however_it_is_packed(
    reader: Pictures, tmp_path: Path, compression: str, tile: tuple[int, int] | None
) -> None:
    values = np.zeros((150, 200, 3), np.uint8)
    values[40:60, 100:140] = 250, 120, 10
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", compression=compression, tile=tile)
    measured = reader.measure(tmp_path / "a.tif")
    assert (measured.width, measured.height, measured.view) == (200, 150, "")
    found = shown(reader, tmp_path / "a.tif").astype(int)
    assert np.abs(found[50, 120] - [250, 120, 10]).max() < 30
    assert found[10, 10].max() < 30
    assert Image.open(reader.thumbnail(tmp_path / "a.tif", "v", fit_px=64).path).size == (64, 48)
