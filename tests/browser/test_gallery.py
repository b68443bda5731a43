"""The gallery: seeing the whole batch, asking, walking what was found, changing many at once, and taking that back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.edits import now
from tests.browser.person import Person, selected
from tests.conftest import Site, save_picture

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


def open_wall(visit: Visit, site: Site) -> Person:
    """At the wall of cats: one on each odd image, six in all."""
    person = open_gallery(visit, site, "&view=boxes&label=cat")
    wait_for_total(person, "6 boxes")
    names(person)
    return person


@pytest.fixture
def many(tmp_path: Path, serve: Callable[..., Site]) -> Site:
    """Two hundred small pictures, p000 to p199."""
    for number in range(200):
        save_picture(tmp_path / "many" / f"p{number:03}.jpg", (64, 48))
    return serve(images=str(tmp_path / "many"))


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


def test_many_are_marked_at_once_and_undo_takes_it_back_whole(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    names(person)
    person.page.locator(CHECKS).nth(0).click()
    person.page.locator(CHECKS).nth(7).click(modifiers=["Shift"])
    person.page.get_by_text("8 chosen").wait_for()
    person.page.locator("#gallery-skip").click()
    person.page.locator("#skip-reason").fill("blurred")
    person.page.locator("#skip-confirm").click()
    person.wait_for_notice("8 images marked skipped")
    person.wait_until_saved()
    assert filled.services.annotations.read("img1.jpg", "ada")[0].reason == "blurred"
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


def test_what_is_changed_and_not_sent_yet_arrives_later(visit: Visit, filled: Site) -> None:
    person = open_wall(visit, filled)
    person.page.route("**/api/edits", lambda route: route.abort())
    person.page.locator("#gallery-boxes " + CHECKS).first.click()
    person.page.locator("#gallery-relabel").select_option("cup")
    person.wait_for_status("offline")
    person.page.locator(".grid-cell", has_text="→ cup").wait_for()  # and not as the server still has it
    person.page.close()
    person.page = person.new_tab("?annotator=ada&image=img1.jpg")
    person.wait_until_saved()
    assert [box["label"] for box in filled.boxes("img1.jpg")] == ["cup"]
    assert [box["label"] for box in person.state()["boxes"]] == ["cup"]


def test_nothing_is_changed_where_the_server_cannot_be_asked(visit: Visit, filled: Site) -> None:
    person = open_wall(visit, filled)
    filled.stop()
    person.page.locator("#gallery-boxes " + CHECKS).first.click()
    person.page.locator("#gallery-relabel").select_option("cup")
    person.wait_for_notice("Nothing is changed: the server does not answer.")
    filled.start()
    assert [box["label"] for box in filled.boxes("img1.jpg")] == ["cat"]


def move_elsewhere(site: Site, image: str, label: str = "cat") -> None:
    """The person moves the box of an image in another browser."""
    [box] = site.boxes(image)
    edit = {"kind": "put", "box": {**box, "label": label, "x0": box["x0"] + 30, "x1": box["x1"] + 30}}
    say(site, "ada", image, {**edit, "time": now()})


def test_a_box_that_was_moved_meanwhile_is_not_relabelled_as_it_was(visit: Visit, filled: Site) -> None:
    person = open_wall(visit, filled)
    move_elsewhere(filled, "img1.jpg")
    person.page.locator("#gallery-boxes " + CHECKS).nth(0).click()
    person.page.locator("#gallery-boxes " + CHECKS).nth(1).click()
    person.page.locator("#gallery-relabel").select_option("cup")
    person.wait_for_notice("1 box changed meanwhile")
    wait_for_total(person, "5 boxes")
    person.wait_until_saved()
    [moved] = filled.boxes("img1.jpg")
    assert (moved["label"], moved["x0"]) == ("cat", 40)


def test_undo_leaves_alone_what_was_changed_since(visit: Visit, filled: Site) -> None:
    person = open_wall(visit, filled)
    for number in range(3):
        person.page.locator("#gallery-boxes " + CHECKS).nth(number).click()
    person.page.locator("#gallery-relabel").select_option("cup")
    wait_for_total(person, "3 boxes")
    person.wait_until_saved()
    move_elsewhere(filled, "img1.jpg", "cup")
    person.press("Control+z")
    person.wait_for_notice("1 of these changed since and stays as it is.")
    wait_for_total(person, "5 boxes")
    [moved] = filled.boxes("img1.jpg")
    assert (moved["label"], moved["x0"]) == ("cup", 40)
    person.press("Control+y")
    wait_for_total(person, "3 boxes")


def test_a_clock_that_was_ahead_keeps_nobody_from_undoing(visit: Visit, filled: Site) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    [box] = filled.boxes("img1.jpg")
    say(filled, "ada", "img1.jpg", {"kind": "put", "box": box, "time": later})
    say(filled, "ada", "img2.jpg", {"kind": "state", "state": "skipped", "time": later})
    person = open_wall(visit, filled)
    person.page.locator("#gallery-boxes " + CHECKS).first.click()
    person.page.locator("#gallery-delete").click()
    wait_for_total(person, "5 boxes")
    person.wait_until_saved()
    person.page.reload()
    wait_for_total(person, "5 boxes")
    person.page.locator("#undo").click()
    wait_for_total(person, "6 boxes")
    assert filled.boxes("img1.jpg") == [box]
    person.page.locator("#gallery-show-images").click()
    wait_for_total(person, "12 images")
    names(person)
    person.page.locator("#gallery-images " + CHECKS).nth(1).click()
    person.page.locator("#gallery-done").click()
    person.wait_for_notice("1 image marked done")
    person.wait_until_saved()
    assert filled.state("img2.jpg") == "done"


def test_states_outlive_changes_of_boxes_and_an_emptied_image_is_not_verified(visit: Visit, filled: Site) -> None:
    for image in ("img7.jpg", "img9.jpg"):
        say(filled, "ada", image, {"kind": "state", "state": "skipped", "reason": "dark", "time": now()})
    person = open_wall(visit, filled)
    person.press("Control+a")
    person.page.get_by_text("6 chosen").wait_for()
    person.page.locator("#gallery-delete").click()
    person.wait_for_notice("6 boxes removed; 3 images without a box now in progress again")
    person.wait_until_saved()
    assert [filled.state(name) for name in img(1, 3, 5, 7, 9)] == ["in progress"] * 3 + ["skipped"] * 2
    person.press("Control+z")
    wait_for_total(person, "6 boxes")
    assert [filled.state(name) for name in img(1, 3, 5, 7, 9)] == ["done"] * 3 + ["skipped"] * 2
    assert filled.services.annotations.read("img7.jpg", "ada")[0].reason == "dark"


def test_no_cell_shows_the_picture_of_another(visit: Visit, filled: Site) -> None:
    person = open_wall(visit, filled)
    loaded = "(n) => document.querySelectorAll('#gallery-boxes .grid-cell:not([hidden]) img[src]')[n].naturalWidth > 0"
    person.page.wait_for_function(loaded, arg=1)
    held: list[Any] = []
    person.page.route("**/crops/**", lambda route: held.append(route))
    person.page.locator("#gallery-label").select_option("person")
    wait_for_total(person, "1 box")
    assert names(person) == ["img1.jpg"]
    assert not person.page.evaluate(loaded, 0)
    for route in held:
        route.continue_()
    person.page.wait_for_function(loaded, arg=0)


def test_a_stretch_is_not_chosen_from_a_list_that_has_changed(visit: Visit, many: Site) -> None:
    person = open_gallery(visit, many, "&query=state:todo")
    wait_for_total(person, "200 images")
    names(person)
    person.page.locator(CHECKS).nth(0).click()
    say(many, "ada", "p000.jpg", {"kind": "state", "state": "done", "time": now()})
    person.page.locator("#gallery-images").evaluate("(one) => (one.scrollTop = one.scrollHeight)")
    person.page.locator('.grid-cell[data-ordinal="190"]:not(.cell-waiting)').wait_for()
    person.page.locator('.grid-cell[data-ordinal="190"] .cell-check').click(modifiers=["Shift"])
    person.wait_for_notice("The list has changed meanwhile")
    assert not person.page.locator("#gallery-actions").is_visible()


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


def test_one_comes_back_to_the_place_one_left(visit: Visit, many: Site) -> None:
    person = open_gallery(visit, many)
    wait_for_total(person, "200 images")
    person.page.locator("#gallery-images").evaluate("(one) => (one.scrollTop = one.scrollHeight)")
    person.page.locator('.grid-cell[data-ordinal="190"]:not(.cell-waiting) a').click()
    person.wait_for_image("p189.jpg")
    person.press("d", "g")
    person.page.locator(".cell-current .cell-name", has_text="p190.jpg").wait_for()


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
