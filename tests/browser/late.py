"""Requests that are long in coming, and someone to whom a picture is."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, Request, Route

from tests.browser.person import Person
from tests.conftest import Site


class Held:
    """Requests of a page that do not reach the server before they are let through."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._waiting: list[Route] | None = []
        self._page = page
        self.urls: list[str] = []
        page.route(pattern, self._hold)

    def _hold(self, route: Route) -> None:
        self.urls.append(route.request.url)
        if self._waiting is None:
            route.continue_()
        else:
            self._waiting.append(route)

    def wait(self) -> None:
        """Until there is one."""
        while not self.urls:
            self._page.evaluate("new Promise(requestAnimationFrame)")

    def let_through(self) -> None:
        """Let them come, now and from now on."""
        held, self._waiting = self._waiting or [], None
        for route in held:
            route.continue_()


class Late:
    """A person at a page where a picture does not come before it is let through; ``name`` may be a pattern."""

    def __init__(
        self, visit: Callable[..., Person], site: Site, name: str, query: str = "?annotator=ada", *, wait: bool = True
    ) -> None:
        self.person = visit(site, "health", wait=False)
        self._held = Held(self.person.page, f"**/images/{name}*")
        self.asked: list[str] = []  # names of the pictures that the browser asked for
        self.given_up: list[str] = []
        self.person.page.on("request", lambda request: _note(request, self.asked))
        self.person.page.on("requestfailed", lambda request: _note(request, self.given_up))
        self.person.page.goto(f"{site.url}/{query}")
        if wait:
            self.person.wait_until_ready()

    def let_through(self) -> None:
        """Let the picture come, now and from now on."""
        self._held.let_through()


def _note(request: Request, names: list[str]) -> None:
    path = request.url.partition("?")[0]
    if "/api/" not in path and "/images/" in path:
        names.append(path.rpartition("/")[2])
