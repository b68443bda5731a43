"""Drawing, selecting and correcting boxes by mouse, keyboard, touch and table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.person import Person, about, selected
from tests.conftest import Site

BOX = (100, 80, 220, 200)
INNER = (130, 110, 160, 140)
OTHER = (300, 150, 420, 260)


@pytest.mark.parametrize(
    ("start", "end"),
    [((220, 200), (100, 80)), ((100, 200), (220, 80)), ((220, 80), (100, 200))],
    ids=["up-left", "up-right", "down-left"],
)
def test_a_box_can_be_drawn_in_any_direction(ada: Person, start: tuple[float, float], end: tuple[float, float]) -> None:
    ada.drag(start, end)
    ada.wait_for_boxes(1)
    assert ada.check_agreement() == [about(BOX)]


def test_a_box_drawn_over_the_edge_ends_at_the_edge(ada: Person) -> None:
    ada.drag((60, 420), (-40, 500))
    [box] = ada.wait_for_boxes(1)
    assert (box["x0"], box["y1"]) == (0, 480)
    assert ada.page.locator(".zoomlayer .select-outline").count() == 0
    ada.check_agreement()


def test_clicks_and_straight_drags_make_no_box(ada: Person) -> None:
    ada.click(100, 100)
    ada.drag((100, 100), (101, 101))
    ada.drag((100, 100), (300, 100))
    ada.draw(*OTHER)
    ada.wait_for_boxes(1)
    assert ada.check_agreement() == [about(OTHER)]


def test_a_click_picks_the_smallest_box_and_the_next_click_the_one_under_it(ada: Person) -> None:
    ada.draw(*BOX)
    ada.draw(*INNER)
    ada.wait_for_boxes(2)
    assert selected(ada) is None
    ada.click(145, 125)
    assert selected(ada) == about(INNER)
    ada.click(145, 125)
    assert selected(ada) == about(BOX)
    ada.click(145, 125)
    assert selected(ada) == about(INNER)
    ada.press("Escape")
    assert selected(ada) is None
    ada.click(500, 400)
    assert selected(ada) is None


def test_the_selected_box_moves_and_resizes_by_mouse_within_the_picture(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.click(160, 140)
    ada.drag((160, 140), (180, 170))
    assert ada.boxes() == [about((120, 110, 240, 230))]
    ada.drag((180, 110), (180, 100))  # by its edge, too
    assert ada.boxes() == [about((120, 100, 240, 220))]
    ada.drag((240, 220), (300, 260))
    assert ada.boxes() == [about((120, 100, 300, 260))]
    ada.drag((120, 100), (400, 100))
    assert ada.boxes() == [about((299, 100, 300, 260))]
    ada.press("Control+z")
    ada.drag((200, 200), (-300, 200))
    [box] = ada.boxes()
    assert box == about((0, 100, 180, 260))
    assert ada.check_agreement() == [box]


def test_alt_and_drag_moves_the_nearest_edge(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.click(160, 140)
    ada.page.keyboard.down("Alt")
    ada.drag((215, 140), (255, 140))
    ada.page.keyboard.up("Alt")
    assert ada.check_agreement() == [about((100, 80, 260, 200))]


def test_arrows_nudge_and_resize_the_selected_box(ada: Person) -> None:
    ada.draw(*BOX)
    x0, y0, x1, y1 = ada.wait_for_boxes(1) and ada.boxes()[0]
    ada.press("Tab", "ArrowRight", "Shift+ArrowDown", "Alt+ArrowRight", "Shift+Alt+ArrowUp")
    assert ada.check_agreement() == [about((x0 + 1, y0 + 10, x1 + 2, y1), 0.011)]


def test_digits_choose_the_label_of_the_next_box_or_relabel_the_selected_one(ada: Person) -> None:
    ada.draw(*BOX)
    ada.press("3")
    ada.draw(*OTHER)
    ada.wait_for_boxes(2)
    assert [box["label"] for box in ada.state()["boxes"]] == ["person", "cat"]
    ada.click(160, 140)
    ada.press("0")
    assert [box["label"] for box in ada.state()["boxes"]] == ["galaxy", "cat"]
    ada.check_agreement()


def test_the_dropdown_and_the_palette_choose_the_label(ada: Person) -> None:
    ada.page.locator("#annotation-type-dropdown").click()
    ada.page.get_by_role("option", name="coin").click()
    ada.draw(*BOX)
    ada.page.locator(".label-choose", has_text="rocket").click()
    ada.draw(*OTHER)
    ada.wait_for_boxes(2)
    assert [box["label"] for box in ada.state()["boxes"]] == ["coin", "rocket"]
    assert "rocket" in ada.text("annotation-type-dropdown")
    assert ada.page.locator(".label-choose", has_text="coin").locator(".label-count").inner_text() == "1"


def test_copy_paste_duplicate_and_copy_from_the_previous_image(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.click(160, 140)
    ada.press("Control+d")
    ada.wait_for_boxes(2)
    ada.press("Control+c", "d")
    ada.wait_for_image("img2.jpg")
    ada.press("Control+v")
    ada.wait_for_boxes(1)
    ada.press("r")
    ada.wait_for_boxes(2)  # the one that was pasted is there already
    ada.check_agreement()
    ada.press("Control+z")
    ada.wait_for_boxes(1)


def test_hidden_labels_are_not_shown_or_picked_but_kept(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.press("h")
    shapes = "document.querySelector('#graph .js-plotly-plot').layout.shapes.filter((s) => s.visible).length"
    ada.page.wait_for_function(f"{shapes} === 0")
    ada.click(160, 140)
    assert selected(ada) is None
    assert len(ada.state()["boxes"]) == 1
    ada.press("h")
    ada.page.wait_for_function(f"{shapes} === 1")
    ada.check_agreement()


def test_undo_and_redo_cover_every_kind_of_edit(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.click(160, 140)
    ada.press("2")
    ada.type_in_cell(1, "X0", "90")
    ada.page.wait_for_function("window.annotator.state().boxes[0].x0 === 90")
    ada.click(160, 140)
    ada.press("Delete")
    ada.wait_for_boxes(0)
    for _ in range(4):
        ada.page.click("#undo")
    ada.wait_for_boxes(0)
    ada.page.wait_for_selector("#undo:disabled")
    for _ in range(3):
        ada.page.click("#redo")
    ada.page.wait_for_function("window.annotator.state().boxes[0]?.x0 === 90")  # the third of three
    [box] = ada.wait_for_boxes(1)
    assert box["label"] == "face"
    ada.check_agreement()
    ada.page.click("#redo")
    ada.wait_for_boxes(0)
    ada.check_agreement()


def test_everything_can_be_done_by_keyboard(ada: Person) -> None:
    ada.press("b")
    ada.wait_for_boxes(1)
    ada.press("Shift+ArrowLeft", "Alt+ArrowDown", "4", "Escape", "b", "Delete", "e")
    ada.wait_for_image("img2.jpg")
    ada.press("a")
    ada.wait_for_image("img1.jpg")
    assert ada.state()["state"] == "done"
    assert [box["label"] for box in ada.state()["boxes"]] == ["cup"]
    ada.check_agreement()
    ada.press("Tab")
    assert selected(ada) is not None
    ada.press("Tab")
    assert ada.page.evaluate("document.activeElement.id") != "graph"


def test_space_pans_the_wheel_zooms_and_edits_keep_the_view(ada: Person) -> None:
    ranges = "document.querySelector('#graph .js-plotly-plot')._fullLayout.xaxis.range.slice()"
    fitted = ada.page.evaluate(ranges)
    ada.page.mouse.move(*ada.on_page(300, 200))
    for _ in range(3):
        ada.page.mouse.wheel(0, -100)
    ada.page.wait_for_function(f"{ranges}[1] - {ranges}[0] < {fitted[1] - fitted[0]} * 0.9")
    # plotly counts the wheel as one movement until it has rested; only then it draws the figure anew
    ada.page.wait_for_function(
        f"Math.abs(document.querySelector('#graph .js-plotly-plot').layout.xaxis.range[1] - {ranges}[1]) < 1e-9"
    )
    before = ada.page.evaluate(ranges)
    ada.page.keyboard.down("Space")
    ada.drag((300, 200), (330, 220))
    ada.page.keyboard.up("Space")
    ada.page.wait_for_function(f"Math.abs({ranges}[0] - {before[0] - 30}) < 2")
    moved = ada.page.evaluate(ranges)
    assert ada.boxes() == []
    ada.draw(250, 180, 320, 240)
    ada.wait_for_boxes(1)
    ada.click(285, 210)
    ada.press("ArrowUp", "Delete")
    assert ada.page.evaluate(ranges) == pytest.approx(moved)
    ada.press("f")
    ada.page.wait_for_function(f"Math.abs({ranges}[0] - {fitted[0]}) < 1")
    ada.check_agreement()


def test_ctrl_and_drag_throws_nothing_and_draws_nothing(ada: Person) -> None:
    ada.page.keyboard.down("Control")
    ada.draw(*BOX)
    ada.page.keyboard.up("Control")
    ada.draw(*OTHER)
    ada.wait_for_boxes(1)
    assert ada.check_agreement() == [about(OTHER)]


def test_escape_during_a_drag_gives_the_drag_up(ada: Person) -> None:
    mouse = ada.page.mouse
    mouse.move(*ada.on_page(100, 80))
    mouse.down()
    mouse.move(*ada.on_page(200, 180))
    ada.press("Escape")
    mouse.up()
    ada.draw(*OTHER)
    ada.wait_for_boxes(1)
    assert ada.check_agreement() == [about(OTHER)]
    assert ada.page.locator(".zoomlayer .select-outline").count() == 0


@pytest.mark.parametrize("together", [True, False])
def test_a_pinch_from_anywhere_leaves_nothing_behind(site: Site, visit: Callable[..., Person], together: bool) -> None:
    ada = visit(site, has_touch=True, viewport={"width": 390, "height": 844})
    session = ada.context.new_cdp_session(ada.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    x, y = ada.on_page(300, 200)
    if not together:
        touch("touchStart", (x, y))
        touch("touchMove", (x + 10, y + 10))
    touch("touchStart", (x + 10, y + 10), (x + 60, y + 60))
    for n in range(1, 6):
        touch("touchMove", (x + 10 - 8 * n, y + 10 - 8 * n), (x + 60 + 8 * n, y + 60 + 8 * n))
    touch("touchEnd", (x + 100, y + 100))
    touch("touchEnd")
    figure = "document.querySelector('#graph .js-plotly-plot')"
    ada.page.wait_for_function(f"{figure}.layout.xaxis.range[1] - {figure}.layout.xaxis.range[0] < 500")  # zoomed
    ada.wait_for_paint()
    assert ada.page.evaluate(f"{figure}.layout.shapes.filter((s) => s.visible !== false).length") == 0
    assert ada.page.evaluate(f"{figure}.querySelectorAll('.select-outline, .outline-controllers *').length") == 0
    assert ada.check_agreement() == []


def test_touch_draws_selects_moves_and_resizes_and_a_pinch_makes_no_box(
    site: Site, visit: Callable[..., Person]
) -> None:
    ada = visit(site, has_touch=True)
    session = ada.context.new_cdp_session(ada.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [dict(zip(("x", "y"), ada.on_page(*point), strict=True), id=n) for n, point in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    def swipe(start: tuple[float, float], end: tuple[float, float]) -> None:
        touch("touchStart", start)
        touch("touchMove", ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        touch("touchMove", end)
        touch("touchEnd")

    swipe((100, 80), (220, 200))
    ada.wait_for_boxes(1)
    assert ada.boxes() == [about(BOX)]
    touch("touchStart", (160, 140))
    touch("touchEnd")
    ada.page.wait_for_function("document.querySelector('#graph .js-plotly-plot').layout.shapes.at(-1).visible")
    swipe((160, 140), (180, 150))
    ada.page.wait_for_function("window.annotator.state().boxes[0].x0 > 110")
    swipe((240, 210), (260, 240))
    ada.page.wait_for_function("window.annotator.state().boxes[0].x1 > 250")
    assert ada.boxes() == [about((120, 90, 260, 240))]
    touch("touchStart", (300, 200))
    touch("touchStart", (300, 200), (400, 300))
    touch("touchMove", (280, 180), (420, 320))
    touch("touchEnd")
    assert ada.check_agreement() == [about((120, 90, 260, 240))]


def test_more_than_24_labels_have_different_colours(
    serve: Callable[..., Site], visit: Callable[..., Person], tmp_path: Path
) -> None:
    labels = tmp_path / "many.toml"
    labels.write_text("".join(f'[[label]]\nname = "label {n}"\n' for n in range(40)))
    ada = visit(serve(labels=str(labels)))
    colors = ada.page.evaluate("[...document.querySelectorAll('.label-color')].map((e) => e.style.background)")
    assert len(colors) == len(set(colors)) == 40


def test_pixels_are_seen_as_they_are_once_one_is_close(ada: Person) -> None:
    """So that an edge can be put between two of them."""
    drawn = "getComputedStyle(document.querySelector('#graph .imagelayer image')).imageRendering"
    assert ada.page.evaluate(drawn) == "auto"
    ada.press(*["+"] * 15)
    ada.page.wait_for_function(f"{drawn} === 'pixelated'")
    ada.press("f")
    ada.page.wait_for_function(f"{drawn} === 'auto'")
