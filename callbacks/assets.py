"""Styles and modules of the page, at addresses that change with them: a browser asks for each only once."""

from __future__ import annotations

from pathlib import Path

import flask
from dash import Dash

from callbacks.answers import cache_control
from data.services import Services
from layout.page import document

FOLDER = Path(__file__).parent.parent / "assets"
KINDS = (".css", ".mjs")


class Page(Dash):
    """Dash, with the page's own styles and modules in the place of those that it would find itself."""

    def interpolate_index(self, **parts: str) -> str:
        """The HTML, of which Dash has made parts."""
        versions = {self.get_asset_url(name): version for name, version in _versions().items()}
        files = {address: f"{address}?v={version}" for address, version in versions.items()}
        return document(base=self.config.requests_pathname_prefix, files=files, parts=parts)


def register(app: Dash, _services: Services) -> None:
    """Let browsers keep what they asked for by its version."""

    folder = f"{app.config.routes_pathname_prefix}assets/"

    @app.server.after_request
    def keep(answer: flask.Response) -> flask.Response:
        path = flask.request.path
        version = _versions().get(path.removeprefix(folder)) if path.startswith(folder) else None
        if version and answer.status_code == 200:
            answer.headers["Cache-Control"] = cache_control(version)
        return answer


def _versions() -> dict[str, str]:
    """The version of each style and module, by its name. An editor may have files of its own beside them."""
    files = (path for path in sorted(FOLDER.iterdir()) if path.suffix in KINDS and path.is_file())
    states = {path.name: path.stat() for path in files if not path.name.startswith(".")}
    return {name: f"{state.st_mtime_ns:x}-{state.st_size:x}" for name, state in states.items()}
