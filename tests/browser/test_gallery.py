"""The gallery: seeing the whole batch, asking, walking what was found, changing many at once, and taking that back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.person import Person
from tests.conftest import Site

Visit = Callable[..., Person]
CHECKS = ".grid-cell:not([hidden]) .cell-check"


@pytest.fixture
def filled(site: Site) -> Site:
    """Twelve images: a cat on the odd ones by Ada, of which the first three are done; a dog by Bob on the first."""
    for number in range(1, 13, 2):
        draw(site, "ada", f"img{number}.jpg", ("cat", 10 * number, 20, 10 * number + 100, 90))
    for number in (1, 3, 5):
        say(site, "ada", f"img{number}.jpg", {"kind": "state", "state": "done"})
    draw(site, "bob", "img1.jpg", ("person", 300, 300, 400, 400))
    return site


def draw(site: Site, who: str, image: str, *boxes: tuple[str, float, float, float, float]) -> None:
    for label, x0, y0, x1, y1 in boxes:
        box = {"id": str(uuid.uuid4()), "label": label, "x0": x0, "y0": y0, "x1": x1, "y1": y1}
        say(site, who, image, {"kind": "put", "box": box})


def say(site: Site, who: str, image: str, edit: dict[str, Any]) -> None:
    one = {"id": str(uuid.uuid4()), "image": image, "time": "2026-01-10T10:00:00.000Z", **edit}
    assert site.services.annotations.take(who, [one]).refused == []


def open_gallery(visit: Visit, site: Site, query: str = "", **options: Any) -> Person:
    return visit(site, f"gallery?annotator=ada{query}", wait=False, **options)


def names(person: Person) -> list[str]:
    """The names on the cards, in order, once none of them waits for its picture's name."""
    person.page.wait_for_function(
        """() => { const cells = [...document.querySelectorAll('.grid:not([hidden]) .grid-cell:not([hidden])')];
                   return cells.every((one) => !one.classList.contains('cell-waiting')); }"""
    )
    return person.page.evaluate(
        """() => [...document.querySelectorAll('.grid:not([hidden]) .grid-cell:not([hidden])')]
             .sort((a, b) => a.dataset.ordinal - b.dataset.ordinal).map((one) => one.querySelector('.cell-name').textContent)"""
    )


def wait_for_total(person: Person, text: str) -> None:
    person.page.wait_for_function("(t) => document.getElementById('gallery-total')?.textContent === t", arg=text)


def ask(person: Person, query: str) -> None:
    person.page.locator("#gallery-query").fill(query)


def click_bar(person: Person, chart: str, nth: int) -> None:
    """Click in the middle of a bar; plotly listens on a sheet that lies over it."""
    person.page.wait_for_selector(f"#{chart} .bars .point", state="attached")
    person.page.locator(f"#{chart}").scroll_into_view_if_needed()
    bar = person.page.locator(f"#{chart} .bars .point").nth(nth).bounding_box()
    assert bar
    person.page.mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    person.page.wait_for_selector(f"#{chart} .hovertext", state="attached")
    person.page.mouse.down()
    person.page.mouse.up()


def img(*numbers: int) -> list[str]:
    return [f"img{number}.jpg" for number in numbers]


def test_the_whole_batch_is_there_with_boxes_states_and_pictures(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    assert names(person) == img(*range(1, 13))
    first = person.page.locator('.grid-cell[data-ordinal="1"]')
    assert first.get_attribute("data-state") == "done"
    assert first.locator(".cell-note").inner_text() == "2 · bob"
    assert first.locator("svg path").count() == 2
    assert first.locator("svg").get_attribute("viewBox") == "0 0 640 480"
    assert first.locator('svg path[d="M10,20H110V90H10Z"]').count() == 1
    person.page.wait_for_function(
        "[...document.querySelectorAll('.grid-cell:not([hidden]) img[src]')].every((one) => one.naturalWidth > 0)"
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
    assert names(person)[:3] == img(1, 3, 5)


def test_the_help_says_what_a_query_is_and_goes_away_again(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    person.page.locator(".query-help summary").click()
    assert "speak of Ada's annotations only" in person.page.locator(".query-help-text").inner_text()
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


def test_many_are_marked_at_once_and_undo_takes_it_back_whole(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    names(person)
    person.page.locator(CHECKS).nth(0).click()
    person.page.locator(CHECKS).nth(7).click(modifiers=["Shift"])
    person.page.get_by_text("8 chosen").wait_for()
    person.page.locator("#gallery-skip").click()
    person.wait_until_saved()
    skipped = [filled.state(name) for name in img(*range(1, 9))]
    assert skipped == ["skipped"] * 8
    assert filled.state("img9.jpg") == "in progress"
    person.page.reload()
    wait_for_total(person, "12 images")
    person.page.locator("#undo").click()
    person.page.wait_for_function("document.getElementById('undo').disabled")
    person.wait_until_saved()
    states = [filled.state(name) for name in img(*range(1, 9))]
    assert states == ["done", "todo", "done", "todo", "done", "todo", "in progress", "todo"]
    person.page.locator("#redo").click()
    person.page.wait_for_function("document.getElementById('redo').disabled")
    person.wait_until_saved()
    assert filled.state("img8.jpg") == "skipped"


def test_a_box_of_the_wrong_label_is_seen_among_many_and_relabelled(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled, "&view=boxes&label=cat")
    wait_for_total(person, "6 boxes")
    person.page.wait_for_function(
        "[...document.querySelectorAll('#gallery-boxes .grid-cell:not([hidden]) img[src]')].every((one) => one.naturalWidth > 0)"
    )
    person.page.locator("#gallery-boxes " + CHECKS).nth(0).click()
    person.page.locator("#gallery-boxes " + CHECKS).nth(2).click()
    person.page.locator("#gallery-relabel").select_option("cup")
    wait_for_total(person, "4 boxes")
    person.wait_until_saved()
    changed = [box["label"] for name in img(1, 11, 3) for box in filled.boxes(name)]
    assert sorted(changed) == ["cat", "cup", "cup"]
    person.press("Control+z")
    wait_for_total(person, "6 boxes")
    person.wait_until_saved()
    assert {box["label"] for number in range(1, 13, 2) for box in filled.boxes(f"img{number}.jpg")} == {"cat"}


def test_chosen_boxes_are_removed_and_come_back_at_their_place(visit: Visit, filled: Site) -> None:
    before = {name: filled.boxes(name) for name in img(*range(1, 13, 2))}
    person = open_gallery(visit, filled, "&view=boxes&label=cat")
    wait_for_total(person, "6 boxes")
    names(person)
    person.press("Control+a")
    person.page.get_by_text("6 chosen").wait_for()
    person.page.locator("#gallery-delete").click()
    person.page.get_by_text("There is no box of cat yet.").wait_for()
    person.wait_until_saved()
    assert [filled.boxes(name) for name in before] == [[]] * 6
    person.press("Control+z")
    wait_for_total(person, "6 boxes")
    person.wait_until_saved()
    assert {name: filled.boxes(name) for name in before} == before


def test_nobody_changes_the_boxes_of_another(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled, "&view=boxes&label=person")
    wait_for_total(person, "1 box")
    names(person)
    person.page.locator("#gallery-boxes " + CHECKS).first.click()
    person.page.locator("#gallery-delete").click()
    person.wait_for_notice("1 box of other annotators stays as they are")
    assert len(filled.boxes("img1.jpg", "bob")) == 1


def test_what_is_changed_while_the_server_is_away_arrives_later(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled, "&view=boxes&label=cat")
    wait_for_total(person, "6 boxes")
    names(person)
    filled.stop()
    person.page.locator("#gallery-boxes " + CHECKS).first.click()
    person.page.locator("#gallery-relabel").select_option("cup")
    person.wait_for_status("offline")
    person.page.close()
    filled.start()
    person.page = person.new_tab("?annotator=ada&image=img1.jpg")
    person.wait_until_saved()
    assert [box["label"] for box in filled.boxes("img1.jpg")] == ["cup"]
    assert [box["label"] for box in person.state()["boxes"]] == ["cup"]


def test_the_page_where_an_image_is_open_learns_of_it(visit: Visit, filled: Site) -> None:
    person = visit(filled, "?annotator=ada&image=img1.jpg")
    person.wait_for_boxes(1)
    person.press("g")
    wait_for_total(person, "12 images")
    person.page.locator("#gallery-show-boxes").click()
    person.page.locator("#gallery-label").select_option("cat")
    wait_for_total(person, "6 boxes")
    names(person)
    person.page.locator("#gallery-boxes " + CHECKS).first.click()
    person.page.locator("#gallery-delete").click()
    wait_for_total(person, "5 boxes")
    person.press("g")
    person.wait_for_boxes(0)
    person.check_agreement()


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


def test_a_gallery_that_cannot_be_loaded_says_so_and_tries_again(visit: Visit, filled: Site) -> None:
    person = visit(filled)
    filled.stop()
    person.press("g")
    person.page.get_by_text("The gallery cannot be loaded: the server does not answer.").wait_for()
    filled.start()
    wait_for_total(person, "12 images")
    assert names(person) == img(*range(1, 13))
