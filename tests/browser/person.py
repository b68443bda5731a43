"""A person at the page: real mouse, keyboard and touch, and what they can see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.conftest import Site

Corners = tuple[float, float, float, float]

READ_SCREEN = """() => {
  const layout = document.querySelector('#graph .js-plotly-plot').layout;
  const store = window.dash_component_api.getLayout('annotations-store').props.data;
  const table = window.dash_component_api.getLayout('annotations-table').props.data;
  const paths = layout.shapes.filter((s) => s.type === 'path' && s.visible).map((s) => s.path);
  return { paths, store: store.images[store.image].boxes, table, state: window.annotator.state(), image: layout.meta.image };
}"""

TO_PAGE = """([x, y]) => {
  const gd = document.querySelector('#graph .js-plotly-plot');
  const { xaxis, yaxis } = gd._fullLayout;
  const rect = gd.getBoundingClientRect();
  return [rect.left + xaxis._offset + xaxis.l2p(x), rect.top + yaxis._offset + yaxis.l2p(y)];
}"""


class Person:
    """Drives one page. Coordinates are pixels of the picture unless a name says otherwise."""

    def __init__(self, context: BrowserContext, site: Site | str, query: str, *, wait: bool = True) -> None:
        self.context = context
        self.site = site
        self.url = site if isinstance(site, str) else site.url
        self.errors: list[str] = []
        self.page = self.new_tab(query, wait=wait)

    def new_tab(self, query: str, *, wait: bool = True) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"{self.url}/{query}")
        if wait:
            self.wait_until_ready(page)
        return page

    def wait_until_ready(self, page: Page | None = None) -> None:
        (page or self.page).wait_for_function("window.annotator && window.annotator.state().image !== null")

    # ---- doing ----

    def on_page(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the picture lies on the page, in CSS pixels."""
        left, top = self.page.evaluate(TO_PAGE, [x, y])
        return left, top

    def draw(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.drag((x0, y0), (x1, y1))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press, move and release, between two points of the picture."""
        (a, b), (c, d) = self.on_page(*start), self.on_page(*end)
        mouse = self.page.mouse
        mouse.move(a, b)
        mouse.down()
        mouse.move((a + c) / 2, (b + d) / 2)
        mouse.move(c, d)
        mouse.up()

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.on_page(x, y))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def enter(self, element_id: str, text: str) -> None:
        """Type into a field and press Enter."""
        self.page.locator(f"#{element_id}").fill(text)
        self.page.keyboard.press("Enter")

    def type_in_cell(self, row: int, column: str, text: str, *, commit: bool = True) -> None:
        """Type into a cell of the table; rows count from 1 at the top."""
        self.cell(row, column).click()
        self.wait_until_at_cell(row, column)
        self.page.keyboard.type(text)
        if commit:
            self.page.keyboard.press("Enter")

    def wait_until_at_cell(self, row: int, column: str) -> None:
        self.page.wait_for_function(
            "([row, column]) => document.activeElement.closest('td')?.matches(`[data-dash-row='${row}'][data-dash-column='${column}']`)",
            arg=[row - 1, column],
        )

    def cell(self, row: int, column: str) -> Any:
        return self.page.locator(f'#annotations-table td[data-dash-row="{row - 1}"][data-dash-column="{column}"]')

    def look_away(self) -> None:
        """Keep the page from asking by itself what is new, as it does every few seconds while it is looked at."""
        self.page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")

    # ---- seeing ----

    def wait_for_paint(self) -> None:
        """Until everything that a finished gesture set off is painted: two frames, and what they started."""
        self.page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
        )

    def state(self) -> dict[str, Any]:
        return self.page.evaluate("window.annotator.state()")

    def boxes(self) -> list[Corners]:
        return [corners(box) for box in self.state()["boxes"]]

    def text(self, element_id: str) -> str:
        return self.page.locator(f"#{element_id}").inner_text()

    def wait_for_boxes(self, count: int) -> list[dict[str, Any]]:
        self.page.wait_for_function("(n) => window.annotator.state().boxes.length === n", arg=count)
        return self.state()["boxes"]

    def wait_for_image(self, image: str) -> None:
        self.page.wait_for_function("(id) => window.annotator.state().image === id", arg=image)

    def wait_until_saved(self) -> None:
        self.page.wait_for_selector('#save-status[data-state="saved"]')

    def wait_for_status(self, state: str) -> None:
        self.page.wait_for_selector(f'#save-status[data-state="{state}"]')

    def wait_for_notice(self, text: str) -> None:
        self.page.locator("#toasts .notice", has_text=text).first.wait_for()

    def check_agreement(self, *, annotator: str = "ada") -> list[Corners]:
        """Figure, table, store, `state()` and database hold the same boxes; returns their corners."""
        self.wait_until_saved()
        # The table waits while a cell is edited, and is written a moment after the store.
        self.page.wait_for_function(
            """() => window.dash_component_api.getLayout('annotations-table').props.data.length
                     === window.annotator.state().boxes.length"""
        )
        seen = self.page.evaluate(READ_SCREEN)
        assert seen["image"] == seen["state"]["image"]
        stored = sorted(corners(box) for box in seen["store"])
        assert sorted(corners(box) for box in seen["state"]["boxes"]) == stored
        assert sorted(path_corners(seen["paths"])) == stored
        assert sorted((r["X0"], r["Y0"], r["X1"], r["Y1"]) for r in seen["table"]) == stored
        assert sorted((b["id"], b["label"]) for b in seen["store"]) == sorted(
            (r["id"], r["Type"]) for r in seen["table"]
        )
        if isinstance(self.site, Site):
            kept = self.site.boxes(seen["image"], annotator)
            assert sorted(corners(box) for box in kept) == stored
            assert sorted((b["id"], b["label"]) for b in kept) == sorted((b["id"], b["label"]) for b in seen["store"])
        return stored


def corners(box: dict[str, Any]) -> Corners:
    return box["x0"], box["y0"], box["x1"], box["y1"]


def path_corners(paths: Sequence[str]) -> list[Corners]:
    """The boxes in the figure's path shapes."""
    found = re.findall(r"M([\d.e+-]+),([\d.e+-]+)H([\d.e+-]+)V([\d.e+-]+)H[\d.e+-]+Z", "".join(paths))
    return [(float(x0), float(y0), float(x1), float(y1)) for x0, y0, x1, y1 in found]


def about(expected: Corners, px: float = 1.5) -> Any:
    """Corners to within what a mouse can hit."""
    import pytest

    return pytest.approx(expected, abs=px)


def selected(person: Person) -> tuple[float, ...] | None:
    """The corners of the rect shape, which is the selected box."""
    [shape] = person.page.evaluate(
        "document.querySelector('#graph .js-plotly-plot').layout.shapes.filter((s) => s.type === 'rect')"
    )
    return (shape["x0"], shape["y0"], shape["x1"], shape["y1"]) if shape["visible"] else None
