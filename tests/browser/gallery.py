"""What the tests of the gallery share: how to fill it, ask it and read it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from tests.browser.person import Person
from tests.conftest import Site

Visit = Callable[..., Person]
CHECKS = ".grid-cell:not([hidden]) .cell-check"

NAMES = """() => [...document.querySelectorAll('.grid:not([hidden]) .grid-cell:not([hidden])')]
  .sort((a, b) => a.dataset.ordinal - b.dataset.ordinal).map((one) => one.querySelector('.cell-name').textContent)"""


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
    return person.page.evaluate(NAMES)


def wait_for_first_names(person: Person, names: list[str]) -> None:
    """Wait until the cards begin with these; those of the question before stay until the new ones are there."""
    person.page.wait_for_function(
        f"(wanted) => ({NAMES})().slice(0, wanted.length).join() === wanted.join()", arg=names
    )


def wait_for_total(person: Person, text: str) -> None:
    person.page.wait_for_function("(t) => document.getElementById('gallery-total')?.textContent === t", arg=text)


def open_wall(visit: Visit, site: Site) -> Person:
    """At the wall of cats: one on each odd image, six in all."""
    person = open_gallery(visit, site, "&view=boxes&label=cat")
    wait_for_total(person, "6 boxes")
    names(person)
    return person


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
