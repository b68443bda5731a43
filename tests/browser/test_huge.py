"""A picture of 400 megapixels and a slide of 1.2 gigapixels: what is sent, and boxes drawn at three zooms."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageDraw
from playwright.sync_api import Response

from tests.browser.person import Person
from tests.conftest import Site

MARKS = [(30, 40), (9_990, 10_010), (19_900, 19_930)]  # the middles of small crosses


@dataclass(frozen=True)
class Huge:
    """A grey picture with three crosses of one pixel's breadth, alone in a folder."""

    path: Path
    width: int
    height: int


@pytest.fixture(scope="module", params=["photograph", "slide"])
def huge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Huge:
    folder = tmp_path_factory.mktemp(request.param)
    return photograph(folder / "huge.png") if request.param == "photograph" else slide(folder / "huge.tif")


def photograph(path: Path) -> Huge:
    """It has to be read as a whole."""
    image = Image.new("L", (20_000, 20_000), 120)
    mark(image, 0, 0)
    image.save(path, compress_level=1)
    return Huge(path, *image.size)


def slide(path: Path) -> Huge:
    """A tiled TIFF; its smaller copies show no crosses, which would be too small there."""
    width, height, side = 40_000, 30_000, 1024

    def tiles(by: int) -> Iterator[np.ndarray]:
        for top in range(0, height // by, side):
            for left in range(0, width // by, side):
                tile = Image.new("L", (side, side), 120)
                if by == 1:
                    mark(tile, left, top)
                yield np.asarray(tile)

    options = {"dtype": np.uint8, "tile": (side, side), "compression": "zlib", "photometric": "minisblack"}
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        file.write(tiles(1), shape=(height, width), subifds=2, **options)
        for by in (4, 16):
            file.write(tiles(by), shape=(height // by, width // by), subfiletype=1, **options)
    return Huge(path, width, height)


def mark(image: Image.Image, left: int, top: int) -> None:
    """Draw the crosses on a part of the picture that begins at a corner."""
    draw = ImageDraw.Draw(image)
    for x, y in MARKS:
        draw.line((x - left - 12, y - top, x - left + 12, y - top), fill=255)
        draw.line((x - left, y - top - 12, x - left, y - top + 12), fill=255)


@pytest.fixture
def huge_site(serve: Callable[..., Site], huge: Huge) -> Site:
    cache = huge.path.parents[1] / f"cache of {huge.path.name}"  # cut once for all tests
    pixels = (
        huge.width * huge.height if huge.path.suffix == ".png" else 20_000_000
    )  # far less than it has: it is read in parts
    return serve(images=str(huge.path.parent), max_pixels=str(pixels), cache=str(cache))


def zoom_to(person: Person, middle: tuple[float, float], span_px: float) -> None:
    """Show a stretch of the picture around a point, as wheel and pan would."""
    person.page.evaluate(
        """([x, y, span]) => {
          const graph = document.querySelector('#graph .js-plotly-plot');
          const { width, height } = graph.querySelector('.nsewdrag').getBoundingClientRect();
          const down = (span * height) / width;
          Plotly.relayout(graph, { 'xaxis.range': [x - span / 2, x + span / 2], 'yaxis.range': [y + down / 2, y - down / 2] });
        }""",
        [*middle, span_px],
    )


def tiles(person: Person) -> list[str]:
    return person.page.evaluate(
        "document.querySelector('#graph .js-plotly-plot').layout.images.slice(1).map((one) => one.source)"
    )


def open_huge(visit: Callable[..., Person], site: Site) -> Person:
    """The first to open it waits until it is decoded."""
    person = visit(site, wait=False)
    person.page.wait_for_function("window.annotator && window.annotator.state().image !== null", timeout=120_000)
    return person


def wait_for_tiles(person: Person, level: int) -> None:
    person.page.wait_for_function(
        """(level) => {
          const laid = document.querySelector('#graph .js-plotly-plot').layout.images.slice(1);
          return laid.length > 0 && laid.every((one) => one.source.includes(`level=${level}&`));
        }""",
        arg=level,
        timeout=120_000,
    )


def test_zooming_in_brings_the_finest_pixels_and_boxes_keep_their_place(
    huge_site: Site, huge: Huge, visit: Callable[..., Person]
) -> None:
    answers: list[Response] = []
    ada = open_huge(visit, huge_site)
    ada.page.on("response", lambda answer: answers.append(answer))
    assert (ada.state()["width"], ada.state()["height"]) == (huge.width, huge.height)
    assert tiles(ada) == []
    expected = []
    for count, (span_px, level) in enumerate([(8_000, 3), (2_500, 1), (300, 0)], start=1):
        x, y = MARKS[1]
        zoom_to(ada, (x, y), span_px)
        wait_for_tiles(ada, level)
        size = span_px / 10
        ada.draw(x - size, y - size, x + size, y + size)
        boxes = ada.wait_for_boxes(count)
        pixel = span_px / ada.page.locator("#graph .nsewdrag").first.bounding_box()["width"]
        made = boxes[-1]
        for side, meant in (("x0", x - size), ("y0", y - size), ("x1", x + size), ("y1", y + size)):
            assert abs(made[side] - meant) <= 1.01 * pixel  # a screen has no finer place for a pointer
        expected.append([made[side] for side in ("x0", "y0", "x1", "y1")])
        ada.press("Escape")
    ada.wait_until_saved()
    assert [[box[side] for side in ("x0", "y0", "x1", "y1")] for box in huge_site.boxes(huge.path.name)] == expected
    sent = sum(int(answer.headers.get("content-length", 0)) for answer in answers if "/tiles/" in answer.url)
    assert 0 < sent < 5_000_000
    ada.page.locator("#graph").focus()
    ada.press("f")
    ada.page.wait_for_function("document.querySelector('#graph .js-plotly-plot').layout.images.length === 1")
    assert not [answer.url for answer in answers if re.search(r"/images/huge\.\w+\?v=[^&]*$", answer.url)]


# Whether one of the tiles lies over a point; those of the place before stay until the new ones are there.
COVERED = """([x, y]) => document.querySelector('#graph .js-plotly-plot').layout.images.slice(1).some(
  (one) => one.x <= x && x < one.x + one.sizex && one.y <= y && y < one.y + one.sizey)"""


def test_a_tile_shows_what_is_there_to_the_pixel(huge_site: Site, visit: Callable[..., Person]) -> None:
    ada = open_huge(visit, huge_site)
    for x, y in MARKS:
        zoom_to(ada, (x, y), 60)
        wait_for_tiles(ada, 0)
        ada.page.wait_for_function(COVERED, arg=[x, y], timeout=120_000)
        for _ in range(100):
            if brightness(ada, x, y) > 200:
                break
            ada.wait_for_paint()
        assert brightness(ada, x, y) > 200 > 160 > brightness(ada, x + 4, y + 4)


def brightness(person: Person, x: float, y: float) -> float:
    """How bright the middle of a pixel of the picture is on the screen."""
    left, top = person.on_page(x + 0.5, y + 0.5)
    shot = person.page.screenshot(clip={"x": left - 3, "y": top - 3, "width": 6, "height": 6})
    return float(np.asarray(Image.open(io.BytesIO(shot)).convert("L")).mean())
