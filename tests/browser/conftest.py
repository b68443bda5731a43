"""Browser fixtures: Chromium as it is on the machine, and a person at the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import launch_options
from tests.browser.person import Person
from tests.conftest import Site


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
