"""The gallery while one scrolls through it: what is asked for, painted and kept."""

from __future__ import annotations

import json

from tests.browser.gallery import Visit, names, open_gallery, wait_for_total
from tests.browser.late import Held
from tests.conftest import Site

STEP_DOWN = """(steps) => {
  for (let n = 0; n < steps; n += 1) {
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, cancelable: true }));
  }
  return Number(document.activeElement.closest('.grid-cell')?.dataset.ordinal);
}"""
# Moves up and down at the end, frame by frame, until the cards there have names, or for twenty seconds.
SCROLL_UNTIL_SEEN = """async () => {
  const grid = document.getElementById('gallery-images');
  const seen = () => [...grid.querySelectorAll('.grid-cell:not([hidden])')].every((one) => one.dataset.ordinal > 100 && !one.classList.contains('cell-waiting'));
  for (const until = performance.now() + 20000; performance.now() < until; ) {
    grid.scrollTop = grid.scrollHeight - (grid.scrollTop % 2 ? 2000 : 2001);
    await new Promise(requestAnimationFrame);
    if (seen()) return true;
  }
  return false;
}"""

# Scrolls, and lets the timers pass by which the page asks: of two alike the earlier fires first, and it may wait twice.
SCROLL_AND_SETTLE = """async (grid, part) => {
  const settled = (await import('/assets/grid.mjs')).SETTLED_MS;
  grid.scrollTop = grid.scrollHeight * part;
  for (let n = 0; n < 2; n += 1) await new Promise(requestAnimationFrame);
  for (let n = 0; n < 2; n += 1) await new Promise((done) => setTimeout(done, settled));
}"""
FRAMES = 60
SCROLL = """async ([frames, by]) => {
  for (let n = 0; n < frames; n += 1) {
    document.getElementById('gallery-images').scrollTop += by;
    await new Promise(requestAnimationFrame);
  }
}"""


def test_scrolling_moves_what_is_painted(visit: Visit, many: Site) -> None:
    """Chromium paints all of a grid anew for each frame if it can be seen through: more than twenty tiles."""
    person = open_gallery(visit, many)
    wait_for_total(person, "300 images")
    names(person)
    browser = person.context.browser
    assert browser is not None
    browser.start_tracing(page=person.page, categories=["cc"])
    person.page.evaluate(SCROLL, [FRAMES, 10])
    events = json.loads(browser.stop_tracing())["traceEvents"]
    assert 0 < sum(event["name"] == "RasterTask" for event in events) < 8 * FRAMES


def test_scrolling_asks_for_no_more_than_is_answered(visit: Visit, many: Site) -> None:
    person = open_gallery(visit, many)
    wait_for_total(person, "300 images")
    names(person)
    person.look_away()
    held = Held(person.page, "**/api/gallery?*")
    grid = person.page.locator("#gallery-images")
    grid.evaluate("(one) => (one.scrollTop = one.scrollHeight / 2)")
    held.wait()
    for part in (0.5, 0.6, 0.7, 0.8, 0.9, 1):
        grid.evaluate(SCROLL_AND_SETTLE, part)
    assert len(held.urls) <= 2  # the pages in sight at first
    held.let_through()
    person.page.locator('.grid-cell[data-ordinal="300"]:not(.cell-waiting)').wait_for()


def test_cards_come_while_one_goes_on_scrolling(visit: Visit, many: Site) -> None:
    person = open_gallery(visit, many)
    wait_for_total(person, "300 images")
    names(person)
    assert person.page.evaluate(SCROLL_UNTIL_SEEN)


def test_an_arrow_held_down_goes_on_through_cards_that_are_still_coming(visit: Visit, many: Site) -> None:
    person = open_gallery(visit, many)
    wait_for_total(person, "300 images")
    names(person)
    person.page.locator('.grid-cell[data-ordinal="1"] a').focus()
    columns = person.page.evaluate(STEP_DOWN, 1) - 1
    assert person.page.evaluate(STEP_DOWN, 20) == 1 + 21 * columns > 120


def test_one_comes_back_to_the_place_one_left(visit: Visit, many: Site) -> None:
    person = open_gallery(visit, many)
    wait_for_total(person, "300 images")
    person.page.locator("#gallery-images").evaluate("(one) => (one.scrollTop = one.scrollHeight)")
    person.page.locator('.grid-cell[data-ordinal="290"]:not(.cell-waiting) a').click()
    person.wait_for_image("p289.jpg")
    person.press("d", "g")
    person.page.locator(".cell-current .cell-name", has_text="p290.jpg").wait_for()
