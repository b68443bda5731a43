"""The table of boxes."""

from __future__ import annotations

from tests.browser.person import Person, about, selected

BOX = (100, 80, 220, 200)
INNER = (130, 110, 160, 140)
OTHER = (300, 150, 420, 260)
# Every timer of the page takes twenty times as long; `timersRunToNow()` resolves once the short ones set so far have run.
SLOW_TIMERS = """{
  const [soon, forget, due] = [window.setTimeout, window.clearTimeout, new Map()];
  const settle = (id) => { due.get(id)?.resolve(); due.delete(id); };
  window.setTimeout = (then, ms = 0) => {
    const id = soon(() => { then(); settle(id); }, ms * 20);
    due.set(id, { ms, ...Promise.withResolvers() });
    return id;
  };
  window.clearTimeout = (id) => { settle(id); forget(id); };
  window.timersRunToNow = () => Promise.all([...due.values()].filter(({ ms }) => ms < 200).map(({ promise }) => promise));
}"""


def test_a_value_that_cannot_be_is_refused_and_the_old_one_stays(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    before = ada.boxes()
    old = dict(zip(("X0", "Y0", "X1", "Y1"), before[0], strict=True))
    for column, typed, says in [
        ("X0", "abc", "no number"),
        ("X0", "abc", "no number"),  # the same mistake twice is refused twice
        ("X1", "641", "outside the picture"),
        ("Y0", "-1", "outside the picture"),
        ("X0", "230", "turn the box over"),
        ("Y1", "1e999", "no number"),
    ]:
        ada.page.evaluate("document.getElementById('table-message').textContent = ''")
        ada.type_in_cell(1, column, typed)
        ada.page.wait_for_function(
            "(text) => document.getElementById('table-message').textContent.includes(text)", arg=says
        )
        ada.page.wait_for_function(
            "([column, value]) => window.dash_component_api.getLayout('annotations-table').props.data[0][column] === value",
            arg=[column, old[column]],
        )
    assert ada.check_agreement() == before


def test_the_table_turns_to_the_page_of_a_new_or_selected_box(ada: Person) -> None:
    page_size = ada.page.evaluate("window.dash_component_api.getLayout('annotations-table').props.page_size")
    for n in range(page_size + 1):
        ada.draw(10 + 20 * n, 10, 25 + 20 * n, 60)
    boxes = ada.wait_for_boxes(page_size + 1)
    rows = ada.page.locator("#annotations-table td[data-dash-column='X0']")
    ada.page.wait_for_function("document.querySelectorAll('#annotations-table td[data-dash-column=X0]').length === 1")
    assert rows.all_inner_texts() == [f"{boxes[-1]['x0']:.1f}"]
    ada.click(15, 30)
    ada.page.wait_for_function(
        "(n) => document.querySelectorAll('#annotations-table td[data-dash-column=X0]').length === n", arg=page_size
    )
    ada.press("d")
    ada.wait_for_image("img2.jpg")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.page.wait_for_function("document.querySelectorAll('#annotations-table td[data-dash-column=X0]').length === 1")
    ada.check_agreement()


def test_the_table_edits_relabels_and_deletes(ada: Person) -> None:
    ada.draw(*BOX)
    ada.draw(*OTHER)
    ada.wait_for_boxes(2)
    ada.type_in_cell(1, "Y1", "222.25")
    ada.page.wait_for_function("window.annotator.state().boxes[0].y1 === 222.25")
    ada.cell(2, "Type").locator(".Select-control").click()
    ada.page.locator("#annotations-table .Select-option", has_text="cup").click()
    ada.page.wait_for_function("window.annotator.state().boxes[1].label === 'cup'")
    ada.check_agreement()
    ada.page.locator("#annotations-table td.dash-delete-cell").nth(0).click()
    [box] = ada.wait_for_boxes(1)
    assert box["label"] == "cup"
    ada.check_agreement()


def test_a_row_of_the_table_selects_its_box_and_a_box_its_row(ada: Person) -> None:
    ada.draw(*BOX)
    ada.draw(*OTHER)
    ada.wait_for_boxes(2)
    ada.cell(1, "X0").click()
    ada.page.wait_for_function("document.querySelector('#graph .js-plotly-plot').layout.shapes.at(-1).visible")
    assert selected(ada) == about(BOX)
    ada.click(360, 200)
    styles = ada.page.evaluate("window.dash_component_api.getLayout('annotations-table').props.style_data_conditional")
    assert ada.state()["boxes"][1]["id"] in styles[-1]["if"]["filter_query"]


def test_after_a_type_was_chosen_by_hand_the_keys_are_the_pictures_again(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.cell(1, "Type").locator(".Select-control").click()
    ada.page.locator("#annotations-table .Select-option", has_text="cup").click()
    ada.page.wait_for_function("window.annotator.state().boxes[0].label === 'cup'")
    ada.press("Control+z")
    ada.page.wait_for_function("window.annotator.state().boxes[0].label === 'person'")
    ada.press("d")
    ada.wait_for_image("img2.jpg")


def test_a_menu_left_by_escape_at_once_stays_shut(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.page.evaluate(SLOW_TIMERS)
    ada.cell(1, "Type").locator(".Select-control").click()
    ada.press("Escape")
    ada.page.evaluate("window.timersRunToNow()")
    assert ada.page.locator("#annotations-table .Select.is-open").count() == 0


def test_on_another_image_the_keys_are_the_pictures_again(ada: Person) -> None:
    """A cell that was entered once does not take them when one comes back to its image by the mouse."""
    ada.draw(100, 100, 200, 200)
    ada.wait_for_boxes(1)
    ada.cell(1, "X0").click()
    ada.wait_until_at_cell(1, "X0")
    ada.page.locator("#next").click()
    ada.wait_for_image("img2.jpg")
    ada.page.locator("#previous").click()
    ada.wait_for_image("img1.jpg")
    ada.wait_for_boxes(1)
    ada.page.wait_for_function("window.dash_component_api.getLayout('annotations-table').props.data.length === 1")
    ada.wait_for_paint()
    assert ada.page.evaluate("document.activeElement.closest('#annotations-table') === null")
    ada.press("d")
    ada.wait_for_image("img2.jpg")
