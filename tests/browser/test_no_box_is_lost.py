"""The ways in which boxes get lost elsewhere. Each ends with figure, table, store and database in agreement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Route

from data.choices import Choice
from tests.browser.late import Held
from tests.browser.person import Person, about
from tests.conftest import Site, save_picture

BOX = (100, 80, 220, 200)
OTHER = (300, 150, 420, 260)


def test_a_box_drawn_just_before_next_stays_on_its_image(ada: Person) -> None:
    ada.draw(*BOX)
    ada.page.click("#next")
    ada.wait_for_image("img2.jpg")
    assert ada.check_agreement() == []
    ada.page.click("#previous")
    ada.wait_for_image("img1.jpg")
    assert ada.check_agreement() == [about(BOX)]


def test_a_box_drawn_while_the_next_image_loads_stays_on_the_one_it_was_drawn_on(
    site: Site, visit: Callable[..., Person]
) -> None:
    ada = visit(site, "?annotator=ada&image=img1.jpg")
    held = Held(ada.page, "**/images/img9.jpg*")
    ada.enter("image-jump", "9")
    held.wait()
    ada.draw(*BOX)
    assert ada.state()["image"] == "img1.jpg"
    held.let_through()
    ada.wait_for_image("img9.jpg")
    assert ada.check_agreement() == []
    assert [tuple(box.values())[2:] for box in site.boxes("img1.jpg")] == [about(BOX)]


def test_a_drag_that_is_on_when_next_is_pressed_ends_on_its_own_image(ada: Person, site: Site) -> None:
    mouse = ada.page.mouse
    mouse.move(*ada.on_page(100, 80))
    mouse.down()
    mouse.move(*ada.on_page(150, 120))
    ada.press("d")
    mouse.move(*ada.on_page(220, 200))
    assert ada.state()["image"] == "img1.jpg"
    mouse.up()
    ada.wait_for_image("img2.jpg")
    assert ada.check_agreement() == []
    assert [tuple(box.values())[2:] for box in site.boxes("img1.jpg")] == [about(BOX)]


def test_nine_fast_clicks_on_next_go_nine_images_on(ada: Person) -> None:
    ada.page.evaluate(
        """async () => {
            for (let n = 0; n < 9; n += 1) {
              document.getElementById('next').click();
              await new Promise((resolve) => setTimeout(resolve, 30));
            }
        }"""
    )
    ada.wait_for_image("img10.jpg")
    assert ada.text("image-position") == "10 / 12"
    assert ada.check_agreement() == []


def test_nine_fast_presses_of_the_key_go_nine_images_on(ada: Person) -> None:
    ada.press(*"ddddddddd")
    ada.wait_for_image("img10.jpg")


def test_five_rapid_draws_make_five_boxes(ada: Person) -> None:
    expected = [(40 + 100 * n, 60, 110 + 100 * n, 160) for n in range(5)]
    for box in expected:
        ada.draw(*box)
    ada.wait_for_boxes(5)
    assert ada.check_agreement() == [about(box) for box in expected]


def test_erasing_the_last_box_works_on_two_images_in_turn(ada: Person, site: Site) -> None:
    for image in ("img1.jpg", "img2.jpg"):
        ada.wait_for_image(image)
        ada.draw(*BOX)
        ada.wait_for_boxes(1)
        ada.page.click("#next")
    ada.wait_for_image("img3.jpg")
    for image in ("img2.jpg", "img1.jpg"):
        ada.page.click("#previous")
        ada.wait_for_image(image)
        ada.click(160, 140)
        ada.page.locator('[data-title="Erase active shape"]').click()
        ada.wait_for_boxes(0)
        assert ada.check_agreement() == []


def test_a_cell_that_is_edited_while_a_save_returns_keeps_what_is_typed(ada: Person, site: Site) -> None:
    held = Held(ada.page, "**/api/edits")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.type_in_cell(1, "X0", "11", commit=False)
    assert ada.state()["unsaved"] == 1
    held.wait()
    held.let_through()
    ada.wait_until_saved()
    assert ada.page.evaluate("document.activeElement.value") == "11"
    ada.page.keyboard.type("1")
    ada.press("Enter")
    ada.page.wait_for_function("window.annotator.state().boxes[0].x0 === 111")
    assert ada.check_agreement() == [about((111, *BOX[1:]))]


def test_a_cell_that_is_edited_while_another_browser_draws_keeps_what_is_typed(
    ada: Person, site: Site, visit: Callable[..., Person]
) -> None:
    ada.draw(*BOX)
    ada.wait_until_saved()
    ada.type_in_cell(1, "X0", "11", commit=False)
    elsewhere = visit(site)
    elsewhere.wait_for_boxes(1)
    elsewhere.draw(*OTHER)
    ada.wait_for_boxes(2)
    assert ada.page.evaluate("document.activeElement.value") == "11"
    ada.press("Enter")
    ada.page.wait_for_function("window.annotator.state().boxes.some((box) => box.x0 === 11)")
    assert len(ada.check_agreement()) == 2


def test_undo_and_redo_go_on_after_a_reload(ada: Person) -> None:
    ada.draw(*BOX)
    ada.draw(*OTHER)
    ada.wait_for_boxes(2)
    ada.press("Control+z")
    ada.wait_for_boxes(1)
    ada.page.reload()
    ada.wait_until_ready()
    ada.wait_for_boxes(1)
    ada.press("Control+y")
    ada.wait_for_boxes(2)
    ada.press("Control+z", "Control+z")
    ada.wait_for_boxes(0)
    assert ada.check_agreement() == []
    ada.press("Control+y", "Control+y")
    ada.wait_for_boxes(2)
    assert ada.check_agreement() == [about(BOX), about(OTHER)]


def test_two_tabs_of_one_person_show_the_same(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    first = ada.page
    second = ada.new_tab("?annotator=ada")
    ada.page = second
    ada.wait_for_boxes(1)
    ada.draw(*OTHER)
    ada.wait_for_boxes(2)
    ada.wait_until_saved()
    ada.page = first
    ada.wait_for_boxes(2)
    ada.click(160, 140)
    ada.press("Delete")
    ada.wait_for_boxes(1)
    ada.check_agreement()
    ada.page = second
    ada.wait_for_boxes(1)
    assert ada.check_agreement() == [about(OTHER)]


def test_two_browsers_of_one_person_merge_and_the_later_edit_of_a_box_wins(
    ada: Person, site: Site, visit: Callable[..., Person]
) -> None:
    ada.draw(*BOX)
    ada.wait_until_saved()
    elsewhere = visit(site)
    elsewhere.wait_for_boxes(1)
    ada.context.set_offline(True)
    elsewhere.context.set_offline(True)
    ada.type_in_cell(1, "X0", "50")
    ada.draw(*OTHER)
    ada.wait_for_boxes(2)
    elsewhere.type_in_cell(1, "X0", "60")
    elsewhere.page.wait_for_function("window.annotator.state().boxes[0].x0 === 60")
    elsewhere.context.set_offline(False)
    elsewhere.wait_until_saved()
    ada.context.set_offline(False)
    for person in (ada, elsewhere):
        person.wait_for_boxes(2)
        person.page.wait_for_function("window.annotator.state().boxes.some((box) => box.x0 === 60)")
        assert person.check_agreement()[0][0] == 60


def test_two_people_do_not_see_or_change_each_others_boxes(
    ada: Person, site: Site, visit: Callable[..., Person]
) -> None:
    grace = visit(site, "?annotator=grace")
    ada.draw(*BOX)
    grace.draw(*OTHER)
    assert ada.check_agreement() == [about(BOX)]
    assert grace.check_agreement(annotator="grace") == [about(OTHER)]


def test_fifty_edits_made_offline_arrive_once_each(ada: Person, site: Site) -> None:
    ada.context.set_offline(True)
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.click(160, 140)
    for _ in range(49):
        ada.press("ArrowRight")
    ada.page.wait_for_function("window.annotator.state().unsaved === 50")
    ada.wait_for_status("offline")
    assert "50" in ada.text("save-status")
    ada.context.set_offline(False)
    moved = ada.check_agreement()
    assert moved == [about((149, 80, 269, 200))]
    export = b"".join(site.services.exports.stream("json", Choice())[1]).decode()
    assert export.count('"label": "person"') == 1


def test_edits_made_offline_survive_the_tab(ada: Person) -> None:
    ada.page.route("**/api/edits", lambda route: route.abort())
    ada.draw(*BOX)
    ada.wait_for_status("offline")
    ada.page.close(run_before_unload=False)
    ada.page = ada.new_tab("?annotator=ada")
    ada.wait_for_boxes(1)
    assert ada.check_agreement() == [about(BOX)]


def test_a_sign_in_page_or_an_error_instead_of_an_answer_loses_nothing(ada: Person) -> None:
    answers = [
        {"status": 401, "body": "who are you"},
        {"status": 200, "content_type": "text/html", "body": "<h1>Sign in</h1>"},
        {"status": 500, "body": "oh"},
        {"status": 200, "content_type": "application/json", "body": "{}"},
    ]

    def answer(route: Route) -> None:
        if answers:
            route.fulfill(**answers.pop(0))
        else:
            route.continue_()

    ada.page.route("**/api/edits", answer)
    ada.draw(*BOX)
    ada.wait_for_status("offline")
    assert ada.check_agreement() == [about(BOX)]
    assert answers == []


def test_odd_labels_names_and_file_names_are_only_text(
    serve: Callable[..., Site], visit: Callable[..., Person], tmp_path: Path
) -> None:
    names = ["<script>alert(1)<", "1234567890123.jpg", "a b & c %20 #?.jpg", "Ünïcødé 图片.jpg"]
    for name in names:
        save_picture(tmp_path / "odd" / "in" / (name if name.endswith(".jpg") else f"{name}.jpg"))
    labels = tmp_path / "labels.toml"
    labels.write_text('[[label]]\nname = "1234567890123"\n[[label]]\nname = "<script>alert(2)</script>"\n')
    site = serve(images=str(tmp_path / "odd"), labels=str(labels))
    annotator = "<script>alert(3)</script>"
    ada = visit(site, "?annotator=%3Cscript%3Ealert(3)%3C/script%3E")
    ada.page.on("dialog", lambda dialog: ada.errors.append(f"a script ran: {dialog.message}"))
    for number in range(4):
        ada.page.wait_for_function(f"document.getElementById('image-position').textContent === '{number + 1} / 4'")
        ada.draw(*BOX)
        ada.press("2")
        ada.draw(*OTHER)
        ada.press("1")
        ada.wait_for_boxes(2)
        assert [box["label"] for box in ada.state()["boxes"]] == ["1234567890123", "<script>alert(2)</script>"]
        assert ada.text("image-name") == ada.state()["image"]
        ada.check_agreement(annotator=annotator)
        ada.press("d")
    assert ada.state()["annotator"] == annotator


def test_two_thousand_boxes_stay_two_thousand(ada: Person, site: Site) -> None:
    edits = [
        {
            "id": f"edit-{n}",
            "image": "img2.jpg",
            "kind": "put",
            "time": f"2026-01-01T00:00:{n // 1000:02d}.{n % 1000:03d}Z",
            "box": {"id": f"box-{n}", "label": "cat", "x0": n % 50 * 12, "y0": n // 50 * 11, "x1": n % 50 * 12 + 9, "y1": n // 50 * 11 + 8},
        }
        for n in range(2000)
    ]  # fmt: skip
    for first in range(0, 2000, 1000):
        assert site.services.annotations.take("ada", edits[first : first + 1000]).refused == []
    ada.page.reload()
    ada.wait_until_ready()
    ada.press("d")
    ada.wait_for_boxes(2000)
    ada.draw(50, 450, 90, 470)
    ada.wait_for_boxes(2001)
    ada.click(4, 4)
    ada.press("Delete")
    ada.wait_for_boxes(2000)
    assert len(ada.check_agreement()) == 2000
