"""The gallery: seeing the whole batch, asking, and walking what was found."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from PIL import Image

from data.edits import now
from tests.browser.gallery import (
    Visit,
    ask,
    click_bar,
    draw,
    img,
    names,
    open_gallery,
    open_wall,
    say,
    wait_for_first_names,
    wait_for_total,
)
from tests.browser.late import Held
from tests.browser.person import Person, selected
from tests.conftest import Site


def test_the_whole_batch_is_there_with_boxes_states_and_pictures(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    assert names(person) == img(*range(1, 13))
    first = person.page.locator('.grid-cell[data-ordinal="1"]')
    assert first.get_attribute("data-state") == "done"
    assert first.locator(".cell-note").inner_text() == "1 · bob 1"
    assert first.locator("svg path").count() == 2
    assert first.locator("svg").get_attribute("viewBox") == "0 0 640 480"
    assert first.locator('svg path[d="M10,20H110V90H10Z"]').count() == 1
    person.page.wait_for_function(
        "[...document.querySelectorAll('.grid-cell:not([hidden]) img')].every((one) => one.naturalWidth > 0)"
    )


def test_a_query_a_wrong_one_and_one_that_finds_nothing(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    ask(person, "state:done")
    wait_for_total(person, "3 images")
    assert names(person) == img(1, 3, 5)
    assert "query=state%3Adone" in person.page.url
    ask(person, "stat:done")
    person.page.get_by_text("Stat: is no field; did you mean state: ?").wait_for()
    ask(person, "state:skipped")
    person.page.get_by_text("No image matches.").wait_for()
    person.page.locator("#gallery-query").fill("")
    wait_for_total(person, "12 images")
    person.page.locator("#gallery-order").select_option("-boxes")
    person.page.wait_for_function("location.search.includes('order=-boxes')")
    wait_for_first_names(person, img(1, 3, 5))


def test_the_help_says_what_a_query_is_and_goes_away_again(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    person.page.locator(".query-help summary").click()
    assert "Ada's work only" in person.page.locator(".query-help-text").inner_text()
    person.press("Escape")
    assert not person.page.locator(".query-help-text").is_visible()


def test_next_and_previous_walk_what_was_found(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled, "&query=label:cat")
    wait_for_total(person, "6 images")
    person.page.locator('.grid-cell[data-ordinal="2"] a').click()
    person.wait_for_image("img3.jpg")
    assert person.text("image-position") == "2 / 6"
    assert person.text("filter-text") == "Only label:cat"
    person.press("d")
    person.wait_for_image("img5.jpg")
    person.press("a", "a")
    person.wait_for_image("img1.jpg")
    person.page.reload()
    person.wait_until_ready()
    assert person.text("image-position") == "1 / 6"
    person.page.locator("#filter-clear").click()
    person.page.wait_for_function("document.getElementById('image-position').textContent === '1 / 12'")
    person.press("d")
    person.wait_for_image("img2.jpg")


def test_the_key_goes_there_and_back_and_drawing_goes_on(visit: Visit, filled: Site) -> None:
    person = visit(filled, "?annotator=ada&image=img2.jpg")
    person.press("g")
    wait_for_total(person, "12 images")
    person.press("e")  # means nothing here: nobody looks at the picture
    person.press("g")
    person.page.wait_for_selector("#graph", state="visible")
    assert person.state()["image"] == "img2.jpg"
    person.draw(100, 100, 200, 200)
    person.wait_for_boxes(1)
    person.check_agreement()
    assert filled.state("img2.jpg") == "in progress"
    person.press("g")
    person.page.wait_for_function(
        """() => document.querySelector('.grid-cell[data-ordinal="2"] .cell-note')?.textContent === '1'"""
    )


def test_back_and_forward_go_between_gallery_and_picture(visit: Visit, filled: Site) -> None:
    person = visit(filled, "?annotator=ada&image=img2.jpg")
    person.press("g")
    wait_for_total(person, "12 images")
    ask(person, "label:cat")
    wait_for_total(person, "6 images")
    person.page.locator('.grid-cell[data-ordinal="2"] a').click()
    person.wait_for_image("img3.jpg")
    person.page.go_back()
    wait_for_total(person, "6 images")
    assert person.page.locator("#gallery-query").input_value() == "label:cat"
    person.page.go_back()
    person.page.wait_for_selector("#graph", state="visible")
    person.wait_for_image("img2.jpg")
    assert person.text("image-position") == "2 / 12"
    person.page.go_forward()
    wait_for_total(person, "6 images")


def test_on_a_narrow_screen_the_pictures_come_first(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled, viewport={"width": 390, "height": 844})
    wait_for_total(person, "12 images")
    assert not person.page.locator("#gallery-charts").is_visible()
    assert person.page.evaluate("document.documentElement.scrollWidth") == 390
    person.page.locator("#gallery-charts-toggle").click()
    person.page.wait_for_selector("#chart-labels .bars .point", state="attached")


def middle_of_first_cell(person: Person) -> Any:
    """The colour that is painted there: what `naturalWidth` says of a picture on its way is not what one sees."""
    image = person.page.locator("#gallery-boxes .grid-cell:not([hidden]) img").first
    with Image.open(io.BytesIO(image.screenshot())) as shown:
        return shown.convert("RGB").getpixel((shown.width // 2, shown.height // 2))


def test_no_cell_shows_the_picture_of_another(visit: Visit, filled: Site) -> None:
    person = open_wall(visit, filled)
    loaded = "(n) => document.querySelectorAll('#gallery-boxes .grid-cell:not([hidden]) img[src]')[n].naturalWidth > 0"
    person.page.wait_for_function(loaded, arg=1)
    held = Held(person.page, "**/crops/**")
    person.page.locator("#gallery-label").select_option("person")
    wait_for_total(person, "1 box")
    assert names(person) == ["img1.jpg"]
    held.wait()
    before = middle_of_first_cell(person)
    held.let_through()
    person.page.wait_for_function(loaded, arg=0)
    person.wait_for_paint()
    assert max(abs(a - b) for a, b in zip(before, middle_of_first_cell(person), strict=True)) > 50


def test_the_wall_has_an_order_of_its_own(visit: Visit, filled: Site) -> None:
    """The one odd box is at one of its ends."""
    draw(filled, "ada", "img7.jpg", ("cat", 5, 5, 15, 15))
    person = open_gallery(visit, filled, "&view=boxes&label=cat")
    wait_for_first_names(person, img(1, 3, 5, 7, 7, 9))
    person.page.locator("#gallery-wall-order").select_option("size")
    wait_for_first_names(person, img(7, 1, 3, 5, 7, 9))
    person.page.reload()
    wait_for_first_names(person, img(7, 1, 3, 5, 7, 9))
    assert person.page.locator("#gallery-wall-order").input_value() == "size"
    link = person.page.locator('#gallery-boxes .grid-cell[data-ordinal="1"] a').get_attribute("href") or ""
    assert link.endswith("?image=img7.jpg&query=label%3Acat")  # where a click goes, too
    person.page.locator("#gallery-boxes .cell-check").nth(0).click()
    person.page.locator("#gallery-boxes .cell-check").nth(2).click(modifiers=["Shift"])
    person.page.wait_for_function("document.getElementById('gallery-count').textContent === '3 chosen'")
    person.page.locator("#gallery-show-images").click()
    wait_for_first_names(person, img(1, 2, 3))
    assert person.page.locator("#gallery-order").input_value() == "position"


def test_an_order_that_there_is_not_is_none(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled, "&view=boxes&label=cat&wall-order=best&order=-boxes")
    wait_for_first_names(person, img(1, 3, 5))
    assert person.page.locator("#gallery-wall-order").input_value() == "position"
    person.page.locator("#gallery-show-images").click()
    wait_for_first_names(person, img(1, 3, 5, 7, 9, 11, 2))


def test_from_the_wall_one_goes_to_the_box_and_on_to_the_next_of_its_label(visit: Visit, filled: Site) -> None:
    person = open_wall(visit, filled)
    person.page.locator('#gallery-boxes .grid-cell[data-ordinal="1"] a').click()
    person.wait_for_image("img1.jpg")
    person.page.wait_for_function(
        """() => document.querySelector('#graph .js-plotly-plot').layout.shapes.some((s) => s.type === 'rect' && s.visible)"""
    )
    assert selected(person) == (10, 20, 110, 90)
    assert person.text("image-position") == "1 / 6"
    person.press("Escape", "d")
    person.wait_for_image("img3.jpg")


def test_a_wrong_query_leaves_no_cards_of_an_earlier_one(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    names(person)
    ask(person, "stat:done")
    person.page.get_by_text("Stat: is no field").wait_for()
    assert names(person) == []


def test_charts_are_filters(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    click_bar(person, "chart-labels", -1)  # the most frequent is drawn last, on top
    wait_for_total(person, "6 images")
    assert person.page.locator("#gallery-query").input_value() == "label:cat"
    click_bar(person, "chart-progress", 0)
    wait_for_total(person, "3 images")
    assert person.page.locator("#gallery-query").input_value() == "label:cat done:2026-01-10"


def test_a_picture_that_cannot_be_read_says_so(visit: Visit, serve: Callable[..., Site], pictures: Any) -> None:
    (pictures / "img3.jpg").write_bytes(b"<html>")
    person = open_gallery(visit, serve())
    wait_for_total(person, "12 images")
    cell = person.page.locator(".cell-broken")
    cell.wait_for()
    assert cell.locator(".cell-name").inner_text() == "img3.jpg"
    person.page.wait_for_function(
        """() => getComputedStyle(document.querySelector('.cell-broken .cell-picture'), '::before').content
             .startsWith('"is no picture that can be read"')"""
    )
    assert "expected JPEG" in (cell.locator("a").get_attribute("title") or "")


def test_the_gallery_by_keys(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    names(person)
    person.page.locator('.grid-cell[data-ordinal="1"] a').focus()
    person.press("ArrowRight", "ArrowRight", " ")
    person.page.get_by_text("1 chosen").wait_for()
    person.press("Escape")
    assert not person.page.locator("#gallery-actions").is_visible()
    person.press("ArrowLeft", "Enter")
    person.wait_for_image("img2.jpg")


def test_a_place_in_the_chart_of_places_is_a_filter(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    person.page.wait_for_selector("#chart-places .hm image", state="attached")
    sheet = person.page.locator("#chart-places .nsewdrag")
    sheet.scroll_into_view_if_needed()
    room = sheet.bounding_box()
    assert room
    across, down = (300 + 400) / 2 / 640, (300 + 400) / 2 / 480  # where Bob's box is
    person.page.mouse.move(room["x"] + across * room["width"], room["y"] + down * room["height"])
    person.page.wait_for_selector("#chart-places .hovertext", state="attached")
    person.page.mouse.down()
    person.page.mouse.up()
    wait_for_total(person, "1 image")
    assert person.page.locator("#gallery-query").input_value() == "x:50..55 y:70..75"


def test_a_gallery_that_cannot_be_loaded_says_so_and_tries_again(visit: Visit, filled: Site) -> None:
    person = visit(filled)
    filled.stop()
    person.press("g")
    person.page.get_by_text("The gallery cannot be loaded: the server does not answer.").wait_for()
    filled.start()
    wait_for_total(person, "12 images")
    assert names(person) == img(*range(1, 13))


def test_an_address_with_an_order_that_is_none_shows_the_whole_batch(visit: Visit, filled: Site) -> None:
    person = visit(filled, "?annotator=ada&order=bogus", wait=False)
    person.wait_for_notice("All images are shown: order: found 'bogus', expected one of position")
    person.wait_until_ready()
    assert person.text("image-position").endswith(" / 12")
    assert "order" not in person.page.url


def test_a_card_that_no_longer_matches_is_not_walked_to(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled, "&query=state:skipped+or+img12.jpg+state:todo")
    wait_for_total(person, "1 image")
    names(person)
    person.look_away()
    say(filled, "ada", "img12.jpg", {"kind": "state", "state": "done", "time": now()})
    person.page.locator(".grid-cell:not([hidden]) a").click()
    person.wait_for_notice("Nothing matches the query any more.")
    person.wait_for_image("img12.jpg")
    person.press("a")
    person.wait_for_image("img11.jpg")
    say(filled, "ada", "img2.jpg", {"kind": "state", "state": "skipped", "time": now()})
    person.page.goto(f"{filled.url}/?annotator=ada&image=img12.jpg&query=state:skipped")
    person.wait_until_ready()
    person.wait_for_image("img2.jpg")


def test_the_states_beside_the_charts_are_filters(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled, "&query=img1")
    wait_for_total(person, "4 images")
    states = person.page.get_by_role("group", name="States")
    states.get_by_role("button", name="done").click()
    wait_for_total(person, "1 image")
    assert person.page.locator("#gallery-query").input_value() == "img1 state:done"
    states.get_by_role("button", name="in progress").click()
    wait_for_total(person, "2 images")
    assert names(person) == ["img1.jpg", "img11.jpg"]  # the first by Bob
    states.get_by_role("button", name="in progress").click()
    wait_for_total(person, "4 images")


def test_a_picture_that_does_not_come_is_explained_for_as_long_as_it_does_not(visit: Visit, filled: Site) -> None:
    """And not by the browser's own sign of a broken picture, when the cards are asked for again."""
    person = open_gallery(visit, filled)
    person.page.route(
        "**/thumbnails/img3.jpg**",
        lambda route: route.fulfill(status=503, json={"error": "img3.jpg: cannot be fetched"}),
    )
    person.page.reload()
    wait_for_total(person, "12 images")
    broken = person.page.locator(".cell-broken", has_text="img3.jpg")
    broken.wait_for()
    person.press("g", "g")  # the cards are filled again
    names(person)
    assert broken.count() == 1
    assert broken.locator("img").evaluate("(image) => getComputedStyle(image).visibility") == "hidden"
