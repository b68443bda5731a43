"""Races between a hand, the network and the page; each was once lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Route

from tests.browser.late import Held
from tests.browser.person import Person, about
from tests.conftest import Site, save_picture
from tests.unit.test_storage import put

BOX = (100, 80, 220, 200)
OTHER = (300, 150, 420, 260)

SLOW = """(ms) => {
  const fetch = window.fetch;
  window.fetch = async (...given) => {
    if (String(given[0]).includes('api/im')) await new Promise((resolve) => setTimeout(resolve, ms));
    return fetch(...given);
  };
}"""


def draw_three(person: Person) -> None:
    for n in range(3):
        person.draw(40 + 150 * n, 80, 140 + 150 * n, 200)
    person.wait_for_boxes(3)
    person.wait_until_saved()


def test_a_cell_being_edited_when_next_is_activated_loses_no_box(ada: Person, site: Site) -> None:
    draw_three(ada)
    ada.type_in_cell(1, "X0", "3.5", commit=False)
    ada.page.evaluate("document.getElementById('next').click()")
    ada.wait_for_image("img2.jpg")
    assert ada.check_agreement() == []
    assert sorted(box["x0"] for box in site.boxes("img1.jpg"))[0] == 3.5
    assert len(site.boxes("img1.jpg")) == 3


def test_a_cell_edited_while_the_next_image_loads_loses_no_box(ada: Person, site: Site) -> None:
    draw_three(ada)
    ada.page.evaluate(SLOW, 700)
    ada.enter("image-jump", "9")
    ada.type_in_cell(1, "X0", "3.5", commit=False)
    ada.page.evaluate("new Promise((resolve) => setTimeout(resolve, 1500))")  # the image arrives meanwhile
    ada.click(600, 440)
    ada.wait_for_image("img9.jpg")
    assert ada.check_agreement() == []
    assert len(site.boxes("img1.jpg")) == 3
    assert 3.5 in [box["x0"] for box in site.boxes("img1.jpg")]


def test_a_drag_begun_as_a_new_name_is_taken_over_ends_well(ada: Person, site: Site) -> None:
    ada.draw(*BOX)
    ada.wait_until_saved()
    ada.page.locator("#annotator-name").fill("grace")
    ada.draw(*OTHER)
    ada.page.wait_for_function("window.annotator.state().annotator === 'grace'")
    ada.wait_until_saved()
    kept = site.boxes("img1.jpg") + site.boxes("img1.jpg", "grace")
    assert len(kept) == 2  # under either name, but not lost
    ada.press("d")
    ada.wait_for_image("img2.jpg")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.check_agreement(annotator="grace")


def test_a_name_given_offline_leaves_everything_as_it_is(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_until_saved()
    ada.context.set_offline(True)
    ada.enter("annotator-name", "grace")
    ada.wait_for_notice("Still working as ada")
    assert ada.page.locator("#annotator-name").input_value() == "ada"
    ada.draw(*OTHER)
    ada.wait_for_boxes(2)
    ada.context.set_offline(False)
    assert ada.check_agreement() == [about(BOX), about(OTHER)]


def test_copying_from_the_previous_image_while_the_next_loads_doubles_nothing(ada: Person, site: Site) -> None:
    ada.press("d")
    ada.wait_for_image("img2.jpg")
    ada.draw(*BOX)
    ada.wait_until_saved()
    ada.page.evaluate(SLOW, 500)
    ada.enter("image-jump", "9")
    ada.page.locator("#graph").focus()
    ada.press("r")
    ada.wait_for_image("img9.jpg")
    ada.wait_until_saved()
    assert len(site.boxes("img2.jpg")) == 1


def test_done_pressed_faster_than_images_come_marks_only_what_was_seen(ada: Person, site: Site) -> None:
    ada.press("e", "e", "e")
    ada.page.wait_for_function(
        "(({ image, state }) => image !== 'img1.jpg' && state === 'todo')(window.annotator.state())"
    )  # whoever marks one leaves it
    ada.wait_until_saved()
    number = int(ada.state()["image"].removeprefix("img").removesuffix(".jpg"))
    assert [site.state(f"img{n}.jpg") for n in range(1, number)] == ["done"] * (number - 1)
    assert site.state(f"img{number}.jpg") == "todo"


# Both clicks are counted before Dash calls back, as on a page that is busy.
CLICK_TWICE = """async (id) => {
  document.getElementById(id).click();
  for (let n = 0; n < 20; n += 1) await null; // microtasks alone: React has counted the first by then
  document.getElementById(id).click();
}"""


def test_two_clicks_that_arrive_as_one_undo_two_steps(ada: Person) -> None:
    for n in range(3):
        ada.draw(100 * n + 20, 60, 100 * n + 90, 160)
    ada.wait_for_boxes(3)
    ada.page.evaluate(CLICK_TWICE, "undo")
    ada.wait_for_boxes(1)
    ada.page.evaluate(CLICK_TWICE, "redo")
    ada.wait_for_boxes(3)
    ada.check_agreement()


def test_a_skip_is_for_the_image_it_was_asked_about_and_once(ada: Person, site: Site) -> None:
    ada.press("x")
    ada.page.locator("#skip-reason").wait_for()
    ada.page.evaluate("document.getElementById('next').click()")  # under the dialog
    ada.wait_for_image("img2.jpg")
    ada.page.keyboard.type("blurred")
    for _ in range(3):  # held down
        ada.page.keyboard.down("Enter")
    ada.page.keyboard.up("Enter")
    ada.page.locator("#skip-reason").wait_for(state="detached")
    ada.wait_until_saved()
    assert [site.state(f"img{n}.jpg") for n in (1, 2, 9, 10)] == ["skipped", "todo", "todo", "todo"]
    assert site.services.annotations.read("img1.jpg", "ada")[0].reason == "blurred"


def test_a_label_or_a_removal_during_a_drag_is_not_taken_back_by_it(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.click(160, 140)
    mouse = ada.page.mouse
    for key, count in (("3", 1), ("Delete", 0)):
        mouse.move(*ada.on_page(160, 140))
        mouse.down()
        mouse.move(*ada.on_page(165, 145))
        ada.press(key)
        mouse.move(*ada.on_page(160, 150))
        mouse.up()
        ada.wait_for_boxes(count)
        assert [box["label"] for box in ada.state()["boxes"]] == ["cat"] * count
        ada.check_agreement()


def test_the_smallest_box_by_keyboard_is_one_that_the_server_takes(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.type_in_cell(1, "X0", "0.13")
    ada.page.wait_for_function("window.annotator.state().boxes[0].x0 === 0.13")
    ada.click(60, 140)
    ada.press(*["Shift+Alt+ArrowLeft"] * 23)
    ada.page.wait_for_function("window.annotator.state().boxes[0].x1 === 1.13")
    ada.check_agreement()


def test_a_box_drawn_with_a_hidden_label_is_seen(ada: Person) -> None:
    ada.press("h")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.check_agreement()


def test_nobody_is_trapped_by_tab(ada: Person) -> None:
    ada.draw(*BOX)
    ada.draw(*OTHER)
    ada.wait_for_boxes(2)
    ada.page.locator("#graph").focus()
    reached = set()
    for _ in range(60):
        ada.press("Tab")
        reached.add(ada.page.evaluate("document.activeElement.id"))
        if "next" in reached:
            break
    assert {"export-format", "download-button", "mark-done", "next"} <= reached


def test_escape_leaves_the_table(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.cell(1, "X0").click()
    ada.press("Escape")
    assert ada.page.evaluate("document.activeElement.id") == "graph"


@pytest.mark.parametrize("elsewhere", ["#next", "#image-search", "#label-title"])
def test_what_is_typed_after_a_double_click_is_kept_wherever_one_clicks_next(
    ada: Person, site: Site, elsewhere: str
) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.wait_until_saved()
    ada.cell(1, "X0").dblclick()
    ada.wait_until_at_cell(1, "X0")
    ada.page.keyboard.press("Control+a")
    ada.page.keyboard.type("33")
    with ada.page.expect_response("**/api/edits"):
        ada.page.locator(elsewhere).click()
    ada.wait_until_saved()
    assert [box["x0"] for box in site.boxes("img1.jpg")] == [33]


def test_a_new_name_while_the_next_picture_loads_shows_that_persons_boxes(ada: Person, site: Site) -> None:
    site.services.annotations.take("bob", [{**put(), "image": "img1.jpg"}, {**put("b2"), "image": "img2.jpg"}])
    ada.page.reload()
    ada.wait_until_ready()
    held = Held(ada.page, "**/images/img9.jpg*")
    ada.page.locator("#image-jump").fill("9")
    with ada.page.expect_response("**/img9.jpg/annotations*"), ada.page.expect_request("**/images/img9.jpg*"):
        ada.press("Enter")
    ada.enter("annotator-name", "bob")
    ada.page.wait_for_function("window.annotator.state().annotator === 'bob'")
    with ada.page.expect_response("**/images/img9.jpg*"):
        held.let_through()
    ada.page.evaluate("Promise.all([...document.images].map((image) => image.decode().catch(() => {})))")
    ada.wait_for_paint()
    state = ada.state()
    figure = "document.querySelector('#graph .js-plotly-plot')"
    assert ada.page.evaluate(f"{figure}.layout.meta.image") == state["image"]
    assert len(state["boxes"]) == len(site.boxes(state["image"], "bob"))
    ada.check_agreement(annotator="bob")


def test_copies_never_lie_exactly_on_each_other(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.click(160, 140)
    ada.press("Control+c", "Control+v", "Control+v", "Control+v")
    ada.wait_for_boxes(4)
    assert len(set(ada.boxes())) == 4
    ada.press("Escape")
    ada.press("d")
    ada.wait_for_image("img2.jpg")
    ada.press("r", "r", "r")
    ada.wait_for_notice("all here already")
    ada.wait_for_boxes(4)
    assert len(set(ada.boxes())) == 4


def test_the_eraser_takes_no_box_that_is_hidden(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.click(160, 140)
    ada.press("h")
    ada.page.locator('[data-title="Erase active shape"]').click()
    ada.press("h")
    ada.page.wait_for_function(
        "document.querySelector('#graph .js-plotly-plot').layout.shapes.some((s) => s.type === 'path' && s.visible)"
    )
    assert len(ada.boxes()) == 1


def test_the_counter_is_right_in_the_end(
    serve: Callable[..., Site], visit: Callable[..., Person], tmp_path: Path
) -> None:
    for n in range(60):
        save_picture(tmp_path / "many" / f"{n}.jpg", (64, 48))
    ada = visit(serve(images=str(tmp_path / "many")))
    ada.page.evaluate(SLOW.replace("api/im", "api/edits"), 60)
    for n in range(60):
        ada.wait_for_image(f"{n}.jpg")
        ada.press("e")
    ada.wait_until_saved()
    ada.page.wait_for_function("document.getElementById('progress-text').textContent === '60 of 60 done'")


def test_what_the_server_takes_while_it_is_asked_is_seen(ada: Person, site: Site) -> None:
    """Its answer may be older than the edits that it has taken by the time the answer is there."""
    ada.draw(*BOX)
    ada.wait_until_saved()
    ada.page.route("**/api/edits", lambda route: route.abort())
    ada.draw(*OTHER)
    ada.wait_for_status("offline")
    ada.page.close()
    edits: list[Route] = []
    answers: list[tuple[Route, APIResponse]] = []
    ada.page = ada.context.new_page()
    ada.page.route("**/api/edits", lambda route: edits.append(route))
    ada.page.route("**/img1.jpg/annotations*", lambda route: answers.append((route, route.fetch())), times=1)
    ada.page.goto(f"{site.url}/?annotator=ada")
    ada.page.wait_for_function("() => window.annotator")
    while not (edits and answers):
        ada.wait_for_paint()
    with ada.page.expect_response("**/api/edits"):
        edits[0].continue_()
    ada.wait_until_saved()
    for route, response in answers:
        route.fulfill(response=response)
    ada.wait_until_ready()
    assert len(ada.boxes()) == 2


def test_a_clock_that_is_set_back_stops_nothing(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.cell(1, "X0").dblclick()
    ada.press("Escape")
    ada.click(400, 400)
    ada.page.evaluate("{ const now = Date.now; Date.now = () => now() - 3600_000; }")
    ada.draw(300, 300, 360, 380)
    ada.wait_for_boxes(2)
    ada.check_agreement()
    ada.press("d")
    ada.wait_for_image("img2.jpg")


def test_a_row_that_is_deleted_while_another_tab_draws_stays_deleted(ada: Person) -> None:
    ada.draw(*BOX)
    ada.draw(300, 300, 360, 380)
    ada.wait_for_boxes(2)
    other = ada.new_tab("?annotator=ada")
    ada.page.bring_to_front()
    x, y = (lambda r: (r["x"] + r["width"] / 2, r["y"] + r["height"] / 2))(
        ada.page.locator("#annotations-table td.dash-delete-cell").nth(0).bounding_box()
    )
    ada.page.mouse.move(x, y)
    ada.page.mouse.down()
    pressed = ada.page.evaluate("performance.now()")
    other.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'b', code: 'KeyB', bubbles: true }))"
    )
    ada.wait_for_boxes(3)
    ada.page.wait_for_function("(pressed) => performance.now() > pressed + 400", arg=pressed)  # a slow hand
    ada.page.mouse.up()
    ada.wait_for_boxes(2)
    other.wait_for_selector('#save-status[data-state="saved"]')
    assert len(ada.check_agreement()) == 2


def test_undo_takes_back_what_two_tabs_did_in_the_same_moment(ada: Person) -> None:
    other = ada.new_tab("?annotator=ada")
    key = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'b', code: 'KeyB', bubbles: true }))"
    at = "new Promise((done) => setTimeout(() => {{ {0}; done() }}, {1} - Date.now()))"
    for _ in range(3):
        moment = ada.page.evaluate("Date.now() + 300")
        ada.page.evaluate(f"{{ window.pressed = {at.format(key, moment)} }}")
        other.evaluate(f"{{ window.pressed = {at.format(key, moment)} }}")
        ada.page.evaluate("window.pressed")
        other.evaluate("window.pressed")
    for page in (ada.page, other):
        page.wait_for_function("window.annotator.state().boxes.length === 6")
        page.wait_for_selector('#save-status[data-state="saved"]')
    for left in range(5, -1, -1):
        ada.page.click("#undo")
        ada.wait_for_boxes(left)
    ada.page.wait_for_selector("#undo:disabled")
    ada.check_agreement()
