"""The private names of plotly.js and the class names of the DataTable that the page relies on; these fail when they change."""

from __future__ import annotations

from tests.browser.person import Person

BOX = (100, 80, 220, 200)


def test_what_the_page_reads_of_plotly_is_there(ada: Person) -> None:
    facts = ada.page.evaluate(
        """() => {
          const gd = document.querySelector('#graph .js-plotly-plot');
          const { xaxis, yaxis, newshape, dragmode } = gd._fullLayout;
          return {
            numbers: [xaxis._offset, xaxis._length, yaxis._offset, yaxis._length, ...xaxis.range, ...yaxis.range].every(Number.isFinite),
            color: newshape.line.color,
            dragmode,
            image: gd.layout.meta.image,
            drag: Boolean(gd.querySelector('.draglayer .nsewdrag')),
            buttons: [...gd.querySelectorAll('.modebar-btn')].map((b) => b.dataset.title),
          };
        }"""
    )
    assert facts["numbers"]
    assert facts["dragmode"] == "drawrect"
    assert facts["image"] == "img1.jpg"
    assert facts["drag"]
    assert facts["color"] == "#e6194b"
    assert facts["buttons"] == ["Draw rectangle", "Erase active shape", "Pan", "Zoom", "Reset axes"]


def test_plotly_outlines_a_drag_and_makes_no_shape_of_its_own(ada: Person) -> None:
    ada.page.evaluate(
        """() => {
          window.seen = [];
          document.querySelector('#graph .js-plotly-plot').on('plotly_relayout', (e) => window.seen.push(...Object.keys(e)));
        }"""
    )
    mouse = ada.page.mouse
    mouse.move(*ada.on_page(100, 80))
    mouse.down()
    mouse.move(*ada.on_page(160, 120))
    mouse.move(*ada.on_page(220, 200))
    assert ada.page.locator(".zoomlayer .select-outline").count() > 0
    assert ada.page.evaluate("document.querySelector('#graph .js-plotly-plot')._fullLayout._outlining") is True
    mouse.up()
    ada.wait_for_boxes(1)
    ada.page.wait_for_function("!document.querySelector('.zoomlayer .select-outline')")
    seen = [key for key in ada.page.evaluate("window.seen") if key.startswith("shapes")]
    assert seen
    assert all((key.startswith("shapes[") and key.endswith(".opacity")) or key == "shapes" for key in seen)
    ada.check_agreement()


def test_one_exchanged_shape_is_drawn_without_the_others(ada: Person) -> None:
    for n in range(3):
        ada.press(str(n + 1))
        ada.draw(40 + 150 * n, 80, 140 + 150 * n, 200)
        ada.wait_for_boxes(n + 1)
    ada.page.evaluate(
        "window.before = [...document.querySelectorAll('#graph .shapelayer path')]; window.paths = before.map((p) => p.getAttribute('d'))"
    )
    ada.press("Tab", "ArrowDown")
    ada.wait_until_saved()
    same = ada.page.evaluate(
        """() => {
          const now = [...document.querySelectorAll('#graph .shapelayer path')];
          return window.before.filter((path) => now.includes(path)).length;
        }"""
    )
    assert same >= 2
    ada.check_agreement()


def test_the_modebar_pans_and_resets_to_the_picture_on_screen(ada: Person) -> None:
    ranges = "document.querySelector('#graph .js-plotly-plot')._fullLayout.xaxis.range.slice()"
    ada.press("d")
    ada.wait_for_image("img2.jpg")
    fitted = ada.page.evaluate(ranges)
    ada.page.locator('[data-title="Pan"]').click()
    ada.drag((200, 200), (300, 250))
    ada.page.wait_for_function(f"Math.abs({ranges}[0] - {fitted[0]}) > 50")
    assert ada.boxes() == []
    ada.page.locator('[data-title="Reset axes"]').click()
    ada.page.wait_for_function(f"Math.abs({ranges}[0] - {fitted[0]}) < 0.01")
    ada.page.locator('[data-title="Draw rectangle"]').click()
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.check_agreement()


def test_a_cell_shows_whether_it_is_being_typed_in(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.type_in_cell(1, "X0", "7", commit=False)
    assert ada.page.evaluate("document.activeElement.parentElement.querySelector('.input-cell-value-shadow') !== null")
    ada.press("Escape")


def test_a_notch_of_the_wheel_zooms_by_a_fifth_and_a_trackpad_smoothly(ada: Person) -> None:
    range_ = "document.querySelector('#graph .js-plotly-plot')._fullLayout.xaxis.range"
    span = f"{range_}[1] - {range_}[0]"
    ada.page.mouse.move(*ada.on_page(320, 240))
    for by, expected in ((-120, 0.82), (-120, 0.82), (120, 1.22), (-4, 0.98)):
        before = ada.page.evaluate(span)
        ada.page.mouse.wheel(0, by)
        ada.page.wait_for_function(
            f"([before, wanted]) => Math.abs(({span}) / before - wanted) < 0.01", arg=[before, expected]
        )
