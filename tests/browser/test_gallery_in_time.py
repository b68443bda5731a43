"""The gallery where answers are late or missing, and where others work at the same time."""

from __future__ import annotations

from tests.browser.gallery import (
    CHECKS,
    Visit,
    ask,
    draw,
    names,
    open_gallery,
    say,
    wait_for_first_names,
    wait_for_total,
)
from tests.browser.late import Held
from tests.browser.person import Person
from tests.conftest import Site

STATES = "[...document.querySelectorAll('#gallery-images .grid-cell:not([hidden])')].map((one) => one.dataset.state)"
TIME_PASSES = "{ const now = Date.now; Date.now = () => now() + 60_000; }"  # so that the list is looked at again


def mark(person: Person, nth: int, state: str) -> None:
    person.page.locator(CHECKS).nth(nth).click()
    person.page.locator(f"#gallery-{state}").click()
    person.wait_for_notice(f"1 image marked {state}")


def test_an_undo_that_failed_can_be_tried_again(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    names(person)
    mark(person, 1, "done")
    person.wait_until_saved()
    person.page.route("**/api/standing", lambda route: route.abort(), times=1)
    person.press("Control+z")
    person.wait_for_notice("Nothing is changed: the server does not answer. Try again.")
    person.press("Control+z")
    person.page.wait_for_selector("#undo:disabled")
    person.wait_until_saved()
    assert filled.state("img2.jpg") == "todo"


def test_undo_of_the_second_change_gives_the_first_also_before_the_server_has_spoken(
    visit: Visit, filled: Site
) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    names(person)
    held = Held(person.page, "**/api/gallery?*")
    mark(person, 1, "done")
    mark(person, 1, "todo")
    held.let_through()
    person.press("Control+z")
    person.page.wait_for_selector("#redo:enabled")
    person.wait_until_saved()
    assert filled.state("img2.jpg") == "done"


def test_a_slow_answer_is_waited_for(visit: Visit, filled: Site) -> None:
    person = visit(filled)
    person.press("g")
    wait_for_total(person, "12 images")
    names(person)
    held = Held(person.page, "**/api/gallery?*")
    ask(person, "img1.jpg")
    held.wait()
    person.page.evaluate(TIME_PASSES)
    for _ in range(2):  # the page looks for news meanwhile
        with person.page.expect_request("**/annotations?*"):
            pass
    assert len(held.urls) == 1
    held.let_through()
    wait_for_total(person, "1 image")


def test_cards_stay_where_the_server_does_not(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    seen = names(person)
    failed: list[str] = []
    person.page.on("requestfailed", lambda request: failed.append(request.url))
    filled.stop()
    person.page.evaluate(TIME_PASSES)
    while sum("/api/gallery" in url for url in failed) < 4:
        person.wait_for_paint()
    person.page.get_by_text("The gallery cannot be loaded: the server does not answer.").wait_for()
    assert names(person) == seen
    filled.start()
    wait_for_total(person, "12 images")


def test_a_late_count_of_images_is_no_number_of_boxes(visit: Visit, many: Site) -> None:
    draw(many, "ada", "p007.jpg", ("cat", 1, 1, 20, 20))
    person = visit(many)
    held = Held(person.page, "**/api/gallery?*most=1")
    person.press("g")
    held.wait()
    person.page.locator("#gallery-show-boxes").click()
    person.page.locator("#gallery-label").select_option("cat")
    wait_for_total(person, "1 box")
    with person.page.expect_response("**/api/gallery?*most=1"):
        held.let_through()
    person.wait_for_paint()
    assert person.text("gallery-total") == "1 box"


def test_a_late_answer_says_nothing_of_what_is_shown_now(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    names(person)
    held = Held(person.page, "**/api/gallery?*annotator%3Abob*")
    ask(person, "annotator:bob")
    held.wait()
    ask(person, "")
    wait_for_total(person, "12 images")
    names(person)
    states = person.page.evaluate(STATES)
    assert states[:3] == ["done", "todo", "done"]
    with person.page.expect_response("**/api/gallery?*annotator%3Abob*"):
        held.let_through()
    person.wait_for_paint()
    person.page.locator(CHECKS).nth(4).click()
    assert person.page.evaluate(STATES) == states


def test_a_stretch_does_not_begin_at_a_place_that_is_anothers_now(visit: Visit, many: Site) -> None:
    person = open_gallery(visit, many, "&query=state:todo")
    wait_for_total(person, "300 images")
    names(person)
    for _ in range(2):
        person.page.locator('.grid-cell[data-ordinal="5"] .cell-check').click()
    for name in ("p000.jpg", "p001.jpg"):
        say(many, "ada", name, {"kind": "state", "state": "done"})
    person.page.evaluate(TIME_PASSES)
    wait_for_first_names(person, ["p002.jpg"])
    person.page.locator('.grid-cell[data-ordinal="10"] .cell-check').click(modifiers=["Shift"])
    person.wait_for_notice("The list has changed meanwhile")
    assert not person.page.locator("#gallery-actions").is_visible()
