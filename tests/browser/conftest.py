"""Browser fixtures: Chromium as it is on the machine, and a person at the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import launch_options
from tests.browser.gallery import draw, say
from tests.browser.person import Person
from tests.conftest import Site, save_picture


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return launch_options()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Person]]:
    """Open a site as a person in a browser of their own: ``visit(site)``; options go to the browser context."""
    people = []

    def open_site(site: Site | str, query: str = "?annotator=ada", *, wait: bool = True, **options: Any) -> Person:
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **options})
        person = Person(context, site, query, wait=wait)
        people.append(person)
        return person

    yield open_site
    for person in people:
        person.context.close()
        assert person.errors == [], "the page reported errors"


@pytest.fixture
def ada(visit: Callable[..., Person], site: Site) -> Person:
    """Ada at the first of twelve pictures."""
    return visit(site)


@pytest.fixture
def filled(site: Site) -> Site:
    """Twelve images: a cat on the odd ones by Ada, of which the first three are done; a dog by Bob on the first."""
    for number in range(1, 13, 2):
        draw(site, "ada", f"img{number}.jpg", ("cat", 10 * number, 20, 10 * number + 100, 90))
    for number in (1, 3, 5):
        say(site, "ada", f"img{number}.jpg", {"kind": "state", "state": "done"})
    draw(site, "bob", "img1.jpg", ("person", 300, 300, 400, 400))
    return site


@pytest.fixture
def many(tmp_path: Path, serve: Callable[..., Site]) -> Site:
    """Three hundred small pictures, p000 to p299."""
    for number in range(300):
        save_picture(tmp_path / "many" / f"p{number:03}.jpg", (64, 48))
    return serve(images=str(tmp_path / "many"))
