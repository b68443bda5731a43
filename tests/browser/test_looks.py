"""Pages, channels and contrast of microscopy in the page: the picture changes, the boxes stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.browser.late import Late
from tests.browser.person import Person
from tests.conftest import Site

STRETCH = {"page": 1, "channel": 0, "low": 0.5, "high": 99.5}


@pytest.fixture
def cells(tmp_path: Path, serve: Callable[..., Site]) -> Site:
    """Two stacks of three pages and two channels, one deep picture, and an ordinary one."""
    folder = tmp_path / "cells"
    folder.mkdir()
    values = np.random.default_rng(1).integers(0, 5000, (3, 2, 480, 640), np.uint16)
    for name in ("a.ome.tif", "b.ome.tif"):
        tifffile.imwrite(folder / name, values, metadata={"axes": "ZCYX"}, ome=True)
    tifffile.imwrite(folder / "c.tif", values[0, 0])
    tifffile.imwrite(folder / "d.tif", values[0, 0].astype(np.uint8))
    return serve(images=str(folder))


def look(person: Person) -> dict[str, Any]:
    """What the address of the picture on screen asks for."""
    found = person.page.evaluate(
        """() => Object.fromEntries(
             new URL(document.querySelector('#graph .js-plotly-plot').layout.images[0].source).searchParams)"""
    )
    return {name: float(found.get(name, plain)) for name, plain in STRETCH.items()}


def wait_for_look(person: Person, **expected: float) -> None:
    person.page.wait_for_function(
        """(wanted) => {
             const { source } = document.querySelector('#graph .js-plotly-plot').layout.images[0];
             const given = new URL(source).searchParams;
             return Object.entries(wanted).every(([name, [value, plain]]) => Number(given.get(name) ?? plain) === value); }""",
        arg={name: [value, STRETCH[name]] for name, value in expected.items()},
    )


def test_pages_channels_and_contrast_are_chosen_and_boxes_stay(cells: Site, visit: Callable[..., Person]) -> None:
    ada = visit(cells)
    ada.draw(100, 100, 200, 200)
    ada.wait_for_boxes(1)
    ada.press("]")
    wait_for_look(ada, page=2)
    assert ada.page.locator("#look-page").input_value() == "2"
    ada.page.locator("#look-channel").select_option("2")
    wait_for_look(ada, page=2, channel=2)
    ada.page.locator("#look-high").fill("80")
    wait_for_look(ada, page=2, channel=2, high=80)
    ada.check_agreement()
    ada.press("Escape")
    ada.page.locator("#graph").focus()
    ada.press("d")
    ada.wait_for_image("b.ome.tif")
    assert look(ada) == {"page": 2, "channel": 2, "low": 0.5, "high": 80}
    ada.page.reload()
    ada.wait_until_ready()
    assert look(ada) == {"page": 2, "channel": 2, "low": 0.5, "high": 80}


def test_each_picture_takes_of_the_choice_what_it_has(cells: Site, visit: Callable[..., Person]) -> None:
    ada = visit(cells)
    ada.press("]", "]", "]")
    wait_for_look(ada, page=3)
    ada.press("d", "d")
    ada.wait_for_image("c.tif")
    assert look(ada)["page"] == 1
    assert not ada.page.locator("#look-page").is_visible()
    assert ada.page.locator("#look-low").is_visible()
    ada.press("d")
    ada.wait_for_image("d.tif")
    assert not ada.page.locator("#look-panel").is_visible()
    ada.press("a", "a")
    ada.wait_for_image("b.ome.tif")
    assert look(ada)["page"] == 3
    ada.page.locator("#reset-view").click()
    wait_for_look(ada, page=1)


def test_a_page_beyond_the_last_is_the_last(cells: Site, visit: Callable[..., Person]) -> None:
    ada = visit(cells)
    before = look(ada)
    ada.press("[")
    ada.page.locator("#look-page").fill("")
    ada.wait_for_paint()
    assert look(ada) == before
    ada.page.locator("#look-page").fill("9")
    wait_for_look(ada, page=3)
    assert ada.page.locator("#look-page").input_value() == "3"


def test_a_look_chosen_while_the_next_picture_is_coming_is_that_of_both(
    cells: Site, visit: Callable[..., Person]
) -> None:
    late = Late(visit, cells, "b.ome.tif")
    ada = late.person
    ada.press("d")
    ada.page.get_by_text("Loading b.ome.tif").wait_for()
    ada.press("]")
    wait_for_look(ada, page=2)
    late.let_through()
    ada.wait_for_image("b.ome.tif")
    assert look(ada)["page"] == 2
    assert ada.page.locator("#look-page").input_value() == "2"


def test_pages_that_are_not_shown_are_spoken_of(
    visit: Callable[..., Person], serve: Callable[..., Site], tmp_path: Path
) -> None:
    (tmp_path / "scans").mkdir()
    for name, sizes in {"a.tif": (480, 60, 40), "b.tif": (480, 60), "c.tif": (480,)}.items():
        with tifffile.TiffWriter(tmp_path / "scans" / name) as file:
            for side in sizes:
                file.write(np.zeros((side, side), np.uint8), photometric="minisblack")
    ada = visit(serve(images=str(tmp_path / "scans")))
    said = ada.page.locator("#look-others", has_text="2 more pages of this file are not shown.")
    said.wait_for()
    ada.press("d")
    ada.page.locator("#look-others", has_text="Another page of this file is not shown.").wait_for()
    ada.press("d")
    ada.wait_for_image("c.tif")
    assert not ada.page.locator("#look-others").is_visible()
