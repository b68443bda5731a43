"""The first visit, names, the help, narrow windows, and what screen readers hear."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.browser.person import Person, about
from tests.conftest import Site

BOX = (100, 80, 220, 200)
OTHER = (300, 150, 420, 260)
ROOT = Path(__file__).parents[2]


def test_the_first_visit_asks_for_a_name_and_keeps_it(site: Site, visit: Callable[..., Person]) -> None:
    ada = visit(site, "")
    ada.page.get_by_role("dialog").wait_for()
    ada.enter("welcome-name", "  Ada   Lovelace ")
    ada.page.get_by_role("dialog").wait_for(state="detached")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.check_agreement(annotator="Ada Lovelace")
    ada.page.reload()
    ada.wait_until_ready()
    ada.wait_for_boxes(1)
    assert ada.page.locator("#annotator-name").input_value() == "Ada Lovelace"
    assert ada.page.get_by_role("dialog").count() == 0
    ada.enter("annotator-name", "Grace")
    ada.wait_for_boxes(0)
    assert ada.state()["annotator"] == "Grace"
    ada.enter("annotator-name", "Ada Lovelace")
    ada.wait_for_boxes(1)


def test_saying_a_name_asks_the_server_once_for_their_boxes(site: Site, visit: Callable[..., Person]) -> None:
    ada = visit(site, "")
    ada.page.get_by_role("dialog").wait_for()
    ada.look_away()
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    ada.enter("welcome-name", "  Ada   Lovelace ")
    ada.page.get_by_role("dialog").wait_for(state="detached")
    ada.page.wait_for_function("window.annotator.state().annotator === 'Ada Lovelace'")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.wait_until_saved()
    assert len([url for url in asked if url.endswith("/img1.jpg/annotations?annotator=Ada+Lovelace")]) == 1


def test_a_box_drawn_before_a_name_was_given_is_kept(site: Site, visit: Callable[..., Person]) -> None:
    ada = _drawing_without_a_name(visit, site)
    ada.enter("welcome-name", "ada")
    ada.wait_for_boxes(1)
    ada.page.get_by_role("dialog").wait_for(state="detached")
    assert ada.check_agreement() == [about(BOX)]


def test_a_drawer_takes_the_focus_and_escape_gives_it_back(site: Site, visit: Callable[..., Person]) -> None:
    ada = visit(site, viewport={"width": 390, "height": 844})
    focused = "document.activeElement.id"
    for button, panel in (("labels-toggle", "labels-panel"), ("boxes-toggle", "boxes-panel")):
        ada.page.click(f"#{button}")
        ada.page.wait_for_function(f"{focused} === '{panel}'")
        assert ada.page.locator(f"#{button}").get_attribute("aria-expanded") == "true"
        ada.press("Escape")
        ada.page.wait_for_function(f"{focused} === '{button}'")
        assert ada.page.locator(f"#{button}").get_attribute("aria-expanded") == "false"
        ada.page.wait_for_selector(f"#{panel}", state="hidden")
    ada.press("/")
    ada.page.wait_for_function(f"{focused} === 'image-search'")


def test_a_box_drawn_without_a_name_is_kept_wherever_the_name_is_given(
    site: Site, visit: Callable[..., Person]
) -> None:
    ada = _drawing_without_a_name(visit, site)
    ada.press("Escape")
    ada.page.get_by_role("dialog").wait_for(state="detached")
    ada.press("e")  # marks nothing: nobody is at work
    ada.page.get_by_role("dialog").wait_for()
    ada.page.get_by_role("button", name="Start").click()
    ada.page.wait_for_selector("#welcome-name.is-invalid")
    ada.press("Escape")
    ada.page.get_by_role("dialog").wait_for(state="detached")
    assert ada.state()["image"] == "img1.jpg"
    ada.press("d")
    ada.wait_for_image("img2.jpg")
    ada.enter("annotator-name", "ada")
    ada.page.wait_for_function("window.annotator.state().annotator === 'ada'")
    ada.press("Tab")
    ada.page.locator("#graph").focus()
    ada.press("a")
    ada.wait_for_image("img1.jpg")
    ada.wait_for_boxes(1)
    assert len(ada.check_agreement()) == 1
    assert site.state("img1.jpg") == "in progress"


def test_the_help_lists_every_key_and_opens_by_a_question_mark(ada: Person) -> None:
    ada.press("?")
    dialog = ada.page.get_by_role("dialog")
    dialog.wait_for()
    for text in ("next image", "previous image", "Ctrl Z", "jump to a number"):
        assert text in dialog.inner_text()
    ada.press("Escape")
    dialog.wait_for(state="detached")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)


@pytest.mark.parametrize("size", [(390, 844), (820, 1180)], ids=["phone", "tablet"])
def test_narrow_windows_keep_the_picture_and_open_drawers(
    site: Site, visit: Callable[..., Person], size: tuple[int, int], browser: Browser
) -> None:
    ada = visit(site, viewport={"width": size[0], "height": size[1]})
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    assert not ada.page.locator("#annotations-table").is_visible()
    ada.page.click("#boxes-toggle")
    ada.page.locator("#annotations-table").wait_for()
    ada.check_agreement()
    ada.page.click("#labels-toggle")
    ada.page.locator(".label-choose", has_text="rocket").click()
    ada.page.locator("#palette").wait_for(state="hidden")
    assert ada.page.evaluate("document.documentElement.scrollWidth") <= size[0]


# What is announced at once is said in one go, what comes later alone.
LISTEN = """() => {
  const announcer = document.getElementById('announcer');
  window.heard = '';
  const note = () => (window.heard += ` ${announcer.textContent}`);
  new MutationObserver(note).observe(announcer, { childList: true, characterData: true, subtree: true });
}"""


def test_controls_have_names_for_screen_readers(ada: Person) -> None:
    page = ada.page
    page.get_by_role("button", name="Label person", exact=True).wait_for()
    page.get_by_label("Annotation files to import").wait_for(state="attached")
    page.get_by_role("progressbar", name="Images done").wait_for(state="attached")
    page.get_by_role("button", name="Draw rectangle").wait_for()
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.cell(1, "X0").click()
    page.get_by_role("textbox", name="X0, row 1 of this page").wait_for()
    ada.press("Escape")
    page.wait_for_function("document.getElementById('announcer').textContent.includes('person')")
    page.evaluate(LISTEN)
    ada.press("e")
    page.wait_for_function("/Marked done.*Image img2.jpg, 0 boxes/.test(window.heard)")


def _drawing_without_a_name(visit: Callable[..., Person], site: Site) -> Person:
    """Somebody who left the welcome without a name, drew a box and is asked for it again."""
    somebody = visit(site, "")
    somebody.page.wait_for_function("document.activeElement.id === 'welcome-name'")
    somebody.press("Escape")
    somebody.page.get_by_role("dialog").wait_for(state="detached")
    somebody.draw(*BOX)
    somebody.page.get_by_role("dialog").wait_for()
    return somebody


def test_a_page_loaded_again_asks_for_no_style_or_module(ada: Person) -> None:
    """And for what Dash needs once only, since it was asked for ahead."""
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    ada.page.reload()
    ada.wait_until_ready()
    loaded = ada.page.evaluate(
        "performance.getEntriesByType('resource').map((one) => [new URL(one.name).pathname, one.transferSize])"
    )
    assets = {path: size for path, size in loaded if path.startswith("/assets/")}
    assert len(assets) > 30
    assert set(assets.values()) == {0}
    preloaded = ada.page.evaluate(
        "[...document.querySelectorAll('link[rel=preload]')].map((one) => new URL(one.href).pathname)"
    )
    assert [asked.count(path) for path in preloaded] == [1] * len(preloaded)
    bit_by_bit = {path for path in asked if "/_dash-" in path and not re.search(r"\.v\w+m\d+\.", path)}
    assert bit_by_bit - {"/_dash-update-component"} == set(preloaded)
