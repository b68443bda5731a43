"""Changing many at once from the gallery: states of images, labels of boxes, and taking that back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from data.edits import now
from tests.browser.gallery import (
    CHECKS,
    Visit,
    img,
    names,
    open_gallery,
    open_wall,
    say,
    wait_for_total,
)
from tests.browser.late import Held
from tests.conftest import Site


def test_many_are_marked_at_once_and_undo_takes_it_back_whole(visit: Visit, filled: Site) -> None:
    person = open_gallery(visit, filled)
    wait_for_total(person, "12 images")
    names(person)
    person.page.locator(CHECKS).nth(0).click()
    person.page.locator(CHECKS).nth(7).click(modifiers=["Shift"])
    person.page.get_by_text("8 chosen").wait_for()
    assert [person.page.locator(CHECKS).nth(n).is_checked() for n in (0, 6, 7, 8)] == [True, True, True, False]
    person.page.locator("#gallery-skip").click()
    person.page.get_by_role("heading", name="Skip 8 images").wait_for()
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
        "[...document.querySelectorAll('#gallery-boxes .grid-cell:not([hidden]) img')].every((one) => one.naturalWidth > 0)"
    )
    person.page.locator("#gallery-boxes " + CHECKS).nth(0).click()
    person.page.locator("#gallery-boxes " + CHECKS).nth(2).click()
    person.page.locator("#gallery-relabel").select_option("cup")
    wait_for_total(person, "4 boxes")
    person.wait_until_saved()
    changed = [box["label"] for name in img(1, 3, 5) for box in filled.boxes(name)]
    assert sorted(changed) == ["cat", "cup", "cup"]
    person.press("Control+z")
    wait_for_total(person, "6 boxes")
    person.wait_for_notice("Undone: 2 boxes relabelled cup.")
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


def test_what_is_done_already_or_cannot_be_seen_is_left_out_and_said(
    visit: Visit, serve: Callable[..., Site], pictures: Path
) -> None:
    (pictures / "img2.jpg").write_bytes(b"this is no picture")
    site = serve()
    site.services.batch.picture("img2.jpg")  # somebody was there
    say(site, "ada", "img1.jpg", {"kind": "state", "state": "done"})
    person = open_gallery(visit, site)
    wait_for_total(person, "12 images")
    names(person)
    person.page.locator(CHECKS).nth(0).click()
    person.page.locator(CHECKS).nth(2).click(modifiers=["Shift"])
    person.page.locator("#gallery-done").click()
    person.wait_for_notice(
        "1 image marked done; 1 was so already; 1 cannot be shown, and so not be done. Undo takes it back."
    )
    person.wait_until_saved()
    assert [site.state(name) for name in img(1, 2, 3)] == ["done", "todo", "done"]
    person.page.locator("#undo").click()
    person.page.wait_for_function("document.getElementById('undo').disabled")
    person.wait_until_saved()
    assert [site.state(name) for name in img(1, 2, 3)] == ["done", "todo", "todo"]


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
    person.page.locator("#gallery-boxes " + CHECKS).nth(0).click()
    person.page.locator("#gallery-boxes " + CHECKS).nth(1).click()
    move_elsewhere(filled, "img1.jpg")
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
    wait_for_total(person, "0 boxes")
    person.press("Control+z")
    wait_for_total(person, "6 boxes")
    assert [filled.state(name) for name in img(1, 3, 5, 7, 9)] == ["done"] * 3 + ["skipped"] * 2
    assert filled.services.annotations.read("img7.jpg", "ada")[0].reason == "dark"


def test_a_stretch_is_not_chosen_from_a_list_that_has_changed(visit: Visit, many: Site) -> None:
    person = open_gallery(visit, many, "&query=state:todo")
    wait_for_total(person, "300 images")
    names(person)
    person.page.locator(CHECKS).nth(0).click()
    say(many, "ada", "p000.jpg", {"kind": "state", "state": "done", "time": now()})
    person.page.locator("#gallery-images").evaluate("(one) => (one.scrollTop = one.scrollHeight)")
    person.page.locator('.grid-cell[data-ordinal="290"]:not(.cell-waiting)').wait_for()
    person.page.locator('.grid-cell[data-ordinal="290"] .cell-check').click(modifiers=["Shift"])
    person.wait_for_notice("The list has changed meanwhile")
    assert not person.page.locator("#gallery-actions").is_visible()


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


def test_the_progress_beside_the_picture_knows_what_was_marked_in_the_gallery(visit: Visit, filled: Site) -> None:
    person = visit(filled, "?annotator=ada&image=img2.jpg")
    person.wait_for_image("img2.jpg")
    assert person.text("progress-text") == "3 of 12 done"
    person.press("g")
    wait_for_total(person, "12 images")
    names(person)
    for nth in (6, 8):
        person.page.locator(CHECKS).nth(nth).click()
    person.page.locator("#gallery-done").click()
    person.wait_for_notice("2 images marked done")
    person.page.wait_for_function("document.getElementById('progress-text').textContent === '5 of 12 done'")
    person.press("Control+z")
    person.page.wait_for_function("document.getElementById('progress-text').textContent === '3 of 12 done'")


def test_delete_removes_the_chosen_boxes_and_nothing_while_one_types(visit: Visit, filled: Site) -> None:
    person = open_wall(visit, filled)
    wait_for_total(person, "6 boxes")
    person.page.locator("#gallery-boxes " + CHECKS).nth(0).click()
    person.page.get_by_text("1 chosen").wait_for()
    person.page.locator("#gallery-query").focus()
    person.press("Delete")
    person.page.locator("#gallery-boxes .cell-open").nth(1).focus()
    assert person.page.get_by_text("1 chosen").is_visible()
    person.press("Delete")
    wait_for_total(person, "5 boxes")
    person.press("Control+z")
    wait_for_total(person, "6 boxes")


def test_delete_removes_what_was_just_chosen_by_its_checkbox(visit: Visit, filled: Site) -> None:
    person = open_wall(visit, filled)
    person.page.locator("#gallery-boxes " + CHECKS).nth(1).click()
    person.press("Delete")
    wait_for_total(person, "5 boxes")
    person.wait_until_saved()
    assert (len(filled.boxes("img1.jpg")), filled.boxes("img3.jpg")) == (1, [])


def test_what_was_asked_for_is_done_though_something_else_is_shown_by_then(visit: Visit, filled: Site) -> None:
    person = open_wall(visit, filled)
    held = Held(person.page, "**/api/standing")
    person.page.locator("#gallery-boxes " + CHECKS).nth(0).click()
    person.page.locator("#gallery-boxes " + CHECKS).nth(1).click()
    person.page.locator("#gallery-relabel").select_option("cup")
    held.wait()
    person.page.locator("#gallery-wall-order").select_option("-changed")
    wait_for_total(person, "6 boxes")
    person.page.locator("#gallery-boxes " + CHECKS).nth(0).click()
    held.let_through()
    person.wait_for_notice("2 boxes relabelled cup")
    wait_for_total(person, "4 boxes")
    person.wait_until_saved()
    assert [filled.boxes(name)[0]["label"] for name in img(1, 3, 5)] == ["cup", "cup", "cat"]
