"""Make docs/screenshot.png from the running app: ``python -m docs.make_screenshot`` (needs requirements-dev.txt)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.benchmarks.page import serving
from tests.browser.chromium import launch_options
from tests.browser.person import Person

# label key, corners in pixels of the picture
BOXES = (("1", (60, 8, 470, 510)), ("2", (168, 38, 300, 190)), ("6", (352, 0, 470, 240)))


def main() -> None:
    """Draw three boxes on the astronaut, select one, and take the picture."""
    from app import create_app, warm_up
    from data.settings import make_settings

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = create_app(make_settings({"database": f"{folder}/a.db", "cache": f"{folder}/cache"}, {}))
        app.services.indexer.index()
        warm_up(app)
        browser = playwright.chromium.launch(**launch_options())
        with serving(app.server) as url:
            context = browser.new_context(viewport={"width": 1400, "height": 900})
            person = Person(context, url, "?annotator=ada&image=astronaut.png")
            for count, (key, box) in enumerate(BOXES, start=1):
                person.press(key)
                person.draw(*box)
                person.wait_for_boxes(count)
            person.click(235, 120)
            person.wait_until_saved()
            person.page.mouse.move(*person.on_page(420, 120))
            person.page.wait_for_timeout(500)  # menus and buttons have done with their transitions
            person.page.screenshot(path=Path(__file__).parent / "screenshot.png")
        browser.close()


if __name__ == "__main__":
    main()
